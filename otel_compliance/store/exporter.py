"""Exporters of spans and log records: convert and spool. Never the network, never the embedded engine.

They stand under the entry point ``clickhouse``, so ``OTEL_TRACES_EXPORTER=clickhouse`` selects them.

When the spool takes no more, what comes is dropped and counted; the app never waits. Spans are dropped first: the last
tenth of the spool is for log records, and with them for audit events.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from weakref import WeakSet

from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_compliance import health
from otel_compliance.config import Settings
from otel_compliance.errors import ComplianceError, SpoolFull
from otel_compliance.store.outlet import Outlet, close_outlet, open_outlet
from otel_compliance.store.rows import Block, log_block, span_block
from otel_compliance.store.telemetry import (
    LOGS,
    SPANS,
    Signal,
    count_inflight,
    count_items,
    explain,
    record_export,
)

_T = TypeVar("_T")

_span_exporters: WeakSet[ClickHouseSpanExporter] = WeakSet()
_log_exporters: WeakSet[ClickHouseLogExporter] = WeakSet()


def exports_spans() -> bool:
    """Whether this process has a span exporter of ours, so that a second one would store everything twice."""
    return len(_span_exporters) > 0


def exports_logs() -> bool:
    """Whether this process has a log exporter of ours."""
    return len(_log_exporters) > 0


class ClickHouseSpanExporter(SpanExporter):
    """Exports spans to ``otel_traces``.

    Args:
        settings: The settings; those of the environment when left out, as the entry point does.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._outlet = open_outlet(settings)
        _span_exporters.add(self)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Convert and spool. Once it returns SUCCESS a crash of the process loses nothing. Never raises."""
        accepted = _export(SPANS, _usable(self._outlet, self in _span_exporters), span_block, spans)
        return SpanExportResult.SUCCESS if accepted else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """With the last exporter, deliver what can be delivered in a short time; the rest stays in the spool.

        What is exported after that is refused.
        """
        if self in _span_exporters:
            _span_exporters.discard(self)
            close_outlet(self._outlet)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """What was exported is on disk already. With a server, wait until what this process wrote is delivered."""
        return self._outlet is None or self._outlet.flush(timeout_millis / 1000)


class ClickHouseLogExporter(LogRecordExporter):
    """Exports log records to ``otel_logs``, and with them the audit events.

    Args:
        settings: The settings; those of the environment when left out, as the entry point does.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._outlet = open_outlet(settings)
        _log_exporters.add(self)

    def export(self, batch: Sequence[ReadableLogRecord]) -> Any:
        """Convert and spool. Once it returns SUCCESS a crash of the process loses nothing. Never raises."""
        accepted = _export(LOGS, _usable(self._outlet, self in _log_exporters), log_block, batch)
        return LogRecordExportResult.SUCCESS if accepted else LogRecordExportResult.FAILURE

    def shutdown(self) -> None:
        """With the last exporter, deliver what can be delivered in a short time; the rest stays in the spool.

        What is exported after that is refused.
        """
        if self in _log_exporters:
            _log_exporters.discard(self)
            close_outlet(self._outlet)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """What was exported is on disk already. With a server, wait until what this process wrote is delivered."""
        return self._outlet is None or self._outlet.flush(timeout_millis / 1000)


def _usable(outlet: Outlet | None, open_: bool) -> Outlet | str:
    """The outlet, or why there is none."""
    if outlet is None:
        return "configuration"
    return outlet if open_ else "shutdown"


def _export(
    signal: Signal, outlet: Outlet | str, convert: Callable[[Sequence[_T]], Block], items: Sequence[_T]
) -> bool:
    """Convert and spool. Never raises; what is not accepted is counted as dropped, with the reason.

    Returns:
        Whether everything was accepted.
    """
    started = time.perf_counter()
    with suppress_instrumentation():
        with health.contained("store.count"):
            count_inflight(signal, len(items))
        accepted, reason = (0, outlet) if isinstance(outlet, str) else _accept(outlet, convert, items)
        with health.contained("store.count"):
            count_inflight(signal, -len(items))
            record_export(signal, accepted, len(items) - accepted, reason, time.perf_counter() - started)
    return not reason


def _accept(outlet: Outlet, convert: Callable[[Sequence[_T]], Block], items: Sequence[_T]) -> tuple[int, str]:
    """(number of items that are in the spool now, why others are not)."""
    try:
        block = convert(items)
        outlet.accept(block)
    except ComplianceError as error:
        health.swallow("store.spool", error)
        explain(error, "spans and audit events are dropped until that is mended")
        return 0, "spool_full" if isinstance(error, SpoolFull) else "spool_unwritable"
    except Exception as error:  # noqa: BLE001 - the app must not suffer from a batch of ours
        health.swallow("store.spool", error)
        return 0, type(error).__name__
    with health.contained("store.count"):
        count_items("altered", block.altered)
    return block.count, "" if block.count == len(items) else "unconvertible"
