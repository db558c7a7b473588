"""Which versions of the `anthropic` SDK can be instrumented, and how well."""

from __future__ import annotations

from enum import Enum
from importlib import metadata
from typing import Final

from packaging.version import Version

from otel_compliance.errors import ComplianceError

OLDEST: Final = Version("0.125")
"""The oldest version that the tests run with."""

_NATIVE_SPANS: Final = Version("1.14")
"""From here on the SDK makes spans of its own."""

_NEWEST_MAJOR: Final = 2
"""The newest major version that the tests run with."""

INSTALL: Final = "pip install --upgrade 'otel-compliance[instruments]'"
"""What mends an SDK that is absent or old."""


class Support(Enum):
    """How well a version of the SDK is supported."""

    ABSENT = "not installed: nothing to capture"
    OLDER = f"older than {OLDEST}, the oldest version that this release was tested with"
    WITHOUT_SPANS = "makes no spans of its own; ours stand in"
    FULL = "makes spans of its own, which are completed"
    UNTESTED = "newer than the versions that this release was tested with"


def installed_version() -> str:
    """The installed version of the SDK; empty when there is none."""
    try:
        return metadata.version("anthropic")
    except metadata.PackageNotFoundError:
        return ""


def support(version: str) -> Support:
    """How well `version` is supported."""
    if not version:
        return Support.ABSENT
    parsed = Version(version)
    if parsed < OLDEST:
        return Support.OLDER
    if parsed < _NATIVE_SPANS:
        return Support.WITHOUT_SPANS
    return Support.UNTESTED if parsed.major > _NEWEST_MAJOR else Support.FULL


def require() -> Support:
    """Import the SDK and see whether it can be instrumented.

    Raises:
        ComplianceError: It is absent.
    """
    try:
        import anthropic  # noqa: F401
    except ImportError:
        version = ""
    else:
        version = installed_version()
    level = support(version)
    if level is Support.ABSENT:
        raise ComplianceError(f"anthropic SDK: {level.value}", remedy=INSTALL)
    return level
