"""What is wrong with the software: versions, activation, redaction, other instrumentations."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata

from otel_compliance.cli.check.diagnosis import Item, Status, Subject, failed
from otel_compliance.config import PREFIX
from otel_compliance.errors import ComplianceError


def python(_: Subject) -> Iterator[Item]:
    """The interpreter; older ones than we support cannot even import this."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Item("Python", Status.OK, f"{version}, {sys.executable}")


def package(_: Subject) -> Iterator[Item]:
    """This package, and whether it is installed or only on the path."""
    version = _installed("otel-compliance")
    if version:
        yield Item("otel-compliance", Status.OK, version)
    else:
        yield Item(
            "otel-compliance",
            Status.FAIL,
            "imported from a folder, not installed",
            "pip install otel-compliance, or pip install -e . in its repository",
        )


def activation(subject: Subject) -> Iterator[Item]:
    """Whether ``OTEL_COMPLIANCE=on`` takes effect in this interpreter, tried in a new process."""
    environ = {name: value for name, value in subject.environ.items() if not name.startswith(PREFIX)}
    probe = "import sys; sys.exit('otel_compliance.autoload' not in sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", probe], env=environ | {PREFIX: "on"}, timeout=60, check=False, capture_output=True
    )
    state = "on" if subject.settings.enabled else "off"
    if done.returncode == 0:
        yield Item("Activation", Status.OK, f"OTEL_COMPLIANCE takes effect in this interpreter; it is {state} here")
    else:
        yield Item(
            "Activation",
            Status.FAIL if subject.settings.enabled else Status.WARN,
            f"OTEL_COMPLIANCE has no effect in this interpreter: otel_compliance.pth is not active; it is {state} here",
            "install the package with pip into this environment, and do not start Python with -S",
        )


def anthropic(_: Subject) -> Iterator[Item]:
    """The SDK whose calls are captured."""
    from otel_compliance.instrumentation import sdk

    version = sdk.installed_version()
    level = sdk.support(version)
    text = f"{version}, {level.value}" if version else level.value
    if level is sdk.Support.ABSENT:
        yield Item("anthropic SDK", Status.FAIL, text, sdk.INSTALL)
    elif level in (sdk.Support.OLDER, sdk.Support.WITHOUT_SPANS):
        yield Item("anthropic SDK", Status.WARN, text, sdk.INSTALL)
    else:
        yield Item("anthropic SDK", Status.OK if level is sdk.Support.FULL else Status.WARN, text)


def opentelemetry(_: Subject) -> Iterator[Item]:
    """The OpenTelemetry SDK, and whether redaction works on it."""
    from otel_compliance.redact import verify

    yield Item("OpenTelemetry SDK", Status.OK, _installed("opentelemetry-sdk") or "")
    try:
        verify()
    except ComplianceError as error:
        yield failed("Redaction self-test", error)
    else:
        yield Item("Redaction self-test", Status.OK, "no canary came out of any part of a span")


def engine(_: Subject) -> Iterator[Item]:
    """Which engine redaction uses; both find the same."""
    from otel_compliance.redact.prefilter import prefilter

    if prefilter() is not None:
        yield Item("Redaction engine", Status.OK, f"with Hyperscan {_installed('hyperscan')}")
    elif _installed("hyperscan"):
        yield Item("Redaction engine", Status.OK, "pure Python: Hyperscan is installed, but cannot be loaded")
    else:
        yield Item("Redaction engine", Status.OK, "pure Python; pip install 'otel-compliance[fast]' is faster")


def peers(_: Subject) -> Iterator[Item]:
    """Other instrumentations of the same SDK."""
    from otel_compliance.instrumentation.peers import consequence, installed_peers

    if found := installed_peers():
        yield Item("Other instrumentations", Status.WARN, consequence(found))
    else:
        yield Item("Other instrumentations", Status.OK, "none that would double the spans")


def _installed(package: str) -> str | None:
    """The installed version of a package; `None` when it is absent."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
