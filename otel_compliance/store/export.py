"""Rows of the store for other tools, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from otel_compliance.errors import ExportError
from otel_compliance.names import Event, Table
from otel_compliance.store.client import Store
from otel_compliance.store.filters import check_filter
from otel_compliance.store.holds import BEGINNING, END


class Format(StrEnum):
    """Formats of ClickHouse that an export may have."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class Source:
    """What can be exported.

    Attributes:
        table: Its table.
        moment: The column that a period is about.
        condition: Which of the rows are meant.
        final: Whether rows that were written again replace the earlier ones when they are read.
    """

    table: Table
    moment: str = "Timestamp"
    condition: str = "true"
    final: bool = False


SOURCES: Final[Mapping[str, Source]] = {
    "calls": Source(Table.AUDIT, condition=f"EventName = '{Event.REQUEST}'"),
    "spans": Source(Table.TRACES),
    "logs": Source(Table.LOGS),
    "audit": Source(Table.AUDIT),
    "findings": Source(Table.FINDINGS, moment="DetectedAt", final=True),
}

_TEXTS: Final = frozenset({"String", "LowCardinality(String)", "Nullable(String)", "LowCardinality(Nullable(String))"})
_FORMULA: Final = r"^[\\p{Z}\\p{C}]*[=+\\-@\\t\\r\\n＝＋－＠]"
"""Beginnings of a cell that a spreadsheet takes for a formula: OWASP, "CSV Injection". With what it may not show before
them: spaces of any kind, control characters, characters without a width."""

# Small blocks by few threads, and nothing formatted ahead: what is in memory does not grow with the result.
_SETTINGS: Final = (
    "max_block_size = 4096, max_threads = 2, output_format_parallel_formatting = 0, date_time_output_format = 'iso', "
    "output_format_json_validate_utf8 = 1, "
    "output_format_parquet_row_group_size = 65536, output_format_parquet_row_group_size_bytes = 33554432, "
    "output_format_parquet_parallel_encoding = 0"
)
_ENGINE_FORMATS: Final = {Format.PARQUET: "Parquet", Format.CSV: "CSV", Format.JSONL: "JSONEachRow"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows and columns.

    Attributes:
        source: Where from.
        since: First moment; `None` for the beginning.
        until: Moment after the last; `None` for the end.
        where: A condition as after WHERE; empty for none.
        columns: Names of columns, in order; empty for all.
    """

    source: Source
    since: datetime | None = None
    until: datetime | None = None
    where: str = ""
    columns: Sequence[str] = ()


@contextmanager
def export(store: Store, selection: Selection, output_format: Format) -> Iterator[Iterator[bytes]]:
    """The rows as bytes, in pieces and in the order in which they are stored.

    In CSV, a text that a spreadsheet would take for a formula has an apostrophe before it.

    Raises:
        ExportError: A column does not exist, or the condition is refused.
        StoreError: The store refuses, at once or in the middle.
    """
    types = _columns(store, selection.source.table)
    if selection.where:
        check_filter(store, selection.where, types)
    chosen = _chosen(selection, types)
    query = _query(selection, chosen)
    if output_format is not Format.JSONL:
        cells = ", ".join(_cell(name, types[name], output_format) for name in chosen)
        query = f"SELECT {cells} FROM (\n{query}\n)"  # noqa: S608 - names of columns
    parameters = {"since": _text(selection.since), "until": _text(selection.until)}
    used = {name: value for name, value in parameters.items() if value}
    with store.stream(f"{query}\nSETTINGS {_SETTINGS}", _ENGINE_FORMATS[output_format], used) as pieces:
        yield _with_header(chosen, pieces) if output_format is Format.CSV else pieces


def _with_header(names: Sequence[str], pieces: Iterator[bytes]) -> Iterator[bytes]:
    """CSV with the names of its columns, which the embedded engine cannot stream."""
    yield (",".join(f'"{name}"' for name in names) + "\n").encode()
    yield from pieces


def _columns(store: Store, table: Table) -> dict[str, str]:
    """Types of a table's columns, by name. Those that are computed when they are read come last."""
    rows = store.query(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String} "
        "ORDER BY default_kind = 'ALIAS', position",
        {"table": table.value},
    )
    return {row["name"]: row["type"] for row in rows}


def _chosen(selection: Selection, types: Mapping[str, str]) -> Sequence[str]:
    for name in selection.columns:
        if name not in types:
            raise ExportError(
                f"{selection.source.table} has no column {name}", remedy=f"it has: {', '.join(sorted(types))}"
            )
    return list(dict.fromkeys(selection.columns)) or list(types)


def _query(selection: Selection, columns: Sequence[str]) -> str:
    source = selection.source
    conditions = [
        source.condition,
        f"{source.moment} >= {{since:DateTime64(9)}}" if selection.since else "",
        f"{source.moment} < {{until:DateTime64(9)}}" if selection.until else "",
        f"(\n{selection.where}\n)" if selection.where else "",
    ]
    return (
        f"SELECT {', '.join(map(_quoted, columns))} FROM {source.table}{' FINAL' if source.final else ''} "  # noqa: S608
        f"WHERE {' AND '.join(filter(None, conditions))}"
    )


def _cell(name: str, kind: str, output_format: Format) -> str:
    """A column as its format can hold it. What other producers stored may be no valid UTF-8, which Parquet demands."""
    column = _quoted(name)
    if kind not in _TEXTS:
        return column
    if output_format is Format.PARQUET:
        return f"toValidUTF8({column}) AS {column}"
    return f"if(match({column}, '{_FORMULA}'), concat('\\'', {column}), {column}) AS {column}"


def _quoted(name: str) -> str:
    return f"`{name}`"


def _text(moment: datetime | None) -> Any:
    """A moment as ClickHouse reads it in a session in UTC. What its type cannot hold is before or after all rows."""
    if moment is None:
        return None
    return min(max(moment, BEGINNING), END).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
