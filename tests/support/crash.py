"""Processes that are killed: one that exports, and one that owns the store and delivers; and what is left of it all.

Run as ``python -m support.crash deliver FOLDER`` or ``… export FOLDER ROWS SECONDS``, with ``tests`` in the path.
"""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from otel_compliance.config import Settings
from otel_compliance.store.client import Store, connect
from otel_compliance.store.drain import drain
from otel_compliance.store.ledger import reckon
from otel_compliance.store.rows import Block
from otel_compliance.store.schema import migrate
from otel_compliance.store.spool import Spool
from support.store import audit_row

TESTS = Path(__file__).parents[1]
ROWS = 25
"""Rows of each batch that is accepted while processes are killed."""


def settings(folder: Path) -> Settings:
    """Spool, key and embedded store in one folder."""
    return Settings.from_env({"OTEL_COMPLIANCE_DIR": str(folder)})


def batch(writer: str, number: int, table: str, size: int) -> Block:
    """Rows that know who accepted them and when in the order."""
    names = [f"{writer}/{number}/{row}" for row in range(size)]
    rows: list[dict[str, Any]]
    if table == "otel_logs":
        rows = [audit_row(at=datetime.now(UTC)) | {"Body": name, "TraceId": name} for name in names]
    else:
        fixed = {"SpanKind": "Client", "ServiceName": "crash", "SpanName": "call", "StatusCode": "Ok", "Duration": 1}
        texts = ("SpanId", "ParentSpanId", "TraceState", "ScopeName", "ScopeVersion", "StatusMessage")
        lists = ("Events.Timestamp", "Events.Name", "Events.Attributes")
        lists += ("Links.TraceId", "Links.SpanId", "Links.TraceState", "Links.Attributes")
        rest: dict[str, Any] = dict.fromkeys(texts, "") | {name: [] for name in lists} | fixed
        rest |= {"ResourceAttributes": {}, "SpanAttributes": {}}
        rows = [rest | {"Timestamp": time.time_ns(), "TraceId": name} for name in names]
    return Block(table, {column: [row[column] for row in rows] for column in rows[0]}, size)


def export(folder: Path, rows: int, pause: float) -> None:
    """Accept batches until killed, and print the name and size of each that was accepted."""
    spool = Spool.from_settings(settings(folder))
    number = 0
    while True:
        table = ("otel_traces", "otel_logs")[number % 2]
        spool.append(batch(spool.exporter_id, number, table, rows))
        sys.stdout.write(f"{spool.exporter_id}/{number}/{rows}\n")
        sys.stdout.flush()
        number += 1
        time.sleep(pause)


def deliver(folder: Path) -> None:
    """Own the store and deliver until killed."""
    spool = Spool.from_settings(settings(folder))
    with connect(f"chdb://{folder / 'store'}") as store:
        migrate(store)
        print("ready", flush=True)
        while True:
            drain(spool, store)
            time.sleep(0.01)


def start(role: str, folder: Path, *, rows: int = ROWS, pause: float = 0.05) -> subprocess.Popen[str]:
    """Start one of the two; an exporter with batches of so many rows, and so many seconds between them."""
    return subprocess.Popen(
        [sys.executable, "-m", "support.crash", role, str(folder), str(rows), str(pause)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )


def kill(process: subprocess.Popen[str]) -> list[str]:
    """Kill a process as a crash does; the whole lines that it had printed."""
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    with process.stdout:
        return [line.strip() for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]


def crash(folder: Path, *, kills: int, seed: int) -> list[str]:
    """Kill exporter and owner of the store at random points, and start them again.

    Args:
        folder: Where everything is written.
        kills: How often.
        seed: Of the points.

    Returns:
        Names of the batches that were accepted.
    """
    chance = random.Random(seed)
    accepted: list[str] = []
    running = {role: start(role, folder) for role in ("export", "deliver")}
    first_line = running["deliver"].stdout
    assert first_line is not None
    first_line.readline()
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 1.0))
        role = chance.choice(("export", "deliver"))
        accepted += [line for line in kill(running[role]) if line != "ready"]
        running[role] = start(role, folder)
    for process in running.values():
        accepted += [line for line in kill(process) if line != "ready"]
    return accepted


@dataclass(frozen=True)
class Outcome:
    """What a crash did.

    Attributes:
        accepted: Rows of which the exporters said that they were accepted.
        lost: Those of them that are not in the store.
        doubled: By table, rows that are there more than once.
        ledger: By the ledger, rows that are missing, doubled, waiting or set aside.
    """

    accepted: int
    lost: int
    doubled: dict[str, int]
    ledger: dict[str, int]


_DOUBLED = {
    "otel_traces": "SELECT count() - uniqExact(TraceId) AS n FROM otel_traces",
    "otel_logs": "SELECT count() - uniqExact(Body) AS n FROM otel_logs",
    "otel_audit": "SELECT count() - uniqExact(TraceId) AS n FROM otel_audit",
    "otel_traces_trace_id_ts": "SELECT count() - uniqExact(TraceId) AS n FROM otel_traces_trace_id_ts",
    # Two dimensions of each call.
    "genai_first_seen": "SELECT toInt64(sum(Calls)) - 2 * (SELECT count() FROM otel_audit) AS n FROM genai_first_seen",
}


def settle(folder: Path, store: Store, accepted: list[str]) -> Outcome:
    """Deliver what waits, and compare what was accepted with what is stored.

    Args:
        folder: Where everything was written.
        store: The store, opened by nobody else.
        accepted: What `crash` gave back.
    """
    spool = Spool.from_settings(settings(folder))
    totals = spool.ledger.totals()
    drain(spool, store)
    stored = {
        row["n"] for row in store.query("SELECT TraceId AS n FROM otel_traces UNION ALL SELECT Body FROM otel_logs")
    }
    due: set[str] = set()
    for line in accepted:
        name, _, rows = line.rpartition("/")
        due |= {f"{name}/{row}" for row in range(int(rows))}
    hours = reckon(store, spool, totals, since=datetime.now(UTC) - timedelta(days=1))
    counts = ("missing", "doubled", "waiting", "quarantined", "dropped")
    return Outcome(
        accepted=len(due),
        lost=len(due - stored),
        doubled={table: int(store.query(sql)[0]["n"]) for table, sql in _DOUBLED.items()},
        ledger={name: sum(getattr(hour, name) for hour in hours) for name in counts},
    )


FINE = {
    "doubled": dict.fromkeys(_DOUBLED, 0),
    "ledger": dict.fromkeys(("missing", "doubled", "waiting", "quarantined", "dropped"), 0),
}
"""What an `Outcome` should say."""


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        if sys.argv[1] == "export":
            export(Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
        deliver(Path(sys.argv[2]))
