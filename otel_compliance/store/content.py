"""Redacted content of calls: taken off their spans, encrypted for the person it belongs to, and read again."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from otel_compliance import health
from otel_compliance.cipher import seal, unseal
from otel_compliance.config import Settings
from otel_compliance.errors import DecryptionError, KeyRingError
from otel_compliance.keys import KeyRing
from otel_compliance.names import Attr, GenAI, Table
from otel_compliance.store.rows import COLUMN_TYPES, Block
from otel_compliance.subject_keys import SubjectKeys

if TYPE_CHECKING:
    from otel_compliance.store.client import Store

CONTENT: Final = (
    GenAI.INPUT_MESSAGES.value,
    GenAI.OUTPUT_MESSAGES.value,
    GenAI.SYSTEM_INSTRUCTIONS.value,
    GenAI.TOOL_DEFINITIONS.value,
)
"""Attributes that are content."""


class ContentSealer:
    """Takes content off rows of spans.

    Content of a call without a user belongs to a subject of its day, whose key can be destroyed, too.

    Args:
        ring: Makes the subjects of days.
        keys: The keys of data subjects.
        retention_days: Days that content may live at most; less where its class says so.
    """

    def __init__(self, ring: KeyRing, keys: SubjectKeys, retention_days: int) -> None:
        self._ring = ring
        self._keys = keys
        self._retention_days = retention_days

    def separate(self, block: Block) -> tuple[Block, Block]:
        """(rows of ``otel_traces`` without content, rows of ``genai_content``). What cannot be sealed is dropped."""
        rows: list[tuple[Any, ...]] = []
        columns = block.columns
        attributes = list(columns["SpanAttributes"])
        for number, values in enumerate(attributes):
            content = {name: values[name] for name in CONTENT if name in values}
            if content:
                attributes[number] = {name: value for name, value in values.items() if name not in content}
                span = [columns[name][number] for name in ("Timestamp", "TraceId", "SpanId")]
                with health.contained("store.content"):
                    rows += self._sealed(span, values, content)
        names = COLUMN_TYPES[Table.CONTENT]
        listed = [list(values) for values in zip(*rows, strict=True)] if rows else [[] for _ in names]
        lean = Block(block.table, {**columns, "SpanAttributes": attributes}, block.count, block.altered)
        return lean, Block(Table.CONTENT.value, dict(zip(names, listed, strict=True)), len(rows))

    def _sealed(
        self, span: list[Any], attributes: Mapping[str, str], content: Mapping[str, str]
    ) -> list[tuple[Any, ...]]:
        timestamp, trace_id, span_id = span
        user = attributes.get(Attr.USER_ID, "")
        key = self._keys.key(user or day_subject(self._ring, timestamp))
        days = max(0, min(self._retention_days, int(attributes.get(Attr.RETENTION_DAYS, self._retention_days))))
        return [
            (timestamp, trace_id, span_id, user, name, _seal(key, value, trace_id, span_id, name), days)
            for name, value in content.items()
        ]


@dataclass(frozen=True, slots=True)
class Content:
    """The redacted content of one attribute of one call.

    Attributes:
        trace_id: Its trace.
        span_id: Its span.
        timestamp_ns: When the call began, in nanoseconds since the epoch.
        user_id: Pseudonym of the person; empty where the call had none.
        name: Name of the attribute.
        value: The decoded content; `None` when it was erased, or cannot be opened here.
    """

    trace_id: str
    span_id: str
    timestamp_ns: int
    user_id: str
    name: str
    value: Any = field(repr=False)


class ContentReader:
    """Reads content back, for whoever may read the keys.

    Args:
        store: The store.
        ring: The key ring.
        keys: The keys of data subjects.
    """

    def __init__(self, store: Store, ring: KeyRing, keys: SubjectKeys) -> None:
        self._store = store
        self._ring = ring
        self._keys = keys

    @classmethod
    def from_settings(cls, store: Store, settings: Settings) -> ContentReader:
        """The reader of a deployment.

        Raises:
            KeyRingError: The key cannot be read or made.
        """
        ring = KeyRing.from_settings(settings)
        return cls(store, ring, SubjectKeys.from_settings(settings, ring))

    def of_trace(self, trace_id: str) -> Iterator[Content]:
        """The content of all calls of a trace, in order."""
        return self._read(
            "SELECT toUnixTimestamp64Nano(Timestamp) AS TimestampNs, TraceId, SpanId, UserId, Name, Sealed "
            "FROM genai_content WHERE TraceId = {trace_id:String} ORDER BY Timestamp, Name",
            {"trace_id": trace_id},
        )

    def newest(self, name: str) -> Iterator[Content]:
        """The content of all calls under one name, the newest first."""
        return self._read(
            "SELECT toUnixTimestamp64Nano(Timestamp) AS TimestampNs, TraceId, SpanId, UserId, Name, Sealed "
            "FROM genai_content WHERE Name = {name:String} ORDER BY Timestamp DESC",
            {"name": name},
        )

    def _read(self, query: str, parameters: Mapping[str, str]) -> Iterator[Content]:
        for row in self._store.query(query, parameters):
            yield Content(
                trace_id=row["TraceId"],
                span_id=row["SpanId"],
                timestamp_ns=int(row["TimestampNs"]),
                user_id=row["UserId"],
                name=row["Name"],
                value=self._opened(row),
            )

    def _opened(self, row: Mapping[str, Any]) -> Any:
        subject = row["UserId"] or day_subject(self._ring, int(row["TimestampNs"]))
        try:
            key = self._keys.find(subject)
            if key is None:
                return None
            return _unseal(key, row["Sealed"], row["TraceId"], row["SpanId"], row["Name"])
        except (DecryptionError, KeyRingError):
            return None


def day_subject(ring: KeyRing, timestamp_ns: int) -> str:
    """The subject of content that belongs to nobody: one for each day, in UTC."""
    return ring.pseudonym("content", datetime.fromtimestamp(timestamp_ns / 1e9, UTC).date().isoformat())


def _seal(key: bytes, value: str, *place: str) -> str:
    return base64.b64encode(seal(key, value.encode(), purpose=_purpose(place))).decode("ascii")


def _unseal(key: bytes, sealed: str, *place: str) -> Any:
    try:
        return json.loads(unseal(key, base64.b64decode(sealed), purpose=_purpose(place)))
    except (binascii.Error, ValueError):
        return None


def _purpose(place: tuple[str, ...]) -> bytes:
    """Where content belongs: nobody can put it in the place of another's."""
    return "\x00".join(("content", *place)).encode()
