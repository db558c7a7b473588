"""An instrumented process, and what comes out of it."""

from dataclasses import dataclass, field
from typing import Any

import anthropic
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from packaging.version import Version

from otel_compliance.testing import ClaudeAPI

NATIVE_SPANS = Version(anthropic.__version__) >= Version("1.14")
"""Whether the installed SDK makes spans of its own."""

API_KEY = "sk-ant-api03-" + "k" * 91 + "igAA"


@dataclass
class Observed:
    """One instrumented process.

    The exporter of spans stands before our processor, where a redactor that depends on order would leak.
    """

    claude: ClaudeAPI
    tracer_provider: TracerProvider
    logger_provider: LoggerProvider
    spans_exporter: InMemorySpanExporter
    logs_exporter: InMemoryLogRecordExporter
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
        finished = self.spans_exporter.get_finished_spans()
        return [dict(span.attributes or {}) for span in finished if span.name != "POST"]

    def events(self) -> list[dict[str, Any]]:
        """Attributes of the audit events of calls."""
        records = [item.log_record for item in self.logs_exporter.get_finished_logs()]
        return [dict(record.attributes or {}) for record in records if record.event_name == "claude.api.request"]

    def outcomes(self) -> list[str]:
        """Outcomes by the audit events."""
        return [event["compliance.call.outcome"] for event in self.events()]
