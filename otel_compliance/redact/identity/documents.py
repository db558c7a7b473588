"""Dates of birth with the month's name, and postal addresses: found by their words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.identity.context import BIRTH, window_before
from otel_compliance.redact.recognize import Finding, Folded

_DATE: Final = re.compile(
    rb"[0-9]{1,2}(?:st|nd|rd|th|\.)? (?:of |de )?[A-Za-z\x80]{3,10}\.?,? (?:de )?(?:19|20)[0-9]{2}"
    rb"|[A-Z][a-z]{2,8}\.? [0-9]{1,2}(?:st|nd|rd|th)?,? (?:19|20)[0-9]{2}"
)
_YEAR_SHAPE: Final = b" 0000"
_DATE_CHARS: Final = 24
"""Longest date with a month's name, up to its year."""
_NAME: Final = rb"[A-Z\x80][A-Za-z\x80'\-]{2,30}"
# A house number and a capital, or a house number and a French word; a German street ends before its number.
_ENGLISH: Final = re.compile(
    rb"[0-9]{1,5}[A-Za-z]? (?!(?:The|An?|In|On|At) )(?:[NSEW]\.? )?(?:[A-Z0-9][A-Za-z0-9'\x80]{1,20} ){1,3}"
    rb"(?:Street|Avenue|Road|Lane|Drive|Boulevard|Terrace|Court|Place|Way|St|Ave|Rd|Ln|Dr|Blvd|Ct)\b\.?"
    rb"(?:,? (?:Apt|Apartment|Suite|Unit|Flat|#)\.? ?[0-9A-Za-z\-]{1,6})?"
)
_FRENCH: Final = re.compile(
    rb"[0-9]{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard) "
    rb"(?:d[eu] (?:la |l')?|des |d')?" + _NAME + rb"(?: " + _NAME + rb")?(?:, [0-9]{5} " + _NAME + rb")?"
)
# In the shape of a text: a number and two words with capitals, as in "12 Baker Street" and "12b Baker Street".
_NUMBER_AND_NAMES: Final = re.compile(rb"0 [A0][Aa0]{1,20} (?:A|0a)")
_LETTERED_NUMBER_AND_NAMES: Final = re.compile(rb"0[Aa] A[Aa]{1,20} A")
_FRENCH_WORDS: Final = (b" rue ", b" avenue ", b" boulevard ")
_GERMAN: Final = re.compile(rb"str(?:a\x80e|asse|\.) [0-9]{1,4}[a-z]?(?![0-9A-Za-z])(?:, [0-9]{5} " + _NAME + rb")?")
_GERMAN_NAME: Final = re.compile(rb"[A-Z\x80][A-Za-z\x80\-]{2,30}\Z")


class DocumentRecognizer:
    """``DATE_OF_BIRTH`` and ``ADDRESS``."""

    entity_types = frozenset({"ADDRESS", "DATE_OF_BIRTH"})
    hint = r"[0-9] (?:[A-Z]|[a-z])|[a-z.] [0-9]"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The dates of birth and addresses."""
        yield from self._dates(folded)
        yield from self._addresses(folded)

    @staticmethod
    def _dates(folded: Folded) -> Iterator[Finding]:
        data, shape = folded.ascii, folded.shape
        year = shape.find(_YEAR_SHAPE)
        while year >= 0:
            match = None
            if data[year + 1 : year + 3] in (b"19", b"20") and BIRTH.within(window_before(data, year)):
                match = _DATE.search(data, max(0, year - _DATE_CHARS), year + len(_YEAR_SHAPE))
            if match and not data[match.start() - 1 : match.start()].isalnum():
                yield Finding("DATE_OF_BIRTH", *match.span(), 0.75)
            year = shape.find(_YEAR_SHAPE, year + 1)

    @staticmethod
    def _addresses(folded: Folded) -> Iterator[Finding]:
        data, shape = folded.ascii, folded.shape
        for numbers in (_NUMBER_AND_NAMES, _LETTERED_NUMBER_AND_NAMES):
            for match in numbers.finditer(shape):
                yield from _at_number(_ENGLISH, data, match.start())
        if any(word in data for word in _FRENCH_WORDS):
            for match in _FRENCH.finditer(data):
                yield from _at_number(_FRENCH, data, match.start())
        for match in _GERMAN.finditer(data):
            name = _GERMAN_NAME.search(data, max(0, match.start() - 32), match.start())
            if name or data[match.start() - 1 : match.start()] == b" ":
                yield Finding("ADDRESS", name.start() if name else match.start(), match.end(), 0.7)


def _at_number(pattern: re.Pattern[bytes], data: bytes, at: int) -> Iterator[Finding]:
    """The address whose house number has a digit at `at`."""
    start = at
    while start > 0 and at - start < 5 and data[start - 1 : start].isdigit():
        start -= 1
    match = None if data[start - 1 : start].isalnum() else pattern.match(data, start)
    if match:
        yield Finding("ADDRESS", *match.span(), 0.7)
