"""Attributes and exemplars of metrics are clean, whoever made them and whenever their reader was added."""

from typing import Any

import pytest
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import AlwaysOnExemplarFilter, Counter, MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricsData
from opentelemetry.sdk.metrics.view import View
from opentelemetry.sdk.resources import Resource

from otel_compliance import health, instrument, uninstrument
from otel_compliance.keys import KeyRing
from otel_compliance.redact import MetricsRedactor, Redactor

KEYS = KeyRing(bytes(range(32)))
MAIL = "jane.doe@example.com"
TOKEN = KEYS.token("EMAIL", MAIL)


def points(data: MetricsData | None) -> list[Any]:
    """All data points."""
    assert data is not None
    return [
        point
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    ]


def measure(provider: MeterProvider) -> None:
    """Record the address with every kind of instrument."""
    meter = provider.get_meter("some.other.instrumentation", MAIL, f"https://{MAIL}", {"owner": MAIL})
    meter.create_counter("counter", description=f"of {MAIL}").add(1, {"user": MAIL, "route": "/users"})
    meter.create_histogram("histogram").record(1, {"user": MAIL})
    meter.create_gauge("gauge").set(1, {"user": MAIL})
    meter.create_observable_gauge("observable", [lambda _: [Observation(1, {"user": MAIL})]])


def test_no_attribute_of_a_metric_leaks() -> None:
    """Points of every kind, exemplars, the scope and the resource are redacted; what is clean stays as it is."""
    reader = InMemoryMetricReader()
    views = [View(instrument_type=Counter, attribute_keys={"route"})]
    provider = MeterProvider(
        [reader],
        resource=Resource({"host.name": MAIL}),
        exemplar_filter=AlwaysOnExemplarFilter(),
        views=views,
        shutdown_on_exit=False,
    )
    MetricsRedactor(Redactor(KEYS)).attach(provider)
    measure(provider)
    data = reader.get_metrics_data()
    assert "jane" not in str(data)
    found = points(data)
    assert [dict(point.attributes) for point in found] == [{"route": "/users"}, *[{"user": TOKEN}] * 3]
    assert [dict(item.filtered_attributes or {}) for item in found[0].exemplars] == [{"user": TOKEN}]


def test_clean_metrics_are_left_alone() -> None:
    """The very same object is exported where there is nothing to redact."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    provider.get_meter("m").create_counter("c").add(1, {"route": "/users", "status": 200})
    data = reader.get_metrics_data()
    assert data is not None
    assert MetricsRedactor(Redactor(KEYS)).redacted(data) is data


def test_readers_that_come_later_are_redacted_too() -> None:
    """A reader that is added to the provider afterwards, and one of another provider, see what they should."""
    provider, other = (MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False) for _ in range(2))
    redactor = MetricsRedactor(Redactor(KEYS))
    redactor.attach(provider)
    redactor.attach(provider)
    late, unwatched = InMemoryMetricReader(), InMemoryMetricReader()
    for target, reader in ((provider, late), (other, unwatched)):
        target.add_metric_reader(reader)
        target.get_meter("m").create_counter("c").add(1, {"user": MAIL})
    assert [dict(point.attributes) for point in points(late.get_metrics_data())] == [{"user": TOKEN}]
    assert [dict(point.attributes) for point in points(unwatched.get_metrics_data())] == [{"user": MAIL}]


class Broken(Redactor):
    """A redactor that fails."""

    def surely_clean(self, text: str) -> bool:
        raise LookupError(text)


def test_what_cannot_be_redacted_is_dropped() -> None:
    """A failure leaves a tombstone in place of the value, and rises in our own counter."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    MetricsRedactor(Broken(KEYS)).attach(provider)
    before = sum(health.swallowed().values())
    provider.get_meter("m").create_counter("c").add(1, {"user": MAIL})
    data = reader.get_metrics_data()
    assert "jane" not in str(data)
    assert sum(health.swallowed().values()) > before


@pytest.mark.parametrize("provider", [None, object()])
def test_other_providers_are_left_alone(provider: Any) -> None:
    """What is not the SDK's provider has no readers to redact for."""
    MetricsRedactor(Redactor(KEYS)).attach(provider)


def test_instrumenting_redacts_the_apps_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider that the app has is redacted from the start, for every scope."""
    monkeypatch.setenv("OTEL_COMPLIANCE_STORE", "none")
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    instrument(meter_provider=provider)
    try:
        provider.get_meter("some.other.instrumentation").create_counter("c").add(1, {"user": MAIL})
        assert "jane" not in str(reader.get_metrics_data())
    finally:
        uninstrument()
