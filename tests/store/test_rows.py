"""Spans and log records as rows of the Collector's tables."""

import math
import time
from typing import Any

import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

from otel_compliance.store.client import Store
from otel_compliance.store.rows import MAX_NANOSECONDS, MAX_TEXT_CHARS, log_block, span_block, text

START = time.time_ns()


ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)


def spans(name: str = "call", attributes: Any = None, **options: Any) -> Any:
    """One finished span."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "app", "n": 1}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("scope", "1.0")
    span = tracer.start_span(name, attributes=attributes, kind=SpanKind.CLIENT, start_time=START, **options)
    span.add_event("retry", {"n": 2}, timestamp=START + 500)
    span.set_status(Status(StatusCode.ERROR, "why"))
    span.end(START + 2_000)
    return exporter.get_finished_spans()


def test_a_span_becomes_a_row_and_comes_back(store: Store) -> None:
    """Every column of a span is stored and read back, cell by cell."""
    link = Link(SpanContext(1, 2, is_remote=True, trace_state=TraceState([("k", "v")])), {"why": "batch"})
    [span] = finished = spans(
        attributes={"text": "ä", "flag": True, "list": ("a", "b"), "compliance.retention.days": 30}, links=[link]
    )
    store.insert(span_block(finished))
    [row] = store.query(
        "SELECT * EXCEPT (IngestedAt, Segment, Timestamp, `Events.Timestamp`), toUnixTimestamp64Nano(Timestamp) AS At, "
        "arrayMap(x -> toUnixTimestamp64Nano(x), `Events.Timestamp`) AS EventsAt FROM otel_traces"
    )
    context = span.get_span_context()
    expected = {
        "At": START,
        "TraceId": f"{context.trace_id:032x}",
        "SpanId": f"{context.span_id:016x}",
        "ParentSpanId": "",
        "TraceState": "",
        "SpanName": "call",
        "SpanKind": "Client",
        "ServiceName": "app",
        "ResourceAttributes": {"service.name": "app", "n": "1"},
        "ScopeName": "scope",
        "ScopeVersion": "1.0",
        "SpanAttributes": {"text": "ä", "flag": "true", "list": '["a","b"]', "compliance.retention.days": "30"},
        "Duration": 2_000,
        "StatusCode": "Error",
        "StatusMessage": "why",
        "EventsAt": [START + 500],
        "Events.Name": ["retry"],
        "Events.Attributes": [{"n": "2"}],
        "Links.TraceId": [f"{1:032x}"],
        "Links.SpanId": [f"{2:016x}"],
        "Links.TraceState": ["k=v"],
        "Links.Attributes": [{"why": "batch"}],
        "RetentionDays": 30,
    }
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\x00b", "a\x00b"),
        ("\ud800", "?"),
        (b"\xff\x00", "/wA="),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-(2**63), "-9223372036854775808"),
        (None, ""),
        (1.0, "1"),
        (0.1, "0.1"),
        (1e-5, "0.00001"),
        (1e-7, "1e-7"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (-2.5, "-2.5"),
        ({"deep": [{"b": b"\xff"}]}, '{"deep":[{"b":"/w=="}]}'),
        ({"n": [math.nan, 1, None, True]}, '{"n":["nan",1,null,true]}'),
        ({1: "a"}, '{"1":"a"}'),
        (object(), "[object]"),
        ([object()], '["[object]"]'),
        (ENDLESS, "[list]"),
        ("x" * (MAX_TEXT_CHARS + 1), "x" * (MAX_TEXT_CHARS - 6) + "…[cut]"),
    ],
)
def test_hostile_values_are_stored_safely(store: Store, value: Any, stored: str) -> None:
    """NUL, invalid Unicode, numbers that are none, nesting and excessive length each have one safe rendering."""
    assert text(value) == stored
    store.insert(span_block(spans(name=stored or "empty")))
    assert store.query("SELECT SpanName FROM otel_traces") == [{"SpanName": stored or "empty"}]


def logs(**record: Any) -> list[ReadableLogRecord]:
    """One log record, as an exporter gets it."""
    memory = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource=Resource({"service.name": "app"}, "https://schema"), shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(memory))
    provider.get_logger("scope", "1.0", "https://scope", {"part": 1}).emit(**record)
    return list(memory.get_finished_logs())


def test_a_log_record_becomes_a_row_and_comes_back(store: Store) -> None:
    """Every column of a log record is stored and read back, cell by cell."""
    context = set_span_in_context(NonRecordingSpan(SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(1))))
    block = log_block(
        logs(
            timestamp=START,
            context=context,
            severity_text="WARN",
            severity_number=SeverityNumber.WARN,
            body={"nested": [1, "ä"]},
            attributes={"flag": True, "n": 1.5},
            event_name="app.event",
        )
    )
    store.insert(block)
    assert store.query(
        "SELECT * EXCEPT (IngestedAt, LegalHold, Segment, Timestamp), toUnixTimestamp64Nano(Timestamp) AS At "
        "FROM otel_logs"
    ) == [
        {
            "TraceId": f"{1:032x}",
            "SpanId": f"{2:016x}",
            "TraceFlags": 1,
            "SeverityText": "WARN",
            "SeverityNumber": 13,
            "ServiceName": "app",
            "Body": '{"nested":[1,"ä"]}',
            "ResourceSchemaUrl": "https://schema",
            "ResourceAttributes": {"service.name": "app"},
            "ScopeSchemaUrl": "https://scope",
            "ScopeName": "scope",
            "ScopeVersion": "1.0",
            "ScopeAttributes": {"part": "1"},
            "LogAttributes": {"flag": "true", "n": "1.5"},
            "EventName": "app.event",
            "RetentionDays": 400,
            "At": START,
        }
    ]


def test_a_log_record_without_a_trace_has_empty_ids() -> None:
    """Outside of a span the ids are empty, and the time of observation stands in for a missing time."""
    [record] = logs(body="text")
    columns = log_block([record]).columns
    assert (columns["TraceId"], columns["SpanId"], columns["TraceFlags"]) == ([""], [""], [0])
    assert columns["Timestamp"] == [record.log_record.observed_timestamp]


def test_hostile_names_are_stored_safely(store: Store) -> None:
    """Invalid Unicode in any text of a span, and ten thousand attributes, give a row that the store takes."""
    attributes = {f"k{number}": number for number in range(10_000)} | {"\udcff": "\udcff", "ключ": "знач"}
    [span] = spans(name="\ud800", attributes=None)
    span._attributes = attributes
    span._status = Status(StatusCode.ERROR, "\ud800")
    span._instrumentation_scope = InstrumentationScope("\ud800", "\ud800")
    store.insert(span_block([span]))
    [row] = store.query("SELECT SpanName, StatusMessage, ScopeName, ScopeVersion, SpanAttributes FROM otel_traces")
    expected = {f"k{number}": str(number) for number in range(10_000)} | {"?": "?", "ключ": "знач"}
    assert row == {
        "SpanName": "?",
        "StatusMessage": "?",
        "ScopeName": "?",
        "ScopeVersion": "?",
        "SpanAttributes": expected,
    }


def test_what_could_not_be_stored_as_it_was_is_counted() -> None:
    """Values that were cut, clamped or refused are counted; ordinary ones are not."""
    assert span_block(spans(attributes={"a": "x" * MAX_TEXT_CHARS, "b": [1, "ä"], "c": b"\xff"})).altered == 0
    [span] = spans(attributes={"long": "x" * (MAX_TEXT_CHARS + 1), "longer": "ä" * (2 * MAX_TEXT_CHARS)})
    span._start_time = -1
    assert span_block([span]).altered == 3


def test_rows_of_wrong_clocks_do_not_expire_at_once(store: Store) -> None:
    """Times in the far future, or with the longest retention, survive the TTL: its 32-bit sum does not overflow."""
    for at, days in ((START, 3650), (START, 65_535), (START, 2**32 + 1), (2**63, 3650)):
        [span] = spans(attributes={"compliance.retention.days": days})
        span._start_time = at
        store.insert(span_block([span]))
    store.command("OPTIMIZE TABLE otel_traces FINAL")
    assert store.query("SELECT RetentionDays, count() AS n FROM otel_traces GROUP BY ALL") == [
        {"RetentionDays": 3650, "n": 4}
    ]


def test_what_types_forbid_and_apps_do_costs_no_row(store: Store) -> None:
    """Times as floats and as no number, names that are no text, and numbers too long to write out."""
    rows = spans() + spans(attributes={"short": 2**64, "long": 10**5000, "list": [10**5000]}) + spans()
    rows[0]._start_time, rows[0]._end_time = float(START), float(START) + 1024
    rows[0]._events[0]._timestamp = float(START)
    rows[1]._attributes = {**rows[1].attributes, 1: "one", None: "none"}
    rows[2]._name, rows[2]._start_time = 5, float("nan")
    store.insert(block := span_block(rows))
    assert (block.count, block.altered) == (3, 3)
    assert block.columns["Timestamp"] == [int(float(START)), START, 0]
    assert block.columns["Duration"][0] == 1024
    assert block.columns["Events.Timestamp"][0] == [int(float(START))]
    assert block.columns["SpanName"] == ["call", "call", "5"]
    assert block.columns["SpanAttributes"][1] == {
        "short": str(2**64),
        "long": "[int]",
        "list": "[tuple]",
        "1": "one",
        "": "none",
    }


def test_times_out_of_range_are_clamped() -> None:
    """A clock that is absurd gives a row, not an error."""
    [span] = spans()
    span._start_time, span._end_time = 2**70, 2**70 + 5
    columns = span_block([span]).columns
    assert (columns["Timestamp"], columns["Duration"]) == ([MAX_NANOSECONDS], [5])
    span._start_time, span._end_time = -5, 2**70
    columns = span_block([span]).columns
    assert (columns["Timestamp"], columns["Duration"]) == ([0], [2**63 - 1])
