"""Metrics of calls, of low cardinality: no ids, no names of users or teams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opentelemetry import metrics
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, set_span_in_context
from opentelemetry.util.types import AttributeValue

from otel_compliance.capture.call import Call
from otel_compliance.names import METER_NAME, Attr, GenAI, Metric

_SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Bucket boundaries that the GenAI conventions advise for durations."""

_DIMENSIONS: Final = (GenAI.OPERATION, GenAI.PROVIDER, GenAI.REQUEST_MODEL, GenAI.RESPONSE_MODEL, "error.type")
"""Attributes of the conventions' instruments."""

_TOKENS: Final = {
    GenAI.INPUT_TOKENS: Metric.INPUT_TOKENS,
    GenAI.OUTPUT_TOKENS: Metric.OUTPUT_TOKENS,
    GenAI.CACHE_READ_TOKENS: Metric.CACHE_READ_TOKENS,
    GenAI.CACHE_WRITE_TOKENS: Metric.CACHE_WRITE_TOKENS,
    GenAI.REASONING_TOKENS: Metric.REASONING_TOKENS,
}


class CallMetrics:
    """The instruments that every finished call is counted in.

    Args:
        meter_provider: The provider; the global one when `None`.
    """

    def __init__(self, meter_provider: metrics.MeterProvider | None) -> None:
        meter = metrics.get_meter(METER_NAME, meter_provider=meter_provider)
        self._calls = meter.create_counter(Metric.CALLS, unit="{call}", description="Claude calls")
        self._findings = meter.create_counter(
            Metric.FINDINGS, unit="{finding}", description="Personal data and secrets found in content"
        )
        self._redactions = meter.create_counter(
            Metric.REDACTIONS, unit="{value}", description="Values replaced in content that was kept"
        )
        self._duration = meter.create_histogram(
            Metric.INFERENCE_DURATION,
            unit="s",
            description="Time from a call to the end of its answer",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._first_chunk = meter.create_histogram(
            Metric.TIME_TO_FIRST_CHUNK,
            unit="s",
            description="Time from a call to the first part of its streamed answer",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._tokens = {
            name: meter.create_counter(metric, unit="{token}", description="Tokens, as the API counts them")
            for name, metric in _TOKENS.items()
        }

    def record(self, call: Call, facts: Mapping[str, AttributeValue]) -> None:
        """Count one finished call. Exemplars point to its span, whatever runs on this thread."""
        context = None
        if call.span_context is not None:
            context = set_span_in_context(NonRecordingSpan(call.span_context), Context())
        names = (Attr.CALL_OUTCOME, Attr.CLASSIFICATION, Attr.REQUEST_TYPE, GenAI.REQUEST_MODEL)
        self._calls.add(1, {name: facts[name] for name in names if name in facts}, context)
        for direction, inspected in (("input", call.input), ("output", call.output)):
            if inspected is None:
                continue
            for entity_type, count in inspected.counts.items():
                attributes = {"compliance.entity.type": entity_type, "compliance.direction": direction}
                self._findings.add(count, attributes, context)
                if inspected.content is not None:
                    self._redactions.add(count, attributes, context)
        if call.surface.is_message:
            self._inference(facts, context)

    def _inference(self, facts: Mapping[str, AttributeValue], context: Context | None) -> None:
        """The conventions' client metrics of one inference; tokens count for failed calls too, as zero."""
        dimensions = {name: facts[name] for name in _DIMENSIONS if name in facts}
        duration = facts.get(Attr.CALL_DURATION)
        if isinstance(duration, int):
            self._duration.record(duration / 1e9, dimensions, context)
        first_chunk = facts.get(GenAI.TIME_TO_FIRST_CHUNK)
        if isinstance(first_chunk, float):
            self._first_chunk.record(first_chunk, dimensions, context)
        for name, counter in self._tokens.items():
            count = facts.get(name)
            modality = "unknown" if count is None else "text"
            if isinstance(count, int) or name in (GenAI.INPUT_TOKENS, GenAI.OUTPUT_TOKENS):
                attributes = {**dimensions, GenAI.TOKEN_MODALITY: modality}
                counter.add(count if isinstance(count, int) else 0, attributes, context)
