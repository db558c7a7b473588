"""An instrumented process, and what comes out of it."""

from dataclasses import dataclass, field
from typing import Any

import anthropic
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind
from packaging.version import Version

from otel_compliance.testing import ClaudeAPI

NATIVE_SPANS = Version(anthropic.__version__) >= Version("1.14")
"""Whether the installed SDK makes spans of its own."""

HTTP_SPANS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""Names of the HTTP client's own spans."""

API_KEY = "sk-ant-api03-" + "k" * 91 + "igAA"


class SpanCollector(SpanProcessor):
    """Keeps ended spans.

    Not a `SimpleSpanProcessor`, which attaches to the context: the collector may end a dropped stream in the middle of
    another change to the context, and CPython 3.11 does not survive that (nor does the SDK on its own).
    """

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span."""
        self.spans.append(span)


class LogCollector(LogRecordProcessor):
    """Keeps log records. See `SpanCollector`."""

    def __init__(self) -> None:
        self.records: list[ReadWriteLogRecord] = []

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Keep a record."""
        self.records.append(log_record)

    def shutdown(self) -> None:
        """Nothing is held."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing waits."""
        return True


@dataclass
class Observed:
    """One instrumented process.

    The collector of spans stands before our processor, where a redactor that depends on order would leak.
    """

    claude: ClaudeAPI
    tracer_provider: TracerProvider
    logger_provider: LoggerProvider
    span_collector: SpanCollector
    log_collector: LogCollector
    client_options: dict[str, Any] = field(default_factory=dict)
    clients: list[anthropic.Anthropic] = field(default_factory=list)

    def client(self, **options: Any) -> anthropic.Anthropic:
        """A client as an app makes it."""
        given = {"base_url": self.claude.base_url, "api_key": API_KEY, "max_retries": 0, **self.client_options}
        self.clients.append(anthropic.Anthropic(**{**given, **options}))
        return self.clients[-1]

    def async_client(self, **options: Any) -> anthropic.AsyncAnthropic:
        """An async client as an app makes it."""
        given = {"base_url": self.claude.base_url, "api_key": API_KEY, "max_retries": 0, **self.client_options}
        return anthropic.AsyncAnthropic(**{**given, **options})

    def spans(self) -> list[dict[str, Any]]:
        """Attributes of the spans of Claude calls that were exported."""
        assert self.tracer_provider.force_flush()
        calls = (span for span in self.span_collector.spans if span.kind is SpanKind.CLIENT)
        return [dict(span.attributes or {}) for span in calls if span.name not in HTTP_SPANS]

    def events(self) -> list[dict[str, Any]]:
        """Attributes of the audit events of calls."""
        return self.events_named("claude.api.request")

    def events_named(self, name: str) -> list[dict[str, Any]]:
        """Attributes of the audit events of one name."""
        assert self.logger_provider.force_flush()
        records = [item.log_record for item in self.log_collector.records]
        return [dict(record.attributes or {}) for record in records if record.event_name == name]

    def outcomes(self) -> list[str]:
        """Outcomes by the audit events."""
        return [event["compliance.call.outcome"] for event in self.events()]
