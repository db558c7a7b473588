"""Attach our processors and exporters to the app's providers; make providers only where there are none."""

from __future__ import annotations

import logging
from typing import Any
from weakref import WeakSet

from opentelemetry import _logs, trace
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from otel_compliance.config import Settings

logger = logging.getLogger("otel_compliance")


class Providers:
    """The providers that carry spans and audit events of this process.

    Args:
        settings: Says whether and where to store.
        tracer_provider: The provider given in code, or `None` for the global one.
        logger_provider: Likewise for logs.
        span_processor: Ours, attached to every tracer provider that is used for Claude calls.
        log_processor: Ours, attached to the logger provider.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        tracer_provider: Any,
        logger_provider: Any,
        span_processor: SpanProcessor,
        log_processor: LogRecordProcessor,
    ) -> None:
        self._settings = settings
        self._given_tracer_provider = tracer_provider
        self._given_logger_provider = logger_provider
        self._span_processor = span_processor
        self._log_processor = log_processor
        self._attached: WeakSet[Any] = WeakSet()

    def attach_existing(self) -> None:
        """Attach to the tracer provider that is already there, so that spans of every scope are redacted from now."""
        provider = self._given_tracer_provider or trace.get_tracer_provider()
        if hasattr(provider, "add_span_processor"):
            self.attach(provider)

    def of_client(self, client: Any) -> Any:
        """The tracer provider that `client` uses, attached; made and set globally when the app has none."""
        option = getattr(client, "_open_telemetry", None)
        if isinstance(option, dict) and self._given_tracer_provider is not None:
            # The SDK takes its tracer from here, or from the global provider, on the client's first call.
            option.setdefault("tracer_provider", self._given_tracer_provider)
        provider = option.get("tracer_provider") if isinstance(option, dict) else None
        provider = provider or self._given_tracer_provider or trace.get_tracer_provider()
        if provider in self._attached:
            return provider
        if isinstance(provider, trace.ProxyTracerProvider):
            provider = TracerProvider(resource=Resource.create())
            trace.set_tracer_provider(provider)
        self.attach(provider)
        return provider

    def attach(self, provider: Any) -> None:
        """Add our processors to a tracer provider, once."""
        if provider in self._attached:
            return
        self._attached.add(provider)
        if not hasattr(provider, "add_span_processor"):
            logger.warning(
                "otel-compliance: %s takes no span processors, so spans carry no compliance attributes and are not "
                "redacted; audit events are recorded all the same",
                type(provider).__name__,
            )
            return
        provider.add_span_processor(self._span_processor)
        if self._settings.store is not None:
            from otel_compliance.store import exporter

            if not exporter.exports_spans():
                provider.add_span_processor(BatchSpanProcessor(exporter.ClickHouseSpanExporter(self._settings)))

    def for_logs(self) -> Any:
        """The logger provider of the audit events: the app's with our processors, or a private one."""
        provider = self._given_logger_provider or _logs.get_logger_provider()
        if not hasattr(provider, "add_log_record_processor"):
            provider = LoggerProvider(resource=Resource.create())
        provider.add_log_record_processor(self._log_processor)
        if self._settings.store is not None:
            from otel_compliance.store import exporter

            if not exporter.exports_logs():
                provider.add_log_record_processor(
                    BatchLogRecordProcessor(exporter.ClickHouseLogExporter(self._settings))
                )
        return provider
