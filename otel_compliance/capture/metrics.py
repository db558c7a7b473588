"""Metrics of calls, of low cardinality: no ids, no names of users or teams."""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry import metrics
from opentelemetry.util.types import AttributeValue

from otel_compliance.capture.call import Call
from otel_compliance.names import METER_NAME, Attr, GenAI, Metric


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

    def record(self, call: Call, facts: Mapping[str, AttributeValue]) -> None:
        """Count one finished call."""
        names = (Attr.CALL_OUTCOME, Attr.CLASSIFICATION, Attr.REQUEST_TYPE, GenAI.REQUEST_MODEL)
        self._calls.add(1, {name: facts[name] for name in names if name in facts})
        for direction, inspected in (("input", call.input), ("output", call.output)):
            for entity_type, count in inspected.counts.items() if inspected else ():
                self._findings.add(count, {"compliance.entity.type": entity_type, "compliance.direction": direction})
