"""Attributes that are redacted when they are first read."""

import copy
import threading
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.attributes import BoundedAttributes

from otel_compliance import health
from otel_compliance.redact.attributes import DeferredAttributes, replaced_attributes

RAW = {"user.email": "jane.doe@example.com", "tokens": 7}
CLEAN = {"user.email": "[EMAIL:k1:aaaaaaaaaaaaaaaa]", "tokens": 7}
FAILED = {"compliance.redaction.status": "failed", "compliance.classification": "RESTRICTED"}


def deferred(
    make: Callable[[BoundedAttributes], BoundedAttributes] = lambda original: replaced_attributes(original, CLEAN),
) -> DeferredAttributes:
    """The attributes of a span that ended."""
    return DeferredAttributes(BoundedAttributes(maxlen=128, attributes=RAW), make)


@pytest.mark.parametrize(
    "read",
    [
        dict,
        lambda attributes: dict(attributes.items()),
        lambda attributes: {name: attributes[name] for name in attributes},
        lambda attributes: {name: attributes.get(name) for name in CLEAN},
        lambda attributes: dict(zip(attributes, attributes.values(), strict=True)),
        lambda attributes: attributes.copy(),
        lambda attributes: dict(copy.deepcopy(attributes)),
        lambda attributes: dict(attributes) if len(attributes) == 2 else None,
        lambda attributes: dict(attributes) if "tokens" in attributes else None,
        lambda attributes: dict(attributes) if str(attributes) == str(CLEAN) else None,
        lambda attributes: dict(attributes) if attributes == CLEAN else None,
    ],
)
def test_every_way_to_read_gives_the_redacted_ones(read: Callable[[Any], Any]) -> None:
    """Whatever method an exporter uses, it sees what redaction made."""
    assert read(deferred()) == CLEAN


def test_they_are_made_once_and_not_before_they_are_read() -> None:
    """Many readers at once get the same, from one redaction; nobody's waits for one that nobody reads."""
    made: list[int] = []
    barrier = threading.Barrier(8)
    read: list[dict[str, Any]] = []

    def make(original: BoundedAttributes) -> BoundedAttributes:
        made.append(threading.get_ident())
        return replaced_attributes(original, CLEAN)

    attributes = deferred(make)
    assert made == []

    def reader() -> None:
        barrier.wait()
        read.append(dict(attributes))

    threads = [threading.Thread(target=reader) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), read) == (1, [CLEAN] * 8)


def test_a_failure_leaves_nothing_but_its_mark() -> None:
    """An error in redaction is counted, and no raw attribute is to be had, then or later."""
    before = health.swallowed().get(("redact.attributes", "LookupError"), 0)

    def make(original: BoundedAttributes) -> BoundedAttributes:
        raise LookupError(original["user.email"])

    attributes = deferred(make)
    assert dict(attributes) == FAILED
    assert dict(attributes) == FAILED
    assert health.swallowed()["redact.attributes", "LookupError"] == before + 1


def test_a_reader_within_the_redaction_gets_nothing_raw() -> None:
    """A finalizer that reads the span while the same thread redacts it sees only the mark of a failure."""
    seen: list[dict[str, Any]] = []

    def make(original: BoundedAttributes) -> BoundedAttributes:
        seen.append(dict(attributes))
        return replaced_attributes(original, CLEAN)

    attributes = deferred(make)
    assert dict(attributes) == CLEAN
    assert seen == [FAILED]


def test_a_reader_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another thread takes too long, or does not exist any more after a fork, the mark of a failure is read."""
    monkeypatch.setattr("otel_compliance.redact.attributes._PATIENCE_SECONDS", 0.01)
    begun, go_on = threading.Event(), threading.Event()

    def make(original: BoundedAttributes) -> BoundedAttributes:
        begun.set()
        assert go_on.wait(10)
        return replaced_attributes(original, CLEAN)

    attributes = deferred(make)
    thread = threading.Thread(target=lambda: dict(attributes))
    thread.start()
    assert begun.wait(10)
    assert dict(attributes) == FAILED
    go_on.set()
    thread.join()
    assert dict(attributes) == CLEAN


def test_limits_and_what_was_dropped_are_kept() -> None:
    """The replacement has the limits of the original, and counts what both dropped."""
    original = BoundedAttributes(maxlen=2, attributes={"a": 1, "b": 2, "c": 3}, max_value_len=4)
    made = DeferredAttributes(original, lambda raw: replaced_attributes(raw, {"x": "long value", "y": 1, "z": 2}))
    assert made.dropped == 1
    assert dict(made) == {"y": 1, "z": 2}
    assert (made.maxlen, made.max_value_len, made.dropped) == (2, 4, 2)


def test_they_cannot_be_changed() -> None:
    """The attributes of an ended span are immutable, as the SDK has them."""
    attributes = deferred()
    with pytest.raises(TypeError):
        attributes["a"] = 1
    with pytest.raises(TypeError):
        del attributes["tokens"]
    assert dict(attributes) == CLEAN
