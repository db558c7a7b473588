"""The values of a column whose name stands in a list before lists of values: in SQL and in JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_MAX_NAMES: Final = 2_000
"""Characters from a name to both ends of its list: a bound for the work."""
_MAX_CELLS: Final = 64
_MAX_GAP: Final = 16
_NAMES: Final = re.compile(rb"[\w\x80\"'`\[, \r\n.]+\Z")


class Rows(NamedTuple):
    """How lists of values stand behind the list of their names.

    Attributes:
        opened: What a list begins with.
        closed: What it ends with.
        first: What stands between the names and the first values.
        next: What stands between two lists of values.
        cell: A text, or another value, and the sign behind it.
    """

    opened: bytes
    closed: bytes
    first: re.Pattern[bytes]
    next: re.Pattern[bytes]
    cell: re.Pattern[bytes]


INSERT: Final = Rows(
    b"(",
    b")",
    re.compile(rb"\s{0,8}(?i:values)\s{0,8}\("),
    re.compile(rb"\s{0,4},\s{0,8}\("),
    re.compile(
        rb"\s{0,8}(?:[NE]?'(?P<text>(?:[^']|''){0,1000}+)'|[^,()'\"]{0,200}+(?:\([^()]{0,200}\))?)\s{0,4}(?P<sign>[,)])"
    ),
)
"""``INSERT INTO … (…) VALUES (…), (…)``."""
LISTS: Final = Rows(
    b"[",
    b"]",
    re.compile(rb"\s{0,8},\s{0,8}(?:[\"']\w{1,20}[\"']\s{0,4}:\s{0,8}\[\s{0,8})?\["),
    re.compile(rb",\s{0,8}\["),
    re.compile(rb"\s{0,8}(?:([\"'])(?P<text>[^\"\n]{0,1000}?)\1|[^,\[\]\"]{0,200}+)\s{0,4}(?P<sign>[,\]])"),
)
"""``{"columns": […], "rows": [[…], …]}``, and lists of which the first has the names."""


def in_rows(data: bytes, start: int, end: int, rows: Rows) -> Iterator[tuple[int, int]]:
    """The spans of the values of a column that are texts.

    Args:
        data: Folded text.
        start: Offset of the name of the column.
        end: Offset behind it.
        rows: How the lists are written.
    """
    opened = data.rfind(rows.opened, max(0, start - _MAX_NAMES), start)
    closed = data.find(rows.closed, end, end + _MAX_NAMES) if opened >= 0 else -1
    # A list behind another one holds values itself.
    if closed < 0 or data[max(0, opened - _MAX_GAP) : opened].rstrip().endswith(b"],"):
        return
    place = data.count(b",", opened, start)
    if place > _MAX_CELLS or not _NAMES.match(data, opened + 1, closed):
        return
    row = rows.first.match(data, closed + 1)
    while row:
        at, number = row.end(), 0
        while number <= _MAX_CELLS and (cell := rows.cell.match(data, at)):
            if number == place and cell["text"]:
                yield cell.span("text")
            at, number = cell.end(), number + 1
            if cell["sign"] == rows.closed:
                break
        row = rows.next.match(data, at)
