"""Personal numbers: telephone, US social security, payment cards, IBAN.

One pass finds runs of digits with separators; each recognised type is confirmed within its run. A number needs two
signals: a format with separators, a checksum, a prefix, or a context word shortly before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded

_RUN: Final = re.compile(rb"[0-9](?:[ .\-/()]{0,2}[0-9]){7,}+")

_CARD: Final = re.compile(
    rb"(?<![0-9A-Za-z.])(?:"
    rb"[2-6][0-9]{3}([ .\-]?)[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}"  # 13 to 19 digits in groups of four, ISO/IEC 7812
    rb"|3[47][0-9]{2}([ .\-]?)[0-9]{6}\2[0-9]{5}"  # American Express
    rb"|3(?:0[0-5]|[689][0-9])[0-9]([ .\-]?)[0-9]{6}\3[0-9]{4}"  # Diners Club
    rb")(?![0-9A-Za-z])"
)
_SSN: Final = re.compile(
    # Areas 000, 666 and 900-999, group 00 and serial 0000 are never assigned (SSA POMS RM 10201.035).
    rb"(?<![0-9A-Za-z\-.])(?!000|666|9)[0-9]{3}([ \-.])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![0-9A-Za-z]|[\-.][0-9])"
)
_SSN_BARE: Final = re.compile(
    rb"(?<![0-9A-Za-z\-.])(?!000|666|9)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}(?![0-9A-Za-z\-])"
)
_SSN_CONTEXT: Final = re.compile(rb"(?i)\b(?:ssn|social.{0,3}security|soc\.? ?sec)")
_PHONE_US: Final = re.compile(
    # North American Numbering Plan: area and exchange codes start with 2-9.
    rb"(?<![0-9A-Za-z.\-/])(?:\+?1[ .\-]?)?(?:\([2-9][0-9]{2}\)[ .\-]?|[2-9][0-9]{2}[ .\-])"
    rb"[2-9][0-9]{2}[ .\-][0-9]{4}(?![0-9A-Za-z]|[.\-][0-9])"
)
_PHONE_BARE: Final = re.compile(rb"(?<![0-9A-Za-z.\-/])(?:1)?[2-9][0-9]{2}[2-9][0-9]{6}(?![0-9A-Za-z]|[.\-][0-9])")
_PHONE_INTERNATIONAL: Final = re.compile(rb"(?<![0-9A-Za-z])\+[1-9](?:[ .\-/]?\(?[0-9]\)?){6,14}(?![0-9A-Za-z])")
_PHONE_CONTEXT: Final = re.compile(rb"(?i)\b(?:phone|tel|call|mobile|cell|fax|whatsapp|sms|text|reach)")
_CONTEXT_CHARS: Final = 40
_SEPARATORS: Final = b" .-/()"


class NumberRecognizer:
    """``CREDIT_CARD``, ``SSN`` and ``PHONE``."""

    entity_types = frozenset({"CREDIT_CARD", "SSN", "PHONE"})
    hint = r"[0-9](?:[ .\-/()]{0,2}[0-9]){6}"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The numbers; overlapping candidates are settled by the caller."""
        data = folded.ascii
        for run in _RUN.finditer(data):
            # The run starts at a digit; an opening bracket or a plus sign may stand before it.
            start, end = max(0, run.start() - 3), min(len(data), run.end() + 2)
            yield from self._in_run(data, start, end, len(run[0].translate(None, _SEPARATORS)))

    def _in_run(self, data: bytes, start: int, end: int, digits: int) -> Iterator[Finding]:
        if digits >= 13:
            yield from self._cards(data, start, end)
        if digits >= 9:
            for match in _SSN.finditer(data, start, end):
                yield Finding("SSN", *match.span(), 0.85)
            yield from self._with_context("SSN", _SSN_BARE, _SSN_CONTEXT, data, start, end)
        if digits >= 10:
            for match in _PHONE_US.finditer(data, start, end):
                yield Finding("PHONE", *match.span(), 0.8)
            yield from self._with_context("PHONE", _PHONE_BARE, _PHONE_CONTEXT, data, start, end)
        if b"+" in data[start:end]:
            for match in _PHONE_INTERNATIONAL.finditer(data, start, end):
                yield Finding("PHONE", *match.span(), 0.85)

    @staticmethod
    def _cards(data: bytes, start: int, end: int) -> Iterator[Finding]:
        """Card numbers. Digits that fail the checksum may hide the beginning of a number that does not."""
        match = _CARD.search(data, start, end)
        while match:
            is_card = _luhn(match[0]) and not _is_epoch_milliseconds(match[0])
            if is_card:
                yield Finding("CREDIT_CARD", *match.span(), 0.95)
            match = _CARD.search(data, match.end() if is_card else match.start() + 1, end)

    @staticmethod
    def _with_context(
        entity_type: str, pattern: re.Pattern[bytes], context: re.Pattern[bytes], data: bytes, start: int, end: int
    ) -> Iterator[Finding]:
        """Matches of a weak pattern that have a context word shortly before them."""
        for match in pattern.finditer(data, start, end):
            if context.search(data, max(0, match.start() - _CONTEXT_CHARS), match.start()):
                yield Finding(entity_type, *match.span(), 0.75)


# A pattern that begins with a class of characters is found several times faster than one that begins by looking back.
_IBAN: Final = re.compile(rb"[A-Z]{2}[0-9]{2}(?:[ \-]?[A-Z0-9]){11,30}+")
_IBAN_CONTEXT: Final = re.compile(rb"(?i)\biban\b")
_IBAN_LENGTHS: Final = {
    # SWIFT IBAN Registry, release 99: total length by country.
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "FO", "GL", "NL", "SD", "FK"), 18),
    **dict.fromkeys(("MK", "SI"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "KZ", "LT", "LU", "XK", "MN"), 20),
    **dict.fromkeys(("CH", "CR", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "BH", "DE", "GB", "GE", "IE", "ME", "RS", "VA"), 22),
    **dict.fromkeys(("AE", "GI", "IL", "IQ", "OM", "SO", "TL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"), 24),
    **dict.fromkeys(("LY", "PT", "ST"), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("BI", "DJ", "FR", "GR", "IT", "MC", "MR", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "NI", "PL", "SV"), 28),
    **dict.fromkeys(("BR", "EG", "PS", "QA", "UA"), 29),
    **dict.fromkeys(("JO", "KW", "MU", "YE"), 30),
    **dict.fromkeys(("MT", "SC"), 31),
    **dict.fromkeys(("LC",), 32),
    **dict.fromkeys(("RU",), 33),
}


class IbanRecognizer:
    """``IBAN``: country, length and the mod 97 checksum of ISO 13616, or the word IBAN before it."""

    entity_types = frozenset({"IBAN"})
    hint = "[A-Z]{2}[0-9]{2}"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The account numbers."""
        data = folded.ascii
        match = _IBAN.search(data)
        while match:
            start = match.start()
            end = start + _end_of(match[0], _IBAN_LENGTHS.get(match[0][:2].decode("ascii"), 0))
            confidence = self._confidence(data, start, end)
            if confidence:
                yield Finding("IBAN", start, end, confidence)
            # A match takes in what follows the number, where the next one may begin.
            match = _IBAN.search(data, end if confidence else start + 1)

    @staticmethod
    def _confidence(data: bytes, start: int, end: int) -> float:
        """How sure it is that this is an account number; 0 when it is none."""
        if end == start or data[start - 1 : start].isalnum():
            return 0.0
        if _mod97(data[start:end]):
            return 0.97
        # Mistyped numbers are personal data too.
        return 0.6 if _IBAN_CONTEXT.search(data, max(0, start - _CONTEXT_CHARS), start) else 0.0


def _end_of(candidate: bytes, length: int) -> int:
    """Offset behind the `length`-th letter or digit; 0 when there are fewer, or none is wanted."""
    seen = 0
    for offset, byte in enumerate(candidate):
        seen += byte not in b" -"
        if seen == length:
            return offset + 1
    return 0


def _luhn(candidate: bytes) -> bool:
    """The checksum of payment cards, ISO/IEC 7812-1 annex B."""
    digits = [byte - 48 for byte in candidate if 48 <= byte <= 57]
    doubled = sum(digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + doubled) % 10 == 0


def _is_epoch_milliseconds(candidate: bytes) -> bool:
    """Thirteen bare digits of this era are a time stamp: one in ten passes the checksum by chance."""
    return len(candidate) == 13 and candidate.isdigit() and candidate[:2] in (b"16", b"17", b"18", b"19")


def _mod97(candidate: bytes) -> bool:
    """ISO 7064 mod 97-10 over the rearranged number."""
    plain = candidate.translate(None, b" -").decode("ascii")
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1
