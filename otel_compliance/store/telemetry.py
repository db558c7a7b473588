"""What the way to the store tells about itself: metrics of low cardinality, and explanations for a person."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from otel_compliance.errors import ComplianceError
from otel_compliance.names import METER_NAME, Metric

logger: Final = logging.getLogger("otel_compliance")

Outcome = Literal["altered", "delivered", "retried", "quarantined"]

_EXPORT_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_DELIVERY_SECONDS: Final = (0.1, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0, 6 * 3600.0, 86_400.0)


@dataclass(frozen=True, slots=True)
class Signal:
    """What one exporter exports, by the names of OpenTelemetry's conventions for SDK metrics.

    Attributes:
        component: ``otel.component.type`` of the exporter.
        exported: Metric of what was exported, or dropped with its reason as ``error.type``.
        inflight: Metric of what is being exported.
        unit: Unit of both.
    """

    component: str
    exported: Metric
    inflight: Metric
    unit: str


SPANS: Final = Signal(
    "otel_compliance.store.exporter.ClickHouseSpanExporter", Metric.SPANS_EXPORTED, Metric.SPANS_INFLIGHT, "{span}"
)
LOGS: Final = Signal(
    "otel_compliance.store.exporter.ClickHouseLogExporter", Metric.LOGS_EXPORTED, Metric.LOGS_INFLIGHT, "{log_record}"
)


def count_inflight(signal: Signal, change: int) -> None:
    """Count what an exporter was given, and, with a negative number, what it is done with."""
    instrument = _up_down_counter(signal.inflight, signal.unit, "Items that are being written to the spool")
    instrument.add(change, {"otel.component.type": signal.component})


def record_export(signal: Signal, accepted: int, dropped: int, reason: str, seconds: float) -> None:
    """Record one export.

    Args:
        signal: What was exported.
        accepted: Items that are in the spool now.
        dropped: Items that are not.
        reason: Why, in one word; empty when nothing was dropped.
        seconds: How long it took, syncing to the disk included.
    """
    component = {"otel.component.type": signal.component}
    failed = component | {"error.type": reason}
    exported = _counter(signal.exported, signal.unit, "Items that were written to the spool, or dropped")
    if accepted:
        exported.add(accepted, component)
    if dropped:
        exported.add(dropped, failed)
    duration = _histogram(Metric.EXPORT_DURATION, "Time to write a batch to the spool", _EXPORT_SECONDS)
    duration.record(seconds, failed if reason else component)


def count_bytes(number: int) -> None:
    """Count bytes that were written to the spool."""
    _counter(Metric.EXPORT_BYTES, "By", "Bytes written to the spool").add(number)


def count_items(outcome: Outcome, number: int) -> None:
    """Count rows by what became of them after they were accepted.

    ``delivered`` to the store, ``retried`` later since the store was away or refused, ``quarantined`` since they can
    never be delivered. ``altered`` counts values rather than rows: those that were cut or clamped to be stored at all.
    """
    if number:
        counter = _counter(Metric.EXPORT_ITEMS, "{item}", "Rows by what became of them on the way to the store")
        counter.add(number, {"compliance.outcome": outcome})


def record_delivery(accepted: int) -> None:
    """Record that a segment was delivered.

    Args:
        accepted: When it was accepted, in nanoseconds since 1970.
    """
    latency = _histogram(Metric.DELIVERY_DURATION, "Time from acceptance to the store", _DELIVERY_SECONDS)
    latency.record(max(0.0, (time.time_ns() - accepted) / 1e9))


@cache
def watch(directory: Path, waiting: Callable[[Path], list[Path]]) -> None:
    """Let the app's meter provider observe how much waits in a spool, of all processes that share it.

    Args:
        directory: The spool.
        waiting: Lists what waits in it.
    """

    def segments(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(len(waiting(directory)))

    def size(_: CallbackOptions) -> Iterable[Observation]:
        total = 0
        for path in waiting(directory):
            with suppress(OSError):
                total += path.stat().st_size
        yield Observation(total)

    meter = metrics.get_meter(METER_NAME)
    meter.create_observable_gauge(
        Metric.SPOOL_SEGMENTS, [segments], unit="{segment}", description="Segments that wait for delivery"
    )
    meter.create_observable_gauge(Metric.SPOOL_SIZE, [size], unit="By", description="Bytes that wait for delivery")


# Instruments are made on first use, so that the app's provider is in place.
@cache
def _counter(name: Metric, unit: str, description: str) -> metrics.Counter:
    return metrics.get_meter(METER_NAME).create_counter(name, unit=unit, description=description)


@cache
def _up_down_counter(name: Metric, unit: str, description: str) -> metrics.UpDownCounter:
    return metrics.get_meter(METER_NAME).create_up_down_counter(name, unit=unit, description=description)


@cache
def _histogram(name: Metric, description: str, boundaries: tuple[float, ...]) -> metrics.Histogram:
    return metrics.get_meter(METER_NAME).create_histogram(
        name, unit="s", description=description, explicit_bucket_boundaries_advisory=boundaries
    )


def explain(error: ComplianceError, consequence: str) -> None:
    """Log, once for each problem, what is wrong, what follows from it and what can be done. Never holds content."""
    _explain(error.problem, consequence, error.remedy)


@cache
def _explain(problem: str, consequence: str, remedy: str) -> None:
    logger.warning("otel-compliance: %s; %s%s", problem, consequence, f" → {remedy}" if remedy else "")
