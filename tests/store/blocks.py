"""Rows for tests of the way to the store."""

import time
from typing import Any

from otel_compliance.keys import KeyRing
from otel_compliance.store.client import Store
from otel_compliance.store.rows import COLUMN_TYPES, Block

RING = KeyRing(bytes(range(32)))
_EMPTY = {"Map": {}, "Arr": [], "UIn": 0, "Dat": time.time_ns()}


def block(*names: str, table: str = "otel_traces", **columns: list[Any]) -> Block:
    """Rows of spans that differ by name, or of log records that differ by body."""
    filled: dict[str, list[Any]] = {
        name: [_EMPTY.get(kind[:3], "")] * len(names) for name, kind in COLUMN_TYPES[table].items()
    }
    filled |= {"TraceId": [f"trace-{name}" for name in names]}
    filled |= {"SpanName" if table == "otel_traces" else "Body": list(names)} | columns
    return Block(table, filled, len(names))


def stored(store: Store) -> list[str]:
    """Names of the stored spans."""
    return [row["SpanName"] for row in store.query("SELECT SpanName FROM otel_traces ORDER BY SpanName")]
