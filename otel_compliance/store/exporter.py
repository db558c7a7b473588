"""Exporters of spans and log records: convert and spool. Never the network, never the embedded engine.

They stand under the entry point ``clickhouse``, so ``OTEL_TRACES_EXPORTER=clickhouse`` selects them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_compliance import health
from otel_compliance.config import Settings
from otel_compliance.errors import ComplianceError, ConfigError, KeyRingError, PolicyError
from otel_compliance.keys import KeyRing
from otel_compliance.names import Table
from otel_compliance.policy import Policy
from otel_compliance.store.content import ContentSealer, subject_keys
from otel_compliance.store.rows import Block, log_block, span_block
from otel_compliance.store.spool import Spool
from otel_compliance.store.telemetry import count_items, explain

if TYPE_CHECKING:
    from otel_compliance.store.drain import BackgroundDrainer

_T = TypeVar("_T")


class _Outlet:
    """Where the exporters of one process write: the spool and, for a server, the drainer."""

    def __init__(self, settings: Settings, dsn: str) -> None:
        self.key = (str(settings.spool), dsn)
        self.users = 0
        self._spool = Spool.from_settings(settings)
        self._content = _content_sealer(settings)
        self._dsn = dsn
        self._drainer: BackgroundDrainer | None = None

    def accept(self, block: Block) -> None:
        """Write a block to the spool, content of calls apart from the rest.

        Raises:
            SpoolError: The spool takes no more.
        """
        if block.table == Table.TRACES:
            block, content = self._content.separate(block)
            if content.count:
                self._spool.append(content)
        self._spool.append(block)
        if self._dsn.startswith(("http://", "https://")):
            self._drain().notify()

    def close(self) -> None:
        """Stop the drainer."""
        if self._drainer is not None:
            self._drainer.stop()

    def _drain(self) -> BackgroundDrainer:
        from otel_compliance.store.drain import BackgroundDrainer

        with _outlets_lock:
            if self._drainer is None:
                self._drainer = BackgroundDrainer(self._spool, self._dsn)
            return self._drainer


def _content_sealer(settings: Settings) -> ContentSealer:
    """With the default key and the built-in policy where those of the deployment are broken, as everywhere else."""
    try:
        ring = KeyRing.from_settings(settings)
    except KeyRingError:
        ring = KeyRing.from_settings(settings.with_default_key())
    try:
        policy = Policy.from_settings(settings)
    except PolicyError:
        policy = Policy.default()
    return ContentSealer(ring, subject_keys(settings, ring), policy.content.retention_days)


_outlets: dict[tuple[str, str], _Outlet] = {}
_outlets_lock = threading.Lock()
# A lock that another thread held at a fork would never be released in the child.
os.register_at_fork(after_in_child=lambda: globals().update(_outlets_lock=threading.Lock()))
_span_exporters: WeakSet[ClickHouseSpanExporter] = WeakSet()
_log_exporters: WeakSet[ClickHouseLogExporter] = WeakSet()


def exports_spans() -> bool:
    """Whether this process has a span exporter of ours, so that a second one would store everything twice."""
    return len(_span_exporters) > 0


def exports_logs() -> bool:
    """Whether this process has a log exporter of ours."""
    return len(_log_exporters) > 0


def _open(settings: Settings | None) -> _Outlet | None:
    """The outlet of this process, which exporters share; `None` when the configuration is wrong, which is explained."""
    try:
        settings = settings or Settings.from_env()
        if settings.store is None:
            raise ConfigError(
                "OTEL_COMPLIANCE_STORE is none, but an exporter to ClickHouse is in use",
                remedy="set it to the address of a store, or take clickhouse out of OTEL_TRACES_EXPORTER and "
                "OTEL_LOGS_EXPORTER",
            )
        outlet = _Outlet(settings, settings.store)
    except ComplianceError as error:
        health.swallow("store.exporter", error)
        explain(error, "nothing is exported to ClickHouse")
        return None
    with _outlets_lock:
        outlet = _outlets.setdefault(outlet.key, outlet)
        outlet.users += 1
        return outlet


def _close(outlet: _Outlet | None) -> None:
    """Stop the outlet with its last exporter: the last batch often is that of the other one."""
    if outlet is None:
        return
    with _outlets_lock:
        outlet.users -= 1
        unused = outlet.users == 0 and _outlets.pop(outlet.key, None) is not None
    if unused:
        outlet.close()


def _export(outlet: _Outlet | None, convert: Callable[[Sequence[_T]], Block], items: Sequence[_T]) -> bool:
    """Convert and spool. Never raises; what is not accepted is counted as dropped.

    Returns:
        Whether everything was accepted.
    """
    with suppress_instrumentation():
        accepted = _accept(outlet, convert, items) if outlet is not None else -1
        with health.contained("store.count"):
            count_items("written", max(accepted, 0))
            count_items("dropped", len(items) - max(accepted, 0))
    return accepted == len(items)


def _accept(outlet: _Outlet, convert: Callable[[Sequence[_T]], Block], items: Sequence[_T]) -> int:
    """The number of items that are in the spool now; -1 when it took none."""
    try:
        block = convert(items)
        outlet.accept(block)
        count_items("altered", block.altered)
    except ComplianceError as error:
        health.swallow("store.spool", error)
        explain(error, "spans and audit events are dropped until that is mended")
        return -1
    except Exception as error:  # noqa: BLE001 - the app must not suffer from a batch of ours
        health.swallow("store.spool", error)
        return -1
    return block.count


class ClickHouseSpanExporter(SpanExporter):
    """Exports spans to ``otel_traces``.

    Args:
        settings: The settings; those of the environment when left out, as the entry point does.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._outlet = _open(settings)
        _span_exporters.add(self)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Convert and spool. Once it returns SUCCESS a crash of the process loses nothing. Never raises."""
        accepted = _export(self._outlet, span_block, spans)
        return SpanExportResult.SUCCESS if accepted else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """With the last exporter, deliver what can be delivered in a short time; the rest stays in the spool."""
        if self in _span_exporters:
            _span_exporters.discard(self)
            _close(self._outlet)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """What was exported is on disk already."""
        return True


class ClickHouseLogExporter(LogRecordExporter):
    """Exports log records to ``otel_logs``, and with them the audit events.

    Args:
        settings: The settings; those of the environment when left out, as the entry point does.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._outlet = _open(settings)
        _log_exporters.add(self)

    def export(self, batch: Sequence[ReadableLogRecord]) -> Any:
        """Convert and spool. Once it returns SUCCESS a crash of the process loses nothing. Never raises."""
        accepted = _export(self._outlet, log_block, batch)
        return LogRecordExportResult.SUCCESS if accepted else LogRecordExportResult.FAILURE

    def shutdown(self) -> None:
        """With the last exporter, deliver what can be delivered in a short time; the rest stays in the spool."""
        if self in _log_exporters:
            _log_exporters.discard(self)
            _close(self._outlet)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """What was exported is on disk already."""
        return True
