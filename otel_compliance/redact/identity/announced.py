"""Postal addresses behind a name and a sign, as in "address: …"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.identity.address_values import behind_sign
from otel_compliance.redact.recognize import Finding, Folded

_ENDINGS: Final = frozenset(
    (
        *(
            b"ess",
            b"ddr",
            b"sse",
            b"res",
            b"esa",
            b"ift",
            b"aft",
            b"ort",
            b"itz",
            b"ion",
            b"i\x80n",
            b"lio",
            b"zzo",
            b"eco",
        ),
        *(
            b"e\x80o",
            b"ada",
            b"eet",
            b"ne1",
            b"ne2",
            b"e 1",
            b"e 2",
            b"ss1",
            b"ss2",
            b"es1",
            b"es2",
            b"ed)",
            b"_1",
            b"_2",
        ),
    )
)
"""The last letters of the names: one look at them rejects most words that stand before a sign."""
_CLOSE: Final = b" \"'`*"
_LAST_LETTERS: Final = bytes({ending[-1] for ending in _ENDINGS})
_BEFORE_SIGN: Final = frozenset(_CLOSE + _LAST_LETTERS + _LAST_LETTERS.upper())
_NAME: Final = re.compile(
    rb"(?i)(?:ad?dr(?:ess?e?)?(?:[ _]?line)?[ _]?[0-9]?|adres?|adresa|anschrift|wohn(?:haft|ort|sitz)"
    rb"|direcci(?:o|\x80)n|domicilio|indirizzo|endere(?:c|\x80)o|morada"
    rb"|street(?:[ _]?address)?(?:[ _]?line)?[ _]?[0-9]?)(?:\([a-z]{1,12}\))?\Z"
)
_NAME_CHARS: Final = 28
GATES: Final = {
    "address name": (
        rb"(?i:addr|adr|ddress|adres|anschrift|wohn|direcc|domicil|indirizz|endere|morada|street)[^:=>]{0,24}[:=>]",
    ),
}
HINT: Final = "[:=>]"

def announced(folded: Folded) -> Iterator[Finding]:
    """Addresses behind a name and a sign."""
    data = folded.ascii
    for at in folded.colons:
        if finding := _behind(data, at):
            yield finding
    for sign in (b"=", b">"):
        at = data.find(sign)
        while at > 0:
            if finding := _behind(data, at):
                yield finding
            at = data.find(sign, at + 1)


def _behind(data: bytes, sign: int) -> Finding | None:
    """The address behind a sign, if a name for one stands before it."""
    if data[sign - 1] not in _BEFORE_SIGN:
        return None
    before = data[max(0, sign - _NAME_CHARS) : sign].rstrip(_CLOSE)
    if before[-3:].lower() not in _ENDINGS or not _NAME.search(before):
        return None
    return behind_sign(data, sign + 1)
