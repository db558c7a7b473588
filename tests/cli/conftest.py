"""Run the command line as a user does: as a process of its own, with an environment that the test chooses."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from support.installed import require_installed

from otel_compliance.audit import AuditLog
from otel_compliance.config import Settings
from otel_compliance.names import Event
from otel_compliance.store.exporter import ClickHouseLogExporter

FOREIGN = ("OTEL_", "ANTHROPIC_", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM")
COMMAND = [sys.executable, "-c", "from otel_compliance.cli import main; main()"]


@dataclass(frozen=True)
class Done:
    """A command that ran: its exit code and what it printed."""

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


@pytest.fixture
def environ() -> dict[str, str]:
    """The environment of a user who set nothing."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}


@pytest.fixture
def run(tmp_path: Path, environ: dict[str, str]) -> Callable[..., Done]:
    """Run ``otel-compliance`` in the test's folder.

    The shim is code that runs at the start of the interpreter, to make believe that something is not installed.
    """

    def run(*arguments: str, env: Mapping[str, str] | None = None, shim: str = "", stdin: str = "") -> Done:
        variables = environ | dict(env or {})
        if shim:
            folder = tmp_path / "shim"
            folder.mkdir(exist_ok=True)
            (folder / "sitecustomize.py").write_text(shim)
            variables["PYTHONPATH"] = str(folder)
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env=variables,
            input=stdin,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=100,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@dataclass(frozen=True)
class Recording:
    """An audit log that is being written, to files and to the spool, as an instrumented process does it."""

    settings: Settings
    log: AuditLog
    provider: LoggerProvider

    def call(self, **facts: Any) -> None:
        """Record one call."""
        self.log.record(
            Event.REQUEST,
            {
                "compliance.call.outcome": "completed",
                "compliance.request.type": "messages.create",
                "compliance.team.id": "support",
                "compliance.user.id": "k1:abcdefghijklmnop",
                "compliance.key.id": "k1:keykeykeykeykeyk",
                "compliance.key.hint": "sk-ant-api03-abc...wxyz",
                "compliance.environment": "production",
                "compliance.classification": "CONFIDENTIAL",
                "compliance.pii.input.types": ("EMAIL", "PHONE"),
                "compliance.pii.output.types": ("EMAIL",),
                "compliance.redaction.status": "complete",
                "compliance.region.requested": "us",
                "compliance.region.actual": "us",
                "compliance.region.violation": False,
                "gen_ai.request.model": "claude-haiku-5-5",
                "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.output_tokens": 5,
                **{name.replace("_", ".").replace("gen.ai", "gen_ai"): value for name, value in facts.items()},
            },
        )

    def end(self) -> None:
        """End the process's chain."""
        self.log.close()

    @property
    def chain_file(self) -> Path:
        """The file of the chain."""
        assert self.settings.audit_log is not None
        return next(self.settings.audit_log.glob("*.jsonl"))


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """An audit log below the test's folder, where commands that are run there look for it."""
    settings = Settings.from_env({"OTEL_COMPLIANCE_DIR": str(tmp_path / ".otel-compliance")})
    provider = LoggerProvider(resource=Resource({"service.name": "support-bot"}), shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(ClickHouseLogExporter(settings)))
    return Recording(settings, AuditLog(directory=settings.audit_log, logger_provider=provider), provider)
