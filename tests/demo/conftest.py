"""Run the demo as a user does: as a process, in an empty folder."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.installed import require_installed

from otel_compliance.local.demo.proof import spellings
from otel_compliance.local.demo.scenario import PLANTED, USERS, api_keys

FOREIGN = ("OTEL_", "ANTHROPIC_", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM")
CANARIES = sorted({*PLANTED, *USERS, *api_keys().values()})


@dataclass(frozen=True)
class Demo:
    """A demo that ran: where, how it ended, and what it printed."""

    folder: Path
    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """Standard output as JSON; fails when there is anything else on it."""
        return json.loads(self.stdout)


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    """Activation at interpreter start works only for an installed package."""
    require_installed()


def run_demo(folder: Path, *arguments: str, env: Mapping[str, str] | None = None, shim: str = "") -> Demo:
    """Run the demo in a folder. The shim is code that runs at the start of every interpreter."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)} | dict(env or {})
    if shim:
        place = folder.parent / f"{folder.name}-shim"
        place.mkdir()
        (place / "sitecustomize.py").write_text(shim)
        environ["PYTHONPATH"] = str(place)
    done = subprocess.run(
        [sys.executable, "-c", "from otel_compliance.cli import main; main()", "demo", *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return Demo(folder, done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo as it runs on a fresh machine, once for all tests that look at what it did."""
    return run_demo(tmp_path_factory.mktemp("fresh"), "--json")


@pytest.fixture(scope="session")
def canaries_in() -> Callable[[bytes], list[str]]:
    """Which planted values are in some bytes, in any spelling."""
    wanted = {spelling.encode(): value for value in CANARIES for spelling in spellings(value)}

    def search(data: bytes) -> list[str]:
        return sorted({value for spelling, value in wanted.items() if spelling in data})

    return search
