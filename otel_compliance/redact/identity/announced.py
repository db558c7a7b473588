"""Postal addresses behind a name and a sign, as in "address: …"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.identity.address_values import behind_sign, is_address
from otel_compliance.redact.identity.streets import turkish
from otel_compliance.redact.recognize import Finding, Folded

_ENDINGS: Final = frozenset(
    (
        *b"ess ddr adr sse res esa ift aft ort itz ion i\x80n lio zzo eco e\x80o ada eet ite lov uro ine ed)".split(),
        *(b"ne1", b"ne2", b"e 1", b"e 2", b"ss1", b"ss2", b"es1", b"es2", b"_1", b"_2"),
    )
)
"""The last letters of the names: one look at them rejects most words that stand before a sign."""
_CLOSE: Final = b" \"'`*"
_LAST_LETTERS: Final = bytes({ending[-1] for ending in _ENDINGS})
_BEFORE_SIGN: Final = frozenset(_CLOSE + _LAST_LETTERS + _LAST_LETTERS.upper())
_NAME: Final = re.compile(
    rb"(?i)(?:ad?dr(?:ess?e?)?(?:[ _]?line)?[ _]?[0-9]?|adres?|adresa|anschrift|wohn(?:haft|ort|sitz)"
    rb"|direcci(?:o|\x80)n|domicilio|indirizzo|endere(?:c|\x80)o|morada|osoite|naslov|logradouro"
    rb"|street(?:[ _]?address)?(?:[ _]?line)?[ _]?[0-9]?|\bline)(?:\([a-z]{1,12}\))?\Z"
)
_NAME_CHARS: Final = 28
_NUMBER_SIGNS: Final = frozenset(b"oO ")
_CARD: Final = re.compile(rb"(?:\A|\n)(?:item[0-9]{1,2}\.)?(?:ADR|adr)(?:;[^:\n]{0,60})?\Z")
_CARD_CHARS: Final = 80
_CARD_VALUE: Final = re.compile(rb"[; ]{0,8}([^; \r\n][^\r\n]{4,200})")
"""The parts of an address on a business card (RFC 6350 section 6.3.1)."""
_LIST: Final = re.compile(rb"\s{0,4}\[\s{0,12}[\"']")
"""The lines of an address in the records of hospitals: ``"line": ["12 Main St", …]`` (FHIR, data type Address)."""
GATES: Final = {
    "address name": (
        rb"(?i:addr|adr|ddress|adres|anschrift|wohn|direcc|domicil|indirizz|endere|morada|street|osoite|naslov|logr)[^:=>]{0,24}[:=>]",
        rb"N[oO] ?:",
        rb"(?i:adr)[;:]",
        rb"(?i:line)[ \"'`*]{0,28}[:=>]\s{0,4}\[",
    ),
}
HINT: Final = "[:=>]"


_MESSAGE: Final = re.compile(
    rb"(?<=[|~])(?=[^|^~\n]{0,60}[0-9])[^|^~\n]{4,90}\^[^|^~\n]{0,60}\^[A-Z\x80][^|^~\n]{1,40}\^[^|^~\n]{0,30}"
    rb"\^[0-9A-Z \-]{3,12}(?:\^[A-Z]{2,3})?(?=[|~^\r\n]|\Z)"
)
"""Street, flat, city, state and postcode in messages of hospitals (HL7 version 2, data type XAD)."""


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


def in_messages(data: bytes) -> Iterator[Finding]:
    """Addresses in messages of hospitals."""
    if b"^" in data:
        yield from (Finding("ADDRESS", *match.span(), 0.75) for match in _MESSAGE.finditer(data))


def _behind(data: bytes, sign: int) -> Finding | None:
    """The address behind a sign, if a name for one stands before it."""
    last = data[sign - 1]
    if last in _NUMBER_SIGNS and (finding := turkish(data, sign)):
        return finding
    if data.startswith(b";", sign + 1) and (finding := _on_card(data, sign)):
        return finding
    if last not in _BEFORE_SIGN:
        return None
    before = data[max(0, sign - _NAME_CHARS) : sign].rstrip(_CLOSE)
    if before[-3:].lower() not in _ENDINGS:
        return None
    if before[-4:].lower() == b"line" and not _LIST.match(data, sign + 1):
        return None
    return behind_sign(data, sign + 1) if _NAME.search(before) else None


def _on_card(data: bytes, sign: int) -> Finding | None:
    """The address of a business card."""
    value = _CARD_VALUE.match(data, sign + 1)
    if value is None or not _CARD.search(data, max(0, sign - _CARD_CHARS), sign):
        return None
    start, end = value.start(1), value.start(1) + len(value[1].rstrip(b"; "))
    return Finding("ADDRESS", start, end, 0.75) if is_address(data[start:end]) else None
