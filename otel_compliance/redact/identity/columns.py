"""Heads of columns: what a value is may be said in the first line of CSV, of tabs, or of a table in Markdown."""

from __future__ import annotations

import re
from typing import Final

_DELIMITERS: Final = frozenset(b",;|\t")
_EDGE: Final = frozenset(b" \"'`*")
"""What may stand between a value and the delimiter of its cell."""
_MAX_EDGE: Final = 4
_QUOTED: Final = re.compile(rb'"[^"\n]*"')
_MAX_LINE: Final = 2_000
"""Characters of a head, and of a line before a value: a bound for the work."""
_HEAD: Final = re.compile(rb"[ \"'`*]*([A-Za-z\x80][^0-9\r]{0,39}+)[0-9]?[ \"'`*\r]*\Z")
_NEWLINE: Final = ord("\n")
_BORDERS: Final = _DELIMITERS | {_NEWLINE}


class Columns:
    """The columns of one text. Lines are looked at once if values are asked for in ascending order.

    Args:
        data: Folded text.
    """

    __slots__ = ("_data", "_known", "_top")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._known = -1
        self._top = 0

    def head(self, start: int, end: int) -> tuple[int, int]:
        """(first offset, offset behind the last) of the head of the column; an empty span where there is none."""
        data = self._data
        delimiter = self._delimiter(start, end)
        if delimiter < 0:
            return 0, 0
        mark = bytes([delimiter])
        line = data.rfind(b"\n", max(0, start - _MAX_LINE), start) + 1
        if start - line > _MAX_LINE or not line:
            return 0, 0
        before = data[line:start]
        place = (_QUOTED.sub(b"", before) if b'"' in before else before).count(mark)
        top = self._first_line(line, mark)
        end_of_top = data.find(b"\n", top, top + _MAX_LINE)
        if top == line or end_of_top < 0:
            return 0, 0
        for _ in range(place):
            top = data.find(mark, top, end_of_top) + 1
            if not top:
                return 0, 0
        cell = data.find(mark, top, end_of_top)
        head = _HEAD.match(data, top, cell if cell >= 0 else end_of_top)
        return head.span(1) if head else (0, 0)

    def _delimiter(self, start: int, end: int) -> int:
        """What divides the cells, where a value fills one; -1 where it does not."""
        right = self._beside(end, 1)
        if right not in _BORDERS:
            return -1
        left = self._beside(start - 1, -1)
        if left in _DELIMITERS and right in (left, _NEWLINE):
            return left
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
            if top == self._known:
                top = self._top
                break
            before = data.rfind(b"\n", 0, top - 1) + 1
            if data.find(mark, before, top) < 0:
                break
            top = before
        self._known, self._top = line, top
        return top
