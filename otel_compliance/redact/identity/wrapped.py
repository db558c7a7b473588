"""Telephone and card numbers with the end of a line in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.identity.checksums import luhn
from otel_compliance.redact.identity.context import Around
from otel_compliance.redact.identity.phones import is_announced
from otel_compliance.redact.recognize import Finding, Folded

_WRAP: Final = re.compile(rb"\n(?:(?<=[0-9]\n)|(?<=[0-9]\r\n))(?:> )?[0-9]")
# Behind a word, not a whole line of numbers, or a cell of a table.
_LEFT: Final = re.compile(
    rb"(?<=[A-Za-z\x80.:#] )[\[(*_\"'` ]{0,3}((?:[+(]{1,2}[0-9]|0|[1-9][ \-]?[0-9][ \-]?[0-9])[0-9 .\-/()]{1,18}+)\r?\Z"
)
_LEFT_CHARS: Final = 32
_LINE: Final = re.compile(rb"\n(?:> )?")
_RIGHT: Final = re.compile(rb"[0-9](?:[ .\-/]{0,3}[0-9]){2,14}(?![0-9A-Za-z]|[.,:/\-][0-9])")
_PHONES: Final = range(8, 15)
_CARD: Final = re.compile(rb"(?:[2-6][0-9]{3}(?:[ \-]?[0-9]{4}){3}|3[47][0-9]{2}[ \-]?[0-9]{6}[ \-]?[0-9]{5})")
_MOST: Final = 20
_SIGNS: Final = b" .-/()+"

GATES: Final = {"wrapped": (rb"[0-9]\r?\n(?:> )?[0-9]",)}


class WrappedRecognizer:
    """``PHONE`` behind its word, and ``CREDIT_CARD``, over two lines."""

    entity_types = frozenset({"PHONE", "CREDIT_CARD"})
    hint = r"[0-9]\r?\n(?:> )?[0-9]"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The numbers."""
        if not folded.may_hold("wrapped"):
            return
        data = folded.ascii
        for wrap in _WRAP.finditer(data):
            left = _LEFT.search(data, max(0, wrap.start() - _LEFT_CHARS), wrap.start())
            line = _LINE.match(data, wrap.start())
            right = _RIGHT.match(data, line.end()) if left and line else None
            if left and right and (finding := _at(folded, left.start(1), left[1], right)):
                yield finding


def _at(folded: Folded, start: int, left: bytes, right: re.Match[bytes]) -> Finding | None:
    """The number of two parts."""
    digits = (left + right[0]).translate(None, _SIGNS)
    if len(digits) <= _MOST and _CARD.fullmatch(left + b" " + right[0]) and luhn(digits.decode("ascii")):
        return Finding("CREDIT_CARD", start, right.end(), 0.85)
    if len(digits) not in _PHONES:
        return None
    around = Around(folded, start, start, right.end())
    return Finding("PHONE", start, right.end(), 0.75) if is_announced(around, folded.ascii, right.end()) else None
