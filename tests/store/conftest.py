"""Fixtures for tests of the way to the store."""

from collections.abc import Callable, Iterator

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from otel_compliance.store import telemetry

Counts = Callable[[], dict[str, int]]


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counts]:
    """The rows that were counted so far, by what became of them."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    telemetry._items.cache_clear()

    def read() -> dict[str, int]:
        data = reader.get_metrics_data()
        resources = data.resource_metrics if data else []
        return {
            str((point.attributes or {})["compliance.outcome"]): int(point.value)
            for resource in resources
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == "compliance.export.items"
            for point in metric.data.data_points
        }

    yield read
    provider.shutdown()
    telemetry._items.cache_clear()


@pytest.fixture(autouse=True)
def _explanations_anew() -> None:
    """Each test sees what is explained once per process."""
    telemetry._explain.cache_clear()
