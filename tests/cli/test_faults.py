"""Errors: one clear message, an exit code that scripts can tell apart, never a traceback, never content."""

import fcntl
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from otel_compliance.cli import app
from otel_compliance.store import client

from .conftest import COMMAND

READING = (["calls"], ["detect"], ["report"], ["audit", "verify"], ["migrate"])


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_the_engine_is_missing(run, command: list[str]) -> None:
    """Without chdb each command that reads the embedded store says what to install."""
    done = run(*command, shim="import sys; sys.modules['chdb'] = None")
    assert (done.code, done.stdout) == (69, "")
    assert done.stderr == (
        "Error: the embedded store needs the extra [embedded], which is not installed\n"
        "  → pip install 'otel-compliance[embedded]'\n"
    )


def test_errors_as_json(run) -> None:
    """With --json an error is a document, too; the text for a person is on standard error."""
    done = run("calls", "--json", env={"OTEL_COMPLIANCE_STORE": "ftp://x"})
    assert done.code == 78
    assert done.document == {
        "error": {
            "type": "ConfigError",
            "problem": "OTEL_COMPLIANCE_STORE has a value that is not accepted",
            "remedy": "use chdb://PATH, http://HOST:8123/DATABASE, https://HOST:8443/DATABASE or none",
        }
    }
    assert done.stderr.startswith("Error: OTEL_COMPLIANCE_STORE has a value that is not accepted\n  → use chdb://PATH")


def test_the_store_is_unreachable(run) -> None:
    """A server that does not answer is exit code 69; the password of its address is not shown."""
    done = run("calls", env={"OTEL_COMPLIANCE_STORE": "http://me:hunter2@127.0.0.1:1/x"})
    assert (done.code, done.stdout) == (69, "")
    assert done.stderr.startswith("Error: http://127.0.0.1:1/x: the store cannot be reached")
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_the_store_belongs_to_another_process(run, tmp_path: Path) -> None:
    """Two owners of the embedded store at once: the second is told who the first is."""
    folder = tmp_path / ".otel-compliance"
    folder.mkdir()
    with (folder / "store.lock").open("w") as lock:
        lock.write("pid 4242 (otel-compliance)\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run("calls")
    assert done.code == 69
    assert "belongs to another process: pid 4242 (otel-compliance)" in done.stderr


def test_storing_is_off(run) -> None:
    """With the store switched off there is nothing to read, which the message says."""
    done = run("calls", env={"OTEL_COMPLIANCE_STORE": "none"})
    assert done.code == 78
    assert done.stderr.startswith("Error: OTEL_COMPLIANCE_STORE is none, so there is no store to read\n  → ")


def test_an_unexpected_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that is not ours names only its type, since its message may quote content; --traceback shows it."""

    def broken(dsn: str) -> None:
        raise RuntimeError("ana@example.com")

    monkeypatch.setattr(client, "connect", broken)
    runner = CliRunner()
    result = runner.invoke(app, ["calls"])
    assert (result.exit_code, result.stdout) == (70, "")
    assert result.stderr == (
        "Error: unexpected RuntimeError\n"
        "  → run the command again with --traceback to see where it came from, and report it\n"
    )
    shown = runner.invoke(app, ["calls", "--traceback"])
    assert isinstance(shown.exception, RuntimeError)


def test_wrong_usage(run) -> None:
    """An unknown option or command is exit code 2, with nothing on standard output."""
    for arguments in (["calls", "--limits"], ["call"], ["calls", "--limit", "0"], ["audit", "verify", "--source", "x"]):
        done = run(*arguments)
        assert (done.code, done.stdout) == (2, ""), arguments


def test_a_reader_that_stops_early(environ, tmp_path: Path) -> None:
    """Output into a pipe that nobody reads any more ends the command without a traceback."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, "check", "--json"], cwd=tmp_path, env=environ, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_only_on_a_terminal(environ, tmp_path: Path, variables, coloured: bool) -> None:
    """A terminal gets colours, unless NO_COLOR is set or it cannot show them; pipes are covered elsewhere."""
    master, terminal = pty.openpty()
    subprocess.run([*COMMAND, "check"], cwd=tmp_path, env=environ | variables, stdout=terminal, check=True)
    os.close(terminal)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    assert (b"\x1b[32m" in shown) is coloured


def test_a_terminal_without_unicode(run) -> None:
    """Where the output's encoding lacks a character it is replaced, and the command goes on."""
    done = run("check", env={"OTEL_COMPLIANCE": "x", "PYTHONIOENCODING": "ascii"})
    assert done.code == 1
    assert "? set it to on or off" in done.stdout


def test_help_is_light(environ, tmp_path: Path) -> None:
    """Help loads none of the heavy libraries: it must come at once."""
    code = (
        "import sys\ntry:\n    from otel_compliance.cli import main; main()\nexcept SystemExit: pass\n"
        "heavy = {'chdb', 'clickhouse_connect', 'anthropic', 'opentelemetry.sdk', 'structlog'}\n"
        "print(*sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == ""
    assert "otel-compliance demo" in done.stdout


def commands() -> list[list[str]]:
    """Every command, as arguments."""
    top = [[info.name] for info in app.registered_commands]
    below = [
        [group.name, info.name] for group in app.registered_groups for info in group.typer_instance.registered_commands
    ]
    return [[str(name) for name in command] for command in top + below]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_of_every_command(command: list[str]) -> None:
    """Each command explains itself with an example and its exit codes, and has --json."""
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exit_code == 0
    for part in ("Example: ", "--json", "--traceback", "Exit codes: 0 fine"):
        assert part in result.stdout


def test_version(run) -> None:
    """--version prints name and version."""
    assert run("--version").stdout.startswith("otel-compliance 0.")
