"""The thread on which calls are recorded: nothing is lost, nobody waits, and it ends with the process."""

import subprocess
import sys
import threading
import time
import weakref

import pytest

from otel_compliance import health
from otel_compliance.capture import worker as module
from otel_compliance.capture.worker import Worker


class Gate:
    """A job that goes on when it is told to."""

    def __init__(self, worker: Worker) -> None:
        self.begun, self.open = threading.Event(), threading.Event()
        worker.submit(self._wait)
        assert self.begun.wait(10)

    def _wait(self) -> None:
        self.begun.set()
        assert self.open.wait(10)


def test_jobs_are_done_in_order_on_another_thread() -> None:
    """The thread that submits goes on; a flush brings all that was submitted before it."""
    worker, done = Worker(), list[tuple[int, int]]()
    gate = Gate(worker)
    for number in range(100):
        worker.submit(lambda number=number: done.append((number, threading.get_ident())))
    assert done == []
    gate.open.set()
    assert worker.flush(10)
    assert [number for number, _ in done] == list(range(100))
    assert threading.get_ident() not in {thread for _, thread in done}


def test_a_flush_waits_no_longer_than_it_may() -> None:
    """A job that does not end leaves the flush with a no; so does a flush by the worker's own job."""
    worker, answers = Worker(), list[bool]()
    assert worker.flush(10)
    gate = Gate(worker)
    assert not worker.flush(0.01)
    gate.open.set()
    worker.submit(lambda: answers.append(worker.flush(10)))
    assert worker.flush(10)
    assert answers == [False]


@pytest.mark.parametrize(("jobs", "size"), [(3, 0), (100, module.MAX_BYTES // 3)])
def test_too_much_is_done_by_who_submits_it(monkeypatch: pytest.MonkeyPatch, jobs: int, size: int) -> None:
    """When too many jobs or bytes wait, the next one is done at once by its own thread: memory is bounded."""
    monkeypatch.setattr(module, "MAX_JOBS", jobs)
    worker, done = Worker(), list[int]()
    gate = Gate(worker)
    for number in range(4):
        worker.submit(lambda number=number: done.append(number), size=size)
    assert done == [3]
    gate.open.set()
    assert worker.flush(10)
    assert done == [3, 0, 1, 2]
    worker.submit(lambda: done.append(4), size=size)
    assert worker.flush(10)
    assert done[-1] == 4


@pytest.mark.breaks
def test_a_job_that_fails_stops_nothing() -> None:
    """Its error is counted, and the next job is done."""
    worker, done = Worker(), list[str]()
    before = health.swallowed().get(("capture.worker", "ZeroDivisionError"), 0)
    worker.submit(lambda: print(1 // 0))
    worker.submit(lambda: done.append("next"))
    assert worker.flush(10)
    assert done == ["next"]
    assert health.swallowed()["capture.worker", "ZeroDivisionError"] == before + 1


def test_a_finalizer_may_submit() -> None:
    """A dropped object whose end is noticed within a job, or within a submission, has its job done."""

    class Dropped:
        pass

    worker, done = Worker(), list[str]()

    def drop() -> None:
        dropped = Dropped()
        weakref.finalize(dropped, worker.submit, lambda: done.append("finalized"))
        del dropped

    worker.submit(drop)
    assert worker.flush(10)
    assert worker.flush(10)
    assert done == ["finalized"]


def test_a_job_is_not_kept() -> None:
    """What a job refers to, the content of a call, is let go as soon as it is done."""

    class Content:
        pass

    content = Content()
    reference, worker = weakref.ref(content), Worker()
    worker.submit(lambda held=content: None)
    del content
    assert worker.flush(10)
    assert worker.flush(10)
    assert reference() is None


def _soon(done: list[int], wanted: list[int]) -> bool:
    """Whether jobs are done within some seconds, without anybody asking for it."""
    end = time.monotonic() + 10
    while done != wanted and time.monotonic() < end:
        time.sleep(0.001)
    return done == wanted


def test_a_job_is_done_though_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the thread lingers, and when it has gone to sleep since the last job, a job is done by itself."""
    monkeypatch.setattr(module, "LINGER_SECONDS", 0.001)
    monkeypatch.setattr(module, "LINGER_TURNS", 5)
    worker, done = Worker(), list[int]()
    for number in range(5):
        worker.submit(lambda number=number: done.append(number))
        assert _soon(done, list(range(number + 1)))
        time.sleep(0.05 * (number % 2))


def test_jobs_that_come_as_the_thread_goes_to_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """No job is left behind at the moment between the last look and sleep."""
    monkeypatch.setattr(module, "LINGER_SECONDS", 0.0001)
    monkeypatch.setattr(module, "LINGER_TURNS", 1)
    worker, done = Worker(), list[int]()
    for number in range(500):
        worker.submit(lambda number=number: done.append(number))
        time.sleep(0.0002 * (number % 4))
        assert _soon(done, list(range(number + 1)))


def test_many_threads_lose_nothing() -> None:
    """Every job of every thread is done once."""
    worker, done = Worker(), list[int]()
    threads = [
        threading.Thread(target=lambda: [worker.submit(lambda: done.append(1), size=1000) for _ in range(500)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worker.flush(30)
    assert len(done) == 4000


_PROCESS = """
import multiprocessing, os, sys, time
from otel_compliance.capture.worker import Worker

worker = Worker()

def late(text):
    time.sleep(0.2)
    # One write, so that lines of two processes do not mix.
    os.write(1, text.encode() + bytes([10]))

def child():
    worker.submit(lambda: late("child"))

if {way!r} == "multiprocessing":
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
elif {way!r} == "fork":
    worker.submit(lambda: late("parent"))
    worker.submit(lambda: late("parent, too"))
    if os.fork() == 0:
        child()
        worker.flush(10)
        os._exit(0)
    os.wait()
elif {way!r} == "atexit":
    import atexit
    atexit.register(lambda: worker.submit(lambda: late("at exit")))
worker.submit(lambda: late("last"))
"""


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("exit", ["last"]),
        ("multiprocessing", ["child", "last"]),
        ("fork", ["child", "last", "parent", "parent, too"]),
        ("atexit", ["at exit", "last"]),
    ],
)
def test_the_process_ends_when_all_is_done(way: str, expected: list[str]) -> None:
    """At exit, also of a child, what waits is done first, by the process that submitted it and by no other."""
    script = _PROCESS.format(way=way)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert sorted(result.stdout.splitlines()) == expected
    assert result.stderr == ""
