"""The exporters in a running process: they accept or count, and never disturb the app."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExportResult
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from store.blocks import stored
from store.conftest import Counts, points

from otel_compliance import health
from otel_compliance.config import Settings
from otel_compliance.errors import StoreUnavailable
from otel_compliance.store import exporter, spool
from otel_compliance.store.client import Store
from otel_compliance.store.drain import DrainReport, drain
from otel_compliance.store.exporter import ClickHouseLogExporter, ClickHouseSpanExporter
from otel_compliance.store.rows import Block
from otel_compliance.store.spool import Spool


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with the embedded store, of which the process only has the spool."""
    return Settings.from_env({"OTEL_COMPLIANCE_DIR": str(tmp_path)})


@pytest.fixture
def server(tmp_path: Path) -> Settings:
    """Settings with a server."""
    environment = {"OTEL_COMPLIANCE_DIR": str(tmp_path), "OTEL_COMPLIANCE_STORE": "http://127.0.0.1:1/otel"}
    return Settings.from_env(environment)


@pytest.fixture(autouse=True)
def _no_exporter_is_left() -> Iterator[None]:
    """No exporter of another test counts as one of this process."""
    yield
    for left in [*exporter._span_exporters, *exporter._log_exporters]:
        left.shutdown()


def finished(*names: str) -> tuple[ReadableSpan, ...]:
    """Spans that ended."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    for name in names:
        provider.get_tracer("test").start_span(name).end()
    return memory.get_finished_spans()


def record(body: str) -> list[ReadableLogRecord]:
    """A log record that was emitted."""
    found: list[ReadableLogRecord] = []

    class Keep(ClickHouseLogExporter):
        def __init__(self) -> None: ...

        def export(self, batch: Any) -> Any:
            found.extend(batch)
            return LogRecordExportResult.SUCCESS

        def shutdown(self) -> None: ...

    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(Keep()))
    provider.get_logger("test").emit(body=body)
    provider.shutdown()
    return found


class Server:
    """A ClickHouse server that is away until it is opened."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.arrived = threading.Event()
        self.attempts = 0
        self.open = threading.Event()

    def connect(self, dsn: str) -> Any:
        """Stands in for `otel_compliance.store.client.connect`."""
        self.attempts += 1
        if not self.open.is_set():
            raise StoreUnavailable("http://127.0.0.1:1/otel: the store is away", remedy="wait")
        return self

    def query(self, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
        """Nothing arrived before."""
        return []

    def insert(self, block: Block, *, token: str = "", types: Any = None) -> None:
        """Take everything."""
        self.blocks.append(block)
        self.arrived.set()

    def close(self) -> None:
        """Nothing to do."""


@pytest.fixture
def clickhouse(monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server that drainers of this process connect to."""
    stand_in = Server()
    monkeypatch.setattr("otel_compliance.store.drain.connect", stand_in.connect)
    return stand_in


def test_spans_reach_the_store_under_a_batch_processor(settings: Settings, store: Store, counts: Counts) -> None:
    """What a BatchSpanProcessor exports is on disk after a flush, and in the store after a drain."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(ClickHouseSpanExporter(settings)))
    for number in range(700):
        provider.get_tracer("test").start_span(f"{number:03d}").end()
    assert provider.force_flush()
    assert drain(Spool.from_settings(settings), store).rows == 700
    assert stored(store) == [f"{number:03d}" for number in range(700)]
    assert counts() == {"written": 700, "delivered": 700}
    provider.shutdown()


def test_exporting_makes_no_spans_and_no_logs(settings: Settings) -> None:
    """A span processor that exports at once, beside an instrumented disk, cannot feed itself."""
    provider = TracerProvider(shutdown_on_exit=False)
    seen = InMemorySpanExporter()

    class Instrumented(Spool):
        def append(self, block: Block) -> Path:
            from opentelemetry.instrumentation.utils import is_instrumentation_enabled

            if is_instrumentation_enabled():
                provider.get_tracer("disk").start_span("write").end()
            return super().append(block)

    ours = ClickHouseSpanExporter(settings)
    assert ours._outlet is not None
    ours._outlet._spool = Instrumented.from_settings(settings)
    provider.add_span_processor(SimpleSpanProcessor(seen))
    assert ours.export(finished("call")) is SpanExportResult.SUCCESS
    assert seen.get_finished_spans() == ()


def test_a_full_spool_is_counted_and_explained_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, counts: Counts, caplog: pytest.LogCaptureFixture
) -> None:
    """Over its bound the export fails without an exception, every row counts as dropped, and one line says why."""
    monkeypatch.setattr(spool.Spool.__init__, "__kwdefaults__", {"max_bytes": 10})
    ours = ClickHouseSpanExporter(settings)
    assert [ours.export(finished("a", "b")) for _ in range(3)] == [SpanExportResult.FAILURE] * 3
    assert counts() == {"dropped": 6}
    assert [line for line in caplog.messages if "the spool is full" in line] == [
        (
            f"otel-compliance: {settings.spool}: the spool is full: it takes 9 bytes of otel_traces; spans and audit "
            "events are dropped until that is mended → see why the store takes no data: otel-compliance check"
        )
    ]


def test_a_full_disk_is_counted(settings: Settings, monkeypatch: pytest.MonkeyPatch, counts: Counts) -> None:
    """ENOSPC from the system is a failed export, and the next one works once there is room."""
    ours = ClickHouseSpanExporter(settings)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert ours.export(finished("lost")) is SpanExportResult.FAILURE
    assert ours.export(finished("kept")) is SpanExportResult.SUCCESS
    assert (counts(), len(Spool.from_settings(settings).segments())) == ({"dropped": 1, "written": 1}, 1)


def test_one_bad_span_costs_only_itself(settings: Settings, counts: Counts) -> None:
    """A span that cannot be converted is dropped and counted; the others of its batch are accepted."""
    good, bad = finished("good", "bad")
    bad._resource = None  # type: ignore[assignment]
    assert ClickHouseSpanExporter(settings).export([good, bad]) is SpanExportResult.FAILURE
    assert counts() == {"written": 1, "dropped": 1}
    [segment] = Spool.from_settings(settings).segments()
    assert Spool.from_settings(settings).read(segment)[0].columns["SpanName"] == ["good"]


def test_altered_values_are_counted(settings: Settings, counts: Counts) -> None:
    """Values that had to be cut leave a trace in the metrics."""
    [span] = finished("x" * (1 << 20 | 1))
    assert ClickHouseSpanExporter(settings).export([span]) is SpanExportResult.SUCCESS
    assert counts() == {"written": 1, "altered": 1}


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"OTEL_COMPLIANCE_STORE": "ftp://x"}, "OTEL_COMPLIANCE_STORE has a value that is not accepted"),
        ({"OTEL_COMPLIANCE_STOER": "x"}, "OTEL_COMPLIANCE_STOER is not a variable of otel-compliance"),
        ({"OTEL_COMPLIANCE_STORE": "none"}, "OTEL_COMPLIANCE_STORE is none, but an exporter to ClickHouse is in use"),
    ],
)
def test_a_wrong_configuration_never_reaches_the_app(
    environment: dict[str, str],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    counts: Counts,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The entry point constructs without arguments: the mistake is explained once and counted, nothing is raised."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spans, logs = ClickHouseSpanExporter(), ClickHouseLogExporter()
    assert spans.export(finished("a")) is SpanExportResult.FAILURE
    assert logs.export(record("b")) is LogRecordExportResult.FAILURE
    assert (spans.force_flush(), logs.force_flush()) == (True, True)
    spans.shutdown()
    logs.shutdown()
    assert counts() == {"dropped": 2}
    assert len([line for line in caplog.messages if problem in line]) == 1


def test_the_instrumentation_sees_exporters_that_are_there(settings: Settings) -> None:
    """While an exporter is in use it is known, so that no second one stores everything twice."""
    assert (exporter.exports_spans(), exporter.exports_logs()) == (False, False)
    ours = ClickHouseSpanExporter(settings)
    assert (exporter.exports_spans(), exporter.exports_logs()) == (True, False)
    ours.shutdown()
    assert (exporter.exports_spans(), exporter.exports_logs()) == (False, False)


def test_a_server_gets_what_waited(server: Settings, clickhouse: Server) -> None:
    """While the server is away spans wait in the spool; at shutdown what it takes by then is delivered."""
    ours = ClickHouseSpanExporter(server)
    assert ours.export(finished("a", "b")) is SpanExportResult.SUCCESS
    clickhouse.open.set()
    ours.shutdown()
    assert [block.columns["SpanName"] for block in clickhouse.blocks] == [["a", "b"]]
    assert Spool.from_settings(server).segments() == []


def test_a_server_that_is_away_is_not_hammered(server: Settings, clickhouse: Server) -> None:
    """However often the app exports, a failed attempt is followed by a pause; the app does not notice."""
    ours = ClickHouseSpanExporter(server)
    for _ in range(50):
        assert ours.export(finished("a")) is SpanExportResult.SUCCESS
    ours.shutdown()
    assert clickhouse.attempts <= 3
    assert len(Spool.from_settings(server).segments()) == 50


def test_the_last_exporter_stops_the_drainer(server: Settings, clickhouse: Server) -> None:
    """Tracing shuts down first; the audit events that come after it are still delivered."""
    clickhouse.open.set()
    spans, logs = ClickHouseSpanExporter(server), ClickHouseLogExporter(server)
    spans.export(finished("a"))
    spans.shutdown()
    spans.shutdown()
    logs.export(record("audit"))
    logs.shutdown()
    assert sorted(block.table for block in clickhouse.blocks) == ["otel_logs", "otel_traces"]


def test_exporters_can_be_made_anew(server: Settings, clickhouse: Server) -> None:
    """After everything was shut down, a new exporter delivers again."""
    clickhouse.open.set()
    for name in "ab":
        ours = ClickHouseSpanExporter(server)
        ours.export(finished(name))
        ours.shutdown()
    assert [block.columns["SpanName"] for block in clickhouse.blocks] == [["a"], ["b"]]


def test_a_forked_child_delivers_for_itself(server: Settings, clickhouse: Server) -> None:
    """A child has none of its parent's threads: it starts a drainer of its own and writes its own segments."""
    clickhouse.open.set()
    ours = ClickHouseSpanExporter(server)
    ours.export(finished("parent"))
    assert clickhouse.arrived.wait(30)
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        clickhouse.arrived = threading.Event()
        accepted = ours.export(finished("child")) is SpanExportResult.SUCCESS
        os._exit(0 if accepted and clickhouse.arrived.wait(25) else 1)
    assert os.waitpid(child, 0)[1] == 0
    ours.shutdown()
    assert Spool.from_settings(server).segments() == []


def test_a_server_without_schema_is_explained(
    server: Settings, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The app does not change the server's schema: it says what to run, and everything waits."""

    class Unmigrated:
        def query(self, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
            return store.query("SELECT 1 FROM no_such_table")

        def close(self) -> None: ...

    monkeypatch.setattr("otel_compliance.store.drain.connect", lambda dsn: Unmigrated())
    ours = ClickHouseSpanExporter(server)
    ours.export(finished("a"))
    ours.shutdown()
    assert len(Spool.from_settings(server).segments()) == 1
    assert [line for line in caplog.messages if line.endswith("→ otel-compliance migrate")] == [
        (
            "otel-compliance: the store has no schema yet, or not that of this version (UNKNOWN_TABLE); spans and "
            "audit events wait in the spool, and are delivered when that is mended → otel-compliance migrate"
        )
    ]


def test_a_fault_in_the_metrics_of_the_app_does_not_reach_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when counting itself fails, spans are accepted and nothing is raised."""

    def broken(*given: Any) -> None:
        raise RuntimeError("metrics are broken")

    before = sum(health.swallowed().values())
    monkeypatch.setattr(exporter, "record_export", broken)
    ClickHouseSpanExporter(settings).export(finished("a"))
    assert drain(Spool.from_settings(settings), _Nowhere()) == DrainReport(segments=1, rows=1)  # type: ignore[arg-type]
    assert sum(health.swallowed().values()) > before


class _Nowhere:
    def query(self, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
        return []

    def insert(self, block: Block, *, token: str = "", types: Any = None) -> None: ...


def test_no_content_is_logged(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever fails on the way, no line quotes an attribute's value."""
    caplog.set_level(logging.DEBUG)

    def denied(*given: Any, **options: Any) -> int:
        raise OSError(13, "Permission denied")

    ours = ClickHouseSpanExporter(settings)
    [span] = finished("canary-7f3a")
    span._attributes = {"canary-7f3a": object()}  # type: ignore[assignment]
    ours.export([span])
    span._events = None  # type: ignore[assignment]
    ours.export([span])
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", denied)
        ours.export(finished("canary-7f3a"))
    assert len(caplog.messages) > 0
    assert "canary-7f3a" not in caplog.text


def test_importing_the_package_costs_nothing() -> None:
    """The package can be imported, and its exporter, without a client, an engine or an HTTP library."""
    code = (
        "import sys, otel_compliance.store, otel_compliance.store.exporter; "
        "print(sorted({'chdb', 'clickhouse_connect', 'urllib3', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_metrics_have_the_names_of_the_conventions(settings: Settings, store: Store, counts: Counts) -> None:
    """Exported, in flight, duration, bytes, what waits and how long delivery took: few series, none with an id."""
    ours = ClickHouseSpanExporter(settings)
    ours.export(finished("a", "b"))
    spool = Spool.from_settings(settings)
    [segment] = spool.segments()
    component = {"otel.component.type": "otel_compliance.store.exporter.ClickHouseSpanExporter"}
    size = segment.stat().st_size
    accepted = [
        ("compliance.export.size", {}, size),
        ("compliance.spool.segments", {}, 1),
        ("compliance.spool.size", {}, size),
        ("otel.sdk.exporter.operation.duration", component, 1),
        ("otel.sdk.exporter.span.exported", component, 2),
        ("otel.sdk.exporter.span.inflight", component, 0),
    ]
    assert sorted(points(counts.reader)) == accepted
    drain(spool, store)
    ours.shutdown()
    ours.export(finished("late"))
    failed = component | {"error.type": "shutdown"}
    assert [point for point in sorted(points(counts.reader), key=repr) if point not in accepted] == [
        ("compliance.delivery.duration", {}, 1),
        ("compliance.export.items", {"compliance.outcome": "delivered"}, 2),
        ("compliance.spool.segments", {}, 0),
        ("compliance.spool.size", {}, 0),
        ("otel.sdk.exporter.operation.duration", failed, 1),
        ("otel.sdk.exporter.span.exported", failed, 1),
    ]


def test_after_shutdown_nothing_is_accepted(settings: Settings, counts: Counts) -> None:
    """As OpenTelemetry asks: an export after shutdown fails, and what it had is counted as dropped."""
    spans, logs = ClickHouseSpanExporter(settings), ClickHouseLogExporter(settings)
    spans.shutdown()
    logs.shutdown()
    assert spans.export(finished("late")) is SpanExportResult.FAILURE
    assert logs.export(record("late")) is LogRecordExportResult.FAILURE
    assert (counts(), Spool.from_settings(settings).segments()) == ({"dropped": 2}, [])


def test_a_flush_waits_for_delivery(server: Settings, clickhouse: Server) -> None:
    """With a server a flush returns when what was exported is there, and says so when it is not in time."""
    ours = ClickHouseSpanExporter(server)
    ours.export(finished("a"))
    assert not ours.force_flush(100)
    clickhouse.open.set()
    assert ours.force_flush(30_000)
    assert [block.columns["SpanName"] for block in clickhouse.blocks] == [["a"]]
    ours.shutdown()


def test_audit_events_have_room_when_spans_have_none(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, counts: Counts
) -> None:
    """Spans are refused first: the last tenth of the spool is for log records, which carry audit events."""
    spans, logs = ClickHouseSpanExporter(settings), ClickHouseLogExporter(settings)
    spans.export(finished("a"))
    [segment] = Spool.from_settings(settings).segments()
    assert spans._outlet is not None
    monkeypatch.setattr(spans._outlet._spool, "_max_bytes", segment.stat().st_size * 2)
    assert spans.export(finished("b")) is SpanExportResult.FAILURE
    assert logs.export(record("audit")) is LogRecordExportResult.SUCCESS


LIMITED = """
import resource, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from otel_compliance.errors import SpoolError
from otel_compliance.store.spool import Spool
from store.blocks import RING, block
spool = Spool(Path({directory!r}), RING)
spool.append(block("before"))
import random
large = block(*(str(random.random()) for _ in range(5000)))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try:
    spool.append(large)
except SpoolError as error:
    print(error.problem)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
spool.append(block("after"))
print([spool.read(path)[0].columns["SpanName"] for path in spool.segments()])
print([path.name for path in Path({directory!r}).rglob("*.tmp")])
"""


def test_a_write_that_the_system_cuts_short_leaves_no_half_segment(tmp_path: Path) -> None:
    """A real limit of the system in the middle of a write: an error that names it, no draft, and the next one works."""
    code = LIMITED.format(tests=str(Path(__file__).parents[1]), directory=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"{tmp_path}: the spool cannot be written: File too large",
        "[['before'], ['after']]",
        "[]",
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_counted(settings: Settings, counts: Counts) -> None:
    """A folder in which nothing can be made is a failed export with a reason; once it is writable, exports go on."""
    ours = ClickHouseSpanExporter(settings)
    settings.spool.mkdir(parents=True)
    settings.spool.chmod(0o500)
    assert ours.export(finished("lost")) is SpanExportResult.FAILURE
    settings.spool.chmod(0o700)
    assert ours.export(finished("kept")) is SpanExportResult.SUCCESS
    assert counts() == {"dropped": 1, "written": 1}
