"""Fixtures for tests of the way to the store."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from otel_compliance.store import telemetry


class Counts:
    """What was counted so far."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        self.reader = reader

    def __call__(self) -> dict[str, int]:
        """Rows by what became of them."""
        found: Counter[str] = Counter()
        for name, attributes, value in points(self.reader):
            if name == "compliance.export.items":
                found[attributes["compliance.outcome"]] += value
            elif name in ("otel.sdk.exporter.span.exported", "otel.sdk.exporter.log.exported"):
                found["dropped" if "error.type" in attributes else "written"] += value
        return dict(found)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counts]:
    """The metrics that were recorded so far."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    _forget_instruments()

    yield Counts(reader)
    provider.shutdown()
    _forget_instruments()


def points(reader: InMemoryMetricReader) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Name, attributes and value of each point; of a histogram, the number of its values."""
    data = reader.get_metrics_data()
    for resource in data.resource_metrics if data else []:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    value = point.count if hasattr(point, "count") else point.value
                    yield metric.name, dict(point.attributes or {}), value


def _forget_instruments() -> None:
    for made in (telemetry._counter, telemetry._up_down_counter, telemetry._histogram, telemetry.watch):
        made.cache_clear()


@pytest.fixture(autouse=True)
def _explanations_anew() -> None:
    """Each test sees what is explained once per process."""
    telemetry._explain.cache_clear()
