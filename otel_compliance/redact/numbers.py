"""Numbers with a form of their own: US social security, payment cards, IBAN.

Searches for literals in the shape of the text find where a number may stand; each type is confirmed there. A number
needs two signals: a format with separators, a checksum, a prefix, or a context word shortly before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.shapes import ByShape

# In the shape of a text: thirteen digits and more as cards have them, and those of a social security number.
_CARD_RUN: Final = re.compile(rb"0000 ?(?:0000 ?0000 ?0|000000 ?0000)(?: {0,2}0)*+")
_SSN_SHAPE: Final = re.compile(rb"(?=000 00 0000)")

_CARD: Final = re.compile(
    # ISO/IEC 7812: sixteen digits in groups of four; other lengths only of issuers that have them.
    rb"(?<![0-9A-Za-z.])(?:"
    rb"[2-6][0-9]{3}([ .\-]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4}"
    rb"|(?:4[0-9]{3}|5[0678][0-9]{2}|6[0-9]{3})([ .\-]?)[0-9]{4}\2[0-9]{4}\2[0-9]{4}\2[0-9]{1,3}"
    rb"|4[0-9]{3}([ .\-]?)[0-9]{4}\3[0-9]{4}\3[0-9]"  # the first cards of Visa
    rb"|3[47][0-9]{2}([ .\-]?)[0-9]{6}\4[0-9]{5}"  # American Express
    rb"|3(?:0[0-5]|[689][0-9])[0-9]([ .\-]?)[0-9]{6}\5[0-9]{4}"  # Diners Club
    rb")(?![0-9A-Za-z])"
)
_LONG_CARD: Final = re.compile(
    rb"[456][0-9]{3}([ .\-])[0-9]{4}\1[0-9]{4}\1[0-9]{4}\1[0-9]{1,3}(?![0-9A-Za-z])"  # Maestro, UnionPay and others
)
_ARTICLE: Final = re.compile(rb"(?i)(?:ean|gtin|upc|isbn|barcode|imei|tracking|article|artikel)[^0-9\n]{0,16}\Z")
_ARTICLE_CHARS: Final = 28
_FIRST_VISA: Final = 13
_SSN: Final = re.compile(
    # Areas 000, 666 and 900-999, group 00 and serial 0000 are never assigned (SSA POMS RM 10201.035).
    rb"(?<![0-9A-Za-z\-.])(?!000|666|9)[0-9]{3}([ \-.])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![0-9A-Za-z]|[\-.][0-9])"
)
_CONTEXT_CHARS: Final = 40


class NumberRecognizer:
    """``CREDIT_CARD``, and ``SSN`` with separators."""

    entity_types = frozenset({"CREDIT_CARD", "SSN"})
    # Of ASCII what `_RUN` is of shapes.
    hint = r"[0-9]{2}(?:[ .\-/()][0-9]{4}(?![0-9])|[0-9]{2}(?:[ .\-/()]?[0-9]){9})"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The numbers; overlapping candidates are settled by the caller."""
        data = folded.ascii
        for offset, (cards, ssns) in _places.within(folded):
            for start, end in cards:
                yield from self._cards(data, offset + start, offset + end)
            for start in ssns:
                if match := _SSN.match(data, offset + start):
                    yield Finding("SSN", *match.span(), 0.85)

    @staticmethod
    def _cards(data: bytes, start: int, end: int) -> Iterator[Finding]:
        """Card numbers. Digits that fail the checksum may hide the beginning of a number that does not."""
        match = _CARD.search(data, start, end)
        while match:
            # Of two lengths the longer one: the digits behind a card's number are hardly its check digit.
            lengths = (_LONG_CARD.match(data, match.start()), match)
            card = next((item for item in lengths if item and _luhn(item[0]) and not _is_article(data, item)), None)
            if card:
                yield Finding("CREDIT_CARD", *card.span(), 0.95)
            match = _CARD.search(data, card.end() if card else match.start() + 1, end)


@ByShape
def _places(run: bytes) -> tuple[Sequence[tuple[int, int]], Sequence[int]] | None:
    """Where the number of a card, and one of social security, may be in a run of this shape."""
    # What may stand behind the number of a card is looked at, too.
    cards = [(match.start(), match.end() + 2) for match in _CARD_RUN.finditer(run)]
    ssns = [match.start() for match in _SSN_SHAPE.finditer(run)]
    return (cards, ssns) if cards or ssns else None


# It may be wrapped: the end of a line, or two blanks, may stand within it.
_IBAN: Final = re.compile(rb"[A-Z]{2}[0-9]{2}(?:(?:[ \-\n]|  |\r\n)?[A-Z0-9]){11,30}+")
_SMALL_IBAN: Final = re.compile(rb"(?i)[A-Z]{2}[0-9]{2}(?:(?:[ \-\n]|  |\r\n)?[A-Z0-9]){11,30}+")
# Its country, and what may stand between its check digits and a run of digits: the letters of the bank.
_SMALL_BEGIN: Final = re.compile(rb"(?i)(?<![0-9A-Z_])[A-Z]{2}(?:[0-9]{2}[0-9A-Z \-]{0,9})?\Z")
_SMALL_BEGIN_CHARS: Final = 14
_SMALL_SHAPE: Final = re.compile(rb"0{10}|0{1,4}(?: 0000){1,8} 0{1,4}(?!0)")
"""One of its runs of digits, in one group or in groups of four."""
_SMALL: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz")
_BANK: Final = b"00 aaaa "
"""The shape of check digits and of the letters of a bank in a group of their own."""
_IBAN_SHAPE: Final = re.compile(rb"AA00")
_IBAN_CONTEXT: Final = re.compile(rb"(?i)\biban\b")
_IBAN_LENGTHS: Final = {
    # SWIFT IBAN Registry, release 99: total length by country.
    **dict.fromkeys((b"NO",), 15),
    **dict.fromkeys((b"BE",), 16),
    **dict.fromkeys((b"DK", b"FI", b"FO", b"GL", b"NL", b"SD", b"FK"), 18),
    **dict.fromkeys((b"MK", b"SI"), 19),
    **dict.fromkeys((b"AT", b"BA", b"EE", b"KZ", b"LT", b"LU", b"XK", b"MN"), 20),
    **dict.fromkeys((b"CH", b"CR", b"HR", b"LI", b"LV"), 21),
    **dict.fromkeys((b"BG", b"BH", b"DE", b"GB", b"GE", b"IE", b"ME", b"RS", b"VA"), 22),
    **dict.fromkeys((b"AE", b"GI", b"IL", b"IQ", b"OM", b"SO", b"TL"), 23),
    **dict.fromkeys((b"AD", b"CZ", b"ES", b"MD", b"PK", b"RO", b"SA", b"SE", b"SK", b"TN", b"VG"), 24),
    **dict.fromkeys((b"LY", b"PT", b"ST"), 25),
    **dict.fromkeys((b"IS", b"TR"), 26),
    **dict.fromkeys((b"BI", b"DJ", b"FR", b"GR", b"IT", b"MC", b"MR", b"SM"), 27),
    **dict.fromkeys((b"AL", b"AZ", b"BY", b"CY", b"DO", b"GT", b"HU", b"LB", b"NI", b"PL", b"SV"), 28),
    **dict.fromkeys((b"BR", b"EG", b"PS", b"QA", b"UA"), 29),
    **dict.fromkeys((b"JO", b"KW", b"MU", b"YE"), 30),
    **dict.fromkeys((b"MT", b"SC"), 31),
    **dict.fromkeys((b"LC",), 32),
    **dict.fromkeys((b"RU",), 33),
}


class IbanRecognizer:
    """``IBAN``: country, length and the mod 97 checksum of ISO 13616, or the word IBAN before it."""

    entity_types = frozenset({"IBAN"})
    hint = r"[A-Z]{2}[0-9]{2}|[A-Za-z]{2}[0-9]{2}(?:[ \-\r\n]{0,2}[0-9A-Za-z]){11}"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The account numbers."""
        starts = (offset + place for offset, places in _iban_places.within(folded) for place in places)
        yield from self._at(folded.ascii, starts, _IBAN)
        if small := _small_starts(folded):
            yield from self._at(folded.ascii, small, _SMALL_IBAN)

    def _at(self, data: bytes, starts: Iterable[int], pattern: re.Pattern[bytes]) -> Iterator[Finding]:
        """Those that begin at one of some offsets, which ascend."""
        done = 0
        for start in starts:
            if start < done:
                continue
            # A match takes in what follows the number, where the next one may begin.
            length = _IBAN_LENGTHS.get(data[start : start + 2].upper())
            match = pattern.match(data, start) if length and not data[start - 1 : start].isalnum() else None
            end = start + _end_of(match[0], length) if match and length else start
            # Words may follow small letters, but none goes on.
            if pattern is _SMALL_IBAN and data[end : end + 1].isalnum():
                continue
            confidence = self._confidence(data, start, end)
            if confidence:
                yield Finding("IBAN", start, end, confidence)
                done = end

    @staticmethod
    def _confidence(data: bytes, start: int, end: int) -> float:
        """How sure it is that this is an account number; 0 when it is none."""
        if end == start:
            return 0.0
        if _mod97(data[start:end]):
            return 0.97
        # Mistyped numbers are personal data too.
        before = max(0, start - _CONTEXT_CHARS)
        named = b"iban" in data[before:start].lower() and _IBAN_CONTEXT.search(data, before, start)
        return 0.6 if named else 0.0


@ByShape
def _iban_places(run: bytes) -> Sequence[int]:
    """Where the number of an account may begin in a run of this shape."""
    return [match.start() for match in _IBAN_SHAPE.finditer(run)]


@ByShape
def _of_account(run: bytes) -> bool:
    """Whether a run of this shape may be of the number of an account that has small letters."""
    return _SMALL_SHAPE.match(run) is not None


def _small_starts(folded: Folded) -> Sequence[int]:
    """Where the number of an account may begin that has small letters before a run of digits."""
    data, shape = folded.ascii, folded.shape
    return [
        begin.start()
        for at, _ in _of_account.within(folded)
        # Hardly any number has letters right before it, but for those in digests and UUIDs.
        if ((data[at - 1] in _SMALL and data[at - 2 : at - 1] != b"-") or shape[at - len(_BANK) : at] == _BANK)
        and (begin := _SMALL_BEGIN.search(data, max(0, at - _SMALL_BEGIN_CHARS), at))
    ]


def _end_of(candidate: bytes, length: int) -> int:
    """Offset behind the `length`-th letter or digit; 0 when there are fewer."""
    end = length
    while end <= len(candidate):
        missing = length - len(candidate[:end].translate(None, b" -\r\n"))
        if not missing:
            return end
        end += missing
    return 0


_VALUES: Final = bytes(max(0, byte - 48) for byte in range(256))
_DOUBLED: Final = bytes(sum(divmod(2 * digit, 10)) for digit in range(10)) + bytes(246)


def _luhn(candidate: bytes) -> bool:
    """The checksum of payment cards, ISO/IEC 7812-1 annex B."""
    digits = candidate.translate(_VALUES, b" .-")
    return (sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED))) % 10 == 0


def _is_article(data: bytes, match: re.Match[bytes]) -> bool:
    """Whether the digits are a number of goods: bare, as many as those have, or announced as one."""
    digits = match[0]
    before = data[max(0, match.start() - _ARTICLE_CHARS) : match.start()]
    if len(digits) == _FIRST_VISA and digits.isdigit():
        return b"card" not in before.lower() and b"visa" not in before.lower()
    return _ARTICLE.search(before) is not None


_BASE_36: Final = tuple(str(int(chr(byte), 36)).encode() if chr(byte).isalnum() else b"" for byte in range(128))
"""ISO 13616: letters count from 10 for A to 35 for Z, and separators do not count."""


def _mod97(candidate: bytes) -> bool:
    """ISO 7064 mod 97-10 over the rearranged number; it begins with four letters and digits."""
    return int(b"".join([_BASE_36[byte] for byte in candidate[4:] + candidate[:4]])) % 97 == 1
