"""Telephone numbers that the layout tells: below the name of who wrote a letter, and in a list of people."""

from __future__ import annotations

import re
from typing import Final

from otel_compliance.redact.identity.context import names_another, plain

_LINE_ENDS: Final = (b"\n", b"\r", b"")
_LINE_STARTS: Final = (b"\n", b" ", b">")
_NAME: Final = rb"[A-Z\x80][A-Za-z\x80.'\-]{0,24}+(?: [A-Za-z\x80.'\-]{1,24}+){0,3}+"
# A line that ends with a comma, or a sentence in another script; a name; perhaps an address of mail. All may be quoted.
_SIGNATURE: Final = re.compile(
    rb"(?:,|\x80[.\x81]) ?\r?\n(?:> ?)?(" + _NAME + rb") ?\r?\n(?:(?:> ?)?[^\s@]{1,64}+@[^\s@]{3,64}+\r?\n)?(?:> ?)?\Z"
)
_CHARS: Final = 240
_MOBILE: Final = re.compile(
    # A trunk prefix, and the mobile numbers of India, China and Brazil.
    rb"0[1-9](?:[ \-]?[0-9]){7,9}|[6-9][0-9]{4}[ \-]?[0-9]{5}|1[3-9][0-9]{9}|[1-9][0-9] 9[0-9]{4}[ \-][0-9]{4}"
)


def is_signed(data: bytes, start: int, end: int) -> bool:
    """Whether a number between two offsets stands alone below the name under a letter."""
    if data[end : end + 1] not in _LINE_ENDS or data[start - 1 : start] not in _LINE_STARTS:
        return False
    if _MOBILE.fullmatch(data, start, end) is None:
        return False
    signature = _SIGNATURE.search(data, max(0, start - _CHARS), start)
    return signature is not None and not names_another(plain(signature[1]))


_LISTED: Final = re.compile(
    rb"(?:\A|\n)[ >]{0,4}[\-*\x81] (?:[A-Za-z\x80][A-Za-z\x80'.]{0,14}|\([A-Za-z\x80]{1,14}\))"
    rb"(?: (?:[A-Za-z\x80][A-Za-z\x80'.]{0,14}|\([A-Za-z\x80 ]{1,14}\))){0,3}:? \Z"
)
_LISTED_CHARS: Final = 72
_TRUNK: Final = re.compile(rb"0[1-9][0-9]{9}")
"""Eleven digits with a trunk prefix: of the United Kingdom, Japan, Korea, the Philippines, Nigeria and others."""


def is_listed(data: bytes, start: int, end: int) -> bool:
    """Whether a number between two offsets ends a point of a list that names nothing but somebody: "- vet 07…"."""
    if data[end : end + 1] not in _LINE_ENDS or _TRUNK.fullmatch(data, start, end) is None:
        return False
    point = _LISTED.search(data, max(0, start - _LISTED_CHARS), start)
    return point is not None and not names_another(plain(point[0]))
