"""Many threads at once, and the garbage collector at any moment."""

import gc
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import pytest
from packaging.version import Version
from support.observed import Observed

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "My e-mail is jane.doe@example.com"}],
}
THREADS = 8
CALLS = 20


@pytest.fixture
def _busy_collector() -> Iterator[None]:
    """The collector runs at nearly every allocation, and threads switch often."""
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(20)
    sys.setswitchinterval(1e-5)
    yield
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


def _call(client: anthropic.Anthropic) -> None:
    client.messages.create(**ASK)


def _read(client: anthropic.Anthropic) -> None:
    list(client.messages.create(**ASK, stream=True))


def _break(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ASK) as stream:
        next(iter(stream))


def _drop_in_a_cycle(client: anthropic.Anthropic) -> None:
    stream = client.messages.create(**ASK, stream=True)
    next(iter(stream))
    cycle: list[Any] = [stream]
    cycle.append(cycle)


def _close_from_another_thread(client: anthropic.Anthropic) -> None:
    stream = client.messages.create(**ASK, stream=True)
    thread = threading.Thread(target=stream.close)
    thread.start()
    thread.join()


WAYS: dict[Callable[[anthropic.Anthropic], None], str] = {
    _call: "completed",
    _read: "completed",
    _break: "cancelled",
    _close_from_another_thread: "cancelled",
}
if Version(anthropic.__version__) >= Version("1.0"):
    # Before, the HTTP library waits for its own lock when the collector closes a stream while it holds that lock.
    WAYS[_drop_in_a_cycle] = "abandoned"


def _collect_all() -> None:
    """Collect what was dropped. A request does nothing while another thread, such as the recorder's, collects."""
    whole: list[bool] = []
    here = threading.get_ident()

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == len(gc.get_threshold()) - 1 and threading.get_ident() == here:
            whole.append(True)

    gc.callbacks.append(note)
    try:
        while not whole:
            gc.collect()
    finally:
        gc.callbacks.remove(note)


@pytest.mark.usefixtures("_busy_collector")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_every_call_of_many_threads_is_one_record(any_mode: Observed) -> None:
    """Whatever the collector interrupts, each call is one event with its own outcome, and nothing deadlocks."""
    client = any_mode.client()
    made: list[str] = []

    def work(seed: int) -> None:
        choose = random.Random(seed)
        for _ in range(CALLS):
            way = choose.choice(list(WAYS))
            way(client)
            made.append(WAYS[way])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _collect_all()
    assert len(made) == THREADS * CALLS
    assert Counter(any_mode.outcomes()) == Counter(made)
