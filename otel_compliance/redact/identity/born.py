"""Signs before a date that say that somebody was born then: "(*1980…", as in German, or "(b. 1980…"."""

from __future__ import annotations

import re
from typing import Final

_QUOTES: Final = (b"", *(bytes([byte]) for byte in b"\"'`*[(\x81"))
_ENDS: Final = (b"(*", *(sign + quote for sign in (b"b. ", b"B. ") for quote in _QUOTES))
"""What stands right before the date: one look rejects most of them."""
_ENDS_CHARS: Final = 4
_BORN: Final = re.compile(
    rb"(?:[(\[]|[A-Z][a-z'\-\x80]{1,20} [A-Z\x80][A-Za-z'\-\x80]{1,20},? |(?P<listed>, ))b\. [\"'`*\[(\x81]?\Z"
)
"""As it stands behind the name of a person, or in a list of what is said about one."""
_POINT: Final = re.compile(rb"(?i)(?<![a-z])a[.)]")
"""The point of a list before one that begins with "b."."""
_CAPITAL_WORD: Final = re.compile(rb"[A-Z][a-z]")
_CHARS: Final = 50


def is_born(data: bytes, start: int, end: int) -> bool:
    """Whether a sign says it of the date between two offsets."""
    if not data.endswith(_ENDS, max(0, start - _ENDS_CHARS), start):
        return False
    if data.endswith(b"(*", 0, start):
        return data[end : end + 1] != b"*"
    before = data[max(0, start - _CHARS) : start]
    # In a text in capitals the sign is one, too; elsewhere it ends a name.
    born = _BORN.search(before if _CAPITAL_WORD.search(before) else before.lower())
    return born is not None and not (born["listed"] and _POINT.search(before))
