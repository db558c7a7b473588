"""Real processes of an ordinary app, and what they leave behind."""

import itertools
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

from otel_compliance.config import Settings
from otel_compliance.store.spool import Spool
from otel_compliance.testing import ApiError, ClaudeAPI, Reply

HERE = Path(__file__).parent
API_KEY = "sk-ant-api03-" + "CanaryKey" * 10 + "igAA"


@dataclass(frozen=True)
class Run:
    """One run of an app.

    Attributes:
        process: Exit code, standard output and standard error.
        home: Everything that it wrote.
        variables: Variables that it had besides the usual ones.
    """

    process: subprocess.CompletedProcess[str]
    home: Path
    variables: Mapping[str, str]

    @property
    def answer(self) -> Any:
        """What the app printed."""
        return json.loads(self.process.stdout)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows that wait in the spool for a table."""
        spool = Spool.from_settings(
            Settings.from_env(
                {
                    "OTEL_COMPLIANCE_DIR": str(self.home),
                    "OTEL_COMPLIANCE_HMAC_KEY": self.variables.get("OTEL_COMPLIANCE_HMAC_KEY", ""),
                }
            )
        )
        rows: list[dict[str, Any]] = []
        for segment in spool.segments():
            block, _ = spool.read(segment)
            if block.table == table:
                rows += [
                    {name: values[number] for name, values in block.columns.items()} for number in range(block.count)
                ]
        return rows

    def calls(self) -> list[dict[str, str]]:
        """Attributes of the spans of calls."""
        return [row["SpanAttributes"] for row in self.rows("otel_traces") if row["SpanName"].startswith("anthropic.")]

    def events(self) -> list[dict[str, str]]:
        """Attributes of the audit events of calls."""
        return [row["LogAttributes"] for row in self.rows("otel_logs") if row["EventName"] == "claude.api.request"]


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    """Activation at interpreter start works only for an installed package."""
    require_installed()


@pytest.fixture
def run(claude: ClaudeAPI, tmp_path: Path) -> Callable[..., Run]:
    """Run an app under given variables. The second-to-last answer is streamed, the last call fails."""
    numbers = itertools.count()

    def start(
        *command: str, prompt: str = "Hello", code: str = "", variables: Mapping[str, str] | None = None, **options: Any
    ) -> Run:
        claude.enqueue(*options.get("replies", (Reply(text="One"), Reply(text="Two"), Reply(fault=ApiError(429)))))
        home = tmp_path / f"home{next(numbers)}"
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "ANTHROPIC_"))
        }
        environment |= {
            "ANTHROPIC_BASE_URL": claude.base_url,
            "ANTHROPIC_API_KEY": API_KEY,
            "OTEL_COMPLIANCE_DIR": str(home),
            "OTEL_SERVICE_NAME": "app",
            "PYTHONWARNINGS": "ignore",
            **(variables or {}),
        }
        line = command or (sys.executable, str(HERE / "app.py"))
        line = (sys.executable, "-c", code) if code else line
        process = subprocess.run(
            line, input=prompt, env=environment, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
        )
        return Run(process, home, variables or {})

    return start
