"""The span processor that redacts every span and completes the spans of Claude calls, as they end."""

from __future__ import annotations

from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from opentelemetry.context import Context, get_value
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from otel_compliance import health
from otel_compliance.capture.call import CALL_KEY, Call, Outcome
from otel_compliance.capture.outcome import unset_outcome
from otel_compliance.capture.recorder import Recorder
from otel_compliance.names import NATIVE_SCOPE_PREFIX, TRACER_NAME
from otel_compliance.redact import RedactingLogRecordProcessor, RedactingSpanProcessor, Redactor


class ComplianceSpanProcessor(SpanProcessor):
    """Redacts every span of every scope, then adds the compliance attributes to those of Claude calls.

    Both are arranged in ``_on_ending``, which the SDK calls on all processors before it gives the ended span to any
    exporter, so the order in which processors were added does not matter. One processor does both because the
    SDK may run processors concurrently. The attributes of a call's span are put together when an exporter reads them,
    or by the recorder's worker, whichever comes first: the app's thread does not wait for the inspection of content.

    Args:
        redactor: Redacts the span in place.
        recorder: Has the facts of the calls.

    Attributes:
        complete_calls: Off after `uninstrument`, when only redaction goes on.
    """

    def __init__(self, redactor: RedactingSpanProcessor, recorder: Recorder) -> None:
        self._redactor = redactor
        self._recorder = recorder
        self.complete_calls = True
        self._calls: WeakKeyDictionary[Span, Call] = WeakKeyDictionary()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Bind the span that the SDK starts for a call to the record of that call."""
        try:
            call = get_value(CALL_KEY, parent_context)
            if isinstance(call, Call) and self.complete_calls and call.span is None and _is_of_call(span):
                call.span, call.watched = span, True
                call.span_context = span.get_span_context()
                self._calls[span] = call
        except Exception as error:  # noqa: BLE001 - the span goes on, redacted but not completed
            health.swallow("capture.on_start", error)

    def _on_ending(self, span: Span) -> None:
        call = self._calls.pop(span, None)
        if call is None:
            self._redactor.redact(span)
            return
        try:
            outcome, error_type = _outcome(call, span)
            self._recorder.finish(call, outcome, error_type)
        except Exception as error:  # noqa: BLE001 - the span is redacted all the same
            health.swallow("capture.on_ending", error)
        self._redactor.redact(span, partial(self._recorder.span_attributes, call))

    def shutdown(self) -> None:
        """Record the calls that wait to be recorded."""
        self.force_flush()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Record the calls that wait to be recorded."""
        return self._recorder.flush(timeout_millis / 1000)


class ComplianceLogRecordProcessor(RedactingLogRecordProcessor):
    """Redacts every log record of every scope. Flushing it brings the audit events of all calls so far.

    Args:
        redactor: Finds and replaces.
        recorder: Emits the audit events.
    """

    def __init__(self, redactor: Redactor, recorder: Recorder) -> None:
        super().__init__(redactor)
        self._recorder = recorder

    def shutdown(self) -> None:
        """Record the calls that wait to be recorded."""
        self.force_flush()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Record the calls that wait to be recorded, before the exporters behind are flushed."""
        return self._recorder.flush(timeout_millis / 1000)


def _is_of_call(span: Any) -> bool:
    """Whether `span` is the one that the Anthropic SDK makes for a call, or the one that we make in its place."""
    scope = getattr(span, "instrumentation_scope", None)
    name = getattr(scope, "name", "")
    return name == TRACER_NAME or (name.startswith(NATIVE_SCOPE_PREFIX) and span.kind is SpanKind.CLIENT)


def _outcome(call: Call, span: Span) -> tuple[Outcome, str]:
    """How a call ended, as its native span tells: the SDK leaves the status of what the app stopped unset."""
    match span.status.status_code:
        case StatusCode.ERROR:
            return Outcome.ERROR, str((span.attributes or {}).get("error.type", ""))
        case StatusCode.OK:
            return Outcome.COMPLETED, ""
        case _:
            return unset_outcome(call), ""
