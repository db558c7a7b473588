"""Passwords in tables: the cells of a column whose head says that they are some."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.cells import cells_below
from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.secrets.values import is_chosen, is_code, is_passphrase, is_path, is_placeholder, is_word

_EDGE: Final = b" \"'`*\r"
_DELIMITERS: Final = frozenset((b",", b";", b"|", b"\t", b"\n", b"<", b"\x81", b""))
_BEHIND: Final = _DELIMITERS | {bytes([byte]) for byte in _EDGE}
_WORDS_BEFORE: Final = re.compile(rb"(?:[\w\x80]{1,16}[ _\-]){0,3}\Z")
_CHARS_BEFORE: Final = 52
_MOST_BEHIND: Final = 100
_HEADS_CHARS: Final = 400
_MOST_HEADS: Final = 3
_HUMP: Final = re.compile(rb"[a-z].*[A-Z]")
_ASCII: Final = re.compile(rb"[0-9A-Za-z]")
_FEWEST: Final = 4
_CONFIDENCE: Final = 0.85


def passwords_below(folded: Folded, start: int, end: int) -> Iterator[Finding]:
    """The passwords in the column at whose head stands a word for one, between two offsets.

    Other words may stand before it in its cell, as in "temporary password".
    """
    data = folded.ascii
    if data[end : end + 1] not in _BEHIND:
        return
    if data[end : end + _MOST_BEHIND].lstrip(_EDGE)[:1] not in _DELIMITERS:
        return
    # A hostile table has nothing but such columns, each of which would be walked through.
    if folded.text.count(folded.text[start:end], max(0, start - _HEADS_CHARS), start) >= _MOST_HEADS:
        return
    before = _WORDS_BEFORE.search(data, max(0, start - _CHARS_BEFORE), start)
    head = before.start() if before else start
    head += len(data[head:start]) - len(data[head:start].lstrip(b" "))
    for first, last in cells_below(data, head, end):
        if _is_password(data[first:last]):
            yield Finding("CREDENTIAL", first, last, _CONFIDENCE)


def _is_password(cell: bytes) -> bool:
    """Whether a cell of such a column holds one, rather than a word such as "expired", or the place of one."""
    if len(cell) < _FEWEST or b" " in cell or is_placeholder(cell) or is_path(cell):
        return False
    if is_chosen(cell) or is_passphrase(cell) or _HUMP.search(cell):
        return True
    return _ASCII.search(cell) is not None and not is_word(cell) and not is_code(cell)
