"""Heads of columns: what a value is may be said in the first line of CSV or a table, in SQL, HTML, or lists of JSON."""

from __future__ import annotations

import re
from typing import Final

_DELIMITERS: Final = frozenset(b",;|\t")
_EDGE: Final = frozenset(b" \"'`*")
"""What may stand between a value and the delimiter of its cell."""
_MAX_EDGE: Final = 4
_QUOTED: Final = (re.compile(rb'"[^"\n]*"'), re.compile(rb"'[^'\n]*'"))
_MAX_LINE: Final = 2_000
"""Characters of a head, and of a line before a value: a bound for the work."""
_HEAD: Final = re.compile(
    rb"(?:[^<>\n]{0,40}>)?[ \"'`*]*([A-Za-z\x80][^0-9\r<]{0,39}+)[0-9]?(?:</.{0,400})?[ \"'`*\r]*\Z", re.DOTALL
)
_RULE: Final = re.compile(rb"[\-+=: ]{3,}\r?\n")
"""The line under the heads that database clients draw."""
_NEWLINE: Final = ord("\n")
_COMMA: Final = ord(",")
_BRACKET: Final = ord("(")
_BRACKET_CLOSED: Final = ord(")")
_TAG: Final = ord(">")
_TAG_END: Final = ord("<")
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

    __slots__ = ("_data", "_known", "_top")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._known = (-1, b"")
        self._top = 0

    def head(self, start: int, end: int) -> tuple[int, int]:
        """(first offset, offset behind the last) of the head of the column; an empty span where there is none."""
        delimiter = self._delimiter(start, end)
        if delimiter == _LIST:
            return self._in_lists(start)
        if delimiter in _DELIMITERS:
            head = self._above(start, bytes([delimiter]))
            return self._in_lists(start) if head == _NONE and delimiter == _COMMA else head
        if delimiter == _TAG:
            return self._in_html(start)
        return self._in_insert(start) if delimiter == _BRACKET else _NONE

    def _above(self, start: int, mark: bytes) -> tuple[int, int]:
        """The head in the first of the lines with the same delimiter."""
        data = self._data
        line = data.rfind(b"\n", max(0, start - _MAX_LINE), start) + 1
        if start - line > _MAX_LINE or not line:
            return _NONE
        top = self._first_line(line, mark)
        end_of_top = data.find(b"\n", top, top + _MAX_LINE)
        if top == line or end_of_top < 0:
            return _NONE
        return self._cell(top, end_of_top, mark, self._place(line, start, mark))

    def _in_insert(self, start: int) -> tuple[int, int]:
        """The name of the column in ``INSERT INTO … (…) VALUES (…)``."""
        data = self._data
        values = data.rfind(b"VALUES", max(0, start - _MAX_LINE), start)
        opened, closed = data.rfind(b"(", max(0, values - _MAX_LINE), values), data.rfind(b")", 0, max(0, values))
        row = data.rfind(b"(", values, start)
        if values < 0 or row < 0 or not 0 <= opened < closed or data.find(b";", values, row) >= 0:
            return _NONE
        return self._cell(opened + 1, closed, b",", self._place(row, start, b","))

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
        last = data.rfind(b"<th", max(0, row - _MAX_LINE), max(0, row))
        first = data.rfind(b"<tr", max(0, last - _MAX_LINE), max(0, last))
        if row < 0 or last < 0 or first < 0:
            return _NONE
        return self._cell(first, row, b"<th", data.count(b"<td", row, start))

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
        right = self._beside(end, 1)
        if right not in _BORDERS:
            return -1
        left = self._beside(start - 1, -1)
        if left in _DELIMITERS and right in (left, _NEWLINE):
            return (
                left if left != _COMMA or b"VALUES" not in self._data[max(0, start - _MAX_LINE) : start] else _BRACKET
            )
        if left == _BRACKET or right == _BRACKET_CLOSED:
            return _BRACKET
        if left in _LIST_SIGNS and right in _LIST_SIGNS:
            return _LIST
        if left == _TAG and right == _TAG_END:
            return _TAG
        return right if right in _DELIMITERS and left == _NEWLINE else -1

    def _beside(self, at: int, step: int) -> int:
        """The character beside a value, not counting quotes; the end of the text counts as one of a line."""
        data = self._data
        for _ in range(_MAX_EDGE):
            if not 0 <= at < len(data):
                return _NEWLINE
            if data[at] not in _EDGE:
                return data[at] if data[at] != 0x0D else _NEWLINE
            at += step
        return -1

    def _first_line(self, line: int, mark: bytes) -> int:
        """Where the first of the lines with this delimiter begins that stand directly before one."""
        data, top = self._data, line
        while top > 0:
            if (top, mark) == self._known:
                top = self._top
                break
            before = data.rfind(b"\n", 0, top - 1) + 1
            if data.find(mark, before, top) < 0 and not _RULE.match(data, before, top):
                break
            top = before
        self._known, self._top = (line, mark), top
        return top
