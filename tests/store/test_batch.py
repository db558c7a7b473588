"""Small segments are inserted together, and still each of them arrives once, in every table, whatever happens when."""

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from store.blocks import RING, block, stored

from otel_compliance.errors import SpoolError, StoreError
from otel_compliance.store import batch
from otel_compliance.store.batch import MAX_ROWS
from otel_compliance.store.client import Store
from otel_compliance.store.drain import DrainReport, drain
from otel_compliance.store.rows import Block
from otel_compliance.store.spool import Spool


class Watched:
    """A store that notes the inserts that reach it.

    Args:
        store: The store.
        verdict: Says why not to insert some rows; `None` to insert them.
    """

    def __init__(self, store: Store, verdict: Callable[[Block], Exception | None] = lambda rows: None) -> None:
        self._store = store
        self._verdict = verdict
        self.inserts: list[tuple[str, int]] = []
        self.tokens: list[str] = []

    def query(self, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
        return self._store.query(sql, parameters)

    def insert(self, rows: Block, *, token: str = "", types: Any = None) -> None:
        self.inserts.append((rows.table, rows.count))
        self.tokens.append(token)
        if error := self._verdict(rows):
            raise error
        self._store.insert(rows, token=token, types=types)


def counts(store: Store) -> dict[str, int]:
    """Rows of spans, in their table, in what is derived from it, and by the ledger."""
    sql = {
        "otel_traces": "SELECT count() AS n FROM otel_traces",
        "otel_traces_trace_id_ts": "SELECT count() AS n FROM otel_traces_trace_id_ts",
        "export_ledger": "SELECT sum(Stored) AS n FROM export_ledger",
    }
    return {table: int(store.query(query)[0]["n"]) for table, query in sql.items()}


def once(rows: int) -> dict[str, int]:
    """`counts` of rows with a trace each that arrived once."""
    return dict.fromkeys(("otel_traces", "otel_traces_trace_id_ts", "export_ledger"), rows)


def fill(spool: Spool, segments: int) -> None:
    """Let segments wait, with a span in each."""
    for number in range(segments):
        spool.append(block(f"{number:03d}"))


def test_small_segments_are_inserted_together(tmp_path: Path, store: Store) -> None:
    """A hundred segments of two tables take two inserts, and the ledger knows each segment."""
    spool, watched = Spool(tmp_path, RING), Watched(store)
    for number in range(50):
        spool.append(block(f"{number:03d}"))
        spool.append(block(f"{number:03d}", table="otel_logs"))
    assert drain(spool, watched) == DrainReport(segments=100, rows=100)  # type: ignore[arg-type]
    assert watched.inserts == [("otel_traces", 50), ("otel_logs", 50)]
    assert store.query("SELECT count() AS n, min(Stored) AS low, max(Stored) AS high FROM export_ledger") == [
        {"n": 100, "low": 1, "high": 1}
    ]


def test_a_batch_is_bounded(tmp_path: Path, store: Store) -> None:
    """What waits after a long outage is not read into memory at once."""
    spool, watched = Spool(tmp_path, RING), Watched(store)
    names = [str(number) for number in range(MAX_ROWS // 2)]
    for _ in range(5):
        spool.append(block(*names))
    drain(spool, watched)  # type: ignore[arg-type]
    assert watched.inserts == [("otel_traces", MAX_ROWS), ("otel_traces", MAX_ROWS), ("otel_traces", MAX_ROWS // 2)]


def test_a_bad_segment_is_found_among_good_ones(tmp_path: Path, store: Store) -> None:
    """A batch that is refused is halved until the bad one is known, which takes few inserts; that one is set aside."""
    spool = Spool(tmp_path, RING)
    for name in ("good-1", "bad", "good-2"):
        spool.append(block(name))
    for number in range(MAX_ROWS - 3):
        spool.append(block(f"late-{number}"))
    refusal = StoreError("refused")
    watched = Watched(store, lambda rows: refusal if "bad" in rows.columns["SpanName"] else None)
    assert drain(spool, watched) == DrainReport(MAX_ROWS - 1, MAX_ROWS - 1, quarantined=1)  # type: ignore[arg-type]
    assert len(watched.inserts) < 40
    assert counts(store) == once(MAX_ROWS - 1)


def test_segments_that_cannot_be_converted_do_not_spoil_a_batch(tmp_path: Path, store: Store) -> None:
    """Rows of a writer with a fault are set aside alone."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a"))
    spool.append(block("bad", Duration=[-1]))
    spool.append(block("b"))
    assert drain(spool, store) == DrainReport(segments=2, rows=2, quarantined=1)
    assert (stored(store), counts(store)) == (["a", "b"], once(2))


def test_what_a_view_refuses_waits_and_is_completed(tmp_path: Path, store: Store) -> None:
    """When a view breaks in the middle, the table has rows that others lack: the same insert completes them later."""
    spool = Spool(tmp_path, RING)
    fill(spool, 3)
    store.command("CREATE TABLE broken_target (T String) ENGINE = Null")
    store.command(
        "CREATE MATERIALIZED VIEW broken_mv TO broken_target AS "
        "SELECT toString(throwIf(SpanName = '001')) AS T FROM otel_traces"
    )
    try:
        for _ in range(2):
            with pytest.raises(StoreError):
                drain(spool, store)
            assert len(spool.segments()) == 3
    finally:
        store.command("DROP TABLE broken_mv")
        store.command("DROP TABLE broken_target")
    fill(spool, 1)
    assert drain(spool, store) == DrainReport(segments=4, rows=4)
    assert counts(store) == once(4)


def interrupt(spool: Spool, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliver, but for the removal of the segments: as when the process is killed behind the insert."""
    real = Path.unlink

    def failing(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".seg":
            raise OSError(5, "Input/output error")
        real(path, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", failing)
        with pytest.raises(SpoolError):
            drain(spool, store)


def test_what_a_crash_kept_from_a_view_is_completed(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between two tables, the batch comes again under its token, with what has come since in another one."""
    spool, watched = Spool(tmp_path, RING), Watched(store)
    fill(spool, 3)
    interrupt(spool, store, monkeypatch)
    store.command("TRUNCATE TABLE otel_traces_trace_id_ts")
    fill(spool, 2)
    assert drain(spool, watched) == DrainReport(segments=5, rows=5)  # type: ignore[arg-type]
    assert watched.inserts == [("otel_traces", 3), ("otel_traces", 2)]
    assert counts(store) == once(5)


def test_a_batch_of_which_some_segments_are_left_is_completed(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while its segments were removed, the rest of the batch counts once."""
    spool = Spool(tmp_path, RING)
    fill(spool, 3)
    interrupt(spool, store, monkeypatch)
    spool.segments()[0].unlink()
    assert drain(spool, store) == DrainReport(segments=2, rows=2)
    assert counts(store) == once(3)
    assert list(tmp_path.glob(".*.batch")) == []


def test_a_crash_after_the_last_segment_was_removed_stops_nothing(tmp_path: Path, store: Store) -> None:
    """The log names a batch of which no segment is left; the next pass forgets it and delivers what came since."""
    spool = Spool(tmp_path / "spool", RING)
    spool.append(block("0001"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch.BatchLog, "end", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            drain(spool, store)
    assert spool.segments() == []
    assert list(spool.directory.glob(".*.batch"))
    spool.append(block("0002"))
    assert drain(spool, store) == DrainReport(segments=1, rows=1)
    assert list(spool.directory.glob(".*.batch")) == []
    assert stored(store) == ["0001", "0002"]


@pytest.mark.parametrize(("erased", "left"), [("true", []), ("SpanName = '001'", ["000", "002"])])
def test_what_was_erased_after_a_crash_stays_erased(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, erased: str, left: list[str]
) -> None:
    """Behind an interrupted delivery all rows of the batch were erased, or some: none of them comes back."""
    spool = Spool(tmp_path, RING)
    fill(spool, 3)
    interrupt(spool, store, monkeypatch)
    store.command(f"ALTER TABLE otel_traces DELETE WHERE {erased} SETTINGS mutations_sync = 2")
    assert drain(spool, store) == DrainReport(segments=3, rows=3)
    assert (stored(store), spool.segments()) == (left, [])


def test_a_full_disk_is_emptied(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room to note what is on its way, segments go one by one under tokens of their own, and make room."""
    spool, watched = Spool(tmp_path, RING), Watched(store)
    fill(spool, 4)
    real = batch.create_file
    refusals = iter([True, True, True])

    def failing(path: Path, data: bytes) -> bool:
        if next(refusals, False):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(batch, "create_file", failing)
    assert drain(spool, watched) == DrainReport(segments=4, rows=4)  # type: ignore[arg-type]
    assert watched.inserts == [("otel_traces", 1)] * 4
    assert counts(store) == once(4)


def test_a_read_only_disk_is_explained_before_anything_is_inserted(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be noted is not sent: it would come again and again."""
    spool, watched = Spool(tmp_path, RING), Watched(store)
    fill(spool, 2)

    def failing(path: Path, data: bytes) -> bool:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(batch, "create_file", failing)
    with pytest.raises(SpoolError, match="Read-only file system"):
        drain(spool, watched)  # type: ignore[arg-type]
    assert (watched.inserts, len(spool.segments())) == ([], 2)


def test_an_unreadable_log_of_batches_stops_nothing(tmp_path: Path, store: Store) -> None:
    """A log that a bad disk garbled is as good as none: tokens and ledger still keep rows from counting twice."""
    spool = Spool(tmp_path, RING)
    fill(spool, 2)
    (tmp_path / ".otel_traces.batch").write_bytes(b"\x00garbled")
    assert drain(spool, store) == DrainReport(segments=2, rows=2)
    assert counts(store) == once(2)


def test_the_log_of_batches_holds_no_rows(tmp_path: Path, store: Store) -> None:
    """While a batch is on its way only names of segments and a digest are in the clear."""
    spool = Spool(tmp_path, RING)
    spool.append(block("canary-7f3a"))
    spool.append(block("canary-7f3a"))
    seen: list[bytes] = []

    def look(rows: Block) -> None:
        seen.append((tmp_path / ".otel_traces.batch").read_bytes())

    drain(spool, Watched(store, look))  # type: ignore[arg-type]
    assert len(seen) == 1
    assert b"canary" not in seen[0]


def test_batches_arrive_while_others_are_written(tmp_path: Path, store: Store) -> None:
    """Writers and the drainer at the same time: everything once."""
    spool = Spool(tmp_path, RING)
    writers = [threading.Thread(target=fill, args=(spool, 40)) for _ in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        drain(spool, store)
    for writer in writers:
        writer.join()
    drain(spool, store)
    assert counts(store)["otel_traces"] == 160
    assert counts(store)["export_ledger"] == 160
