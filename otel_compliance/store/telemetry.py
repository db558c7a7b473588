"""What the way to the store tells about itself: counts of rows, and explanations for a person."""

from __future__ import annotations

import logging
from functools import cache
from typing import Final, Literal

from opentelemetry import metrics

from otel_compliance.errors import ComplianceError
from otel_compliance.names import METER_NAME, Metric

logger: Final = logging.getLogger("otel_compliance")

Outcome = Literal["written", "altered", "dropped", "delivered", "retried", "quarantined"]


def count_items(outcome: Outcome, number: int) -> None:
    """Count rows by what became of them.

    ``written`` into the spool, ``delivered`` to the store, ``retried`` later since the store was away or refused,
    ``quarantined`` since they can never be delivered, ``dropped`` since the spool took no more. ``altered`` counts
    values rather than rows: those that were cut or clamped to be stored at all.
    """
    if number:
        _items().add(number, {"compliance.outcome": outcome})


@cache
def _items() -> metrics.Counter:
    """The counter, made on first use so that the app's provider is in place."""
    return metrics.get_meter(METER_NAME).create_counter(
        Metric.EXPORT_ITEMS, unit="{item}", description="Rows by what became of them on the way to the store"
    )


def explain(error: ComplianceError, consequence: str) -> None:
    """Log, once for each problem, what is wrong, what follows from it and what can be done. Never holds content."""
    _explain(error.problem, consequence, error.remedy)


@cache
def _explain(problem: str, consequence: str, remedy: str) -> None:
    logger.warning("otel-compliance: %s; %s%s", problem, consequence, f" → {remedy}" if remedy else "")
