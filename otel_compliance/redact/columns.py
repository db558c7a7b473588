"""Heads of columns: what a value is may be said in the first line of CSV or a table, in SQL, HTML, or lists of JSON."""

from __future__ import annotations

import re
from typing import Final

from otel_compliance.redact.aligned import GAP, MAX_LINE, head_of

_DELIMITERS: Final = frozenset(b",;|\t")
_EDGE: Final = b" \"'`*_"
"""What may stand between a value and the delimiter of its cell."""
_MAX_EDGE: Final = 160
"""Cells are padded to the width of their column, which may be that of an address."""
_EDGE_BEHIND: Final = re.compile(rb"[ \"'`*_]{0,%d}+" % _MAX_EDGE)
# An apostrophe is a quote at the beginning of a cell only.
_QUOTED: Final = (re.compile(rb'"[^"\n]*"'), re.compile(rb"(?<![^,;|\t( ])'[^'\n]*'"))
_LITERAL: Final = re.compile(rb"'(?:[^'\\]|''){0,400}+'")
"""A string of SQL, in which a bracket is none."""
_MAX_LINE: Final = 2_000
"""Characters of a head, and of a line before a value: a bound for the work."""
_HEAD: Final = re.compile(
    rb"(?:[^<>\n]{0,120}>)?[ \"'`*_]*([A-Za-z\x80][^0-9\r<]{0,39}+)[0-9]?(?:</.{0,400})?[ \"'`*\r]*\Z", re.DOTALL
)
_RULE: Final = re.compile(rb"[\-+=: ]{3,}\r?\n")
"""The line under the heads that database clients draw."""
_COPY: Final = re.compile(rb"COPY [^\n(]{1,80}\(([^)\n]{1,1000})\) FROM stdin;\r?\n")
"""What stands above the rows in a dump of PostgreSQL (pg_dump)."""
_VALUES: Final = (b"VALUES", b"values")
_BRACKETS: Final = re.compile(rb"\([^()]{0,400}+\)")
_VALUES_BEHIND: Final = re.compile(rb"[ \r\n]{0,8}\(")
_BLANK: Final = ord(" ")
_NEWLINE: Final = ord("\n")
_RETURN: Final = ord("\r")
_COMMA: Final = ord(",")
_BRACKET: Final = ord("(")
_BRACKET_CLOSED: Final = ord(")")
_TAG: Final = ord(">")
_TAG_END: Final = ord("<")
_CLOSING_TAG: Final = re.compile(rb"\s{1,80}</t[dh]>")
_LIST: Final = ord("[")
_LIST_END: Final = ord("]")
_LIST_SIGNS: Final = frozenset({_LIST, _LIST_END, _COMMA})
_COLUMNS: Final = (b"columns", b"headers", b"header", b"fields")
_NAME_CHARS: Final = 16
"""From the beginning of one of these names to its list, at most."""
_BORDERS: Final = _DELIMITERS | {_NEWLINE, _BRACKET_CLOSED, _TAG_END, _LIST_END}
_NONE: Final = (0, 0)


class Columns:
    """The columns of one text. Lines are looked at once if values are asked for in ascending order.

    Args:
        data: Folded text.
    """

    __slots__ = ("_data", "_insert", "_rows", "_tops")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._tops: dict[bytes, tuple[int, int]] = {}
        """Delimiter to the line that was asked for last, and the first line of its table."""
        self._insert = _NONE
        """Where the VALUES of the statement that was asked for last begin, and its row."""
        self._rows = (-1, 0, 0)
        """The row of HTML that was asked for last, and where the heads of its table begin and end."""

    def head(self, start: int, end: int) -> tuple[int, int]:
        """(first offset, offset behind the last) of the head of the column; an empty span where there is none."""
        delimiter = self._delimiter(start, end)
        if delimiter == _LIST:
            return self._in_lists(start)
        if delimiter in _DELIMITERS:
            head = self._in_insert(start) if delimiter == _COMMA else _NONE
            if head == _NONE:
                head = self._above(start, bytes([delimiter]))
            return self._in_lists(start) if head == _NONE and delimiter == _COMMA else head
        if delimiter == _TAG:
            return self._in_html(start)
        if delimiter == _BLANK:
            return self._aligned(start, end)
        return self._in_insert(start) if delimiter == _BRACKET else _NONE

    def _above(self, start: int, mark: bytes) -> tuple[int, int]:
        """The head in the first of the lines with the same delimiter."""
        data = self._data
        line = data.rfind(b"\n", max(0, start - _MAX_LINE), start) + 1
        if start - line > _MAX_LINE or not line:
            return _NONE
        top = self._first_line(line, mark)
        if mark == b"\t" and (copy := self._copied(top)):
            return self._cell(*copy, b",", self._place(line, start, mark))
        end_of_top = data.find(b"\n", top, top + _MAX_LINE)
        if top == line or end_of_top < 0:
            return _NONE
        return self._cell(top, end_of_top, mark, self._place(line, start, mark))

    def _copied(self, top: int) -> tuple[int, int] | None:
        """Between which offsets the names of the columns stand where the rows of a dump begin at an offset."""
        above = self._data.rfind(b"\n", max(0, top - _MAX_LINE), max(0, top - 1)) + 1
        copy = _COPY.fullmatch(self._data, above, top)
        return (copy.start(1) - 1, copy.end(1)) if copy else None

    def _aligned(self, start: int, end: int) -> tuple[int, int]:
        """The head in a table whose columns are aligned by blanks."""
        data = self._data
        line = data.rfind(b"\n", max(0, start - MAX_LINE), start) + 1
        top = self._first_line(line, GAP) if line else line
        own = head_of(data, top, line, start, end) if top < line else None
        head = _HEAD.match(data, *own) if own else None
        return head.span(1) if head else _NONE

    def _in_insert(self, start: int) -> tuple[int, int]:
        """The name of the column in ``INSERT INTO … (…) VALUES (…), (…)``."""
        data = self._data
        values, known = self._statement(start)
        if values < 0:
            return _NONE
        opened, closed = data.rfind(b"(", max(0, values - _MAX_LINE), values), data.rfind(b")", 0, max(0, values))
        # What is in strings, and in the brackets of functions and of other rows, divides nothing.
        before = _BRACKETS.sub(_blanks, _LITERAL.sub(_blanks, data[known:start]))
        row = before.rfind(b"(")
        if row < 0 or not 0 <= opened < closed or before.find(b";", 0, row) >= 0:
            return _NONE
        self._insert = (values, known + row)
        return self._cell(opened + 1, closed, b",", before.count(b",", row))

    def _statement(self, start: int) -> tuple[int, int]:
        """Where the VALUES before a value begin, and from where on to look for its row; -1 where there are none."""
        data, (values, row) = self._data, self._insert
        first = max(0, start - _MAX_LINE)
        if 0 < values < start and first <= row < start and max(data.rfind(name, row, start) for name in _VALUES) < 0:
            return values, row
        values = max(data.rfind(name, first, start) for name in _VALUES)
        return (values, values) if values >= 0 and _VALUES_BEHIND.match(data, values + len(_VALUES[0])) else (-1, 0)

    def _in_lists(self, start: int) -> tuple[int, int]:
        """The name in ``{"columns": […], "rows": [[…], …]}``, or in the first of several lists."""
        data = self._data
        row = data.rfind(b"[", max(0, start - _MAX_LINE), start)
        first = max(0, row - _MAX_LINE)
        named = max(data.rfind(name, first, max(0, row)) for name in _COLUMNS)
        opened = (
            data.find(b"[", named, named + _NAME_CHARS) if named >= 0 else data.rfind(b"[[", first, max(0, row)) + 1
        )
        closed = data.find(b"]", opened, row) if 0 < opened < row else -1
        return self._cell(opened + 1, closed, b",", self._place(row, start, b",")) if closed >= 0 else _NONE

    def _in_html(self, start: int) -> tuple[int, int]:
        """The ``<th>`` of the column of a ``<td>``."""
        data = self._data
        row = data.rfind(b"<tr", max(0, start - _MAX_LINE), start)
        known, first, end = self._rows
        # A long table is told by the row that was asked for last.
        if not (0 <= known <= row <= known + _MAX_LINE) or data.find(b"<th", known, row) >= 0:
            last = data.rfind(b"<th", max(0, row - _MAX_LINE), max(0, row))
            first, end = data.rfind(b"<tr", max(0, last - _MAX_LINE), max(0, last)), row
            if row < 0 or last < 0 or first < 0:
                return _NONE
        self._rows = (row, first, end)
        return self._cell(first, end, b"<th", data.count(b"<td", row, start))

    def _place(self, line: int, start: int, mark: bytes) -> int:
        """How many delimiters stand before a value, not counting those in quotes."""
        before = self._data[line:start]
        for quoted in _QUOTED:
            before = quoted.sub(b"", before)
        return before.count(mark)

    def _cell(self, top: int, end: int, mark: bytes, place: int) -> tuple[int, int]:
        """The words in one of the cells between two offsets."""
        data = self._data
        for _ in range(place):
            top = data.find(mark, top, end) + len(mark)
            if top < len(mark):
                return _NONE
        cell = data.find(mark, top + 1, end)
        head = _HEAD.match(data, top, cell if cell >= 0 else end)
        return head.span(1) if head else _NONE

    def _delimiter(self, start: int, end: int) -> int:
        """What divides the cells, where a value fills one; -1 where it does not."""
        data = self._data
        left, right = self._before(start), self._behind(end)
        if right in _BORDERS:
            if left in _DELIMITERS and right in (left, _NEWLINE):
                return left
            if left == _BRACKET or right == _BRACKET_CLOSED:
                return _BRACKET
            if left in _LIST_SIGNS and right in _LIST_SIGNS:
                return _LIST
            if left == _TAG and right == _TAG_END:
                return _TAG
            if right in _DELIMITERS and left == _NEWLINE:
                return right
        if left == right == _NEWLINE and _CLOSING_TAG.match(data, end):
            return _TAG if data[max(0, start - _MAX_EDGE) : start].rstrip().endswith(b">") else -1
        if left == right == _NEWLINE or not (right == _NEWLINE or data.startswith(GAP, end)):
            return -1
        return _BLANK if left == _NEWLINE or data.endswith(GAP, 0, start) else -1

    def _behind(self, end: int) -> int:
        """The character behind a value, quotes and blanks aside; the end of the text counts as one of a line."""
        edge = _EDGE_BEHIND.match(self._data, end)
        at = edge.end() if edge else end
        if at >= len(self._data):
            return _NEWLINE
        return self._data[at] if self._data[at] != _RETURN else _NEWLINE

    def _before(self, start: int) -> int:
        """The character before a value, likewise."""
        first = max(0, start - _MAX_EDGE)
        before = self._data[first:start].rstrip(_EDGE)
        if before:
            return before[-1]
        return -1 if first else _NEWLINE

    def _first_line(self, line: int, mark: bytes) -> int:
        """Where the first of the lines with this delimiter begins that stand directly before one, rules aside."""
        data, top = self._data, line
        known, known_top = self._tops.get(mark, (-1, 0))
        while top > 0:
            if top == known:
                top = known_top
                break
            before = data.rfind(b"\n", 0, top - 1) + 1
            if data.find(mark, before, top) < 0 and not _RULE.match(data, before, top):
                break
            top = before
        while top < line and (rule := _RULE.match(data, top, line)):
            top = rule.end()
        self._tops[mark] = (line, top)
        return top


def _blanks(match: re.Match[bytes]) -> bytes:
    return b" " * len(match[0])
