"""Limits on the length of values: redaction is first, JSON stays JSON, and the end of what others cut is mistrusted."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry._logs import LogRecord
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_compliance.keys import KeyRing
from otel_compliance.redact import RedactingLogRecordProcessor, RedactingSpanProcessor, Redactor
from otel_compliance.redact.cut import shortened

KEYS = KeyRing(bytes(range(32)))
LIMIT = 200
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=30,
)


def exported(attributes: Mapping[str, Any], limit: int = LIMIT) -> dict[str, Any]:
    """What is exported of a span with these attributes, set by an instrumentation that knows nothing of redaction."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(span_limits=SpanLimits(max_attribute_length=limit), shutdown_on_exit=False)
    provider.add_span_processor(RedactingSpanProcessor(Redactor(KEYS)))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("some.other.instrumentation").start_as_current_span("span", attributes=attributes):
        pass
    [span] = exporter.get_finished_spans()
    return dict(span.attributes or {})


@given(
    document=st.lists(JSON, max_size=5) | st.dictionaries(st.text(max_size=10), JSON, max_size=5),
    limit=st.integers(2, 300),
)
@example(document=[{"role": "user", "content": '\\"\n' * 60}], limit=100)
def test_json_stays_json(document: Any, limit: int) -> None:
    """A document that is too long for a limit becomes one that is not, of the same kind."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    short = shortened(text, limit)
    assert len(short) <= limit
    assert type(json.loads(short)) is type(document)
    assert short == text or len(text) > limit


def test_the_longest_texts_are_cut() -> None:
    """Structure, roles and short texts stay whole; long texts are cut to the same length, as little as is needed."""
    document = [
        {"role": "user", "parts": [{"type": "text", "content": "Hello"}, {"type": "text", "content": "x" * 500}]},
        {"role": "assistant", "parts": [{"type": "text", "content": "y" * 60}]},
    ]
    short = shortened(json.dumps(document, separators=(",", ":")), 260)
    assert json.loads(short) == [
        {
            "role": "user",
            "parts": [{"type": "text", "content": "Hello"}, {"type": "text", "content": "x" * 49 + "…[cut]"}],
        },
        {"role": "assistant", "parts": [{"type": "text", "content": "y" * 49 + "…[cut]"}]},
    ]
    assert len(short) in (259, 260)


def test_of_a_long_chat_the_newest_messages_stay() -> None:
    """Where the structure alone is too long, the first messages go."""
    chat = [{"role": "user", "content": f"message {number}: " + "x" * 50} for number in range(20)]
    kept = json.loads(shortened(json.dumps(chat), LIMIT))
    assert [item["content"][:11] for item in kept] == ["message 17:", "message 18:", "message 19:"]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("x" * 30, "x" * 14 + "…[cut]"),
        ("to [EMAIL:k1:q7f3nx2ma5c6t4d8]", "to …[cut]"),
        ("to [CREDIT_CARD:****1111] and", "to …[cut]"),
        ('{"broken": "' + "x" * 20, '{"broken": "xx…[cut]'),
    ],
)
def test_text_is_cut_but_not_within_a_stand_in(text: str, short: str) -> None:
    """Text says that it was cut, and no half of a token is left."""
    assert shortened(text, 20) == short


SECRETS = (
    "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "jane.doe@example.com",
    "+1 415 555 2671",
    "123-45-6789",
    "2001:db8::8a2e:370:7334",
    "password=hunter2hunter2",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R",
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("frame", ["{}", '[{{"role":"user","parts":[{{"content":"{}'])
def test_no_beginning_of_a_secret_is_left_at_a_cut(secret: str, frame: str) -> None:
    """Wherever the SDK's limit cuts a value, nothing of it but a common prefix is exported; what stands before, is."""
    for kept in range(5, len(secret)):
        words = "Please look at the thing here: "
        start = frame.format((words * 10)[: LIMIT - kept - len(frame.format(""))].rpartition(" ")[0] + " ")
        text = start + secret.replace("\n", "\\n" if frame != "{}" else "\n") + " " * LIMIT
        shown = exported({"text": text, "list": [text, "short"]}, len(start) + kept)
        left = secret.split()[0][:kept].removesuffix("=hunter2hunter2")
        assert len(shown["text"]) <= len(start) + kept
        assert shown["list"] == (shown["text"], "short")
        assert shown["text"].startswith(start[: LIMIT // 2])
        assert left in ("password", "-----BEGIN") or left not in shown["text"]
        assert secret[:kept] not in shown["text"]


@given(document=st.lists(JSON, min_size=1, max_size=5), data=st.data())
def test_json_that_was_cut_is_closed(document: Any, data: st.DataObject) -> None:
    """Wherever others' JSON is cut, what is exported is JSON again, or says that it was cut; nothing is added."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    limit = data.draw(st.integers(2, len(text)))
    shown = exported({"json": text}, limit)["json"]
    assert len(shown) <= limit
    assert type(json.loads(shown)) is list
    assert limit < len(text) or shown == text or Redactor(KEYS).redact(text).findings


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"user": "x", "password": "correct horse battery', '{"user":"x","password":"…[cut]"}'),
        ('[{"content": "a letter"}, {"card": 411111111111', '[{"content": "a letter"}, {}]'),
        ('{"content": "a letter", "api_ke', '{"content": "a letter"}'),
        ('[{"role": "user", "content": "Look at 4111 1111', '[{"role": "user", "content": "Look at …[cut]"}]'),
        ('the password = "correct horse battery', "the password =…[cut]"),
        ("{{{{{{{{{{" * 20, "…[cut]"),
        ('{"a" ] } no document at all', '{"a" ] } no document …[cut]'),
    ],
)
def test_secrets_by_name_are_known_where_a_value_was_cut(text: str, shown: str) -> None:
    """A field that was cut is closed before it is redacted; what cannot be closed is text."""
    assert exported({"text": text + " and so on"}, len(text)) == {"text": shown}


def test_a_value_below_the_limit_is_left_alone() -> None:
    """Only what may have been cut loses its end."""
    assert exported({"text": "a b", "number": 7}, 4) == {"text": "a b", "number": 7}


def test_redacted_values_are_cut_behind_their_tokens() -> None:
    """A token longer than its value does not make JSON that is cut anywhere."""
    document = {"to": ["a@example.com", "b@example.com"], "body": "short"}
    shown = exported({"json": json.dumps(document)}, 90)
    assert json.loads(shown["json"])["body"] == "short"
    assert "example" not in shown["json"]


def test_log_records_have_the_same_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a log record's attribute is mistrusted, too."""
    monkeypatch.setenv("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "30")
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(RedactingLogRecordProcessor(Redactor(KEYS)))
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    provider.get_logger("app").emit(LogRecord(body="b", attributes={"text": "the card is 4111 1111 1111 1111"}))
    [item] = exporter.get_finished_logs()
    assert dict(item.log_record.attributes or {}) == {"text": "the card is …[cut]"}
