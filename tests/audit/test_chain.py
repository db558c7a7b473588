"""Verification finds whatever is done to a chain."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_compliance.audit import AuditEvent, AuditLog, compare, read_chain_file, verify
from otel_compliance.audit.chain import GENESIS, event_hash, from_line, leaf_hash, to_line
from otel_compliance.errors import AuditError

OPEN = "open_end"


def chain(length: int, *, name: str = "c") -> list[AuditEvent]:
    """An intact, closed chain."""
    events: list[AuditEvent] = []
    prev = GENESIS
    for seq in range(length):
        event = "compliance.chain.closed" if seq == length - 1 else "claude.api.request"
        draft = AuditEvent(name, seq, prev, "", "", "ab" * 16, event, 1_000 + seq, "t" * 32, "s" * 16, {"n": str(seq)})
        leaf = leaf_hash(draft)
        events.append(replace(draft, leaf=leaf, hash=event_hash(name, seq, prev, leaf)))
        prev = events[-1].hash
    return events


def kinds(events: list[AuditEvent]) -> set[str]:
    """The kinds of problems that verification finds."""
    return {problem.kind for problem in verify(events).problems}


def test_an_intact_chain_verifies() -> None:
    """A chain that nobody touched has no problem."""
    report = verify(chain(20) + chain(5, name="d"))
    assert (report.chains, report.events, report.erased, report.problems, report.intact) == (2, 25, 0, (), True)


CHANGES = {
    "salt": lambda event: replace(event, salt="cd" * 16),
    "leaf": lambda event: replace(event, leaf="0" * 64),
    "hash": lambda event: replace(event, hash="0" * 64),
    "prev": lambda event: replace(event, prev="1" * 64),
    "event": lambda event: replace(event, event="other"),
    "time": lambda event: replace(event, timestamp_ns=event.timestamp_ns + 1),
    "trace": lambda event: replace(event, trace_id="u" * 32),
    "span": lambda event: replace(event, span_id="v" * 16),
    "fact": lambda event: replace(event, facts={"n": "other"}),
    "added fact": lambda event: replace(event, facts={**event.facts, "m": "1"}),
    "broken salt": lambda event: replace(event, salt="not hexadecimal"),
}


@given(
    st.integers(2, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))), st.sampled_from(sorted(CHANGES))
)
def test_any_change_is_found(place: tuple[int, int], change: str) -> None:
    """One changed field of one event is found, wherever it is."""
    length, seq = place
    events = chain(length)
    events[seq] = CHANGES[change](events[seq])
    assert "changed" in kinds(events)


@given(st.integers(2, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))))
def test_a_removed_event_is_found(place: tuple[int, int]) -> None:
    """The first, the last and any event between: its absence is found."""
    length, seq = place
    events = chain(length)
    del events[seq]
    assert kinds(events) == ({OPEN} if seq == length - 1 else {"missing"})


@given(st.integers(3, 20).flatmap(lambda n: st.lists(st.integers(0, n - 1), min_size=2, max_size=2, unique=True)))
def test_swapped_lines_are_found(places: list[int]) -> None:
    """Two events that changed places are found, though every hash is right."""
    events = chain(20)
    first, second = places
    events[first], events[second] = events[second], events[first]
    assert kinds(events) == {"reordered"}
    assert verify(events, ordered=False).problems == ()


@given(st.integers(0, 9))
def test_a_repeated_event_is_found(seq: int) -> None:
    """An event that stands there twice is found."""
    events = chain(10)
    assert "repeated" in kinds([*events, events[seq]])


def test_an_event_of_another_chain_is_found() -> None:
    """An event that is pasted in from another chain fits neither."""
    events = chain(10)
    foreign = replace(chain(10, name="d")[4], chain="c")
    assert {"changed", "repeated"} <= kinds([*events, foreign])


def test_an_erased_event_is_no_problem() -> None:
    """Payload and salt may be erased (GDPR Art. 17); the chain still verifies, and says how many were."""
    events = chain(10)
    events[3] = replace(events[3], salt="", facts={}, event="", trace_id="", span_id="", timestamp_ns=0)
    report = verify(events)
    assert (report.erased, report.problems) == (1, ())


def test_copies_are_compared() -> None:
    """What one copy has and the other lacks, or has otherwise, is named."""
    files, store = chain(6), chain(6)
    del store[2]
    store[3] = replace(store[3], hash="0" * 64)
    found = compare(files, store, names=("files", "store"))
    assert [(problem.kind, problem.seq, problem.detail) for problem in found] == [
        ("missing", 2, "in files, not in store"),
        ("changed", 4, "files and store differ"),
    ]


@given(st.dictionaries(st.text(), st.text()))
def test_lines_round_trip(facts: dict[str, str]) -> None:
    """An event survives being written and read, whatever text is in it."""
    event = replace(chain(1)[0], facts=facts)
    assert from_line(to_line(event)) == event


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"chain": "c"}', "not json", '{"seq": "x"}'])
def test_a_line_that_is_no_event_is_refused(line: str) -> None:
    """Anything but an event is an error, without quoting it."""
    with pytest.raises(AuditError) as caught:
        from_line(line)
    assert "not json" not in caught.value.problem


def test_damaged_files_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    """A line that is no event and a torn last line are reported with their numbers; the rest is read."""
    path = tmp_path / "c.jsonl"
    lines = [to_line(event) for event in chain(3)]
    path.write_text("\n".join([lines[0], "garbage", lines[1], lines[2][:40]]))
    events, problems = read_chain_file(path)
    assert [event.seq for event in events] == [0, 1]
    assert [(problem.kind, problem.seq) for problem in problems] == [("malformed", 2), ("malformed", 4)]


def test_an_independent_implementation_agrees(tmp_path: Path) -> None:
    """The description in the module is enough to verify a chain, with nothing but a hash function."""
    import hashlib

    log = AuditLog(directory=tmp_path)
    log.close()
    [path] = tmp_path.iterdir()
    prev = "0" * 64
    for seq, line in enumerate(path.read_text().splitlines()):
        event = json.loads(line)
        payload = json.dumps(
            {name: event[name] for name in ("event", "facts", "span_id", "timestamp", "trace_id")},
            ensure_ascii=False,
            separators=(",", ":"),
            sort_keys=True,
        ).encode()
        leaf = hashlib.sha256(b"\x00" + bytes.fromhex(event["salt"]) + payload).hexdigest()
        whole = f"\x01{event['chain']}\n{seq}\n{prev}\n{leaf}".encode()
        assert (event["leaf"], event["hash"]) == (leaf, hashlib.sha256(whole).hexdigest())
        prev = event["hash"]
    assert seq == 1
