"""Redact the names, attributes and exemplars of metrics of every scope before any reader's exporter sees them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakSet

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Metric, MetricsData, ResourceMetrics, ScopeMetrics

from otel_compliance import health
from otel_compliance.redact.attributes import FAILED
from otel_compliance.redact.redaction import Names, Redaction, Shared
from otel_compliance.redact.redactor import Redactor


class MetricsRedactor:
    """Redacts what the readers of meter providers collect.

    The SDK has no processors for metrics. Each reader is given a function that collects; it is replaced by one that
    redacts, too, for readers that are added later as well.

    Args:
        redactor: Finds and replaces.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._names = Names()
        self._shared = Shared(redactor, self._names)
        self._attached: WeakSet[Any] = WeakSet()
        self._lock = threading.Lock()

    def attach(self, provider: Any) -> None:
        """Redact what the readers of `provider` collect from now on. Anything but the SDK's provider is left alone."""
        if not isinstance(provider, MeterProvider):
            return
        with self._lock:
            if provider in self._attached:
                return
            self._attached.add(provider)
        # There is no public way to see all metrics between their collection and their export.
        consumer: Any = provider._measurement_consumer
        collect = consumer.collect
        consumer.collect = self._redacting(collect)
        for reader in list(MeterProvider._all_metric_readers):
            if reader._collect == collect:
                reader._set_collect_callback(consumer.collect)

    def redacted(self, data: MetricsData) -> MetricsData:
        """Metrics without personal data and secrets; the same object where there are none. Never raises."""
        try:
            resources = _replaced(data.resource_metrics, self._resource)
            return data if resources is None else replace(data, resource_metrics=resources)
        except Exception as error:  # noqa: BLE001 - metrics that cannot be redacted are not exported
            health.swallow("redact.metrics", error)
            return MetricsData(resource_metrics=[])

    def _redacting(self, collect: Callable[..., MetricsData | None]) -> Callable[..., MetricsData | None]:
        def redacting(*args: Any, **kwargs: Any) -> MetricsData | None:
            data = collect(*args, **kwargs)
            return None if data is None else self.redacted(data)

        return redacting

    def _resource(self, item: ResourceMetrics) -> ResourceMetrics:
        resource = self._shared.resource(item.resource)
        scopes = _replaced(item.scope_metrics, self._scope)
        if resource is item.resource and scopes is None:
            return item
        return ResourceMetrics(resource, item.scope_metrics if scopes is None else scopes, self._text(item.schema_url))

    def _scope(self, item: ScopeMetrics) -> ScopeMetrics:
        scope = self._shared.scope(item.scope)
        metrics = _replaced(item.metrics, self._metric)
        if scope is item.scope and metrics is None:
            return item
        return ScopeMetrics(
            scope or item.scope, item.metrics if metrics is None else metrics, self._text(item.schema_url)
        )

    def _metric(self, item: Metric) -> Metric:
        data: Any = item.data
        points = _replaced(data.data_points, self._point)
        if points is not None:
            item = replace(item, data=replace(data, data_points=points))
        # Views may leave a description out.
        names = self._text(item.name), self._text(item.description), self._text(item.unit)
        if names == (item.name, item.description, item.unit):
            return item
        return Metric(*names, item.data)

    def _point(self, item: Any) -> Any:
        attributes = self._attributes(item.attributes)
        exemplars = _replaced(item.exemplars, self._exemplar)
        if attributes is None and exemplars is None:
            return item
        return replace(
            item,
            attributes=item.attributes if attributes is None else attributes,
            exemplars=item.exemplars if exemplars is None else exemplars,
        )

    def _exemplar(self, item: Any) -> Any:
        attributes = self._attributes(item.filtered_attributes)
        return item if attributes is None else replace(item, filtered_attributes=attributes)

    def _text(self, text: Any) -> Any:
        return text and Redaction(self._redactor, self._names).text(text)

    def _attributes(self, attributes: Any) -> dict[str, Any] | None:
        redaction = Redaction(self._redactor, self._names)
        redacted = redaction.attributes(attributes)
        return {**(redacted or attributes), **FAILED} if redaction.failed else redacted


def _replaced(items: Sequence[Any], redact: Callable[[Any], Any]) -> list[Any] | None:
    """Redacted items; `None` when none of them had to change."""
    redacted = [redact(item) for item in items]
    changed = any(new is not old for new, old in zip(redacted, items, strict=True))
    return redacted if changed else None
