"""Spans and log records as columns of the Collector's tables."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import format_span_id, format_trace_id

from otel_compliance import health
from otel_compliance.names import Table
from otel_compliance.redact.cut import shortened

_T = TypeVar("_T")

MAX_TEXT_CHARS: Final = 1 << 20
"""Characters of one value that are stored; a longer one is cut, and says so at its end."""

_MAX_DURATION: Final = (1 << 63) - 1
_MAX_INT_BITS: Final = 4096

MAX_NANOSECONDS: Final = int(datetime(2090, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000
"""Times are clamped to 1970 to 2090. Sorting keys and TTLs of the Collector's tables are 32-bit and end in 2106: a row
whose time plus its retention, at most ten years, is beyond that would count as expired and be deleted at once."""

_SLOW_TO_WALK: Final = (BoundedAttributes, MappingProxyType)

_ATTRIBUTES: Final = "Map(LowCardinality(String), String)"

COLUMN_TYPES: Final[Mapping[str, Mapping[str, str]]] = {
    Table.TRACES: {
        "Timestamp": "DateTime64(9)",
        "TraceId": "String",
        "SpanId": "String",
        "ParentSpanId": "String",
        "TraceState": "String",
        "SpanName": "LowCardinality(String)",
        "SpanKind": "LowCardinality(String)",
        "ServiceName": "LowCardinality(String)",
        "ResourceAttributes": _ATTRIBUTES,
        "ScopeName": "String",
        "ScopeVersion": "String",
        "SpanAttributes": _ATTRIBUTES,
        "Duration": "UInt64",
        "StatusCode": "LowCardinality(String)",
        "StatusMessage": "String",
        "Events.Timestamp": "Array(DateTime64(9))",
        "Events.Name": "Array(LowCardinality(String))",
        "Events.Attributes": f"Array({_ATTRIBUTES})",
        "Links.TraceId": "Array(String)",
        "Links.SpanId": "Array(String)",
        "Links.TraceState": "Array(String)",
        "Links.Attributes": f"Array({_ATTRIBUTES})",
    },
    Table.LOGS: {
        "Timestamp": "DateTime64(9)",
        "TraceId": "String",
        "SpanId": "String",
        "TraceFlags": "UInt8",
        "SeverityText": "LowCardinality(String)",
        "SeverityNumber": "UInt8",
        "ServiceName": "LowCardinality(String)",
        "Body": "String",
        "ResourceSchemaUrl": "LowCardinality(String)",
        "ResourceAttributes": _ATTRIBUTES,
        "ScopeSchemaUrl": "LowCardinality(String)",
        "ScopeName": "String",
        "ScopeVersion": "LowCardinality(String)",
        "ScopeAttributes": _ATTRIBUTES,
        "LogAttributes": _ATTRIBUTES,
        "EventName": "String",
    },
    Table.CONTENT: {
        "Timestamp": "DateTime64(9)",
        "TraceId": "String",
        "SpanId": "String",
        "UserId": "String",
        "Name": "LowCardinality(String)",
        "Sealed": "String",
        "RetentionDays": "UInt16",
    },
}
"""Column names and types, by table. Fixed, so that an insert needs no DESCRIBE."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one table, as columns.

    Attributes:
        table: The table.
        columns: Column name to its values, all of the same length.
        count: Number of rows.
        altered: Values that the store cannot hold as they were: cut, clamped, or not serialisable.
    """

    table: str
    columns: Mapping[str, Sequence[Any]]
    count: int
    altered: int = 0


def span_block(spans: Sequence[ReadableSpan]) -> Block:
    """The rows of `spans` for ``otel_traces``. A span that cannot be converted is left out and counted as swallowed."""
    batch = _Batch()
    return batch.block(Table.TRACES, spans, batch.span)


def log_block(records: Sequence[ReadableLogRecord]) -> Block:
    """The rows of `records` for ``otel_logs``. A record that cannot be converted is left out, as in `span_block`."""
    batch = _Batch()
    return batch.block(Table.LOGS, records, batch.log)


def text(value: Any) -> str:
    """An attribute value as the Collector stores it (``Value.AsString`` of its ``pdata``).

    JSON for lists and maps, ``true`` and ``false`` for booleans, the shortest form without ``.0`` for floats, Base64
    for bytes. What is text but no valid Unicode, or is too long, or fits no OTLP type, gets a form that is safe.
    """
    return _Batch().text(value)


class _Batch:
    """Converts the items of one batch. Resources, which spans share, are converted once."""

    __slots__ = ("_resources", "altered")

    def __init__(self) -> None:
        self.altered = 0
        self._resources: dict[int, dict[str, str]] = {}

    def block(self, table: Table, items: Sequence[_T], convert: Callable[[_T], tuple[Any, ...]]) -> Block:
        """The block of all items that can be converted."""
        rows = []
        for item in items:
            with health.contained("store.rows"):
                rows.append(convert(item))
        names = COLUMN_TYPES[table]
        columns = zip(*rows, strict=True) if rows else ([] for _ in names)
        return Block(table.value, dict(zip(names, map(list, columns), strict=True)), len(rows), self.altered)

    def span(self, span: ReadableSpan) -> tuple[Any, ...]:
        """One row of ``otel_traces``."""
        context, scope = span.get_span_context(), span.instrumentation_scope
        # Apps give times as floats, too, against the types: `time.time() * 1e9`.
        start, end = span.start_time or 0, span.end_time or 0
        events, links = span.events, span.links
        resource = self._resource(span.resource)
        return (
            self._moment(start),
            format_trace_id(context.trace_id) if context else "",
            format_span_id(context.span_id) if context else "",
            format_span_id(span.parent.span_id) if span.parent else "",
            self._storable(context.trace_state.to_header()) if context else "",
            self.text(span.name),
            span.kind.name.capitalize(),
            resource.get("service.name", ""),
            resource,
            self._storable(scope.name) if scope else "",
            self._storable(scope.version or "") if scope else "",
            self._attributes(span.attributes),
            self._nanoseconds(end - start, _MAX_DURATION),
            span.status.status_code.name.capitalize(),
            self._storable(span.status.description or ""),
            [self._moment(event.timestamp) for event in events],
            [self.text(event.name) for event in events],
            [self._attributes(event.attributes) for event in events],
            [format_trace_id(link.context.trace_id) for link in links],
            [format_span_id(link.context.span_id) for link in links],
            [self._storable(link.context.trace_state.to_header()) for link in links],
            [self._attributes(link.attributes) for link in links],
        )

    def log(self, readable: ReadableLogRecord) -> tuple[Any, ...]:
        """One row of ``otel_logs``."""
        record, scope = readable.log_record, readable.instrumentation_scope
        resource = self._resource(readable.resource)
        return (
            self._moment(record.timestamp or record.observed_timestamp or 0),
            format_trace_id(record.trace_id) if record.trace_id else "",
            format_span_id(record.span_id) if record.span_id else "",
            int(record.trace_flags or 0) & 0xFF,
            self._storable(record.severity_text or ""),
            record.severity_number.value if record.severity_number else 0,
            resource.get("service.name", ""),
            self.text(record.body),
            self._storable(readable.resource.schema_url),
            resource,
            self._storable(scope.schema_url or "") if scope else "",
            self._storable(scope.name) if scope else "",
            self._storable(scope.version or "") if scope else "",
            self._attributes(scope.attributes) if scope else {},
            self._attributes(record.attributes),
            self._storable(record.event_name or ""),
        )

    def text(self, value: Any) -> str:
        """See the function of the same name."""
        if isinstance(value, str):
            return self._storable(value)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            # Python writes out no number that is much longer.
            return str(int(value)) if value.bit_length() <= _MAX_INT_BITS else self._refused(value)
        if isinstance(value, float):
            return _number(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return self._storable(base64.b64encode(value).decode("ascii"))
        if isinstance(value, Mapping | Sequence):
            return self._storable(self._json(value))
        return self._refused(value)

    def _json(self, value: Any) -> str:
        try:
            return _encode(value)
        except (TypeError, ValueError, RecursionError):
            pass
        try:
            return _encode(self._plain(value))
        except (RecursionError, ValueError):
            return self._refused(value)

    def _plain(self, value: Any) -> Any:
        """`value` of what JSON has: text for keys and for numbers that JSON lacks, Base64 for bytes."""
        if value is None or isinstance(value, str | bool | int):
            return value
        if isinstance(value, Mapping):
            return {self.text(name): self._plain(item) for name, item in value.items()}
        if isinstance(value, float):
            return value if math.isfinite(value) else _number(value)
        if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
            return [self._plain(item) for item in value]
        return self.text(value)

    def _refused(self, value: object) -> str:
        """What stands for a value that cannot be stored. Its own text is not used: no redactor has seen that."""
        self.altered += 1
        return f"[{type(value).__name__}]"

    def _resource(self, resource: Resource) -> dict[str, str]:
        known = self._resources.get(id(resource))
        if known is None:
            known = self._resources[id(resource)] = self._attributes(resource.attributes)
        return known

    def _attributes(self, attributes: Mapping[str, Any] | None) -> dict[str, str]:
        if not attributes:
            return {}
        # The SDK's own mapping, and the view of one that a span gives, are slow to walk; a copy of them is plain.
        stored: Any = attributes.copy() if isinstance(attributes, _SLOW_TO_WALK) else dict(attributes)
        for name, value in stored.items():
            if type(value) is not str or len(value) > MAX_TEXT_CHARS or not value.isascii():
                stored[name] = self.text(value)
        with suppress(TypeError):  # of a name that is no text
            if all(map(str.isascii, stored)):
                return cast("dict[str, str]", stored)
        return {self.text(name): value for name, value in stored.items()}

    def _moment(self, nanoseconds: float) -> int:
        if type(nanoseconds) is int and 0 <= nanoseconds <= MAX_NANOSECONDS:
            return nanoseconds
        clamped = self._nanoseconds(nanoseconds, MAX_NANOSECONDS)
        self.altered += clamped != nanoseconds
        return clamped

    @staticmethod
    def _nanoseconds(value: float, most: int) -> int:
        """A whole number of nanoseconds from 0 to `most`. What is no number at all becomes 0."""
        return 0 if math.isnan(value) else int(min(max(value, 0), most))

    def _storable(self, value: str) -> str:
        """Text that is valid UTF-8 and of bounded length."""
        if len(value) > MAX_TEXT_CHARS:
            self.altered += 1
            value = shortened(value, MAX_TEXT_CHARS)
        # Lone surrogates cannot be encoded; they come from decoding with surrogateescape.
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _encode(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _number(value: float) -> str:
    """A float as ECMAScript and Go's JSON write it. Numbers that JSON lacks become ``nan`` ``inf`` ``-inf``."""
    if not math.isfinite(value):
        return str(value)
    if 1e-6 <= abs(value) < 1e21 or value == 0:
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    return repr(value).replace("e-0", "e-")
