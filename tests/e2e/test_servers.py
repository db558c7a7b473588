"""Under the servers and the kinds of processes that apps run in, each call is one span and one audit event, stored."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.e2e import ON

from otel_compliance.config import Settings
from otel_compliance.store.client import Store
from otel_compliance.store.drain import drain
from otel_compliance.store.ledger import reckon
from otel_compliance.store.spool import Spool
from otel_compliance.testing import ClaudeAPI

HERE = Path(__file__).parent
CALLS = 24


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], environment: dict[str, str], port: int) -> Iterator[None]:
    """A server that answers, and that is then stopped as an init system stops it."""
    process = subprocess.Popen(command, env=environment, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert b"Traceback" not in output, output.decode()


def environment(claude: ClaudeAPI, home: Path, **variables: str) -> dict[str, str]:
    """Variables of an instrumented app."""
    foreign = ("OTEL_", "ANTHROPIC_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    ours = {"OTEL_COMPLIANCE_DIR": str(home), "OTEL_SERVICE_NAME": "app", "PYTHONWARNINGS": "ignore"}
    api = {"ANTHROPIC_BASE_URL": claude.base_url, "ANTHROPIC_API_KEY": "sk-ant-api03-test"}
    return kept | ON | ours | api | variables


def ask(port: int) -> None:
    """One request, which is one call."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
        assert answer.read() == b"done"


def recorded(store: Store, home: Path) -> tuple[int, int, int, int]:
    """(calls by their spans, calls by their audit events, processes that accepted them, rows that are missing)."""
    spool = Spool.from_settings(Settings.from_env({"OTEL_COMPLIANCE_DIR": str(home)}))
    totals = spool.ledger.totals()
    drain(spool, store)
    [spans] = store.query(
        "SELECT count() AS n, uniqExact(SpanId) AS ids FROM otel_traces WHERE startsWith(SpanName, 'anthropic.')"
    )
    [events] = store.query(
        "SELECT count() AS n, uniqExact(SpanId) AS ids FROM otel_audit WHERE EventName = 'claude.api.request'"
    )
    assert spans["n"] == spans["ids"]
    assert events["n"] == events["ids"]
    hours = reckon(store, spool, totals, since=datetime.now(UTC) - timedelta(days=1))
    exporters = {hour.exporter for hour in hours}
    return spans["n"], events["n"], len(exporters), sum(hour.missing + hour.doubled for hour in hours)


SERVERS = {
    "gunicorn": ["gunicorn", "served:wsgi", "--workers=2", "--bind=127.0.0.1:{port}"],
    "gunicorn preloaded": ["gunicorn", "served:wsgi", "--preload", "--workers=2", "--bind=127.0.0.1:{port}"],
    "gunicorn threads": ["gunicorn", "served:wsgi", "--workers=2", "--threads=4", "--bind=127.0.0.1:{port}"],
    "gunicorn recycled": ["gunicorn", "served:wsgi", "--workers=2", "--max-requests=5", "--bind=127.0.0.1:{port}"],
    "uvicorn": ["uvicorn", "served:asgi", "--workers=2", "--port={port}", "--log-level=warning"],
}


@pytest.mark.parametrize("server", sorted(SERVERS))
def test_servers(claude: ClaudeAPI, store: Store, tmp_path: Path, server: str) -> None:
    """Workers, preloaded or not, with threads or recycled, record each request's call once, up to their end."""
    port = free_port()
    program, *arguments = (part.format(port=port) for part in SERVERS[server])
    command = [sys.executable, "-m", program, *arguments]
    # Workers of uvicorn end by the signal itself, without the end of an interpreter: what no batch processor exported
    # by then is lost. So it gets the time of an export.
    delay = {"OTEL_BSP_SCHEDULE_DELAY": "200", "OTEL_BLRP_SCHEDULE_DELAY": "200"} if server == "uvicorn" else {}
    with serving(command, environment(claude, tmp_path, **delay), port), ThreadPoolExecutor(4) as users:
        list(users.map(ask, [port] * CALLS))
        time.sleep(2 if delay else 0)
    spans, events, processes, missing = recorded(store, tmp_path)
    assert (spans, events, missing) == (CALLS, CALLS, 0)
    assert processes >= 1


PROCESSES = {
    "multiprocessing fork": """
import multiprocessing
from anthropic import Anthropic
from served import ASK
def work(number):
    Anthropic().messages.create(**ASK)
if __name__ == "__main__":
    work(0)
    with multiprocessing.get_context("fork").Pool(3) as pool:
        pool.map(work, range(5), chunksize=1)
        pool.close()
        pool.join()
""",
    "multiprocessing spawn": """
import multiprocessing
from anthropic import Anthropic
from served import ASK
def work(number):
    Anthropic().messages.create(**ASK)
if __name__ == "__main__":
    work(0)
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.map(work, range(5), chunksize=1)
        pool.close()
        pool.join()
""",
    "threads": """
from concurrent.futures import ThreadPoolExecutor
from served import ASK, client
with ThreadPoolExecutor(6) as pool:
    list(pool.map(lambda _: client.messages.create(**ASK), range(6)))
""",
    "asyncio": """
import asyncio
from served import ASK, async_client
async def main():
    await asyncio.gather(*(async_client.messages.create(**ASK) for _ in range(6)))
asyncio.run(main())
""",
}


@pytest.mark.parametrize("kind", sorted(PROCESSES))
def test_processes(claude: ClaudeAPI, store: Store, tmp_path: Path, kind: str) -> None:
    """Six calls, in whatever processes and threads, are six spans and six audit events."""
    script = tmp_path / "main.py"
    script.write_text(PROCESSES[kind])
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment(claude, home, PYTHONPATH=str(HERE)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    spans, events, _, missing = recorded(store, home)
    assert (spans, events, missing) == (6, 6, 0)
