"""The hash chain of audit events, and its verification. Pure: no clock, no files but the one it reads.

An auditor can re-implement it from this description. Every value is text, rendered as the OpenTelemetry Collector
stores attributes: booleans as ``true`` and ``false``, integers in decimal, lists as compact JSON. So the copy in
ClickHouse verifies like the one in the file.

* ``payload``: compact JSON with sorted keys, UTF-8, of ``{"event", "facts", "span_id", "timestamp", "trace_id"}``,
  where ``facts`` maps names to texts and ``timestamp`` is nanoseconds since the epoch in decimal.
* ``leaf = SHA-256(0x00 ‖ salt ‖ payload)``, with a random salt of 16 bytes.
* ``hash = SHA-256(0x01 ‖ chain ‖ 0x0A ‖ seq ‖ 0x0A ‖ prev ‖ 0x0A ‖ leaf)``, with ``seq`` in decimal and ``prev`` and
  ``leaf`` in hexadecimal. ``prev`` of the first event is 64 zeros.

Since the leaf is salted, payload and salt of an event can be erased (GDPR Art. 17) while its leaf stays: the chain
still verifies, and nothing about the erased payload can be guessed from the leaf.

What a chain alone cannot show: somebody who can rewrite all of it, from the change to its end, in every copy. Compare
the copies (`compare`), and keep one where the writer cannot change it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

from otel_compliance.errors import AuditError
from otel_compliance.names import Attr, Event

GENESIS: Final = "0" * 64
"""``prev`` of the first event of a chain."""

ProblemKind = Literal["changed", "missing", "reordered", "repeated", "malformed", "open_end"]
_CHAIN_ATTRIBUTES: Final = frozenset(
    {
        Attr.AUDIT_CHAIN_ID.value,
        Attr.AUDIT_SEQUENCE.value,
        Attr.AUDIT_PREVIOUS.value,
        Attr.AUDIT_HASH.value,
        Attr.AUDIT_SALT.value,
        Attr.AUDIT_LEAF.value,
    }
)


# Made once: `json.dumps` with options makes an encoder for each call.
_compact: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_canonical: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_quoted: Final[Callable[[str], str]] = json.encoder.encode_basestring
"""One text as the encoders above write it, without their set-up for each."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event of a chain.

    Attributes:
        chain: Identity of the chain.
        seq: Position in it, from 0.
        prev: Hash of the event before, in hexadecimal.
        leaf: Salted hash of the payload, in hexadecimal.
        hash: Hash of the event, in hexadecimal.
        salt: The salt in hexadecimal; empty when the payload was erased.
        event: Name of the event.
        timestamp_ns: When it happened, in nanoseconds since the epoch.
        trace_id: Trace of the call, 32 hexadecimal digits, or empty.
        span_id: Span of the call, 16 hexadecimal digits, or empty.
        facts: What is recorded, as texts.
    """

    chain: str
    seq: int
    prev: str
    leaf: str
    hash: str
    salt: str = ""
    event: str = ""
    timestamp_ns: int = 0
    trace_id: str = ""
    span_id: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def erased(self) -> bool:
        """Whether the payload was erased, so that only the leaf is left."""
        return not self.salt


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a chain. Names the place, never content."""

    kind: ProblemKind
    chain: str
    seq: int
    detail: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The result of a verification.

    Attributes:
        chains: Number of chains.
        events: Number of events.
        erased: Events whose payload was erased.
        problems: What is wrong; empty when all is well.
    """

    chains: int
    events: int
    erased: int
    problems: tuple[Problem, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing was changed, removed, reordered or repeated. An open end alone is no such thing."""
        return all(problem.kind == "open_end" for problem in self.problems)


def render(value: Any) -> str:
    """A fact as text, by the Collector's rules."""
    if isinstance(value, bool):
        return "true" if value else "false"
    # Before the abstract `Sequence`, whose check takes longer than all the others.
    if isinstance(value, (str, int)):
        return str(value)
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, (tuple, list, Sequence)):
        return _compact(list(value))
    return str(value)


def seal(draft: AuditEvent) -> tuple[AuditEvent, str]:
    """A draft with its hashes, and its line as of `to_line`. Its facts, most of both, are encoded once."""
    facts = _canonical(dict(draft.facts))
    leaf = _leaf_hash(draft, facts)
    event = AuditEvent(
        chain=draft.chain,
        seq=draft.seq,
        prev=draft.prev,
        leaf=leaf,
        hash=event_hash(draft.chain, draft.seq, draft.prev, leaf),
        salt=draft.salt,
        event=draft.event,
        timestamp_ns=draft.timestamp_ns,
        trace_id=draft.trace_id,
        span_id=draft.span_id,
        facts=draft.facts,
    )
    return event, _line(event, facts)


def leaf_hash(event: AuditEvent) -> str:
    """The salted hash of an event's payload."""
    return _leaf_hash(event, _canonical(dict(event.facts)))


def event_hash(chain: str, seq: int, prev: str, leaf: str) -> str:
    """The hash that binds an event to its place in its chain."""
    return hashlib.sha256(f"\x01{chain}\n{seq}\n{prev}\n{leaf}".encode()).hexdigest()


def to_line(event: AuditEvent) -> str:
    """An event as one line of JSON, without the line's end."""
    return _line(event, _canonical(dict(event.facts)))


def _leaf_hash(event: AuditEvent, facts: str) -> str:
    """`leaf_hash` with the facts as canonical JSON. The names of the payload stand in the order that sorting gives."""
    payload = (
        f'{{"event":{_quoted(event.event)},"facts":{facts},"span_id":{_quoted(event.span_id)},'
        f'"timestamp":"{event.timestamp_ns}","trace_id":{_quoted(event.trace_id)}}}'
    )
    return hashlib.sha256(b"\x00" + bytes.fromhex(event.salt) + payload.encode("utf-8", "surrogatepass")).hexdigest()


def _line(event: AuditEvent, facts: str) -> str:
    """`to_line` with the facts as canonical JSON."""
    return (
        f'{{"timestamp":"{event.timestamp_ns}","event":{_quoted(event.event)},'
        f'"trace_id":{_quoted(event.trace_id)},"span_id":{_quoted(event.span_id)},"facts":{facts},'
        f'"chain":{_quoted(event.chain)},"seq":{event.seq},"prev":{_quoted(event.prev)},'
        f'"salt":{_quoted(event.salt)},"leaf":{_quoted(event.leaf)},"hash":{_quoted(event.hash)}}}'
    )


def from_line(line: str) -> AuditEvent:
    """The event of one line.

    Raises:
        AuditError: The line is not an event.
    """
    try:
        document = json.loads(line)
        return AuditEvent(
            chain=str(document["chain"]),
            seq=int(document["seq"]),
            prev=str(document["prev"]),
            leaf=str(document["leaf"]),
            hash=str(document["hash"]),
            salt=str(document.get("salt", "")),
            event=str(document.get("event", "")),
            timestamp_ns=int(document.get("timestamp", 0)),
            trace_id=str(document.get("trace_id", "")),
            span_id=str(document.get("span_id", "")),
            facts={str(name): str(value) for name, value in document.get("facts", {}).items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AuditError(f"the line is not an audit event: {type(error).__name__}") from None


def from_row(row: Mapping[str, Any]) -> AuditEvent:
    """The event of one row of ``otel_audit``, whose attributes are texts.

    Its place in the chain is in columns of their own; older rows have it among the attributes, too.

    Raises:
        AuditError: The row is not an audit event.
    """
    attributes = row["LogAttributes"]
    try:
        return AuditEvent(
            chain=str(row["ChainId"]),
            seq=int(row["Seq"]),
            prev=str(row["PrevHash"]),
            leaf=attributes[Attr.AUDIT_LEAF],
            hash=str(row["Hash"]),
            salt=attributes.get(Attr.AUDIT_SALT, ""),
            event=str(row["EventName"]),
            timestamp_ns=int(row["TimestampNs"]),
            trace_id=str(row["TraceId"]),
            span_id=str(row["SpanId"]),
            facts={name: value for name, value in attributes.items() if name not in _CHAIN_ATTRIBUTES},
        )
    except (ValueError, KeyError) as error:
        raise AuditError(f"the row is not an audit event: {type(error).__name__}") from None


def read_chain_file(path: Path) -> tuple[list[AuditEvent], list[Problem]]:
    """The events of a file in the order of its lines, and the lines that are no events.

    Raises:
        AuditError: The file cannot be read.
    """
    events: list[AuditEvent] = []
    problems: list[Problem] = []
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise AuditError(f"{path}: the audit chain cannot be read: {error.strerror}") from error
    torn = lines.pop()
    for number, line in enumerate(lines, 1):
        try:
            events.append(from_line(line.decode("utf-8", "surrogatepass")))
        except (AuditError, UnicodeDecodeError):
            problems.append(Problem("malformed", path.stem, number, f"line {number} is not an audit event"))
    if torn:
        detail = f"line {len(lines) + 1} has no end: the writer stopped in the middle of it"
        problems.append(Problem("malformed", path.stem, len(lines) + 1, detail))
    return events, problems


def verify(events: Iterable[AuditEvent], *, ordered: bool = True) -> VerifyReport:
    """Verify events of any number of chains.

    Args:
        events: The events; of a file in the order of its lines.
        ordered: Whether the order means anything; rows of a database have none.
    """
    chains: defaultdict[str, list[AuditEvent]] = defaultdict(list)
    for event in events:
        chains[event.chain].append(event)
    problems: list[Problem] = []
    for chain, members in chains.items():
        problems += _changed(members)
        problems += _reordered(chain, members) if ordered else []
        problems += _linked(chain, sorted(members, key=lambda event: event.seq))
    everything = [event for members in chains.values() for event in members]
    return VerifyReport(len(chains), len(everything), sum(event.erased for event in everything), tuple(problems))


def compare(one: Iterable[AuditEvent], other: Iterable[AuditEvent], *, names: tuple[str, str]) -> list[Problem]:
    """What differs between two copies of the same chains.

    Args:
        one: Events of one copy.
        other: Events of the other copy.
        names: What messages call the copies.
    """
    left = {(event.chain, event.seq): event.hash for event in one}
    right = {(event.chain, event.seq): event.hash for event in other}
    problems: list[Problem] = []
    for chain, seq in sorted(left.keys() | right.keys()):
        here, there = left.get((chain, seq)), right.get((chain, seq))
        if here is None or there is None:
            absent, present = names if here is None else names[::-1]
            problems.append(Problem("missing", chain, seq, f"in {present}, not in {absent}"))
        elif here != there:
            problems.append(Problem("changed", chain, seq, f"{names[0]} and {names[1]} differ"))
    return problems


def _changed(members: list[AuditEvent]) -> list[Problem]:
    """Events whose hashes do not fit their own content."""
    problems = []
    for event in members:
        try:
            fits = event.erased or leaf_hash(event) == event.leaf
        except ValueError:
            fits = False
        if not fits or event_hash(event.chain, event.seq, event.prev, event.leaf) != event.hash:
            problems.append(Problem("changed", event.chain, event.seq, "the content does not fit the hash"))
    return problems


def _reordered(chain: str, members: list[AuditEvent]) -> list[Problem]:
    """The first place where the order of lines is not the order of the chain."""
    for before, event in pairwise(members):
        if event.seq < before.seq:
            return [Problem("reordered", chain, event.seq, f"stands behind {before.seq}")]
    return []


def _linked(chain: str, members: list[AuditEvent]) -> list[Problem]:
    """Gaps, repetitions, broken links and an open end, of one chain sorted by position."""
    problems: list[Problem] = []
    expected, prev = 0, GENESIS
    for event in members:
        if event.seq < expected:
            problems.append(Problem("repeated", chain, event.seq, "the position is taken twice"))
            continue
        if event.seq > expected:
            problems.append(Problem("missing", chain, expected, f"{event.seq - expected} missing from here on"))
        elif event.prev != prev:
            problems.append(Problem("changed", chain, event.seq, "it does not follow the event before it"))
        expected, prev = event.seq + 1, event.hash
    if not any(event.event == Event.CHAIN_CLOSED for event in members):
        detail = "no closing event: the process is running, was killed, or the tail was removed"
        problems.append(Problem("open_end", chain, expected, detail))
    return problems
