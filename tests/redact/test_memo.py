"""Texts that come again are not inspected again, and are not kept either."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Finding, Folded, Redactor
from otel_compliance.redact import memo as memory
from otel_compliance.redact.memo import Inspected, Memo

KEYS = KeyRing(bytes(range(32)))
PADDING = "once upon a time " * 20


class Counting:
    """Finds the word jane, and counts how often it is asked."""

    entity_types = frozenset({"NAME"})
    hint = ""

    def __init__(self) -> None:
        self.calls = 0

    def find(self, folded: Folded) -> Iterator[Finding]:
        self.calls += 1
        start = folded.ascii.find(b"jane")
        if start >= 0:
            yield Finding("NAME", start, start + 4, 0.9)


@pytest.mark.parametrize("text", [PADDING, f"{PADDING}jane", f"\u200b{PADDING}\ud800 jane"])
def test_a_text_that_comes_again_is_not_inspected_again(text: str) -> None:
    """The second result equals the first: text, findings and replacements."""
    recognizer = Counting()
    redactor = Redactor(KEYS, [recognizer])
    assert redactor.redact(text) == redactor.redact("".join(list(text)))
    assert recognizer.calls == 1


def test_a_text_that_differs_is_inspected() -> None:
    """A single other character makes another text."""
    redactor = Redactor(KEYS)
    assert redactor.redact(f"{PADDING}jane.doe example.com").findings == ()
    assert [finding.type for finding in redactor.redact(f"{PADDING}jane.doe@example.com").findings] == ["EMAIL"]


def test_short_texts_do_not_make_long_ones_forgotten() -> None:
    """They are remembered apart, since there are many more of them."""
    recognizer = Counting()
    redactor = Redactor(KEYS, [recognizer])
    redactor.redact(PADDING)
    for number in range(5000):
        redactor.redact(f"name {number}")
    redactor.redact("name 4999")
    redactor.redact(PADDING)
    assert recognizer.calls == 5001


def test_the_least_recently_used_is_forgotten() -> None:
    """The memory is bounded; what is used stays in it."""
    memo = Memo()
    digests = [memo.digest(str(number)) for number in range(4097)]
    for digest in digests[:4096]:
        memo.add(digest, Inspected())
    assert memo.get(digests[0]) == Inspected()
    memo.add(digests[4096], Inspected())
    assert [memo.get(digest) for digest in (digests[0], digests[1], digests[4096])] == [Inspected(), None, Inspected()]


def test_an_outcome_of_many_findings_is_not_remembered() -> None:
    """One text cannot take much memory."""
    memo = Memo()
    digest = memo.digest("x")
    memo.add(digest, Inspected(tuple(Finding("NAME", i, i + 1, 0.9) for i in range(65)), ("token",) * 65))
    assert memo.get(digest) is None


def test_digests_tell_nothing_between_processes() -> None:
    """The key is random, so nobody can try texts against a digest."""
    assert Memo().digest("jane") != Memo().digest("jane")


def test_threads_share_it() -> None:
    """Many threads with the same texts get the same results."""
    redactor = Redactor(KEYS)
    texts = [f"{PADDING}{number} user{number}@example.com" for number in range(50)] * 8
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(redactor.redact, texts))
    assert results == [Redactor(KEYS).redact(text) for text in texts]


def test_a_fork_does_not_inherit_the_lock() -> None:
    """A child that is forked while another thread looks something up is not held up by it."""
    redactor, text = Redactor(KEYS), f"{PADDING} jane.doe@example.com"
    found = redactor.redact(text)
    held, forked = Event(), Event()

    def hold() -> None:
        with memory._lock:
            held.set()
            forked.wait(10)

    holder = Thread(target=hold)
    holder.start()
    held.wait()
    child = os.fork()
    if not child:
        signal.alarm(10)
        os._exit(0 if redactor.redact(text) == found else 1)
    forked.set()
    holder.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_finalizer_may_redact_at_any_moment() -> None:
    """The garbage collector may end a span, on the same thread, while something is being looked up."""
    redactor, text = Redactor(KEYS), f"{PADDING} jane.doe@example.com"
    with memory._lock:
        assert "jane" not in redactor.redact(text).text
