"""The spool loses nothing that it accepted, and never blocks or breaks the app."""

import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import lz4.frame
import pytest
from store.blocks import RING, block, stored

from otel_compliance import health
from otel_compliance.config import Settings
from otel_compliance.errors import SchemaError, SpoolError, SpoolFull, StoreUnavailable
from otel_compliance.keys import KeyRing
from otel_compliance.store.client import Store, connect
from otel_compliance.store.drain import BackgroundDrainer, DrainReport, drain
from otel_compliance.store.exporter import ClickHouseSpanExporter
from otel_compliance.store.spool import Spool


def test_what_is_written_is_delivered_once(tmp_path: Path, store: Store) -> None:
    """Segments are delivered in order and removed; a second drain has nothing to do."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a", "b"))
    spool.append(block("c"))
    assert drain(spool, store) == DrainReport(segments=2, rows=3)
    assert (stored(store), spool.segments()) == (["a", "b", "c"], [])
    assert drain(spool, store) == DrainReport()


def test_a_crash_between_insert_and_removal_counts_once(tmp_path: Path, store: Store) -> None:
    """A segment that is delivered again changes neither the table nor what is derived from it."""
    spool = Spool(tmp_path, RING)
    segment = spool.append(block("a"))
    again = segment.read_bytes()
    drain(spool, store)
    for _ in range(3):
        segment.parent.mkdir(exist_ok=True)
        segment.write_bytes(again)
        assert drain(spool, store).segments == 1
    assert stored(store) == ["a"]
    assert store.query("SELECT count() AS n FROM otel_traces_trace_id_ts") == [{"n": 1}]


def test_equal_batches_both_count(tmp_path: Path, store: Store) -> None:
    """Two batches with the same content are two batches."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a"))
    spool.append(block("a"))
    drain(spool, store)
    assert stored(store) == ["a", "a"]


@pytest.mark.parametrize("damage", [b"", b"not a header\nrest", b'{"format": 1}\n', b"[]\n"])
def test_a_damaged_segment_holds_up_nothing(tmp_path: Path, store: Store, damage: bytes) -> None:
    """It is set aside and counted, and the segments behind it are delivered."""
    spool = Spool(tmp_path, RING)
    spool.append(block("lost")).write_bytes(damage)
    spool.append(block("kept"))
    assert drain(spool, store) == DrainReport(segments=1, rows=1, quarantined=1)
    assert (stored(store), len(spool.quarantined()), spool.segments()) == (["kept"], 1, [])


@pytest.mark.parametrize("nanoseconds", [0, 60_000_000_000, 4_000_000_000_000_000_000])
def test_a_clock_that_was_not_set_costs_nothing(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, nanoseconds: int
) -> None:
    """A segment of 1970, or of a far year, is delivered, and one that was set aside can be replayed."""
    spool = Spool(tmp_path, RING)
    with monkeypatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: nanoseconds)
        segment = spool.append(block("early"))
    aside = spool.quarantine(segment)
    assert spool.replay(aside) == segment
    assert drain(spool, store) == DrainReport(segments=1, rows=1)
    assert stored(store) == ["early"]


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """A segment whose content does not fit its hash is refused."""
    spool = Spool(tmp_path, RING)
    segment = spool.append(block("a"))
    data = bytearray(segment.read_bytes())
    data[-1] ^= 1
    segment.write_bytes(data)
    with pytest.raises(SpoolError, match="damaged"):
        spool.read(segment)


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Nobody else can read a segment."""
    segment = Spool(tmp_path / "spool", RING).append(block("a"))
    assert stat.S_IMODE(segment.stat().st_mode) == 0o600
    assert stat.S_IMODE(segment.parent.stat().st_mode) == 0o700


def test_a_full_spool_refuses_and_says_so(tmp_path: Path) -> None:
    """Over its bound the spool takes nothing more, and what it has stays."""
    spool = Spool(tmp_path, RING, max_bytes=1500)
    spool.append(block("a"))
    with pytest.raises(SpoolFull, match="is full"):
        spool.append(block(*(str(random.random()) for _ in range(200))))
    assert len(spool.segments()) == 1


def test_the_bound_holds_for_all_processes_together(tmp_path: Path) -> None:
    """What other processes left waiting counts, and what is delivered makes room again."""
    first = Spool(tmp_path, RING)
    segment = first.append(block("a"))
    bound = segment.stat().st_size * 3
    Spool(tmp_path, RING, max_bytes=bound).append(block("b"))
    third = Spool(tmp_path, RING, max_bytes=bound)
    with pytest.raises(SpoolError, match=f"is full: it takes {int(bound * 0.9)} bytes of otel_traces"):
        third.append(block("c"))
    first.remove(segment)
    third.append(block("c"))
    assert len(third.segments()) == 2


def test_a_folder_that_vanishes_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drainer of another process may remove this one's empty folder at any moment; no segment is lost to that."""
    spool = Spool(tmp_path, RING)
    folder = tmp_path / spool.exporter_id
    real, removed = os.open, []

    def late(path: Any, *given: Any, **options: Any) -> int:
        if path == folder and len(removed) < 3:
            removed.append(folder.rmdir())
        return real(path, *given, **options)

    monkeypatch.setattr(os, "open", late)
    spool.append(block("a"))
    assert (len(removed), len(spool.segments())) == (3, 1)


def test_a_segment_of_a_failed_write_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the folder cannot be synced after the rename, the next segment gets a name of its own."""
    spool = Spool(tmp_path, RING)
    spool.append(block("a"))
    real, calls = os.fsync, iter(range(100))

    def failing(descriptor: int) -> None:
        if next(calls) == 1:
            raise OSError(5, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(SpoolError, match="Input/output error"):
        spool.append(block("b"))
    spool.append(block("c"))
    assert [spool.read(segment)[0].columns["SpanName"] for segment in spool.segments()] == [["a"], ["b"], ["c"]]


def test_a_full_disk_leaves_no_half_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk refuses, there is an error that names it, and no file."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    spool = Spool(tmp_path, RING)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SpoolError, match="No space left on device"):
        spool.append(block("a"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_threads_do_not_collide(tmp_path: Path) -> None:
    """Segments of many threads are all there."""
    spool = Spool(tmp_path, RING)
    threads = [threading.Thread(target=lambda: [spool.append(block("a")) for _ in range(20)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(spool.segments()) == 160


def test_a_forked_child_writes_apart(tmp_path: Path) -> None:
    """Parent and child have folders of their own, so no segment is overwritten."""
    spool = Spool(tmp_path, RING)
    spool.append(block("parent"))
    child = os.fork()
    if child == 0:
        spool.append(block("child"))
        os._exit(0)
    os.waitpid(child, 0)
    spool.append(block("parent"))
    assert sorted(len(list(folder.iterdir())) for folder in tmp_path.iterdir()) == [1, 2, 2]


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from otel_compliance.store.spool import Spool
from store.blocks import RING, block
spool = Spool(Path({directory!r}), RING)
for number in range(10**6):
    spool.append(block(*(f"{{number}}-{{row}}" for row in range(50))))
    print(number, flush=True)
"""


@pytest.mark.parametrize("round_", range(10))
def test_a_killed_writer_loses_nothing_it_accepted(tmp_path: Path, store: Store, round_: int) -> None:
    """After kill -9 every batch that was accepted is stored whole, once, and no segment is damaged."""
    code = WRITER.format(tests=str(Path(__file__).parents[1]), directory=str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    for _ in range(random.Random(round_).randint(1, 40)):
        accepted = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert drain(Spool(tmp_path, RING), store).quarantined == 0
    names = stored(store)
    assert len(names) == len(set(names))
    assert {f"{number}-{row}" for number in range(accepted + 1) for row in range(50)} <= set(names)
    assert len(names) % 50 == 0


def test_an_exporter_needs_neither_engine_nor_network(tmp_path: Path) -> None:
    """An instrumented process with the embedded store loads neither chDB nor the client."""
    code = (
        "import sys; from otel_compliance.store.exporter import ClickHouseSpanExporter; "
        "from opentelemetry.sdk.trace import TracerProvider; "
        "from opentelemetry.sdk.trace.export import BatchSpanProcessor; "
        "provider = TracerProvider(); provider.add_span_processor(BatchSpanProcessor(ClickHouseSpanExporter())); "
        "provider.get_tracer('t').start_span('s').end(); provider.shutdown(); "
        "print(sorted({'chdb', 'clickhouse_connect'} & set(sys.modules)))"
    )
    environment = {**os.environ, "OTEL_COMPLIANCE_DIR": str(tmp_path)}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
    assert len(Spool(tmp_path / "spool", RING).segments()) == 1


@pytest.mark.parametrize("spool", ["/dev/null/spool", "{tmp}/file/spool"])
def test_a_spool_that_cannot_be_written_is_the_exporters_problem(tmp_path: Path, spool: str) -> None:
    """Export fails, is counted, and does not raise."""
    (tmp_path / "file").touch()
    settings = Settings.from_env({"OTEL_COMPLIANCE_SPOOL": spool.format(tmp=tmp_path)})
    before = sum(health.swallowed().values())
    assert ClickHouseSpanExporter(settings).export([]).name == "FAILURE"
    assert sum(health.swallowed().values()) == before + 1


def test_a_server_that_is_away_does_not_hold_up_the_app(tmp_path: Path) -> None:
    """With an unreachable server spans go to the spool, export succeeds, and shutdown is bounded."""
    settings = Settings.from_env(
        {"OTEL_COMPLIANCE_DIR": str(tmp_path), "OTEL_COMPLIANCE_STORE": "http://127.0.0.1:1/otel"}
    )
    exporter = ClickHouseSpanExporter(settings)
    assert exporter.export([]).name == "SUCCESS"
    exporter.shutdown()
    assert len(Spool.from_settings(settings).segments()) == 1


def test_the_background_drainer_delivers_and_stops(tmp_path: Path, store: Store) -> None:
    """What it is told of is delivered by a thread of its own; stopping tries once more and is bounded."""
    spool = Spool(tmp_path, RING)
    drainer = BackgroundDrainer(spool, f"chdb://{store._lease.path if store._lease else ''}")
    spool.append(block("first"))
    drainer.notify()
    spool.append(block("second"))
    drainer.stop()
    assert (stored(store), spool.segments()) == (["first", "second"], [])
    spool.append(block("late"))
    drainer.notify()
    assert len(spool.segments()) == 1


def test_a_store_without_schema_is_explained(store: Store) -> None:
    """A query on a table that does not exist says to migrate."""
    with pytest.raises(SchemaError) as caught:
        store.query("SELECT 1 FROM no_such_table")
    assert caught.value.remedy == "otel-compliance migrate"


def test_an_unreachable_server_is_explained() -> None:
    """The message has the address without the password."""
    with pytest.raises(StoreUnavailable) as caught:
        connect("http://user:hunter2@127.0.0.1:1/otel")
    assert "http://127.0.0.1:1/otel" in caught.value.problem
    assert "hunter2" not in caught.value.diagnostics()


def test_another_process_that_owns_the_store_is_named(embedded: Store) -> None:
    """The embedded store takes one process; a second one learns which has it."""
    path = embedded._lease.path if embedded._lease else ""
    code = (
        "from otel_compliance.store.client import connect\n"
        "from otel_compliance.errors import StoreUnavailable\n"
        f"try: connect('chdb://{path}')\n"
        "except StoreUnavailable as error: print(error.problem)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"belongs to another process: pid {os.getpid()}" in result.stdout


def test_a_second_path_is_explained(embedded: Store, tmp_path: Path) -> None:
    """The engine takes one path per process; asking for another says so."""
    with pytest.raises(StoreUnavailable, match="the engine allows one"):
        connect(f"chdb://{tmp_path / 'other'}")


def test_a_missing_engine_names_its_extra(tmp_path: Path) -> None:
    """Without chDB the message says what to install."""
    code = (
        "import sys; sys.modules['chdb'] = None\n"
        "from otel_compliance.store.client import connect\n"
        "from otel_compliance.errors import MissingExtra\n"
        f"try: connect('chdb://{tmp_path}/store')\n"
        "except MissingExtra as error: print(error.remedy)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "pip install 'otel-compliance[embedded]'\n"


def test_segments_are_encrypted(tmp_path: Path) -> None:
    """A file of the spool shows what it is, and nothing of what is in it."""
    segment = Spool(tmp_path, RING).append(block("jane.doe@example.com"))
    line, _, rest = segment.read_bytes().partition(b"\n")
    assert json.loads(line) == {
        "format": 2,
        "segment": f"{segment.parent.name}/{segment.stem}",
        "table": "otel_traces",
        "count": 1,
        "key": RING.derive("spool key id")[:6].hex(),
    }
    assert b"jane" not in rest
    with pytest.raises(RuntimeError):
        lz4.frame.decompress(rest)


@pytest.mark.parametrize("change", [b'"count": 1', b'"table": "otel_traces"'])
def test_a_changed_header_is_noticed(tmp_path: Path, change: bytes) -> None:
    """What the header says is sealed with the rows: nobody can make a segment one of another table or size."""
    spool = Spool(tmp_path, RING)
    segment = spool.append(block("a"))
    other = {b'"count": 1': b'"count": 2', b'"table": "otel_traces"': b'"table": "otel_logs"'}[change]
    segment.write_bytes(segment.read_bytes().replace(change, other))
    with pytest.raises(SpoolError, match="the segment is damaged"):
        spool.read(segment)


def test_a_segment_cannot_take_the_place_of_another(tmp_path: Path) -> None:
    """A copy under another name is refused, so that nobody makes rows count twice."""
    spool = Spool(tmp_path, RING)
    segment = spool.append(block("a"))
    copy = segment.with_name("9-00000009.seg")
    copy.write_bytes(segment.read_bytes())
    with pytest.raises(SpoolError, match="damaged"):
        spool.read(copy)
    assert spool.read(segment)[0].columns["SpanName"] == ["a"]


def test_a_segment_of_another_key_waits_for_it(tmp_path: Path, store: Store) -> None:
    """It is not set aside: the others are delivered, a message says what is missing, and nothing is lost."""
    other = KeyRing(bytes(32))
    Spool(tmp_path, other).append(block("of another key"))
    spool = Spool(tmp_path, RING)
    spool.append(block("ours"))
    locked = drain(spool, store).locked
    assert locked is not None
    assert "encrypted with another key" in locked.problem
    assert "OTEL_COMPLIANCE_HMAC_KEY_FILE" in locked.remedy
    assert (stored(store), len(spool.segments()), spool.quarantined()) == (["ours"], 1, [])
    assert drain(Spool(tmp_path, RING, other), store) == DrainReport(segments=1, rows=1)
    assert stored(store) == ["of another key", "ours"]


def test_a_broken_key_loses_nothing(tmp_path: Path, store: Store) -> None:
    """While the key cannot be read, segments are written under the default one, and delivered when it is mended."""
    directory = {"OTEL_COMPLIANCE_DIR": str(tmp_path)}
    broken = Settings.from_env({**directory, "OTEL_COMPLIANCE_HMAC_KEY_FILE": str(tmp_path / "absent")})
    Spool.from_settings(broken).append(block("a"))
    mended = Settings.from_env({**directory, "OTEL_COMPLIANCE_HMAC_KEY": "A" * 43 + "="})
    assert drain(Spool.from_settings(mended), store) == DrainReport(segments=1, rows=1)
