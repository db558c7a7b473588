"""A statement: where its text ends and rows begin, and its syntax tree as ClickHouse's own parser makes it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from otel_compliance.local.clickhouse.exceptions import ServerException, access_denied

Tree = Mapping[str, Any]

_MAX_SQL_BYTES: Final = 262_144
"""ClickHouse's default of ``max_query_size``."""

_TOKEN: Final = re.compile(
    rb"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
       | (?P<quoted>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)
       | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
       | (?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_FORMAT: Final = re.compile(rb"\s+([A-Za-z][A-Za-z0-9]*)(?:[ \t\f]*\r?\n|[ \t\f]*\Z|[ \t\f]+)")
_ABOUT_TABLE: Final = re.compile(
    r"\s*(?:DESC(?:RIBE)?(?:\s+TABLE)?|(?:EXISTS|SHOW\s+CREATE)\s+(?:TABLE|VIEW))\s+(?!(?:TABLE|VIEW)\b)", re.IGNORECASE
)
_PARSE: Final = "SELECT parseQueryToJSON({sql:String})"
_SCOPE: Final = re.compile(r": In scope SELECT parseQueryToJSON\(.*", re.DOTALL)
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        sql: Its text.
        tree: Its syntax tree.
        rows: Rows for it to insert, in `row_format`.
        row_format: Format of the rows; empty for a statement without.
    """

    sql: str = field(repr=False)
    tree: Tree = field(repr=False)
    rows: memoryview = field(repr=False)
    row_format: str

    @classmethod
    def parse(cls, handle: Any, text: bytes) -> Self:
        """Parse the text of a request.

        The engine gets as SQL only what its parser has seen here, and the rows apart from it. Were they one text, it
        would cut the rows at the first empty line, and run what follows a semicolon.

        Args:
            handle: A handle of the engine.
            text: The text.

        Raises:
            ServerException: It is no statement, more than one, or of a kind that cannot be looked into.
        """
        end, start, row_format = _rows(text)
        if row_format == "Values":
            _refuse_second_statement(text, start)
        rows = memoryview(text)[start:]
        sql = _decoded(text[:end])
        parsed = _decoded(text[:start]) if row_format else sql
        return cls(sql, _tree(handle, parsed), rows, row_format)

    @property
    def kind(self) -> str:
        """Kind of the statement, as ClickHouse's parser names it."""
        return str(self.tree["type"])

    @property
    def output_format(self) -> str:
        """The format after ``FORMAT``, for what returns rows."""
        # With EXPLAIN AST, the parser takes it for that of the statement that is explained.
        chosen = self.tree.get("format_ast") or self.tree.get("query", {}).get("format_ast")
        return str(chosen["name"]) if chosen else ""


def _rows(text: bytes) -> tuple[int, int, str]:
    """(end of the statement, begin of the rows, their format) of an insert with rows.

    Only a guess: the parser then sees the part before the rows alone, and must find it to be an insert.
    """
    depth, first = 0, True
    for token in _TOKEN.finditer(text, 0, _MAX_SQL_BYTES):
        if token["space"]:
            continue
        word = (token["word"] or b"").upper()
        if first and word != b"INSERT":
            break
        first = False
        depth += {b"(": 1, b")": -1}.get(token["other"] or b"", 0)
        if depth or not word:
            continue
        if word == b"VALUES":
            return token.start(), token.end(), "Values"
        if word in (b"SELECT", b"WITH", b"FROM"):
            break
        if word == b"FORMAT" and (named := _FORMAT.match(text, token.end())):
            return token.start(), named.end(), named[1].decode()
    return len(text), len(text), ""


def _refuse_second_statement(text: bytes, start: int) -> None:
    """The engine would ignore what follows a semicolon behind VALUES, and say that all is well."""
    for token in _TOKEN.finditer(text, start):
        if token["other"] == b";" and text[token.end() :].strip():
            raise ServerException(62, "SYNTAX_ERROR", "Multi-statements are not allowed")


def _decoded(text: bytes) -> str:
    if len(text) > _MAX_SQL_BYTES:
        raise ServerException(62, "SYNTAX_ERROR", f"The statement has more than {_MAX_SQL_BYTES} bytes")
    try:
        sql = text.decode()
    except UnicodeDecodeError:
        raise ServerException(62, "SYNTAX_ERROR", "The statement is not UTF-8") from None
    if "\0" in sql:
        raise ServerException(62, "SYNTAX_ERROR", "The statement has a zero byte")
    return sql


def _tree(handle: Any, sql: str) -> Tree:
    """The syntax tree. That of a statement about a table is the tree of selecting from it: it names the same things."""
    about = _ABOUT_TABLE.match(sql)
    if about is None:
        return _parsed(handle, sql)
    select = _parsed(handle, f"SELECT * FROM {sql[about.end() :]}")  # noqa: S608 - it is parsed, and not run
    return {"type": "AboutTable", "select": select, "format_ast": select.get("format_ast")}


def _parsed(handle: Any, sql: str) -> Tree:
    try:
        text = handle.query(_PARSE, "TSVRaw", params={"sql": sql.translate(_ESCAPES)}).bytes()
    except Exception as error:  # noqa: BLE001 - the engine raises several kinds, and a request must get an answer
        reported = ServerException.of_engine(error)
        if "does not support JSON serialization" in str(reported):
            raise access_denied("Statements of this kind are not served") from None
        message = _SCOPE.sub("", str(reported).partition("DB::Exception: ")[2])
        name = "SYNTAX_ERROR" if reported.code == 62 else "BAD_ARGUMENTS"
        raise ServerException(62 if reported.code == 62 else 36, name, message.rstrip(". ")) from None
    try:
        tree: Tree = json.loads(text)
    except RecursionError:
        raise ServerException(167, "TOO_DEEP_AST", "The statement is nested too deeply") from None
    return tree
