"""A segment is readable with its key, in its place and as it was written, and in no other case."""

import zlib
from pathlib import Path

import pytest
from store.blocks import RING, block, stored

from otel_compliance.errors import SpoolError
from otel_compliance.keys import KeyRing
from otel_compliance.store.client import Store
from otel_compliance.store.drain import DrainReport, drain
from otel_compliance.store.segment import SegmentName
from otel_compliance.store.spool import Spool

CANARY = "canary-7f3a"


def test_nothing_of_the_rows_is_on_the_disk(tmp_path: Path) -> None:
    """Neither a value nor its compressed form is found in any file."""
    Spool(tmp_path, RING).append(block(*[CANARY] * 50, StatusMessage=[CANARY] * 50))
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert CANARY.encode() not in files
    assert zlib.compress(CANARY.encode(), 1)[2:-4] not in files


def test_equal_batches_look_different(tmp_path: Path) -> None:
    """Who sees two files cannot tell that they hold the same."""
    spool = Spool(tmp_path, RING)
    first, second = (spool.append(block("a")).read_bytes().partition(b"\n")[2] for _ in range(2))
    assert first != second


@pytest.mark.parametrize("part", ["header", "payload", "name", "exporter"])
def test_what_was_changed_or_moved_is_refused(tmp_path: Path, part: str) -> None:
    """A count in the header, a byte of the payload, the name and the exporter are all authenticated."""
    spool = Spool(tmp_path, RING)
    segment = spool.append(block("a"))
    data = segment.read_bytes()
    moved = segment
    if part == "header":
        data = data.replace(b'"count": 1', b'"count": 2')
    elif part == "payload":
        data = data[:-1] + bytes([data[-1] ^ 1])
    elif part == "name":
        moved = segment.with_name(segment.name.replace("-00000000-", "-00000001-"))
    else:
        other = Spool(tmp_path, RING)
        moved = other.append(block("b"))
    moved.write_bytes(data)
    with pytest.raises(SpoolError):
        spool.read(moved)


def test_another_key_leaves_it_waiting(tmp_path: Path, store: Store) -> None:
    """Without its key a segment is neither damaged nor lost: it waits, the others pass, and its key frees it."""
    lost = Spool(tmp_path, KeyRing(bytes(32)))
    lost.append(block("locked"))
    spool = Spool(tmp_path, RING)
    spool.append(block("open"))
    report = drain(spool, store)
    assert (report.rows, report.quarantined, stored(store)) == (1, 0, ["open"])
    assert report.locked is not None
    assert report.locked.problem == f"{tmp_path / lost.exporter_id}: segments are encrypted with another key"
    assert "OTEL_COMPLIANCE_HMAC_KEY_FILE" in report.locked.remedy
    assert drain(lost, store) == DrainReport(segments=1, rows=1)
    assert stored(store) == ["locked", "open"]


def test_a_file_that_is_no_segment_is_set_aside(tmp_path: Path, store: Store) -> None:
    """A file with a name of its own among the segments holds up none of them."""
    spool = Spool(tmp_path, RING)
    segment = spool.append(block("a"))
    segment.with_name("copy.seg").write_bytes(segment.read_bytes())
    assert drain(spool, store) == DrainReport(segments=1, rows=1, quarantined=1)


def test_names_survive_quarantine(tmp_path: Path) -> None:
    """A segment keeps its name where it is set aside, can be read there, and comes back under it."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a", "b"))
    segment = spool.append(block("c"))
    name = SegmentName.of(segment)
    assert name is not None
    assert (name.exporter, name.sequence, name.rows, name.total) == (spool.exporter_id, 1, 1, 3)
    aside = spool.quarantine(segment)
    assert SegmentName.of(aside) == name
    assert spool.read(aside)[0].columns["SpanName"] == ["c"]
    assert spool.replay(aside) == segment
