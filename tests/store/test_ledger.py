"""Accepted = stored + waiting + set aside + dropped, whatever crashes, expires or is erased; what is not, is found."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from store.blocks import RING, block, stored

from otel_compliance.store.client import Store
from otel_compliance.store.drain import DrainReport, drain
from otel_compliance.store.ledger import Hour, reckon
from otel_compliance.store.spool import Spool

COUNTS = ("accepted", "stored", "waiting", "quarantined", "dropped", "missing", "doubled")


def sums(store: Store, spool: Spool, **options: Any) -> dict[str, int]:
    """The counts that are not zero, of all hours."""
    since = options.get("since", datetime.now(UTC) - timedelta(days=1))
    hours = reckon(store, spool, spool.ledger.totals(), since=since)
    found = {name: sum(getattr(hour, name) for hour in hours) for name in COUNTS}
    return {name: count for name, count in found.items() if count}


def test_each_row_is_accounted_for(tmp_path: Path, store: Store) -> None:
    """Rows of both tables, stored, waiting, set aside and dropped, add up to what was accepted."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a", "b"))
    spool.append(block("event", table="otel_logs"))
    drain(spool, store)
    spool.append(block("waits", "waits"))
    spool.quarantine(spool.append(block("aside")))
    spool.drop(spool.quarantine(spool.append(block("dropped", "dropped", "dropped"))))
    assert sums(store, spool) == {"accepted": 9, "stored": 3, "waiting": 2, "quarantined": 1, "dropped": 3}


def test_hours_and_exporters_are_apart(tmp_path: Path, store: Store) -> None:
    """Each exporter has its own line for each hour."""
    first, second = Spool(tmp_path, RING), Spool(tmp_path, RING)
    first.append(block("a"))
    second.append(block("b", "c"))
    drain(first, store)
    hours = reckon(store, first, first.ledger.totals(), since=datetime.now(UTC) - timedelta(hours=2))
    assert {hour.exporter: hour for hour in hours} == {
        spool.exporter_id: Hour(spool.exporter_id, hours[0].hour, accepted=rows, stored=rows)
        for spool, rows in ((first, 1), (second, 2))
    }
    assert hours[0].hour.minute == 0
    assert reckon(store, first, {}, since=datetime.now(UTC) + timedelta(hours=2)) == []


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_lost_segment_is_missing(tmp_path: Path, store: Store, lost: int) -> None:
    """Whichever segment vanishes before it is delivered, the first, one in between or the last, is found."""
    spool = Spool(tmp_path, RING)
    segments = [spool.append(block(name, name)) for name in "abc"]
    segments[lost].unlink()
    drain(spool, store)
    assert sums(store, spool) == {"accepted": 6, "stored": 4, "missing": 2}


def test_everything_lost_is_missing(tmp_path: Path, store: Store) -> None:
    """An exporter of which nothing arrived is found, too."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a", "b")).unlink()
    assert sums(store, spool) == {"accepted": 2, "missing": 2}


def test_a_repeated_delivery_counts_once(tmp_path: Path, store: Store) -> None:
    """A segment that is delivered again after a crash changes neither table nor ledger."""
    spool = Spool(tmp_path, RING)
    for table in ("otel_traces", "otel_logs"):
        segment = spool.append(block("a", "b", table=table))
        again = segment.read_bytes()
        drain(spool, store)
        for _ in range(3):
            segment.parent.mkdir(exist_ok=True)
            segment.write_bytes(again)
            drain(spool, store)
    assert sums(store, spool) == {"accepted": 4, "stored": 4}
    assert stored(store) == ["a", "b"]


def test_a_double_count_is_found(tmp_path: Path, store: Store) -> None:
    """Rows that say of which segment they are, and came from elsewhere, count as doubled."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a", "b"))
    drain(spool, store)
    store.command("INSERT INTO otel_traces SELECT * FROM otel_traces")
    assert sums(store, spool) == {"accepted": 2, "stored": 2, "doubled": 2}


def test_a_segment_that_arrived_is_not_delivered_again(tmp_path: Path, store: Store) -> None:
    """The ledger knows what the store has forgotten; what it does not know is inserted."""
    spool = Spool(tmp_path, RING)
    segment, part = spool.append(block("a", "b")), spool.append(block("c", "d"))
    names = [f"{path.parent.name}/{path.stem}" for path in (segment, part)]
    copies = {path: path.read_bytes() for path in (segment, part)}
    drain(spool, store)
    store.command("ALTER TABLE export_ledger DELETE WHERE Sequence = 1 SETTINGS mutations_sync = 2")
    for table in ("otel_traces", "export_ledger"):
        store.command(f"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 0")
    try:
        for path, data in copies.items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        assert drain(spool, store) == DrainReport(segments=2, rows=4)
        rows = store.query("SELECT Segment, count() AS n FROM otel_traces GROUP BY Segment ORDER BY Segment")
        assert rows == [{"Segment": names[0], "n": 2}, {"Segment": names[1], "n": 4}]
    finally:
        for table in ("otel_traces", "export_ledger"):
            store.command(f"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 10000")


def test_erasure_and_retention_are_no_loss(tmp_path: Path, store: Store) -> None:
    """Rows that were stored and deleted later count as stored."""
    spool = Spool(tmp_path, RING)
    spool.append(block("expired", Timestamp=[1_000_000_000_000_000_000]))
    spool.append(block("erased"))
    drain(spool, store)
    store.command("ALTER TABLE otel_traces DELETE WHERE SpanName = 'erased' SETTINGS mutations_sync = 2")
    store.command("OPTIMIZE TABLE otel_traces FINAL")
    assert stored(store) == []
    assert sums(store, spool) == {"accepted": 2, "stored": 2}


def test_rows_of_other_producers_are_no_part_of_it(tmp_path: Path, store: Store) -> None:
    """What a Collector inserts names no segment."""
    store.insert(block("of the collector"))
    assert sums(store, Spool(tmp_path, RING)) == {}


def test_a_refused_write_leaves_no_gap(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the disk refused was not accepted, and is not missing; what it has, although an error came, is."""
    spool = Spool(tmp_path, RING)
    real = os.fsync

    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    spool.append(block("a"))
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(Exception, match="No space left"):
        spool.append(block("refused", "refused"))
    monkeypatch.setattr(os, "fsync", real)
    spool.append(block("b"))
    drain(spool, store)
    assert sums(store, spool) == {"accepted": 2, "stored": 2}


def test_a_crash_before_the_note_is_no_gap(tmp_path: Path, store: Store) -> None:
    """A process that is killed between segment and note leaves the note one behind: the segment counts all the same."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a"))
    [note] = list((tmp_path / "ledger").iterdir())
    before = note.read_bytes()
    spool.append(block("b", "c"))
    note.write_bytes(before)
    assert sums(store, spool) == {"accepted": 3, "waiting": 3}
    drain(spool, store)
    assert sums(store, spool) == {"accepted": 3, "stored": 3}


def test_a_damaged_note_claims_nothing(tmp_path: Path, store: Store) -> None:
    """What cannot be read of the notes is left out; what is in the store still shows its gaps."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a"))
    drain(spool, store)
    for path in (tmp_path / "ledger").iterdir():
        path.write_bytes(b"\x00garbage")
    (tmp_path / "ledger" / "dropped.jsonl").write_text('{"segment": 1}\nnot json\n{}\n{"segment": "x/y"}\n')
    assert sums(store, spool) == {"accepted": 1, "stored": 1}
