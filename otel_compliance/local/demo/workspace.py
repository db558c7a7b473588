"""The folder of the demo: its own, below the folder of the user's data, so that a new run can start clean."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from otel_compliance.config import Settings
from otel_compliance.errors import ComplianceError
from otel_compliance.local.demo.scenario import POLICY


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the demo keeps its data.

    Attributes:
        directory: The folder, ``OTEL_COMPLIANCE_DIR`` of the demo's programs.
    """

    directory: Path

    @property
    def policy(self) -> Path:
        """The policy of the demo."""
        return self.directory / "policy.toml"

    @property
    def report(self) -> Path:
        """The report of the demo."""
        return self.directory / "report.html"

    @property
    def variables(self) -> dict[str, str]:
        """The variables that turn recording on, and say where to."""
        return {
            "OTEL_COMPLIANCE": "on",
            "OTEL_COMPLIANCE_DIR": str(self.directory),
            "OTEL_COMPLIANCE_POLICY": str(self.policy),
            "OTEL_COMPLIANCE_CONTENT": "redacted",
        }

    @property
    def settings(self) -> Settings:
        """The settings that the demo's programs have."""
        return Settings.from_env(self.variables)


@contextmanager
def workspace(parent: Path, *, keep: bool) -> Iterator[Workspace]:
    """The folder ``demo`` below `parent`, empty but for the policy, while nobody else runs the demo there.

    Args:
        parent: The folder of the user's data, in which nothing else is touched.
        keep: Leave in place what earlier runs wrote.

    Raises:
        ComplianceError: The folder cannot be written, or another demo is running in it.
    """
    place = Workspace(parent / "demo")
    try:
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(parent / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(parent, error) from error
    try:
        _own(lock, place.directory)
        _make(place, keep=keep)
        yield place
    finally:
        os.close(lock)


def _own(lock: int, directory: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ComplianceError(
            f"{directory}: another demo is running in this folder", remedy="wait for it, or start from another folder"
        ) from None


def _make(place: Workspace, *, keep: bool) -> None:
    try:
        if place.directory.exists() and not keep:
            shutil.rmtree(place.directory)
        place.directory.mkdir(exist_ok=True, mode=0o700)
        place.policy.write_text(POLICY, encoding="utf-8")
    except OSError as error:
        raise _unusable(place.directory, error) from error


def _unusable(folder: Path, error: OSError) -> ComplianceError:
    return ComplianceError(
        f"{folder}: the folder of the demo cannot be written: {error.strerror}",
        remedy="start the demo in a folder that you can write to, or set OTEL_COMPLIANCE_DIR",
    )
