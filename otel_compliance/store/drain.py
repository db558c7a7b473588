"""Deliver the spool to the store."""

from __future__ import annotations

import fcntl
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from opentelemetry import metrics
from opentelemetry.instrumentation.utils import suppress_instrumentation

from otel_compliance import health
from otel_compliance.errors import SchemaError, SpoolError, StoreError, StoreUnavailable
from otel_compliance.names import METER_NAME, Metric
from otel_compliance.store.client import Store, connect
from otel_compliance.store.spool import Spool

_IDLE_SECONDS: Final = 2.0
_MAX_BACKOFF_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 2.0
"""How long the end of the process may wait for a last delivery; what is left is delivered by the next process."""


@dataclass(frozen=True, slots=True)
class DrainReport:
    """What a drain did.

    Attributes:
        segments: Segments delivered.
        rows: Rows in them.
        quarantined: Segments that were set aside, since they are damaged or the store refuses them for good.
    """

    segments: int = 0
    rows: int = 0
    quarantined: int = 0


def drain(spool: Spool, store: Store) -> DrainReport:
    """Deliver every waiting segment. Each is delivered at least once and counts once, whatever crashes when.

    Raises:
        StoreUnavailable: The store does not answer; what is not delivered stays in the spool.
        SchemaError: The store is not migrated; likewise.
    """
    segments = rows = quarantined = 0
    with _exclusive(spool):
        for segment in spool.segments():
            try:
                block, token = spool.read(segment)
                store.insert(block, token=token)
            except (StoreUnavailable, SchemaError):
                raise
            except (SpoolError, StoreError, KeyError) as error:
                health.swallow("store.drain", error)
                spool.quarantine(segment)
                quarantined += 1
                continue
            spool.remove(segment)
            segments += 1
            rows += block.count
    return DrainReport(segments, rows, quarantined)


@contextmanager
def _exclusive(spool: Spool) -> Iterator[None]:
    """One drainer at a time: two would deliver the same segments, and race to remove them."""
    if not spool.directory.exists():
        yield
        return
    descriptor = os.open(spool.directory / ".drain.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class BackgroundDrainer:
    """Drains to a ClickHouse server from a thread of the instrumented process. The app never waits for it.

    Args:
        spool: What to deliver.
        dsn: Where to.
    """

    def __init__(self, spool: Spool, dsn: str) -> None:
        self._spool = spool
        self._dsn = dsn
        self._start()
        os.register_at_fork(after_in_child=self._start)

    def _start(self) -> None:
        """Begin, on construction and in a forked child, which has none of its parent's threads."""
        self._store: Store | None = None
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()

    def notify(self) -> None:
        """Say that there is something to deliver. Returns at once."""
        with self._guard:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="otel-compliance-drainer", daemon=True)
                self._thread.start()
        self._wake.set()

    def stop(self) -> None:
        """Try once more to deliver what waits, for a bounded time. What is left stays in the spool."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        backoff = 0.0
        with suppress_instrumentation():
            while True:
                last = self._stopping.is_set()
                backoff = 0.0 if self._deliver() else min(_MAX_BACKOFF_SECONDS, max(1.0, backoff * 2))
                if last:
                    break
                # Jitter keeps many processes from coming back at the same moment.
                self._wake.wait(_IDLE_SECONDS + backoff * random.uniform(0.5, 1.0))  # noqa: S311
                self._wake.clear()
        if self._store is not None:
            self._store.close()

    def _deliver(self) -> bool:
        try:
            if self._store is None:
                self._store = connect(self._dsn)
            report = drain(self._spool, self._store)
        except Exception as error:  # noqa: BLE001 - it is tried again
            health.swallow("store.deliver", error)
            count_items("retried", 1)
            return False
        count_items("delivered", report.rows)
        count_items("quarantined", report.quarantined)
        return True


def count_items(outcome: str, number: int) -> None:
    """Count rows by what became of them: ``written`` ``dropped`` ``delivered`` ``retried`` ``quarantined``."""
    if number:
        counter = metrics.get_meter(METER_NAME).create_counter(
            Metric.EXPORT_ITEMS, unit="{item}", description="Rows by what became of them on the way to the store"
        )
        counter.add(number, {"compliance.outcome": outcome})
