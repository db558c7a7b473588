"""Start the programs of the demo, each as a process of its own: the teams' programs, and the local Claude API."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from otel_compliance.errors import ComplianceError
from otel_compliance.local.demo.scenario import APP, App

_TIMEOUT_SECONDS: Final = 120
_FOREIGN: Final = ("OTEL_", "SUPPORT_BOT_")
"""Variables of the surroundings that the programs must not see: the demo is the same everywhere."""

_CLIENT: Final = "ANTHROPIC_"
"""Variables that say where Claude is, and who we are there. Only a live run follows them."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What a program printed.

    Attributes:
        app: The program.
        output: Its standard output.
        errors: Its standard error.
    """

    app: App
    output: str
    errors: str


def environment(app: App, *, compliance: Mapping[str, str], key: str, base_url: str | None) -> dict[str, str]:
    """The environment of one program.

    Args:
        app: The program.
        compliance: The variables that turn recording on.
        key: API key.
        base_url: Address of the local API; `None` for the real one.
    """
    environ = _surroundings(live=base_url is None) | dict(compliance)
    environ |= {
        "OTEL_SERVICE_NAME": app.service,
        "OTEL_RESOURCE_ATTRIBUTES": f"compliance.team.id={app.team},deployment.environment.name={app.environment}",
        "ANTHROPIC_API_KEY": key,
        "PYTHONUNBUFFERED": "1",
    }
    if app.model:
        environ["SUPPORT_BOT_MODEL"] = app.model
    if base_url is not None:
        environ["ANTHROPIC_BASE_URL"] = base_url
        environ["NO_PROXY"] = environ["no_proxy"] = "127.0.0.1,localhost"
    return environ


@contextmanager
def local_api() -> Iterator[str]:
    """The local Claude API as a process; yields its address, and ends it.

    Raises:
        ComplianceError: It did not start.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "otel_compliance.local.demo.api"],
        env=_surroundings(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # An interrupt at the terminal reaches us, and we end it.
        start_new_session=True,
    )
    # Leaving the block closes the pipes, and the end of its standard input ends the server.
    with process:
        address = process.stdout.readline().strip() if process.stdout else ""
        if not address:
            raise ComplianceError("the local Claude API did not start", remedy="otel-compliance check")
        yield address


def _surroundings(*, live: bool = False) -> dict[str, str]:
    hidden = _FOREIGN if live else (*_FOREIGN, _CLIENT)
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)}


def run_together(apps: Sequence[App], environments: Sequence[Mapping[str, str]]) -> list[Printed]:
    """Run programs at the same time, to their end.

    Raises:
        ComplianceError: One of them failed or did not end; nothing is left running.
    """
    running = [
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, str(APP), app.queue],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for app, environ in zip(apps, environments, strict=True)
    ]
    try:
        printed = [
            Printed(app, *process.communicate(timeout=_TIMEOUT_SECONDS))
            for app, process in zip(apps, running, strict=True)
        ]
    except subprocess.TimeoutExpired as error:
        raise ComplianceError(f"a program of the demo did not end within {_TIMEOUT_SECONDS} s") from error
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()
    for process, one in zip(running, printed, strict=True):
        if process.returncode != 0:
            last = one.errors.strip().rpartition("\n")[2]
            raise ComplianceError(
                f"the program of queue {one.app.queue} failed with exit code {process.returncode}: {last}",
                remedy="otel-compliance check",
            )
    return printed
