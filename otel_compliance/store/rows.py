"""Spans and log records as columns of the Collector's tables. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import format_span_id, format_trace_id

from otel_compliance.names import Table

MAX_TEXT_CHARS: Final = 1 << 20
"""Characters of one value that are stored; a longer one is cut, and says so at its end."""

_CUT: Final = "…[cut]"
_MAX_NANOSECONDS: Final = (1 << 63) - 1
"""DateTime64(9) ends in 2262; clocks that are further off are clamped."""

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
}
"""Column names and types, by table. Fixed, so that an insert needs no DESCRIBE."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one table, as columns.

    Attributes:
        table: The table.
        columns: Column name to its values, all of the same length.
        count: Number of rows.
    """

    table: str
    columns: Mapping[str, Sequence[Any]]
    count: int


def span_block(spans: Sequence[ReadableSpan]) -> Block:
    """The rows of `spans` for ``otel_traces``."""
    return _block(Table.TRACES, [_span_row(span) for span in spans])


def log_block(records: Sequence[ReadableLogRecord]) -> Block:
    """The rows of `records` for ``otel_logs``."""
    return _block(Table.LOGS, [_log_row(record) for record in records])


def text(value: Any) -> str:
    """An attribute value as the Collector stores it: JSON for lists and maps, ``true`` and ``false`` for booleans."""
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, bytes):
        return _storable(value.decode("utf-8", "replace"))
    if isinstance(value, Mapping | Sequence):
        return _storable(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain))
    return str(value)


def _block(table: Table, rows: list[tuple[Any, ...]]) -> Block:
    names = COLUMN_TYPES[table]
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return Block(table.value, dict(zip(names, map(list, columns), strict=True)), len(rows))


def _span_row(span: ReadableSpan) -> tuple[Any, ...]:
    context, scope = span.get_span_context(), span.instrumentation_scope
    start, end = _nanoseconds(span.start_time), _nanoseconds(span.end_time)
    return (
        start,
        format_trace_id(context.trace_id) if context else "",
        format_span_id(context.span_id) if context else "",
        format_span_id(span.parent.span_id) if span.parent else "",
        context.trace_state.to_header() if context else "",
        _storable(span.name),
        span.kind.name.capitalize(),
        _service_name(span.resource),
        _attributes(span.resource.attributes),
        scope.name if scope else "",
        (scope.version or "") if scope else "",
        _attributes(span.attributes),
        max(0, end - start),
        span.status.status_code.name.capitalize(),
        _storable(span.status.description or ""),
        [_nanoseconds(event.timestamp) for event in span.events],
        [_storable(event.name) for event in span.events],
        [_attributes(event.attributes) for event in span.events],
        [format_trace_id(link.context.trace_id) for link in span.links],
        [format_span_id(link.context.span_id) for link in span.links],
        [link.context.trace_state.to_header() for link in span.links],
        [_attributes(link.attributes) for link in span.links],
    )


def _log_row(readable: ReadableLogRecord) -> tuple[Any, ...]:
    record, scope = readable.log_record, readable.instrumentation_scope
    return (
        _nanoseconds(record.timestamp or record.observed_timestamp),
        format_trace_id(record.trace_id) if record.trace_id else "",
        format_span_id(record.span_id) if record.span_id else "",
        int(record.trace_flags or 0) & 0xFF,
        record.severity_text or "",
        record.severity_number.value if record.severity_number else 0,
        _service_name(readable.resource),
        text(record.body),
        readable.resource.schema_url,
        _attributes(readable.resource.attributes),
        (scope.schema_url or "") if scope else "",
        scope.name if scope else "",
        (scope.version or "") if scope else "",
        _attributes(scope.attributes) if scope else {},
        _attributes(record.attributes),
        record.event_name or "",
    )


def _attributes(attributes: Mapping[str, Any] | None) -> dict[str, str]:
    return {_storable(name): text(value) for name, value in (attributes or {}).items()}


def _service_name(resource: Resource) -> str:
    return text(resource.attributes.get("service.name", ""))


def _nanoseconds(value: int | None) -> int:
    return min(max(value or 0, 0), _MAX_NANOSECONDS)


def _storable(value: str) -> str:
    """Text that is valid UTF-8 and of bounded length."""
    if len(value) > MAX_TEXT_CHARS:
        value = value[: MAX_TEXT_CHARS - len(_CUT)] + _CUT
    # Lone surrogates cannot be encoded; they come from decoding with surrogateescape.
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
