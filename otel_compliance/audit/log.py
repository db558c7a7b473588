"""Write audit events: chain them, append them to a file, and emit them as OpenTelemetry log records."""

from __future__ import annotations

import atexit
import os
import platform
import secrets
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping, MutableMapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import structlog
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context, set_value
from opentelemetry.trace import NonRecordingSpan, SpanContext, set_span_in_context
from opentelemetry.util.types import AttributeValue

from otel_compliance import health
from otel_compliance.audit.chain import GENESIS, AuditEvent, render, seal
from otel_compliance.names import AUDIT_LOGGER_NAME, Attr, Event

_SALT_BYTES: Final = 16


class AuditLog:
    """The audit chain of this process.

    Each event goes through structlog: it is chained, appended to a file of JSON lines and emitted as an
    OpenTelemetry log record. A failure of one way out does not stop the other. After a fork the child starts a chain
    of its own.

    Args:
        directory: Folder of the file ``<chain>.jsonl``; `None` writes no file.
        logger_provider: Provider of the log records; `None` emits none.
        attributes: Facts of the opening event, such as the service's name.
        trusted_key: Context key that tells the redacting log processor that facts are clean already.
    """

    def __init__(
        self,
        *,
        directory: Path | None,
        logger_provider: Any = None,
        attributes: Mapping[str, AttributeValue] | None = None,
        trusted_key: str = "",
    ) -> None:
        self._directory = directory
        self._attributes = dict(attributes or {})
        self._context = set_value(trusted_key, True) if trusted_key else Context()
        self._otel = logger_provider.get_logger(AUDIT_LOGGER_NAME) if logger_provider is not None else None
        self._closed = False
        self._file: int | None = None
        self._waiting: deque[tuple[str, Mapping[str, Any], SpanContext | None, int]] = deque()
        # Bound once: the lazy proxy that `wrap_logger` returns would make a logger for each event.
        self._logger = structlog.wrap_logger(
            None,
            processors=[self._chain_up, self._append, self._emit],
            wrapper_class=structlog.BoundLogger,
        ).bind()
        self._open(parent="")
        _fork_aware.add(self)
        atexit.register(self.close)

    def record(
        self,
        event: Event,
        facts: Mapping[str, AttributeValue],
        *,
        span_context: SpanContext | None = None,
        timestamp_ns: int | None = None,
    ) -> None:
        """Append one event to the chain. Never raises.

        Args:
            event: Its name.
            facts: What is recorded; clean, since it is stored as it is.
            span_context: The call's span, sampled or not.
            timestamp_ns: When it happened, in nanoseconds since the epoch; now when left out.
        """
        # The garbage collector may end a dropped stream while this thread is inside, so a nested event waits its turn.
        self._waiting.append((event, facts, span_context, timestamp_ns or time.time_ns()))
        if self._lock.acquire(blocking=not self._held_by_this_thread()):
            try:
                self._holder = threading.get_ident()
                self._write_waiting()
            finally:
                self._holder = 0
                self._lock.release()

    def close(self) -> None:
        """Write the closing event. Nothing is recorded afterwards."""
        if not self._closed and os.getpid() == self._pid:
            self.record(Event.CHAIN_CLOSED, {})
            self._closed = True
            if self._file is not None:
                with health.contained("audit.file"):
                    os.fsync(self._file)
                    os.close(self._file)
                self._file = None
        atexit.unregister(self.close)

    def _held_by_this_thread(self) -> bool:
        return self._holder == threading.get_ident()

    def _write_waiting(self) -> None:
        while self._waiting and not self._closed:
            event, facts, span_context, timestamp_ns = self._waiting.popleft()
            with health.contained("audit.record"):
                self._logger.info(event, facts=facts, span_context=span_context, timestamp_ns=timestamp_ns)

    def _open(self, *, parent: str) -> None:
        """Start a chain: after construction, and in a forked child."""
        self._lock = threading.Lock()
        self._holder = 0
        self._waiting.clear()
        self._pid = os.getpid()
        # The name sorts by time, and says at a glance when the process began.
        self._chain = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{self._pid}-{secrets.token_hex(4)}"
        self._seq, self._prev = 0, GENESIS
        self._file = self._open_file()
        facts: dict[str, AttributeValue] = {
            "process.pid": self._pid,
            "host.name": platform.node(),
            "otel_compliance.version": _version(),
            **self._attributes,
        }
        self.record(Event.CHAIN_OPENED, facts | ({Attr.AUDIT_PARENT.value: parent} if parent else {}))

    def _open_file(self) -> int | None:
        if self._directory is None:
            return None
        with health.contained("audit.file"):
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL | os.O_CLOEXEC
            return os.open(self._directory / f"{self._chain}.jsonl", flags, 0o600)
        return None

    def _after_fork(self) -> None:
        """In the child: the parent's chain is the parent's."""
        if self._closed:
            return
        if self._file is not None:
            os.close(self._file)
        self._open(parent=self._chain)

    # The processors of structlog, in order.

    def _chain_up(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        span_context: SpanContext | None = event["span_context"]
        traced = span_context is not None and span_context.is_valid
        draft = AuditEvent(
            chain=self._chain,
            seq=self._seq,
            prev=self._prev,
            leaf="",
            hash="",
            salt=secrets.token_hex(_SALT_BYTES),
            event=str(event["event"]),
            timestamp_ns=event["timestamp_ns"],
            trace_id=f"{span_context.trace_id:032x}" if traced and span_context else "",
            span_id=f"{span_context.span_id:016x}" if traced and span_context else "",
            facts={
                str(name): value if type(value) is str else render(value)
                for name, value in event["facts"].items()
                if value is not None
            },
        )
        chained, line = seal(draft)
        self._seq, self._prev = self._seq + 1, chained.hash
        return {**event, "chained": chained, "line": line}

    def _append(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """One write per event, so that the lines of a crashed process are whole.

        Only the close syncs: a crash of the machine may lose the last lines here, which the store still has.
        """
        if self._file is not None:
            with health.contained("audit.file"):
                os.write(self._file, event["line"].encode("utf-8", "surrogatepass") + b"\n")
        return event

    def _emit(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        if self._otel is not None:
            with health.contained("audit.otel"):
                self._otel.emit(self._log_record(event["chained"], event["span_context"]))
        raise structlog.DropEvent

    def _log_record(self, event: AuditEvent, span_context: SpanContext | None) -> LogRecord:
        context = self._context
        if span_context is not None:
            context = set_span_in_context(NonRecordingSpan(span_context), context)
        return LogRecord(
            timestamp=event.timestamp_ns,
            observed_timestamp=event.timestamp_ns,
            context=context,
            severity_text="INFO",
            severity_number=SeverityNumber.INFO,
            event_name=event.event,
            body=event.event,
            attributes={
                **event.facts,
                Attr.AUDIT_CHAIN_ID.value: event.chain,
                Attr.AUDIT_SEQUENCE.value: event.seq,
                Attr.AUDIT_PREVIOUS.value: event.prev,
                Attr.AUDIT_LEAF.value: event.leaf,
                Attr.AUDIT_HASH.value: event.hash,
                Attr.AUDIT_SALT.value: event.salt,
            },
        )


def _version() -> str:
    try:
        return metadata.version("otel-compliance")
    except metadata.PackageNotFoundError:
        return "not installed"


_fork_aware: weakref.WeakSet[AuditLog] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for log in list(_fork_aware):
        with health.contained("audit.fork"):
            log._after_fork()  # noqa: SLF001 - the other half of the same module


os.register_at_fork(after_in_child=_after_fork_in_child)
