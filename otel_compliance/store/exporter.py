"""Exporters of spans and log records: convert and spool. Never the network, never the embedded engine.

They stand under the entry point ``clickhouse``, so ``OTEL_TRACES_EXPORTER=clickhouse`` selects them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_compliance import health
from otel_compliance.config import Settings
from otel_compliance.errors import ComplianceError
from otel_compliance.store.rows import Block, log_block, span_block
from otel_compliance.store.spool import Spool

if TYPE_CHECKING:
    from otel_compliance.store.drain import BackgroundDrainer

_T = TypeVar("_T")


class _Outlet:
    """Where the exporters of one process write: the spool and, for a server, the drainer."""

    def __init__(self, settings: Settings) -> None:
        self.spool = Spool(settings.spool)
        self._store = settings.store or ""
        self._drainer: BackgroundDrainer | None = None
        self._users = 0

    def use(self) -> _Outlet:
        """Count one more exporter that writes here."""
        self._users += 1
        return self

    def accept(self, block: Block) -> bool:
        """Write a block to the spool. Never raises."""
        from otel_compliance.store.drain import count_items

        try:
            self.spool.append(block)
            self._notify()
        except Exception as error:  # noqa: BLE001 - the app must not suffer from a full disk
            health.swallow("store.spool", error)
            count_items("dropped", block.count)
            return False
        count_items("written", block.count)
        return True

    def _notify(self) -> None:
        if not self._store.startswith(("http://", "https://")):
            return
        if self._drainer is None:
            from otel_compliance.store.drain import BackgroundDrainer

            self._drainer = BackgroundDrainer(self.spool, self._store)
        self._drainer.notify()

    def close(self) -> None:
        """Count one exporter less. With the last one the drainer stops, so that what each flushed is delivered."""
        self._users -= 1
        if self._users == 0 and self._drainer is not None:
            self._drainer.stop()
            self._drainer = None


_outlets: dict[tuple[str, str], _Outlet] = {}
_outlets_lock = threading.Lock()
_span_exporters: WeakSet[ClickHouseSpanExporter] = WeakSet()
_log_exporters: WeakSet[ClickHouseLogExporter] = WeakSet()


def exports_spans() -> bool:
    """Whether this process has a span exporter of ours, so that a second one would store everything twice."""
    return len(_span_exporters) > 0


def exports_logs() -> bool:
    """Whether this process has a log exporter of ours."""
    return len(_log_exporters) > 0


def _outlet(settings: Settings | None) -> _Outlet | None:
    """The outlet of a process; `None` when the configuration is wrong, which is counted and logged."""
    try:
        settings = settings or Settings.from_env()
    except ComplianceError as error:
        health.swallow("store.exporter", error)
        return None
    with _outlets_lock:
        key = (str(settings.spool), settings.store or "")
        if key not in _outlets:
            _outlets[key] = _Outlet(settings)
        return _outlets[key].use()


def _export(outlet: _Outlet | None, convert: Callable[[Sequence[_T]], Block], items: Sequence[_T]) -> bool:
    if outlet is None:
        return False
    try:
        block = convert(items)
    except Exception as error:  # noqa: BLE001 - one bad batch must not stop the exporter
        health.swallow("store.rows", error)
        return False
    return outlet.accept(block)


class ClickHouseSpanExporter(SpanExporter):
    """Exports spans to ``otel_traces``.

    Args:
        settings: The settings; those of the environment when left out, as the entry point does.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._outlet = _outlet(settings)
        _span_exporters.add(self)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Convert and spool. Once it returns SUCCESS a crash of the process loses nothing. Never raises."""
        accepted = _export(self._outlet, span_block, spans)
        return SpanExportResult.SUCCESS if accepted else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Deliver what can be delivered in a short time; the rest stays in the spool."""
        _span_exporters.discard(self)
        if self._outlet is not None:
            self._outlet.close()
            self._outlet = None

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """What was exported is on disk already."""
        return True


class ClickHouseLogExporter(LogRecordExporter):
    """Exports log records to ``otel_logs``, and with them the audit events.

    Args:
        settings: The settings; those of the environment when left out, as the entry point does.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._outlet = _outlet(settings)
        _log_exporters.add(self)

    def export(self, batch: Sequence[ReadableLogRecord]) -> Any:
        """Convert and spool. Once it returns SUCCESS a crash of the process loses nothing. Never raises."""
        accepted = _export(self._outlet, log_block, batch)
        return LogRecordExportResult.SUCCESS if accepted else LogRecordExportResult.FAILURE

    def shutdown(self) -> None:
        """Deliver what can be delivered in a short time; the rest stays in the spool."""
        _log_exporters.discard(self)
        if self._outlet is not None:
            self._outlet.close()
            self._outlet = None

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """What was exported is on disk already."""
        return True
