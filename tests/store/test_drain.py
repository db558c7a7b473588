"""What is in the spool is delivered once, and nothing holds it up or loses it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from store.blocks import RING, block, stored
from store.conftest import Counts

from otel_compliance.errors import SchemaError, SpoolError, StoreError, StoreUnavailable
from otel_compliance.store.client import Store
from otel_compliance.store.drain import DrainReport, drain
from otel_compliance.store.rows import Block
from otel_compliance.store.spool import Spool


class Scripted:
    """A store that takes what `verdict` has no objection to."""

    def __init__(self, verdict: Callable[[Block], Exception | None]) -> None:
        self.verdict = verdict
        self.tried: list[str] = []
        self.taken: list[str] = []

    def query(self, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
        """Nothing arrived before."""
        return []

    def insert(self, rows: Block, *, token: str = "", types: Any = None) -> None:
        """Take or refuse, all or nothing."""
        names = [str(name) for name in rows.columns.get("SpanName") or rows.columns["Body"]]
        self.tried.append("+".join(names))
        if error := self.verdict(rows):
            raise error
        self.taken += names


def refusing(*names: str) -> Scripted:
    """A store that refuses the spans of these names, and of all when none is given."""
    refused = set(names)
    return Scripted(
        lambda rows: StoreError("refused") if not refused or refused.intersection(rows.columns["SpanName"]) else None
    )


def test_a_store_that_refuses_everything_costs_nothing(tmp_path: Path, counts: Counts) -> None:
    """When the store is out of memory or the user may not insert, every segment stays, and the error says why."""
    spool = Spool(tmp_path, RING)
    for name in "abc":
        spool.append(block(name))
    with pytest.raises(StoreError, match="refused; what it refuses waits in the spool"):
        drain(spool, refusing())  # type: ignore[arg-type]
    assert (len(spool.segments()), spool.quarantined(), counts()) == (3, [], {"retried": 3})


def test_a_store_that_refuses_everything_is_not_flooded(tmp_path: Path) -> None:
    """Of many segments only some are tried, some of them late, so that bad ones at the front cannot hide good ones."""
    spool = Spool(tmp_path, RING)
    for number in range(200):
        spool.append(block(f"{number:03d}"))
    store = refusing()
    with pytest.raises(StoreError):
        drain(spool, store)  # type: ignore[arg-type]
    assert len(store.tried) < 25
    assert store.tried[-1] > "100"


def test_bad_segments_at_the_front_do_not_hold_up_the_rest(tmp_path: Path, counts: Counts) -> None:
    """However many the store refuses first, the good ones arrive, and the bad ones are set aside in the end."""
    spool = Spool(tmp_path, RING)
    bad = [f"bad-{number:02d}" for number in range(40)]
    good = [f"good-{number:02d}" for number in range(60)]
    for name in (*bad, *good):
        spool.append(block(name))
    store = refusing(*bad)
    assert drain(spool, store) == DrainReport(segments=60, rows=60, quarantined=40)  # type: ignore[arg-type]
    assert (sorted(store.taken), spool.segments(), len(spool.quarantined())) == (good, [], 40)
    assert counts() == {"delivered": 60, "quarantined": 40, "retried": 40}


def test_a_refusal_that_passes_sets_nothing_aside(tmp_path: Path) -> None:
    """A segment that is refused once, and taken at the second attempt, is delivered."""
    spool = Spool(tmp_path, RING)
    for name in "ab":
        spool.append(block(name))
    refusals = iter([StoreError("busy"), StoreError("busy")])
    store = Scripted(lambda rows: next(refusals, None))
    assert drain(spool, store) == DrainReport(segments=2, rows=2)  # type: ignore[arg-type]
    assert (store.taken, spool.quarantined()) == (["b", "a"], [])


def test_a_refused_table_does_not_condemn_its_segments(tmp_path: Path) -> None:
    """That the store takes spans does not prove that refused log records are bad: their table may be."""
    spool = Spool(tmp_path, RING)
    spool.append(block("event", table="otel_logs"))
    spool.append(block("span"))
    store = Scripted(lambda rows: StoreError("broken view") if rows.table == "otel_logs" else None)
    with pytest.raises(StoreError, match="broken view"):
        drain(spool, store)  # type: ignore[arg-type]
    assert (store.taken, len(spool.segments()), spool.quarantined()) == (["span"], 1, [])


def test_a_store_that_is_away_ends_the_attempt(tmp_path: Path, counts: Counts) -> None:
    """Without an answer the rest is not tried, and everything stays."""
    spool = Spool(tmp_path, RING)
    for name in "abc":
        spool.append(block(name, name))
    spool.append(block("event", table="otel_logs"))
    store = Scripted(lambda rows: StoreUnavailable("away"))
    with pytest.raises(StoreUnavailable):
        drain(spool, store)  # type: ignore[arg-type]
    assert (store.tried, len(spool.segments()), counts()) == (["a+a+b+b+c+c"], 4, {"retried": 6})


def test_an_altered_table_holds_up_only_its_own_segments(tmp_path: Path, store: Store) -> None:
    """When somebody dropped a column, the error names the remedy, other tables go on, and nothing is lost."""
    spool = Spool(tmp_path, RING)
    spool.append(block("event", table="otel_logs"))
    spool.append(block("span"))
    store.command("ALTER TABLE otel_logs RENAME COLUMN ScopeVersion TO Renamed")
    try:
        with pytest.raises(SchemaError) as caught:
            drain(spool, store)
    finally:
        store.command("ALTER TABLE otel_logs RENAME COLUMN Renamed TO ScopeVersion")
    assert (caught.value.remedy, stored(store), len(spool.segments())) == ("otel-compliance migrate", ["span"], 1)
    assert drain(spool, store) == DrainReport(segments=1, rows=1)


@pytest.mark.parametrize(
    "columns",
    [
        {"SpanName": [1]},
        {"Timestamp": [2**63]},
        {"Duration": [-1]},
        {"SpanAttributes": ["text"]},
    ],
)
def test_rows_that_cannot_be_converted_are_set_aside(
    tmp_path: Path, store: Store, columns: dict[str, list[object]]
) -> None:
    """A segment of a writer with a fault is set aside even when it is alone, and no error says what it holds."""
    spool = Spool(tmp_path, RING)
    spool.append(block("bad", **columns))
    assert drain(spool, store) == DrainReport(quarantined=1)
    assert (spool.segments(), stored(store)) == ([], [])


def test_rows_of_many_days_fit_into_one_insert(tmp_path: Path, store: Store) -> None:
    """A batch with wrong clocks in it spans more than a hundred daily partitions and is stored all the same."""
    day = 86_400_000_000_000
    names = [str(number) for number in range(105)]
    times = [time.time_ns() - number * day for number in range(105)]
    Spool(tmp_path, RING).append(block(*names, Timestamp=times))
    assert drain(Spool(tmp_path, RING), store) == DrainReport(segments=1, rows=105)
    assert len(stored(store)) == 105


def test_a_header_is_as_protected_as_the_rows(tmp_path: Path, store: Store) -> None:
    """A count that was changed on disk is noticed: believing it would drop the rows unseen."""
    spool = Spool(tmp_path, RING)
    segment = spool.append(block("a"))
    segment.write_bytes(segment.read_bytes().replace(b'"count": 1', b'"count": 0', 1))
    assert drain(spool, store) == DrainReport(quarantined=1)


def test_a_segment_that_cannot_be_read_stays(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk says nothing about the content, so the segment is not condemned for it."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a"))
    real = Path.read_bytes

    def failing(path: Path) -> bytes:
        if path.suffix == ".seg":
            raise OSError(5, "Input/output error")
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", failing)
        assert drain(spool, store) == DrainReport()
    assert drain(spool, store) == DrainReport(segments=1, rows=1)


def test_a_spool_that_cannot_be_changed_is_explained(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that became read-only the error names the folder, and a later drain counts the rows once."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a"))

    def failing(path: Path, missing_ok: bool = False) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", failing)
        with pytest.raises(SpoolError, match="cannot be changed: Read-only file system"):
            drain(spool, store)
    assert drain(spool, store) == DrainReport(segments=1, rows=1)
    assert stored(store) == ["a"]


HOLDER = """
import sys
from pathlib import Path
from otel_compliance.store.lock import FileLock
lock = FileLock.take(Path(sys.argv[1]), wait=True)
print("locked", flush=True)
sys.stdin.read()
"""


def test_one_drainer_at_a_time(tmp_path: Path, store: Store) -> None:
    """While another process drains, one that need not wait leaves it to that; when it is killed, the next one can."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a"))
    command = [sys.executable, "-c", HOLDER, str(tmp_path / ".drain.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        assert drain(spool, store, wait=False) == DrainReport()
        holder.kill()
    assert drain(spool, store, wait=False) == DrainReport(segments=1, rows=1)


def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path, store: Store) -> None:
    """A child that was forked during a drain lives on, and the next drain goes through."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a"))
    children: list[int] = []

    def fork(rows: Block) -> None:
        children.append(child := os.fork())
        if child == 0:
            signal.pause()

    try:
        drain(spool, Scripted(fork))  # type: ignore[arg-type]
        spool.append(block("b"))
        assert drain(spool, store, wait=False) == DrainReport(segments=1, rows=1)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def test_leftovers_of_killed_processes_are_removed(tmp_path: Path, store: Store) -> None:
    """Old drafts and empty old folders go; a draft that may still be written stays, and so do folders in use."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a"))
    for folder in ("old", "new", "empty", "used"):
        (tmp_path / folder).mkdir()
    for file in ("old/1.tmp", "new/1.tmp", "used/1.seg"):
        (tmp_path / file).touch()
    long_ago = time.time() - 7200
    for name in ("old/1.tmp", "empty", "used"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    spool.sweep()
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if spool.exporter_id not in str(path)}
    assert left == {"old", "new", "new/1.tmp", "used", "used/1.seg", "ledger"}


DRAINER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from otel_compliance.store.client import connect
from otel_compliance.store.drain import drain
from otel_compliance.store.schema import migrate
from otel_compliance.store.spool import Spool
from store.blocks import RING, block, stored
with connect("chdb://{directory}/store") as store:
    migrate(store)
    spool = Spool(Path("{directory}/spool"), RING)
    print("ready", flush=True)
    if sys.argv[1] == "write":
        for number in range(60):
            spool.append(block(*(f"{{number}}-{{row}}" for row in range(20))))
            print(number, flush=True)
            if number % 3 == 2:
                drain(spool, store)
    else:
        print(drain(spool, store).quarantined)
        names = stored(store)
        traces = store.query("SELECT count() AS n FROM otel_traces_trace_id_ts")[0]["n"]
        print(len(names), len(set(names)), traces)
"""


@pytest.mark.parametrize("stop_after", [1, 17, 41])
def test_a_killed_drainer_loses_and_doubles_nothing(tmp_path: Path, stop_after: int) -> None:
    """After kill -9 of the process that owns the store, every accepted row is there once, in the views as well."""
    code = DRAINER.format(tests=str(Path(__file__).parents[1]), directory=str(tmp_path))
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code]
    with subprocess.Popen([*command, "write"], stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        accepted = 0
        while accepted < stop_after:
            accepted += process.stdout.readline() != "ready\n"
        process.kill()
    again = subprocess.run([*command, "read"], capture_output=True, text=True, check=True, cwd=root)
    _, quarantined, found = again.stdout.splitlines()
    rows, distinct, traces = map(int, found.split())
    assert (quarantined, rows, traces) == ("0", distinct, distinct)
    assert rows >= accepted * 20
    assert rows % 20 == 0
