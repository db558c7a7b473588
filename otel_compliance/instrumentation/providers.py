"""Attach our processors and exporters to the app's providers; make providers only where there are none."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any
from weakref import WeakKeyDictionary, WeakMethod, WeakSet

from opentelemetry import _logs, trace
from opentelemetry.metrics import _internal
from opentelemetry.sdk._logs import (
    ConcurrentMultiLogRecordProcessor,
    LoggerProvider,
    LogRecordProcessor,
    ReadWriteLogRecord,
)
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from otel_compliance import health
from otel_compliance.capture.worker import at_exit
from otel_compliance.config import Settings
from otel_compliance.redact import MetricsRedactor

logger = logging.getLogger("otel_compliance")


class Providers:
    """The providers that carry spans and audit events of this process.

    Args:
        settings: Says whether and where to store.
        tracer_provider: The provider given in code, or `None` for the global one.
        logger_provider: Likewise for logs.
        meter_provider: Likewise for metrics.
        span_processor: Ours, attached to every tracer provider that is used for Claude calls.
        log_processor: Ours, attached to the logger provider.
        metrics_redactor: Ours, attached to the meter provider.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        tracer_provider: Any,
        logger_provider: Any,
        meter_provider: Any,
        span_processor: SpanProcessor,
        log_processor: LogRecordProcessor,
        metrics_redactor: MetricsRedactor,
    ) -> None:
        self._settings = settings
        self._given_tracer_provider = tracer_provider
        self._given_logger_provider = logger_provider
        self._given_meter_provider = meter_provider
        self._span_processor = span_processor
        self._log_processor = log_processor
        self._metrics_redactor = metrics_redactor
        self._attached: WeakSet[Any] = WeakSet()
        self._of_clients: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._metered: Any = None
        self._redacted: WeakSet[Any] = WeakSet()
        self._lock = threading.RLock()
        self._process = os.getpid()
        at_exit(WeakMethod(self._flush_child))

    def _flush_child(self) -> None:
        """Flush what a forked child leaves: one of `multiprocessing` ends without the shutdown of its providers."""
        if os.getpid() != self._process:
            for provider in list(self._attached):
                with health.contained("instrumentation.exit"):
                    provider.force_flush()

    def attach_existing(self) -> None:
        """Attach to the providers that are there already, so that every scope is redacted from now on."""
        tracer_provider = self._given_tracer_provider or trace.get_tracer_provider()
        if hasattr(tracer_provider, "add_span_processor"):
            self._attach_traces(tracer_provider)
        logger_provider = self._given_logger_provider or _logs.get_logger_provider()
        if hasattr(logger_provider, "add_log_record_processor"):
            self._attach_logs(logger_provider)
        self._attach_metrics()

    def redact_traces(self, provider: Any) -> None:
        """Put our processor in front of those of a tracer provider, once."""
        if self._is_new(provider):
            provider.add_span_processor(self._span_processor)
            with health.contained("instrumentation.traces"):
                processors = provider._active_span_processor  # noqa: SLF001 - there is no public way
                _move_to_front(processors, "_span_processors", self._span_processor)

    def redact_logs(self, provider: Any) -> None:
        """Put our processor in front of those of a logger provider, once."""
        if self._is_new(provider):
            provider.add_log_record_processor(self._log_processor)
            with health.contained("instrumentation.logs"):
                processors = provider._multi_log_record_processor  # noqa: SLF001 - there is no public way
                _redact_first(processors, self._log_processor)

    def redact_metrics(self, provider: Any) -> None:
        """Redact what the readers of a meter provider collect, once."""
        self._metrics_redactor.attach(provider)

    def _is_new(self, provider: Any) -> bool:
        with self._lock:
            is_new = provider not in self._redacted
            self._redacted.add(provider)
            return is_new

    def give_to(self, client: Any) -> None:
        """Let `client` use the provider that was given in code, unless the app gave it one of its own."""
        option = getattr(client, "_open_telemetry", None)
        if isinstance(option, dict) and self._given_tracer_provider is not None:
            # The SDK takes its tracer from here, or from the global provider, when the client first needs one.
            option.setdefault("tracer_provider", self._given_tracer_provider)

    def of_client(self, client: Any) -> Any:
        """The tracer provider that `client` uses, attached; made and set globally when the app has none."""
        self._attach_metrics()
        # The SDK, too, keeps the tracer of a client's first call.
        provider = self._of_clients.get(client)
        if provider is None:
            provider = self._of_clients[client] = self._find(client)
        return provider

    def _find(self, client: Any) -> Any:
        self.give_to(client)
        option = getattr(client, "_open_telemetry", None)
        provider = option.get("tracer_provider") if isinstance(option, dict) else None
        provider = provider or self._given_tracer_provider or trace.get_tracer_provider()
        if provider in self._attached:
            return provider
        with self._lock:
            if isinstance(provider, trace.ProxyTracerProvider):
                provider = self._global_tracer_provider()
            self._attach_traces(provider)
        return provider

    @staticmethod
    def _global_tracer_provider() -> Any:
        """The global provider, made now unless another thread made it since this one looked."""
        provider = trace.get_tracer_provider()
        if isinstance(provider, trace.ProxyTracerProvider):
            provider = TracerProvider(resource=Resource.create())
            trace.set_tracer_provider(provider)
        return provider

    def for_logs(self) -> Any:
        """The logger provider of the audit events: the app's, attached, or a private one for the store.

        `None` when there is neither: nobody would see what is emitted.
        """
        provider = self._given_logger_provider or _logs.get_logger_provider()
        if not hasattr(provider, "add_log_record_processor"):
            if self._settings.store is None:
                return None
            provider = LoggerProvider(resource=Resource.create())
        self._attach_logs(provider)
        return provider

    def _attach_metrics(self) -> None:
        # Not `get_meter_provider`, which looks into the environment each time as long as there is none.
        provider = self._given_meter_provider or _internal._METER_PROVIDER  # noqa: SLF001
        if provider is not self._metered:
            with health.contained("instrumentation.metrics"):
                self.redact_metrics(provider)
                self._metered = provider

    def _attach_traces(self, provider: Any) -> None:
        """Add our processors to a tracer provider, once."""
        with self._lock:
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
        self.redact_traces(provider)
        if self._settings.store is not None:
            from otel_compliance.store import exporter

            if not exporter.exports_spans():
                provider.add_span_processor(BatchSpanProcessor(exporter.ClickHouseSpanExporter(self._settings)))

    def _attach_logs(self, provider: Any) -> None:
        """Put our processor in front of those of a logger provider, and our exporter behind them, once."""
        with self._lock:
            if provider in self._attached:
                return
            self._attached.add(provider)
        self.redact_logs(provider)
        if self._settings.store is not None:
            from otel_compliance.store import exporter

            if not exporter.exports_logs():
                batch = BatchLogRecordProcessor(exporter.ClickHouseLogExporter(self._settings))
                provider.add_log_record_processor(batch)


def _redact_first(processors: Any, processor: LogRecordProcessor) -> None:
    """Let `processor` see each record before the others do: an exporter that sees it earlier would get the raw one.

    Unlike spans, log records have no hook that runs before all processors.
    """
    _move_to_front(processors, "_log_record_processors", processor)
    if isinstance(processors, ConcurrentMultiLogRecordProcessor):
        # Being the first of those that run at once is not enough.
        emit = processors.on_emit

        def on_emit(record: ReadWriteLogRecord) -> None:
            processor.on_emit(record)
            emit(record)

        setattr(processors, "on_emit", on_emit)  # noqa: B010 - a method of one object


def _move_to_front(processors: Any, field: str, processor: Any) -> None:
    """Put `processor` first in the private list of the SDK: there is no public way."""
    with processors._lock:  # noqa: SLF001
        others = tuple(item for item in getattr(processors, field) if item is not processor)
        setattr(processors, field, (processor, *others))
