"""Watch for providers, so that each is redacted from the moment on at which something can be exported from it.

An app may make its providers after this package was switched on, keep several, and give none of them to the SDK that
is instrumented. Nothing leaves a provider before it has a processor or a reader, so the functions which give it one are
watched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from otel_compliance import health
from otel_compliance.capture.wrapping import Wrappings


class Watch:
    """Tells of every provider of the SDK that may export.

    Args:
        traces: Called with a tracer provider before a processor is added to it.
        logs: Called with a logger provider before a processor is added to it.
        metrics: Called with a meter provider that was made.
    """

    def __init__(
        self, traces: Callable[[Any], None], logs: Callable[[Any], None], metrics: Callable[[Any], None]
    ) -> None:
        self._traces, self._logs, self._metrics = traces, logs, metrics
        self._wrappings = Wrappings()
        self._active = True

    def start(self) -> None:
        """Watch from now on."""
        self._wrappings.wrap(TracerProvider, "add_span_processor", self._add_span_processor)
        self._wrappings.wrap(LoggerProvider, "add_log_record_processor", self._add_log_record_processor)
        self._wrappings.wrap(MeterProvider, "__init__", self._make_meter_provider)

    def stop(self) -> None:
        """Watch no more."""
        self._active = False
        self._wrappings.undo()

    def _add_span_processor(self, wrapped: Any, provider: Any, args: Any, kwargs: Any) -> Any:
        self._tell(self._traces, provider)
        return wrapped(*args, **kwargs)

    def _add_log_record_processor(self, wrapped: Any, provider: Any, args: Any, kwargs: Any) -> Any:
        self._tell(self._logs, provider)
        return wrapped(*args, **kwargs)

    def _make_meter_provider(self, wrapped: Any, provider: Any, args: Any, kwargs: Any) -> None:
        wrapped(*args, **kwargs)
        self._tell(self._metrics, provider)

    def _tell(self, listener: Callable[[Any], None], provider: Any) -> None:
        if self._active:
            with health.contained("instrumentation.watch"):
                listener(provider)
