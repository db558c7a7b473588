"""Deliver the spool to the store, at once or in the background of the instrumented process."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from weakref import WeakSet

from opentelemetry.instrumentation.utils import suppress_instrumentation

from otel_compliance import health
from otel_compliance.errors import ComplianceError, SpoolError, SpoolKeyError
from otel_compliance.store.client import Store, connect
from otel_compliance.store.delivery import Delivery
from otel_compliance.store.lock import FileLock
from otel_compliance.store.spool import Spool
from otel_compliance.store.telemetry import explain

_IDLE_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.02
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
        locked: Why segments were left waiting that were encrypted with another key; `None` when there are none.
    """

    segments: int = 0
    rows: int = 0
    quarantined: int = 0
    locked: SpoolKeyError | None = None


def drain(spool: Spool, store: Store, *, wait: bool = True) -> DrainReport:
    """Deliver every waiting segment. Each is delivered at least once and counts once, whatever crashes when.

    A segment that is damaged is set aside. One that was encrypted with another key waits, since that key may come back.
    One that the store refuses is set aside only if the store takes other segments of the same table: a store that
    refuses everything has a fault of its own, and nothing is lost to that.

    Args:
        spool: What to deliver.
        store: Where to.
        wait: Whether to wait for another drainer of the same spool, or to leave it to that one.

    Raises:
        StoreUnavailable: The store does not answer.
        SchemaError: A table is missing or was altered; the segments of other tables are delivered.
        StoreError: The store refuses every segment of a table, likewise.
        SpoolKeyError: A segment is encrypted with another key; the others are delivered.
        SpoolError: The spool cannot be changed, so what is delivered cannot be removed.

    Whatever is raised, what is not delivered stays in the spool.
    """
    with suppress_instrumentation(), _exclusively(spool, wait=wait) as ours:
        if not ours:
            return DrainReport()
        delivery = Delivery(spool, store)
        try:
            delivery.run()
        except OSError as error:
            raise _unwritable(spool, error) from error
        return DrainReport(delivery.segments, delivery.rows, delivery.quarantined, delivery.locked)


@contextmanager
def _exclusively(spool: Spool, *, wait: bool) -> Iterator[bool]:
    """One drainer at a time: two would deliver the same segments, and race to remove them."""
    if not spool.directory.exists():
        yield False
        return
    try:
        lock = FileLock.take(spool.directory / ".drain.lock", wait=wait)
    except OSError as error:
        raise _unwritable(spool, error) from error
    try:
        yield lock is not None
    finally:
        if lock is not None:
            lock.release()


def _unwritable(spool: Spool, error: OSError) -> SpoolError:
    return SpoolError(
        f"{spool.directory}: the spool cannot be changed: {error.strerror or type(error).__name__}",
        remedy="make the folder writable for the user who delivers it",
    )


class BackgroundDrainer:
    """Drains to a ClickHouse server from a thread of its own. The app never waits for it, except to stop it.

    It never changes the schema: that takes rights which an app that only writes should not have.

    Args:
        spool: What to deliver.
        dsn: Where to.
    """

    def __init__(self, spool: Spool, dsn: str) -> None:
        self._spool = spool
        self._dsn = dsn
        self._reset()
        _drainers.add(self)

    def _reset(self) -> None:
        """Begin: on construction, and in a forked child, which has none of its parent's threads."""
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def notify(self) -> None:
        """Say that there is something to deliver. Returns at once."""
        with self._guard:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="otel-compliance-drainer", daemon=True)
                self._thread.start()
        self._wake.set()

    def flush(self, seconds: float) -> bool:
        """Wait until everything that this process wrote is delivered, by this drainer or by that of another process.

        Args:
            seconds: How long to wait at most.

        Returns:
            Whether it is.
        """
        deadline = time.monotonic() + seconds
        self.notify()
        while self._spool.has_own():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def stop(self) -> None:
        """Try once more to deliver what waits, for a bounded time. What is left stays in the spool."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        store: Store | None = None
        backoff = 0.0
        with suppress_instrumentation():
            while True:
                last = self._stopping.is_set()
                self._wake.clear()
                try:
                    store = store or connect(self._dsn)
                    report = drain(self._spool, store, wait=False)
                    if report.locked is not None:
                        explain(report.locked, "they wait in the spool until they can be opened")
                    backoff = 0.0
                except Exception as error:  # noqa: BLE001 - it is tried again
                    self._failed(error)
                    backoff = min(_MAX_BACKOFF_SECONDS, max(1.0, backoff * 2))
                if last:
                    break
                self._pause(backoff)
        if store is not None:
            store.close()

    def _pause(self, backoff: float) -> None:
        """Wait for something new, or, after a failure, longer each time; only `stop` shortens that."""
        if backoff:
            # Jitter keeps many processes from coming back at the same moment.
            self._stopping.wait(backoff * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        else:
            self._wake.wait(_IDLE_SECONDS)

    @staticmethod
    def _failed(error: Exception) -> None:
        health.swallow("store.deliver", error)
        if isinstance(error, ComplianceError):
            explain(error, "spans and audit events wait in the spool, and are delivered when that is mended")


_drainers: WeakSet[BackgroundDrainer] = WeakSet()


def _reset_in_child() -> None:
    for drainer in list(_drainers):
        drainer._reset()  # noqa: SLF001 - the other half of the same module


os.register_at_fork(after_in_child=_reset_in_child)
