"""Spans and log records are clean in whatever order processors were added; broken redaction lets nothing through."""

import ast
from pathlib import Path
from typing import Any

import pytest
from dirty_equals import IsStr
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

from otel_compliance.keys import KeyRing
from otel_compliance.redact import RedactingLogRecordProcessor, RedactingSpanProcessor, Redactor
from otel_compliance.redact.redaction import Shared

KEYS = KeyRing(bytes(range(32)))
MAIL = "jane.doe@example.com"
TOKEN = KEYS.token("EMAIL", MAIL)


def shown(span: ReadableSpan) -> str:
    """Everything of a span that an exporter can see."""
    scope = span.instrumentation_scope
    return repr(
        (
            span.name,
            dict(span.attributes or {}),
            [(event.name, dict(event.attributes or {})) for event in span.events],
            [dict(link.attributes or {}) for link in span.links],
            span.status.description,
            dict(span.resource.attributes),
            scope and (scope, dict(scope.attributes or {})),
            (span.context, span.parent, [link.context for link in span.links]),
            span.resource.schema_url,
        )
    )


def record_everywhere(provider: TracerProvider) -> None:
    """End one span with the address in every place that a span has."""
    url = f"https://example.com/{MAIL}"
    tracer = provider.get_tracer(f"scope of {MAIL}", MAIL, schema_url=url, attributes={"owner": MAIL})
    remote = SpanContext(1, 1, True, TraceFlags(TraceFlags.SAMPLED), TraceState([("a", MAIL), ("b", "c")]))
    parent = set_span_in_context(NonRecordingSpan(remote))
    link = Link(remote, {"note": MAIL})
    with (
        pytest.raises(ValueError, match="jane"),
        tracer.start_as_current_span(f"to {MAIL}", context=parent, links=[link]) as span,
    ):
        span.set_attributes({"text": MAIL, "list": [MAIL, "x"], f"key {MAIL}": 1, "json": f'{{"to": "{MAIL}"}}'})
        span.set_attribute("nested", {"deep": [{"to": MAIL}]})
        span.set_attribute("bytes", MAIL.encode())
        span.add_event(f"mailed {MAIL}", {"to": MAIL})
        raise ValueError(f"cannot mail {MAIL}")


@pytest.mark.parametrize("processor", [SimpleSpanProcessor, BatchSpanProcessor])
def test_no_order_of_processors_leaks(processor: Any) -> None:
    """Exporters before and behind the redactor both see a clean span, in all its places."""
    before, behind = InMemorySpanExporter(), InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"host.name": MAIL}, f"https://{MAIL}"), shutdown_on_exit=False)
    provider.add_span_processor(processor(before))
    provider.add_span_processor(RedactingSpanProcessor(Redactor(KEYS)))
    provider.add_span_processor(processor(behind))
    record_everywhere(provider)
    provider.shutdown()
    for exporter in (before, behind):
        [span] = exporter.get_finished_spans()
        assert "jane" not in shown(span)
        assert span.context.trace_state == TraceState([("a", TOKEN), ("b", "c")])
        assert span.name == f"to {TOKEN}"
        assert dict(span.attributes or {})["list"] == (TOKEN, "x")
        assert [event.name for event in span.events] == [f"mailed {TOKEN}", "exception"]
        assert span.status.status_code is StatusCode.ERROR


def one_span(redactor: Redactor, attributes: dict[str, Any], **options: Any) -> ReadableSpan:
    """The span that an exporter in front of the redactor gets."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False, **options)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.add_span_processor(RedactingSpanProcessor(redactor))
    provider.get_tracer("t").start_span("s", attributes=attributes).end()
    [span] = exporter.get_finished_spans()
    return span


def test_a_clean_span_is_left_alone() -> None:
    """Attributes without findings keep their values and their types."""
    attributes = {"a": "text", "b": 1, "c": 2.5, "d": True, "e": ("x", "y"), "f": (1, 2), "g": 10**12}
    assert dict(one_span(Redactor(KEYS), attributes).attributes or {}) == attributes


def test_addresses_of_infrastructure_stay() -> None:
    """The address of a server is no personal data; credentials and people in the same places are."""
    span = one_span(
        Redactor(KEYS),
        {
            "server.address": "203.0.113.77",
            "url.full": f"http://user:pw@203.0.113.77/u?mail={MAIL}",
            "text": "203.0.113.77",
        },
    )
    attributes = dict(span.attributes or {})
    assert attributes["server.address"] == "203.0.113.77"
    assert attributes["text"] == KEYS.token("IPV4", "203.0.113.77")
    assert "pw" not in str(attributes["url.full"])
    assert "jane" not in str(attributes["url.full"])


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "x_api_key", "cookie", "set-cookie", "x-auth-token"])
def test_credentials_in_headers_are_masked_whole(name: str) -> None:
    """A header that carries a credential is masked, whatever its value looks like."""
    span = one_span(
        Redactor(KEYS), {f"http.request.header.{name}": ("opaque-value",), "http.request.header.accept": ("*/*",)}
    )
    assert dict(span.attributes or {}) == {
        f"http.request.header.{name}": "[REDACTED:secret]",
        "http.request.header.accept": ("*/*",),
    }


@pytest.mark.parametrize("line", (Path(__file__).parents[1] / "leaks" / "values.txt").read_text().splitlines())
def test_no_value_leaks(line: str) -> None:
    """Whatever holds a value, nothing of it reaches an exporter, and a second pass changes nothing."""
    attributes = dict(one_span(Redactor(KEYS), {"a": ast.literal_eval(line)}).attributes or {})
    assert not [left for left in ("jane", "hunter2", "4111") if left in repr(attributes)]
    assert dict(one_span(Redactor(KEYS), attributes).attributes or {}) == attributes


def test_media_within_lists_are_described() -> None:
    """An image among other items is not kept, though no personal data is found in it."""
    images = dict(one_span(Redactor(KEYS), {"images": ("iVBORw0KGgo" + "A" * 600, "cat")}).attributes or {})["images"]
    assert images == (IsStr(regex=r"\[BLOB:image/png:458:k1:[a-z2-7]{16}\]"), "cat")


def test_what_is_no_whole_number_stays() -> None:
    """Times, coordinates and what is no number are left alone, alone and in lists."""
    attributes = {"time": 1700000000.25, "far": float("inf"), "at": (52.520008, 13.404954, float("-inf"))}
    assert dict(one_span(Redactor(KEYS), attributes).attributes or {}) == attributes


def test_limits_of_the_span_are_kept() -> None:
    """Redaction does not bring back what the SDK's limits dropped."""
    limits = SpanLimits(max_span_attributes=2)
    span = one_span(Redactor(KEYS), {"a": MAIL, "b": MAIL, "c": MAIL}, span_limits=limits)
    assert dict(span.attributes or {}) == {"b": TOKEN, "c": TOKEN}


def test_secrets_in_documents_are_known_by_their_fields() -> None:
    """A password in a JSON attribute is found by the name of its field, however harmless it looks."""
    span = one_span(Redactor(KEYS), {"body": '{"user": "x", "password": "horse"}', "empty": ""})
    assert dict(span.attributes or {}) == {
        "body": f'{{"user": "x", "password": "{KEYS.token("CREDENTIAL", "horse")}"}}',
        "empty": "",
    }


def test_attributes_that_name_a_secret_are_masked() -> None:
    """A password on a span is masked whatever it looks like; tokens of a model are numbers, not secrets."""
    span = one_span(
        Redactor(KEYS), {"db.password": "correct horse", "gen_ai.usage.output_tokens": 7, "app.api_key": ""}
    )
    assert dict(span.attributes or {}) == {
        "db.password": "[REDACTED:secret]",
        "gen_ai.usage.output_tokens": 7,
        "app.api_key": "",
    }


class Broken:
    """A redactor that raises, with content in its message."""

    def surely_clean(self, text: str) -> bool:
        return False

    def redact_value(self, value: Any) -> Any:
        raise LookupError(str(value))


def test_broken_redaction_drops_the_content() -> None:
    """On an error an attribute becomes a tombstone, the span RESTRICTED and its redaction failed."""
    broken: Any = Broken()
    span = one_span(broken, {"text": MAIL, "flag": True})
    attributes = dict(span.attributes or {})
    assert "jane" not in shown(span)
    assert (attributes["compliance.redaction.status"], attributes["compliance.classification"]) == (
        "failed",
        "RESTRICTED",
    )


def test_a_span_that_cannot_be_rebuilt_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    """If even replacing fails, nothing of the span that may hold content is left, and the app goes on."""
    from otel_compliance.redact import processors

    def fail(*args: Any) -> None:
        raise LookupError

    monkeypatch.setattr(processors, "replaced_attributes", fail)
    span = one_span(Redactor(KEYS), {"text": MAIL})
    assert (span.name, dict(span.attributes or {})) == (
        "[REDACTED:failed]",
        {"compliance.redaction.status": "failed", "compliance.classification": "RESTRICTED"},
    )


def emit(redactor: Any, **fields: Any) -> Any:
    """The log record that an exporter behind the redactor gets."""
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource=Resource({"host.name": MAIL}), shutdown_on_exit=False)
    provider.add_log_record_processor(RedactingLogRecordProcessor(redactor))
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    provider.get_logger("app", MAIL, f"https://{MAIL}", {"owner": MAIL}).emit(
        LogRecord(timestamp=1, severity_number=SeverityNumber.INFO, **fields)
    )
    [record] = exporter.get_finished_logs()
    return record


def test_log_records_are_redacted() -> None:
    """Body, attributes and resource of a record, nested too."""
    record = emit(Redactor(KEYS), body={"to": [MAIL, MAIL.encode()]}, attributes={"text": MAIL, "n": 1})
    assert record.log_record.body == {"to": [TOKEN, "[BYTES:20]"]}
    assert record.instrumentation_scope == InstrumentationScope("app", TOKEN, f"https://{TOKEN}", {"owner": TOKEN})
    assert dict(record.log_record.attributes) == {"text": TOKEN, "n": 1}
    assert dict(record.resource.attributes) == {"host.name": TOKEN}


def test_exceptions_and_names_of_log_records_are_redacted() -> None:
    """The exception that a record carries, its event name and its severity text hold no value either."""
    record = emit(Redactor(KEYS), exception=ValueError(MAIL), event_name=MAIL, severity_text=MAIL).log_record
    assert (record.exception, record.event_name, record.severity_text) == (None, TOKEN, TOKEN)
    assert record.attributes["exception.message"] == TOKEN
    assert "jane" not in record.attributes["exception.stacktrace"]


def test_broken_redaction_drops_the_content_of_logs() -> None:
    """On an error the content of a record is dropped, and the record says so."""
    record = emit(
        Broken(), body=MAIL, attributes={"text": MAIL}, event_name=MAIL, exception=ValueError(MAIL)
    ).log_record
    assert "jane" not in repr((record.body, dict(record.attributes), record.event_name, record.exception))
    assert record.attributes["compliance.redaction.status"] == "failed"


def test_a_log_record_that_cannot_be_rebuilt_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    """If even replacing fails, nothing of the record that may hold content is left, and the app goes on."""
    monkeypatch.setattr(Shared, "scope", lambda *_: 1 / 0)
    record = emit(Redactor(KEYS), body=MAIL, attributes={"text": MAIL}, event_name=MAIL)
    assert "jane" not in repr((record, record.resource.attributes, record.log_record.__dict__))
    assert record.log_record.body == "[REDACTED:failed]"


def test_exceptions_in_status_and_logs(caplog: pytest.LogCaptureFixture) -> None:
    """The message of an exception that the SDK records on a span is redacted, also in the status."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.add_span_processor(RedactingSpanProcessor(Redactor(KEYS)))
    span = provider.get_tracer("t").start_span("s")
    span.set_status(Status(StatusCode.ERROR, f"no {MAIL}"))
    span.end()
    [ended] = exporter.get_finished_spans()
    assert ended.status.description == f"no {TOKEN}"
    assert "jane" not in caplog.text
