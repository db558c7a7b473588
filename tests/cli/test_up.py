"""``otel-compliance up``: the store is served, the spool is delivered, and the other commands use it meanwhile."""

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest
from cli.conftest import COMMAND
from dirty_equals import IsStr

from otel_compliance.keys import KeyRing
from otel_compliance.local.clickhouse.access import User, token_file


@pytest.fixture
def up(tmp_path: Path, environ: dict[str, str]) -> Callable[[], Any]:
    """Run ``up`` in the test's folder; gives its port and its process."""

    @contextmanager
    def up() -> Iterator[tuple[int, subprocess.Popen[str]]]:
        with subprocess.Popen(
            [*COMMAND, "up", "--port", "0", "--json"],
            cwd=tmp_path,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stderr is not None
                first = next(line for line in process.stderr if line.startswith("Serving"))
                yield int(re.search(r":(\d+),", first)[1]), process  # type: ignore[index]
            finally:
                process.kill()

    return up


def client(directory: Path, port: int) -> Any:
    """A client for the user of dashboards."""
    token = token_file(directory / ".otel-compliance", User.DASHBOARDS).read_text().strip()
    return clickhouse_connect.get_client(
        host="127.0.0.1", port=port, username="dashboards", password=token, database="otel"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_and_stops(up, run, recording, tmp_path: Path, number: signal.Signals) -> None:
    """The spool is delivered as it fills; it stops when it is asked to, and leaves the store for the next command."""
    recording.call()
    with up() as (port, process):
        dashboards = client(tmp_path, port)
        recording.call()
        while dashboards.command("SELECT count() FROM otel_audit") != 2:
            continue
        dashboards.close()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in stderr) == (0, False)
    assert stdout == IsStr(regex=rf'(?s)\{{\n  "url": "http://127.0.0.1:{port}",.*\}}\n')
    assert not (tmp_path / ".otel-compliance" / "front.json").exists()
    assert len(run("calls", "--json").document["calls"]) == 2


def test_other_commands_go_through_it(up, run, recording) -> None:
    """They deliver what waits first, read, and write what they find, as if the store were theirs."""
    recording.call(compliance_region_violation=True)
    with up():
        recording.call()
        done = run("calls", "--json")
        assert (done.code, len(done.document["calls"])) == (0, 2)
        found = run("detect", "--json")
        assert (found.code, found.document["errors"]) == (1, {})
        assert run("audit", "verify").code == 0
        assert run("report").code == 0
        assert run("hold", "list").code == 0
        exported = run("export", "--format", "csv", "--where", "TeamId = 'support'")
        assert (exported.code, len(exported.stdout.splitlines())) == (0, 3)
        assert [item["status"] for item in run("check", "--json").document["items"] if item["name"] == "Store"] == [
            "ok"
        ]
        second = run("up")
        assert (second.code, "belongs to another process" in second.stderr) == (69, True)


@pytest.mark.timeout(240)
def test_an_erasure_through_it_waits_until_the_old_files_are_gone(up, run, recording, tmp_path: Path) -> None:
    """The engine removes them at its next look; before that a certificate would not be true."""
    pseudonym = KeyRing.from_settings(recording.settings).pseudonym("user", "user-17")
    recording.call(compliance_user_id=pseudonym)
    recording.end()
    store = tmp_path / ".otel-compliance" / "store"
    with up():
        assert run("calls").code == 0
        assert holding(store, pseudonym)
        done = run("erase", "--user", "user-17", "--json")
        assert (done.code, done.document["status"]) == (0, "complete")
        assert holding(store, pseudonym) == []


def holding(folder: Path, text: str) -> list[Path]:
    """The files in which a text stands. Few rows are stored as they are."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_one_that_was_killed_is_not_trusted(up, run, recording, tmp_path: Path) -> None:
    """What it wrote about where it is does not count any more: the token is not sent to whoever has the port now."""
    recording.call()
    with up() as (_, process):
        process.kill()
        process.wait()
    assert (tmp_path / ".otel-compliance" / "front.json").exists()
    assert len(run("calls", "--json").document["calls"]) == 1


def test_a_server_needs_no_front(run) -> None:
    """With a ClickHouse server as the store there is nothing to serve."""
    done = run("up", env={"OTEL_COMPLIANCE_STORE": "http://127.0.0.1:1/otel"})
    assert (done.code, "needs nothing in front of it" in done.stderr) == (78, True)
