"""Spans and log records as rows of the Collector's tables."""

import math
import time
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceState

from otel_compliance.store.client import Store
from otel_compliance.store.rows import MAX_TEXT_CHARS, span_block, text

START = time.time_ns()


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
        "SELECT * EXCEPT (IngestedAt, Timestamp, `Events.Timestamp`), toUnixTimestamp64Nano(Timestamp) AS At, "
        "arrayMap(x -> toUnixTimestamp64Nano(x), `Events.Timestamp`) AS EventsAt FROM otel_traces"
    )
    context = span.get_span_context()
    expected = {
        "At": START,
        "TraceId": f"{context.trace_id:032x}",
        "SpanId": f"{context.span_id:016x}",
        "ParentSpanId": "",
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
        (b"\xff", "\ufffd"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-(2**63), "-9223372036854775808"),
        (None, ""),
        ({"deep": [{"b": b"\xff"}]}, '{"deep":[{"b":"\ufffd"}]}'),
        ("x" * (MAX_TEXT_CHARS + 1), "x" * (MAX_TEXT_CHARS - 6) + "…[cut]"),
    ],
)
def test_hostile_values_are_stored_safely(store: Store, value: Any, stored: str) -> None:
    """NUL, invalid Unicode, numbers that are none, nesting and excessive length each have one safe rendering."""
    assert text(value) == stored
    store.insert(span_block(spans(name=stored or "empty")))
    assert store.query("SELECT SpanName FROM otel_traces") == [{"SpanName": stored or "empty"}]


def test_times_out_of_range_are_clamped() -> None:
    """A clock that is absurd gives a row, not an error."""
    [span] = spans()
    span._start_time, span._end_time = -5, 2**70
    columns = span_block([span]).columns
    assert (columns["Timestamp"], columns["Duration"]) == ([0], [2**63 - 1])
