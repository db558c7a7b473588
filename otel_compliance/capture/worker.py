"""The thread on which calls are inspected and recorded, so that the app's own thread need not wait for it."""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final
from weakref import WeakMethod, WeakSet

from otel_compliance import health

MAX_BYTES: Final = 64 << 20
"""Bytes of content that may wait; beyond it, a call is recorded on the thread that made it."""

MAX_JOBS: Final = 4096
"""Calls that may wait, likewise."""

EXIT_SECONDS: Final = 10.0
"""How long an exiting process waits at most for the call that is being recorded."""

LINGER_SECONDS: Final = 0.01
"""How long a job waits at most while calls follow each other: to wake the thread for each would hold up the app."""

LINGER_TURNS: Final = 100
"""How often the thread looks for another job before it sleeps until it is woken: a second, and an idle app is idle."""

Job = Callable[[], None]


class Worker:
    """Does jobs one after the other on a thread of its own, which starts with the first.

    The thread is woken only when it sleeps for long: to wake it holds up whoever submits more than all else here does.
    Never loses a job, but with the process: when too much waits, the thread that submits does its job itself. That
    bounds the memory and slows down whoever is too fast. May be used in finalizers, wherever the garbage collector
    runs them. A forked child has a worker of its own; what waited belongs to the parent.
    """

    def __init__(self) -> None:
        self._become()
        _workers.add(self)
        at_exit(WeakMethod(self._exit))

    def _become(self) -> None:
        """Begin: on construction, and in a forked child, which has none of its parent's threads."""
        self._jobs: deque[tuple[Job, int]] = deque()
        # A queue as a bell: unlike conditions and events it may be rung by a finalizer that interrupts a ringing.
        self._bell: SimpleQueue[None] = SimpleQueue()
        # Reentrant: the garbage collector may end another call in the middle of anything.
        self._lock = threading.RLock()
        self._waiting_bytes = 0
        self._asleep = False
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, job: Job, *, size: int = 0) -> None:
        """Have a job done, soon. Returns at once, unless too much waits already.

        Args:
            job: Must not raise.
            size: Bytes that it keeps in memory.
        """
        with self._lock:
            accepted = self._accepts(size)
            if accepted:
                self._waiting_bytes += size
                self._jobs.append((job, size))
                if self._asleep:
                    self._wake()
        if not accepted:
            job()

    def flush(self, timeout: float) -> bool:
        """Wait until everything is done that was submitted so far.

        Args:
            timeout: Seconds to wait at most.

        Returns:
            Whether all of it is done.
        """
        if self._thread is None:
            return True
        if self._thread is threading.current_thread():
            return False
        done = threading.Event()
        with self._lock:
            self._jobs.append((done.set, 0))
            self._wake()
        return done.wait(timeout)

    def _wake(self) -> None:
        self._asleep = False
        self._bell.put(None)

    def _accepts(self, size: int) -> bool:
        if self._closed or self._waiting_bytes + size > MAX_BYTES or len(self._jobs) >= MAX_JOBS:
            return False
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="otel-compliance-recorder", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # No more threads, or the interpreter is on its way out.
                return False
            self._thread = thread
        return True

    def _run(self) -> None:
        while True:
            self._wait()
            job, size = self._jobs.popleft()
            with health.contained("capture.worker"):
                job()
            # A job keeps a call and its content alive; the next one may be long in coming.
            del job
            with self._lock:
                self._waiting_bytes -= size

    def _wait(self) -> None:
        """Wait for a job: at first with an eye on the jobs, then asleep."""
        turns = 0
        while not self._jobs:
            if turns < LINGER_TURNS:
                turns += 1
                with suppress(Empty):
                    self._bell.get(timeout=LINGER_SECONDS)
                continue
            with self._lock:
                # In this order: a finalizer on this very thread may submit a job between any two steps.
                self._asleep = True
                if self._jobs:
                    self._asleep = False
            if self._asleep:
                self._bell.get()

    def _exit(self) -> None:
        """Do what waits, and whatever is submitted later at once: the thread will not live much longer."""
        with self._lock:
            self._closed = True
        self.flush(EXIT_SECONDS)


def at_exit(method: WeakMethod[Callable[[], None]]) -> None:
    """Call a method, if its object is still there, before the process exits.

    Where `threading` has a list of its own for that, it is used: children of `multiprocessing` leave without `atexit`.
    """

    def call() -> None:
        if (bound := method()) is not None:
            bound()

    register: Callable[[Callable[[], None]], object] = getattr(threading, "_register_atexit", atexit.register)
    with suppress(RuntimeError):
        # The interpreter is on its way out: no thread will start either, so that each job is done as it is submitted.
        register(call)


_workers: WeakSet[Worker] = WeakSet()


def _become_in_child() -> None:
    for worker in list(_workers):
        worker._become()  # noqa: SLF001 - the other half of the same module


os.register_at_fork(after_in_child=_become_in_child)
