"""Tables with nothing but blanks between their cells."""

from __future__ import annotations

import re
from typing import Final

GAP: Final = b"  "
"""Between two cells, at least."""
MAX_LINE: Final = 300
"""Characters of a line."""
_CELL: Final = re.compile(rb"[^ \r\n](?:[^ \r\n]| (?=[^ \r\n]))*+")
_FEWEST: Final = 2


def head_of(data: bytes, top: int, line: int, start: int, end: int) -> tuple[int, int] | None:
    """Where the head of a value stands: the one in its place, or above it where some cells are empty.

    Args:
        data: Folded text.
        top: Where the line of heads begins.
        line: Where the line of the value begins.
        start: Where the value begins.
        end: Behind its last character.
    """
    heads = _cells(data, top)
    cells = _cells(data, line)
    if len(cells) == len(heads):
        own = [head for head, cell in zip(heads, cells, strict=True) if cell[0] <= start < cell[1]]
    else:
        own = [head for head in heads if head[0] - top < end - line and head[1] - top > start - line]
    return own[0] if len(heads) >= _FEWEST and len(own) == 1 else None


def _cells(data: bytes, line: int) -> list[tuple[int, int]]:
    end = data.find(b"\n", line, line + MAX_LINE)
    return [cell.span() for cell in _CELL.finditer(data, line, end if end >= 0 else line + MAX_LINE)]
