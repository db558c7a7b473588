"""The cells below the head of a column: in lines with delimiters, in drawn tables, in HTML, and in lists of values.

`columns` goes from a value to its head; this goes from a head to all values of its column, for those that nothing but
the head tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from otel_compliance.redact.rows import INSERT, LISTS, in_rows

_Span = tuple[int, int]

_MAX_LINE: Final = 2_000
"""Characters of a row: a bound for the work."""
_MAX_CELLS: Final = 64
_MAX_PADDING: Final = 100
_MAX_HEAD: Final = 40
_BOX: Final = b"\x81"
"""The sign that draws boxes, or another one beyond ASCII."""
_MARKS: Final = frozenset((b",", b";", b"|", b"\t", _BOX))
_FRAMES: Final = (b"|", _BOX)
_EDGE: Final = b" \"'`*_\r"
_RULE: Final = re.compile(rb"[|+\x81\-=: \t]{3,}\r?\Z")
"""The line below the heads, and what frames a table that is drawn."""
_CELL: Final = {
    mark: re.compile(
        rb" *+(?:\"(?:[^\"]|\"\"){0,600}+\" *+(?=[%b\r]|\Z)|'[^']{0,600}+' *+(?=[%b\r]|\Z)|[^%b]*+)"
        % (mark, mark, mark)
    )
    for mark in _MARKS
}
"""In a line: a cell, whose quotes may hold the delimiter."""
_SENTENCE: Final = re.compile(rb"[.!?][ \r]{0,8}\Z")
_VALUE: Final = re.compile(rb"[0-9]+[^0-9].*|.*(?:[0-9]{5}|@).*", re.DOTALL)
"""What no head of a column looks like, but a value beside the name of its field."""

_MAX_ROW: Final = 4_000
_HTML_CELL: Final = re.compile(rb"(?i)<t([dh])\b[^<>]{0,200}>")
_HTML_EDGE: Final = re.compile(rb"(?:[\s\"'`*]|</?[A-Za-z][^<>]{0,100}>)*+")
_HTML_ROW_END: Final = re.compile(rb"<(?:[tT][rR]|/[tT][aA][bB][lL][eE])")
_HTML_END: Final = re.compile(rb"(?i)</t[dhr]\b|<tr\b")
_HTML_TRAILING: Final = re.compile(rb"(?:[\s\"'`*]|</?[A-Za-z][^<>]{0,100}>)\Z")


def cells_below(data: bytes, start: int, end: int) -> Iterator[_Span]:
    """The spans of the cells below a head, up to the end of the table, without quotes, emphasis and padding.

    Empty cells are left out. Nothing is yielded if there is no head between the offsets: if no delimiter stands beside
    it, nothing below has as many cells, or a row above has. So no line belongs to the tables of two lines of heads.

    Args:
        data: Folded text.
        start: Offset of what the head cell holds, without quotes, emphasis and padding.
        end: Offset behind it.
    """
    left = data[max(0, start - _MAX_PADDING) : start].rstrip(_EDGE)
    right = data[end : end + _MAX_PADDING].lstrip(_EDGE)
    if left.endswith(b">") and right.startswith(b"<"):
        yield from _in_html(data, start)
        return
    if left[-1:] in (b",", b"(") and right[:1] in (b",", b")"):
        yield from in_rows(data, start, end, INSERT)
    if left[-1:] in (b",", b"[") and right[:1] in (b",", b"]"):
        yield from in_rows(data, start, end, LISTS)
    mark = _mark(left[-1:] if len(left) or start > _MAX_PADDING else b"\n", right[:1] or b"\n")
    if mark:
        yield from _in_lines(data, start, end, mark)


def _mark(left: bytes, right: bytes) -> bytes:
    """The delimiter, from what stands on both sides of a cell; empty where there is none."""
    if left in _MARKS:
        return left if right in (left, b"\n") else b""
    return right if left == b"\n" and right in _MARKS else b""


def _in_lines(data: bytes, start: int, end: int, mark: bytes) -> Iterator[_Span]:
    """The cells below one of a line of cells."""
    top, line_end = data.rfind(b"\n", max(0, start - _MAX_LINE), start) + 1, _line_end(data, end)
    heads = _row(data, top, line_end, mark)
    if (start, end) not in heads or _has_row_above(data, top, mark, len(heads)):
        return
    # A list in a program has a comma behind each of its lines, a sentence has a full stop at its end.
    if mark not in _FRAMES and (
        sum(first < last for first, last in heads) < 2 or _SENTENCE.search(data, top, line_end)
    ):
        return
    if any(last - first > _MAX_HEAD or _VALUE.fullmatch(data, first, last) for first, last in heads):
        return
    place, ruled = heads.index((start, end)), False
    while line_end < len(data):
        first, line_end = line_end + 1, _line_end(data, line_end + 1)
        if not ruled and _RULE.match(data, first, line_end):
            ruled = True
            continue
        ruled, row = False, _row(data, first, line_end, mark)
        if len(row) != len(heads):
            return
        if row[place][0] < row[place][1]:
            yield row[place]


def _has_row_above(data: bytes, top: int, mark: bytes, count: int) -> bool:
    """Whether a row with so many cells stands directly above a line, or above a rule above it."""
    for _ in range(2):
        if not top:
            return False
        end, top = top - 1, data.rfind(b"\n", max(0, top - 2 - _MAX_LINE), top - 1) + 1
        if not _RULE.match(data, top, end):
            return len(_row(data, top, end, mark)) == count
    return False


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\n", at, at + _MAX_LINE + 1)
    return end if end >= 0 else min(len(data), at + _MAX_LINE + 1)


def _row(data: bytes, line: int, end: int, mark: bytes) -> list[_Span]:
    """The cells of a line; none where it is too long for a row, or begins a list as sentences do."""
    if end - line > _MAX_LINE or data[line:end].rstrip(b" *\r").endswith(b":"):
        return []
    row: list[_Span] = []
    at = line
    while at <= end and len(row) <= _MAX_CELLS:
        cell = _CELL[mark].match(data[at:end]) if data[at:end].lstrip()[:1] in (b'"', b"'") else None
        behind = at + cell.end() if cell else data.find(mark, at, end)
        behind = behind if behind >= 0 else end
        row.append(_bare(data, at, behind))
        at = behind + 1
    return row if len(row) <= _MAX_CELLS else []


def _bare(data: bytes, start: int, end: int) -> _Span:
    """A cell without what stands around its content."""
    cell = data[start:end]
    start += len(cell) - len(cell.lstrip(b"\t" + _EDGE))
    return start, max(start, start + len(cell.strip(b"\t" + _EDGE)))


def _in_html(data: bytes, start: int) -> Iterator[_Span]:
    """The cells below one of a row of HTML."""
    row = _row_before(data, start)
    if row < 0:
        return
    heads, behind = _html_row(data, row)
    place = next((number for number, (first, _, last) in enumerate(heads) if first <= start < last), -1)
    # A name before its value, as in ``<th>…</th><td>…</td>``, is the head of a row.
    if place < 0 or len({kind for _, kind, _ in heads}) > 1:
        return
    above = _row_before(data, row)
    if above >= 0 and len(_html_row(data, above)[0]) == len(heads):
        return
    if any(_VALUE.fullmatch(data, *_html_bare(data, first, last)) for first, _, last in heads):
        return
    while behind >= 0:
        cells, behind = _html_row(data, behind)
        if len(cells) != len(heads):
            return
        first, _, last = cells[place]
        first, last = _html_bare(data, first, last)
        if first < last:
            yield first, last


def _row_before(data: bytes, at: int) -> int:
    """Where the last row before an offset begins, in the same table; -1 where there is none."""
    first = max(0, at - _MAX_ROW)
    row = data.rfind(b"<tr", first, at)
    row = max(row, data.rfind(b"<TR", max(first, row), at))
    return row if row >= 0 and data.rfind(b"</table", row, at) < 0 else -1


def _html_row(data: bytes, row: int) -> tuple[list[tuple[int, bytes, int]], int]:
    """(start, ``d`` or ``h``, end) of each cell of a row, and where the next row begins; -1 behind the last."""
    row_end = _HTML_ROW_END.search(data, row + 3, row + _MAX_ROW)
    end = row_end.start() if row_end else min(len(data), row + _MAX_ROW)
    cells = []
    for cell in islice(_HTML_CELL.finditer(data, row, end), _MAX_CELLS):
        closed = _HTML_END.search(data, cell.end(), end)
        following = _HTML_CELL.search(data, cell.end(), end)
        last = min(closed.start() if closed else end, following.start() if following else end)
        cells.append((cell.end(), cell[1].lower(), last))
    return cells, end if data[end : end + 3].lower() == b"<tr" else -1


def _html_bare(data: bytes, start: int, end: int) -> _Span:
    """A cell without the tags and blanks around its content."""
    begin = _HTML_EDGE.match(data, start, end)
    start = begin.end() if begin else start
    while start < end and (trailing := _HTML_TRAILING.search(data, max(start, end - 104), end)):
        end = trailing.start()
    return start, end
