"""What of the schema is no longer as the migrations left it, because somebody dropped or altered it.

Some of it fails no insert: a table whose view is gone is not fed any more, and one without its window counts a repeated
delivery twice. So it is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from otel_compliance.store.client import Store
from otel_compliance.store.rows import COLUMN_TYPES

if TYPE_CHECKING:
    from otel_compliance.store.schema import Migration

_COMMENT: Final = re.compile(r"--[^\n]*")
_MADE: Final = re.compile(r"CREATE (?:TABLE|(?:MATERIALIZED )?VIEW) IF NOT EXISTS (\w+)")
_QUERY: Final = re.compile(r"CREATE (?:MATERIALIZED )?VIEW IF NOT EXISTS (\w+)(?: TO \w+)? AS\s+(.*)", re.DOTALL)
_CHANGED_QUERY: Final = re.compile(r"ALTER TABLE (\w+) MODIFY QUERY\s+(.*)", re.DOTALL)
_FOUND: Final = """
SELECT name, replaceAll(formatQuerySingleLine(if(as_select = '', 'SELECT 1', as_select)), currentDatabase() || '.', '')
    AS query, engine LIKE '%MergeTree' AND NOT match(engine_full, 'replicated_deduplication_window = [1-9]') AS forgets
FROM system.tables WHERE database = currentDatabase()
"""
_COLUMNS: Final = """
SELECT table, name, type FROM system.columns WHERE database = currentDatabase() AND table IN {tables:Array(String)}
"""
_ONE_LINE: Final = "SELECT arrayMap(query -> formatQuerySingleLine(query), {queries:Array(String)}) AS queries"


@dataclass(frozen=True, slots=True)
class Drift:
    """How the tables and views of a store differ from what its migrations made.

    Attributes:
        missing: Names of those that are not there.
        altered: What is wrong with others, for people.
    """

    missing: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()


def drift(store: Store, applied: Sequence[Migration]) -> Drift:
    """Compare a store with its migrations. Changes nothing.

    A user of a server who has no rights on the views sees none of them, and is told nothing.

    Args:
        store: The store.
        applied: The migrations that it has.

    Raises:
        StoreError: The store refuses.
    """
    made, queries = _declared(applied)
    found = {row["name"]: row for row in store.query(_FOUND)}
    if not queries.keys() & found.keys():
        return Drift()
    [lines] = store.query(_ONE_LINE, {"queries": list(queries.values())})
    altered = [
        f"{name} has another query"
        for name, query in zip(queries, lines["queries"], strict=True)
        if name in found and found[name]["query"] != query
    ]
    altered += [
        f"{name} does not recognise repeated inserts" for name in made if name in found and found[name]["forgets"]
    ]
    altered += _columns(store, found.keys())
    return Drift(tuple(name for name in made if name not in found), tuple(altered))


def _declared(applied: Sequence[Migration]) -> tuple[list[str], dict[str, str]]:
    """(names of the tables and views, queries of the views)."""
    made: dict[str, None] = {}
    queries: dict[str, str] = {}
    for code in _statements(applied):
        if match := _MADE.search(code):
            made[match[1]] = None
        if match := _QUERY.search(code) or _CHANGED_QUERY.search(code):
            queries[match[1]] = match[2]
    return list(made), queries


def _statements(applied: Sequence[Migration]) -> Iterator[str]:
    for migration in applied:
        for statement in migration.statements():
            yield _COMMENT.sub("", statement)


def _columns(store: Store, found: Collection[str]) -> Iterator[str]:
    """Columns that inserts need and that are not there, or of another type."""
    rows = store.query(_COLUMNS, {"tables": list(COLUMN_TYPES)})
    types = {(row["table"], row["name"]): row["type"] for row in rows}
    for table, columns in COLUMN_TYPES.items():
        for name, kind in columns.items():
            if table in found and types.get((table, name)) != kind:
                yield f"{table} has no column {name} of the type {kind}"
