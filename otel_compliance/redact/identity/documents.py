"""Dates of birth with the month's name, and postal addresses: found by their words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from otel_compliance.redact.identity.context import Around
from otel_compliance.redact.identity.vocabulary import BIRTH
from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.shapes import ByShape

_DATE: Final = re.compile(
    rb"[0-9]{1,2}(?:st|nd|rd|th|\.)? (?:of |de |d')?[A-Za-z\x80]{3,12}\.?,? (?:del? )?(?:19|20)[0-9]{2}"
    rb"|[0-9]{1,2}[.\-/] ?[A-Za-z\x80]{3,12}[ .\-/][ ]?(?:19|20)[0-9]{2}"
    rb"|[A-Z][a-z]{2,8}\.? [0-9]{1,2}(?:st|nd|rd|th)?,? (?:19|20)[0-9]{2}"
    # Vietnam; Thailand, which counts from 543 years before.
    rb"|[0-9]{1,2} th[a\x80]ng [0-9]{1,2},? n[a\x80]m (?:19|20)[0-9]{2}"
    rb"|[0-9]{1,2} \x80{3,12} (?:\x80\.\x80\. ?)?2[45][0-9]{2}"
)
# Hungary, Lithuania, and programs.
_YEAR_FIRST: Final = re.compile(
    rb"(?:19|20)[0-9]{2}(?:\. ?| m\. ?|[ \-/])[A-Za-z\x80]{3,12}[ .\-/]{1,2}[0-9]{1,2}(?![0-9])"
)
_YEAR: Final = re.compile(rb"(?:(?<= )|\A)0000(?!0| 00 ?00)")
"""In the shape of a run; a blank and a day stand before it. With four more digits it is another date, or a number."""
_SHORT_DATE: Final = re.compile(rb"(?<![0-9A-Za-z.\-/])[0-9]{1,2}([ .\-/])[0-9]\1[0-9]{2}(?![0-9A-Za-z]|[.\-/][0-9])")
_ASIAN_DATE: Final = re.compile(
    # Digits of any width.
    r"(?:19|20|１９|２０)\d{2} ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일]"
    r"|(?:昭和|平成|令和|大正|明治)(?:\d{1,2}|元)年\d{1,2}月\d{1,2}日"
)
_ASIAN_YEARS: Final = ("年", "년")
_CENTURIES: Final = frozenset({b"19", b"20", b"24", b"25"})
_DATE_CHARS: Final = 26
"""Longest date with a month's name, up to its year."""
_YEAR_DIGITS: Final = 4
_DIGIT: Final = ord("0")
_BLANK: Final = ord(" ")
_NAME: Final = rb"[A-Z\x80][A-Za-z\x80'\-]{2,30}"
_STREETS: Final = (
    rb"Street|Avenue|Road|Lane|Drive|Boulevard|Terrace|Court|Place|Way|St|Ave|Rd|Ln|Dr|Blvd|Ct|Crescent|Cres|Close|Gardens"
    rb"|Grove|Mews|Square|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Parade|Esplanade|Quay|Alley"
)
_FLAT: Final = re.compile(
    rb"(?<!\w)(?:(?:Flat|Apartment|Apt|Unit|Suite|Studio|Room|Floor|Level|Shop)\.? ?#?[0-9A-Z]{1,5}"
    rb"|(?:Ground|First|Second|Third|Top) Floor(?: Flat)?)(?:, ?|[ /]|\n)\Z"
)
_FLAT_CHARS: Final = 24
# A house number and a capital, or a house number and a French word; a German street ends before its number.
_ENGLISH: Final = re.compile(
    rb"[0-9]{1,5}[A-Za-z]? (?!(?:The|An?|In|On|At|Minute|Hour|Day|Week|Month|Year|Mile)s? )(?:[NSEW]\.? )?"
    rb"(?:[A-Z0-9][A-Za-z0-9'\x80]{1,20} ){1,3}"
    rb"(?:" + _STREETS + rb")\b\.?(?: [NSEW]{1,2}\b\.?)?"
    rb"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Rm|#)\.? ?[0-9A-Za-z\-]{1,6}(?![\w\-]))?"
    # The city, with a postcode or before the end of a line or of a clause.
    rb"(?:(?:(?: ?, ?|[ \r]?\n)[A-Z][a-z]{2,20}(?: [A-Z][a-z]{2,20}){0,2}){1,2}"
    rb"(?:,? [0-9]{4,6}(?![0-9])|(?=[.;\n)\"|<]|\Z)))?"
)
_FRENCH: Final = re.compile(
    rb"[0-9]{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard) "
    rb"(?:d[eu] (?:la |l')?|des |d')?" + _NAME + rb"(?: " + _NAME + rb")?(?:, [0-9]{5} " + _NAME + rb")?"
)
# In the shape of a text: a number and two words with capitals, as in "12 Baker Street" and "12b Baker Street", or a
# number and a word as long as "rue", "avenue" or "boulevard".
# Two patterns, as both begin with what is rare.
_HOUSE_NUMBERS: Final = (
    re.compile(rb"0 (?=[A0][Aa0]{0,20} (?:A|0{1,3}a)|a(?:aaa? a)?aa(?:aaa){0,2} )"),
    re.compile(rb"0[Aa] (?=A[Aa]{0,20} A|aaa(?:aaa){0,2} )"),
)
_GERMAN: Final = re.compile(rb"str(?:a\x80e|asse|\.) [0-9]{1,4}[a-z]?(?![0-9A-Za-z])(?:, [0-9]{5} " + _NAME + rb")?")
_GERMAN_NAME: Final = re.compile(rb"[A-Z\x80][A-Za-z\x80\-]{2,30}\Z")

GATES: Final = {
    "date": (_DATE.pattern, _YEAR_FIRST.pattern.removesuffix(b"(?![0-9])")),
    "address": (
        (
            rb"[0-9][A-Za-z]? (?:[NSEW]\.? )?(?:[A-Z0-9][A-Za-z0-9'\x80]{1,20} ){1,3}"
            rb"(?:" + _STREETS + rb")"
        ),
        rb"[0-9](?: bis| ter)?,? (?:rue|avenue|boulevard) ",
        rb"str(?:a\x80e|asse|\.) [0-9]",
    ),
}


class DocumentRecognizer:
    """``DATE_OF_BIRTH`` and ``ADDRESS``."""

    entity_types = frozenset({"ADDRESS", "DATE_OF_BIRTH"})
    hint = r"[0-9] (?:[A-Z]|[a-z])|[0-9][.\-/] ?[A-Za-z]{3}|[a-z.] [0-9]"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The dates of birth and addresses."""
        if folded.may_hold("date"):
            yield from self._dates(folded)
        yield from self._short_dates(folded)
        if not folded.text.isascii() and any(year in folded.text for year in _ASIAN_YEARS):
            yield from self._asian_dates(folded)
        if folded.may_hold("address"):
            yield from self._addresses(folded)

    @staticmethod
    def _dates(folded: Folded) -> Iterator[Finding]:
        data, shape = folded.ascii, folded.shape
        for year in (offset + place for offset, places in _years.within(folded) for place in places):
            match = _date_with(data, shape, year) if data[year : year + 2] in _CENTURIES else None
            if match is None or data[match.start() - 1 : match.start()].isalnum():
                continue
            if BIRTH.names(Around(folded, match.start(), *match.span())):
                yield Finding("DATE_OF_BIRTH", *match.span(), 0.75)

    @staticmethod
    def _short_dates(folded: Folded) -> Iterator[Finding]:
        """Dates with one digit for the month and two for the year, which have no two digits in a row but those."""
        data, shape = folded.ascii, folded.shape
        for _, end in folded.single_digits:
            if not shape.startswith(b"0", end):
                continue
            match = _SHORT_DATE.search(data, max(0, end - 6), end + 2)
            if match and BIRTH.names(Around(folded, match.start(), *match.span())):
                yield Finding("DATE_OF_BIRTH", *match.span(), 0.75)

    @staticmethod
    def _asian_dates(folded: Folded) -> Iterator[Finding]:
        for match in _ASIAN_DATE.finditer(folded.text):
            if BIRTH.names(Around(folded, match.start(), *match.span())):
                yield Finding("DATE_OF_BIRTH", *match.span(), 0.75)

    @staticmethod
    def _addresses(folded: Folded) -> Iterator[Finding]:
        data, shape = folded.ascii, folded.shape
        for numbers in _HOUSE_NUMBERS:
            for number in numbers.finditer(shape):
                if data[number.end() - 1] == _BLANK and (finding := _at_number(data, shape, number.start())):
                    yield finding
        for match in _GERMAN.finditer(data):
            name = _GERMAN_NAME.search(data, max(0, match.start() - 32), match.start())
            if name or data[match.start() - 1 : match.start()] == b" ":
                yield Finding("ADDRESS", name.start() if name else match.start(), match.end(), 0.7)


def _date_with(data: bytes, shape: bytes, year: int) -> re.Match[bytes] | None:
    """The date whose year stands at an offset, at its end or at its beginning."""
    first = max(0, year - 1 - _DATE_CHARS)
    # Without a digit before it there is no day.
    if shape.startswith(b" ", year - 1) and shape.rfind(b"0", first, year - 1) >= 0:
        match = _DATE.search(data, first, year + _YEAR_DIGITS)
        if match:
            return match
    return _YEAR_FIRST.match(data, year)


@ByShape
def _years(run: bytes) -> Sequence[int]:
    """Where a year may be in a run of this shape."""
    return [match.start() for match in _YEAR.finditer(run)]


def _at_number(data: bytes, shape: bytes, at: int) -> Finding | None:
    """The address whose house number has its last digit at `at`."""
    start = at
    while start > 0 and at - start < 5 and shape[start - 1] == _DIGIT:
        start -= 1
    if data[start - 1 : start].isalnum():
        return None
    match = _ENGLISH.match(data, start) or _FRENCH.match(data, start)
    if match is None:
        return None
    flat = _FLAT.search(data, max(0, start - _FLAT_CHARS), start)
    return Finding("ADDRESS", flat.start() if flat else start, match.end(), 0.7)
