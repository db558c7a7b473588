"""What is served and what is refused, decided on the syntax tree, so that no spelling makes a difference.

The embedded engine is client and server in one and has the rights of its process: a statement could read and write
files, and call other machines. Most of that is also withheld by ``store/engine.xml``; what the engine does as a
client (``INTO OUTFILE``, ``FROM INFILE``) and the function ``file()`` are withheld here alone. Everything is
refused that is not known to be harmless.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from otel_compliance.local.clickhouse.access import User
from otel_compliance.local.clickhouse.exceptions import ServerException, access_denied
from otel_compliance.local.clickhouse.statement import Statement, Tree
from otel_compliance.names import Table
from otel_compliance.store.client import DATABASE

RETURNS_ROWS: Final = frozenset(
    {
        "AboutTable",
        "CheckTableQuery",
        "ExplainQuery",
        "SelectWithUnionQuery",
        "ShowColumnsQuery",
        "ShowIndexesQuery",
        "ShowTablesQuery",
    }
)
"""Kinds of statements that read."""

_WRITES: Final = frozenset(
    {
        "AlterQuery",
        "CreateQuery",
        "DeleteQuery",
        "DropQuery",
        "InsertQuery",
        "OptimizeQuery",
        "RenameQuery",
        "SetQuery",
        "UpdateQuery",
    }
)
_TABLE_FUNCTIONS: Final = frozenset(
    {"generate_series", "generateseries", "null", "numbers", "numbers_mt", "values", "zeros", "zeros_mt"}
)
"""Table functions that make rows of nothing. All others read files, other machines or other tables."""

_FUNCTIONS: Final = frozenset({"file", "getclienthttpheader", "sleep", "sleepeachrow"})
"""Functions that read files, read the client's token, or only hold up others. Those named ``ai…`` call a provider."""

_HIGHER_ORDER: Final = ("array", "map")
"""Beginnings of the names of functions that call another one by its bare name: ``arrayMap(file, ['/etc/passwd'])``."""

_TABLE_ENGINES: Final = frozenset(
    {"aggregatingmergetree", "memory", "mergetree", "replacingmergetree", "summingmergetree"}
)
_DATABASE_ENGINES: Final = frozenset({"atomic"})
_PLACES: Final = frozenset({"disk", "storage_policy"})
_DATABASES: Final = frozenset({DATABASE, "system", "information_schema"})
_ROW_FORMATS: Final = frozenset(
    {
        "Arrow",
        "ArrowStream",
        "CSV",
        "CSVWithNames",
        "CSVWithNamesAndTypes",
        "JSONCompactEachRow",
        "JSONEachRow",
        "Native",
        "Parquet",
        "RowBinary",
        "RowBinaryWithNames",
        "RowBinaryWithNamesAndTypes",
        "TSV",
        "TSVWithNames",
        "TSVWithNamesAndTypes",
        "TabSeparated",
        "TabSeparatedWithNames",
        "TabSeparatedWithNamesAndTypes",
        "Values",
    }
)
"""Formats of rows that hold nothing but values."""

_PRIVATE_TABLES: Final = frozenset({Table.CONTENT})
_SYSTEM_TABLES: Final = frozenset(
    {"columns", "data_type_families", "databases", "formats", "functions", "numbers", "one", "settings", "tables"}
)
"""Tables of the database ``system`` that dashboards and their drivers read; others tell what other users do."""


def screen(statement: Statement, user: User, *, parameters: Mapping[str, str], changes: bool) -> None:
    """See whether a statement is served.

    Args:
        statement: The statement.
        user: Who sent it.
        parameters: Values of its parameters.
        changes: Whether it may change anything.

    Raises:
        ServerException: It is not.
    """
    reads = statement.kind in RETURNS_ROWS
    if not reads and statement.kind not in _WRITES:
        raise access_denied("Statements of this kind are not served")
    if not reads and (user.read_only or not changes):
        raise ServerException(164, "READONLY", "Cannot execute query in readonly mode")
    if statement.row_format and (statement.kind != "InsertQuery" or statement.row_format not in _ROW_FORMATS):
        raise access_denied("Rows in this format are not taken")
    _screen_kind(statement.tree)
    for node in _nodes(statement.tree):
        _screen_node(node, parameters)
        if user.read_only:
            _screen_for_dashboards(node)


def _screen_kind(tree: Tree) -> None:
    """Refuse what only the root of a tree can be."""
    match tree["type"]:
        case "CreateQuery" if tree["attach"] or tree["is_dictionary"] or tree["is_time_series_table"]:
            raise access_denied("Only tables and views are made")
        case "DropQuery" if tree["kind"] == "Detach":
            raise access_denied("Tables are not detached")
        case "InsertQuery" if "table_function" in tree or "infile" in tree:
            raise access_denied("Rows are inserted into tables, and come with the request")
        case "SetQuery" if any(change["name"] == "readonly" for change in tree["changes"]):
            raise ServerException(164, "READONLY", "The setting readonly is not changed")


def _screen_node(node: Tree, parameters: Mapping[str, str]) -> None:
    if "out_file" in node:
        raise access_denied("INTO OUTFILE is not served")
    if isinstance(function := node.get("table_function") or node.get("as_table_function"), Mapping):
        _allow(str(function["name"]), _TABLE_FUNCTIONS, "The table function")
    kind = node.get("type")
    if kind == "Function" and node.get("kind") in ("TABLE_ENGINE", "DATABASE_ENGINE"):
        allowed = _TABLE_ENGINES if node["kind"] == "TABLE_ENGINE" else _DATABASE_ENGINES
        _allow(str(node["name"]), allowed, "The engine")
    elif kind == "Function":
        for name in _called(node, parameters):
            _screen_function(name)
    elif kind == "ColumnsApplyTransformer":
        _screen_function(str(node.get("func_name", "")))
    elif kind == "TableIdentifier" and (parts := _parts(node))[:-1]:
        _allow(parts[0], _DATABASES, "The database")
    elif kind == "SetQuery":
        _screen_settings(node)
    elif kind == "AlterCommand":
        _screen_alter(node)


def _called(function: Tree, parameters: Mapping[str, str]) -> Iterator[str]:
    """Names of the functions that a call may run: its own, and those that are arguments of it as a bare name."""
    yield str(function["name"])
    if not str(function["name"]).startswith(_HIGHER_ORDER):
        return
    for argument in function.get("arguments", {}).get("children", ()):
        if argument.get("type") == "Identifier":
            yield str(argument["name"])
            for parameter in argument.get("children", ()):
                # Nobody has seen what a session has from before.
                yield parameters.get(str(parameter["name"]), "file")


def _screen_settings(node: Tree) -> None:
    if any(change["name"] in _PLACES for change in node.get("changes", ())):
        raise access_denied("Where tables lie is not chosen")


def _screen_alter(node: Tree) -> None:
    if node["detach"] or "FREEZE" in str(node["command_type"]):
        raise access_denied("Rows are not put aside: what is erased would stay there")


def _screen_function(name: str) -> None:
    folded = name.lower()
    # Names of the functions that call a provider begin with "ai", in this spelling or in capitals; none other does.
    if folded in _FUNCTIONS or (name[:2] in ("ai", "AI") and name[2:3].isupper()):
        raise access_denied(f"The function {folded} is not served")


def _screen_for_dashboards(node: Tree) -> None:
    """Refuse the tables that dashboards have no business with, also where a parameter would name them."""
    if node.get("type") == "QueryParameter" and node.get("param_type") == "Identifier":
        raise access_denied("Dashboards name their tables and columns")
    if node.get("type") not in ("Identifier", "TableIdentifier"):
        return
    parts = [part.lower() for part in _parts(node)]
    if not _PRIVATE_TABLES.isdisjoint(parts):
        raise access_denied("Dashboards do not read content")
    if len(parts) == 2 and parts[0] == "system" and parts[1] not in _SYSTEM_TABLES:
        raise access_denied("Dashboards do not read this table")


def _allow(name: str, allowed: frozenset[str], what: str) -> None:
    if name.lower() not in allowed:
        raise access_denied(f"{what} is not served; known are {', '.join(sorted(allowed))}")


def _parts(node: Tree) -> list[str]:
    """Parts of an identifier, such as database and table. One that is quoted as a whole is taken apart, too."""
    return [part for name in node.get("name_parts") or [node["name"]] for part in str(name).split(".")]


def _nodes(tree: Any) -> Iterator[Tree]:
    """Every node of a tree. It may be deeper than Python's stack."""
    rest = [tree]
    while rest:
        item = rest.pop()
        if isinstance(item, Mapping):
            yield item
            rest.extend(item.values())
        elif isinstance(item, list):
            rest.extend(item)
