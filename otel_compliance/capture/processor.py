"""The span processor that redacts every span and completes the spans of Claude calls, as they end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from opentelemetry.context import Context, get_value
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace import StatusCode
from opentelemetry.util.types import AttributeValue

from otel_compliance import health
from otel_compliance.capture.call import CALL_KEY, Call, Outcome
from otel_compliance.capture.outcome import unset_outcome
from otel_compliance.capture.recorder import Recorder
from otel_compliance.names import NATIVE_SCOPE_PREFIX, Attr
from otel_compliance.redact import RedactingSpanProcessor, replaced_attributes


class ComplianceSpanProcessor(SpanProcessor):
    """Redacts every span of every scope, then adds the compliance attributes to those of Claude calls.

    Both happen in ``_on_ending``, which the SDK calls on all processors before it gives the ended span to any
    exporter, so the order in which processors were added does not matter. One processor does both because the
    SDK may run processors concurrently.

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
        with health.contained("capture.on_start"):
            call = get_value(CALL_KEY, parent_context)
            if self.complete_calls and isinstance(call, Call) and call.span is None and is_native(span):
                call.span = span
                call.span_context = span.get_span_context()
                self._calls[span] = call

    def _on_ending(self, span: Span) -> None:
        self._redactor._on_ending(span)
        with health.contained("capture.on_ending"):
            call = self._calls.pop(span, None)
            if call is not None:
                outcome, error_type = _outcome(call, span)
                _add(span, self._recorder.finish(call, outcome, error_type))

    def shutdown(self) -> None:
        """Nothing is held."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing is held."""
        return True


def is_native(span: Any) -> bool:
    """Whether `span` is the one that the Anthropic SDK makes for a call."""
    scope = getattr(span, "instrumentation_scope", None)
    name = getattr(scope, "name", "")
    return name.startswith(NATIVE_SCOPE_PREFIX) and getattr(span.kind, "name", "") == "CLIENT"


def _outcome(call: Call, span: Span) -> tuple[Outcome, str]:
    """How a call ended, as its native span tells: the SDK leaves the status of what the app stopped unset."""
    match span.status.status_code:
        case StatusCode.ERROR:
            return Outcome.ERROR, str((span.attributes or {}).get("error.type", ""))
        case StatusCode.OK:
            return Outcome.COMPLETED, ""
        case _:
            return unset_outcome(call), ""


def _add(span: Span, ours: Mapping[str, AttributeValue]) -> None:
    """Put `ours` on a span that is ending, whose attributes the SDK has already made immutable.

    What redaction of the span itself found wrong is kept: a failure there is never overwritten by success here.
    """
    # There is no public way to change a span that is ending: opentelemetry-python#5614.
    current: Any = span._attributes
    merged = current.copy()
    failed = merged.get(Attr.REDACTION_STATUS) == "failed"
    classification = merged.get(Attr.CLASSIFICATION)
    merged.update(ours)
    if failed:
        merged[Attr.REDACTION_STATUS] = "failed"
        merged[Attr.CLASSIFICATION] = classification or merged[Attr.CLASSIFICATION]
    span._attributes = replaced_attributes(current, merged)
