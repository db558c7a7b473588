"""Content is kept apart from the metadata, encrypted for the person it belongs to, and gone with their key."""

import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from otel_compliance import health
from otel_compliance.config import Settings
from otel_compliance.keys import KeyRing
from otel_compliance.store.client import Store
from otel_compliance.store.content import ContentReader, day_subject
from otel_compliance.store.drain import DrainReport, drain
from otel_compliance.store.exporter import ClickHouseSpanExporter
from otel_compliance.store.spool import Spool
from otel_compliance.subject_keys import SubjectKeys

MESSAGES = [{"role": "user", "parts": [{"type": "text", "content": "the ticket of [EMAIL:k1:aaaaaaaaaaaaaaaa]"}]}]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A deployment of its own."""
    return Settings.from_env({"OTEL_COMPLIANCE_DIR": str(tmp_path)})


def record(settings: Settings, **attributes: Any) -> str:
    """Export one span, and give its trace id."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(ClickHouseSpanExporter(settings)))
    span = provider.get_tracer("t").start_span("anthropic.messages.create")
    span.set_attributes({name.replace("__", "."): value for name, value in attributes.items()})
    span.end()
    return f"{span.get_span_context().trace_id:032x}"


def call(settings: Settings, user: str, **attributes: Any) -> str:
    """Export the span of a call with content."""
    content = {"gen_ai__input__messages": json.dumps(MESSAGES), "gen_ai__output__messages": "[]"}
    return record(settings, compliance__user__id=user, gen_ai__request__model="m", **content, **attributes)


def test_content_leaves_the_span_and_can_be_read_with_the_key(settings: Settings, store: Store) -> None:
    """The span keeps its metadata; the content is in a table of its own, sealed, and the reader opens it."""
    user = KeyRing.from_settings(settings).pseudonym("user", "jane")
    trace = call(settings, user)
    assert drain(Spool.from_settings(settings), store) == DrainReport(segments=2, rows=3)
    [span] = store.query("SELECT SpanAttributes FROM otel_traces")
    assert span["SpanAttributes"] == {"compliance.user.id": user, "gen_ai.request.model": "m"}
    rows = store.query("SELECT TraceId, UserId, Name, Sealed, RetentionDays FROM genai_content ORDER BY Name")
    assert [(row["TraceId"], row["UserId"], row["Name"], row["RetentionDays"]) for row in rows] == [
        (trace, user, "gen_ai.input.messages", 30),
        (trace, user, "gen_ai.output.messages", 30),
    ]
    assert "ticket" not in str(rows)
    found = list(ContentReader.from_settings(store, settings).of_trace(trace))
    assert [(item.name, item.user_id, item.value) for item in found] == [
        ("gen_ai.input.messages", user, MESSAGES),
        ("gen_ai.output.messages", user, []),
    ]


def test_without_the_key_it_is_noise(settings: Settings, store: Store) -> None:
    """Destroying a person's key erases their content wherever it lies, and nobody else's."""
    ring = KeyRing.from_settings(settings)
    jane, john = (ring.pseudonym("user", name) for name in ("jane", "john"))
    traces = {user: call(settings, user) for user in (jane, john)}
    drain(Spool.from_settings(settings), store)
    SubjectKeys.from_settings(settings, ring).destroy(jane)
    reader = ContentReader.from_settings(store, settings)
    assert [item.value for item in reader.of_trace(traces[jane])] == [None, None]
    assert [item.value for item in reader.of_trace(traces[john])] == [MESSAGES, []]


def test_content_of_nobody_belongs_to_its_day(settings: Settings, store: Store) -> None:
    """A call without a user is sealed with a key of its day, which can be destroyed, too."""
    trace = call(settings, "")
    drain(Spool.from_settings(settings), store)
    reader = ContentReader.from_settings(store, settings)
    found = list(reader.of_trace(trace))
    assert [item.value for item in found] == [MESSAGES, []]
    ring = KeyRing.from_settings(settings)
    assert SubjectKeys.from_settings(settings, ring).destroy(day_subject(ring, found[0].timestamp_ns))
    assert [item.value for item in reader.of_trace(trace)] == [None, None]


def test_the_life_of_content_is_the_shorter_one(settings: Settings, store: Store) -> None:
    """The class may ask for less than the policy's days, and never for more."""
    user = KeyRing.from_settings(settings).pseudonym("user", "jane")
    for days in (7, 400):
        call(settings, user, compliance__retention__days=days)
    drain(Spool.from_settings(settings), store)
    rows = store.query("SELECT DISTINCT RetentionDays AS days FROM genai_content ORDER BY days")
    assert [row["days"] for row in rows] == [7, 30]


def test_sealed_content_cannot_be_moved_to_another_call(settings: Settings, store: Store) -> None:
    """A row that somebody changed, or put into the place of another, does not open."""
    user = KeyRing.from_settings(settings).pseudonym("user", "jane")
    trace, other = call(settings, user), call(settings, user)
    drain(Spool.from_settings(settings), store)
    store.command(
        "INSERT INTO genai_content (Timestamp, TraceId, SpanId, UserId, Name, Sealed, RetentionDays) "
        "SELECT Timestamp, {other:String}, SpanId, UserId, Name, Sealed, RetentionDays "
        "FROM genai_content WHERE TraceId = {trace:String}",
        {"other": other, "trace": trace},
    )
    values = [item.value for item in ContentReader.from_settings(store, settings).of_trace(other)]
    assert sorted(map(repr, values)) == sorted(map(repr, [MESSAGES, [], None, None]))


def test_content_that_cannot_be_sealed_is_dropped(settings: Settings, store: Store) -> None:
    """Where there is no place for keys, the span is stored without content, and that is counted."""
    (settings.directory / "subject-keys").write_text("a file")
    before = health.swallowed().get(("store.content", "KeyRingError"), 0)
    call(settings, KeyRing.from_settings(settings).pseudonym("user", "jane"))
    drain(Spool.from_settings(settings), store)
    assert store.query("SELECT count() AS n FROM otel_traces") == [{"n": 1}]
    assert store.query("SELECT count() AS n FROM genai_content") == [{"n": 0}]
    assert "ticket" not in str(store.query("SELECT SpanAttributes FROM otel_traces"))
    assert health.swallowed()["store.content", "KeyRingError"] == before + 1


def test_spans_without_content_make_one_segment(settings: Settings, store: Store) -> None:
    """Most spans have none, and pay nothing for it."""
    record(settings, gen_ai__request__model="m")
    assert len(Spool.from_settings(settings).segments()) == 1
