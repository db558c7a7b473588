"""Telephone numbers: international, national in the forms of many countries, with extensions.

A search in the shape of the text finds seven and more digits, in groups or not. What they are is told by their sign, by
their groups, or by a word near them: a number without any of these is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from otel_compliance.redact.identity.columns import Columns
from otel_compliance.redact.identity.context import TELEPHONE, Around, names_another
from otel_compliance.redact.recognize import Finding, Folded

# In the shape of a text: seven digits and more, up to three signs between two of them.
_RUN: Final = re.compile(rb"0(?: {0,3}0){6,}+")
_MOST_DIGITS: Final = 15
"""Of an international number, ITU-T E.164."""
_MOST_CHARS: Final = 34

_EXTENSION: Final = re.compile(rb"(?i)[ ,;]{0,2}(?:x|ext(?:n|ension)?\b\.?|durchwahl|poste) ?[.:]?[ .]?[0-9]{1,6}(?![0-9A-Za-z])")
_BEFORE: Final = re.compile(rb"(?:[0-9A-Za-z_#$\-/]|[0-9][.,:])\Z")
_BEHIND: Final = re.compile(rb"[0-9A-Za-z_%]|[.,:\-/'][0-9]")
# Dates, spans of years, and IPv4 addresses have the digits of a number.
_NO_PHONE: Final = re.compile(
    rb"(?:19|20)[0-9]{2}([.\-/])[0-9]{1,2}\1[0-9]{1,2}(?![0-9])"
    rb"|[0-9]{1,2}([.\-/])[0-9]{1,2}\2(?:19|20)?[0-9]{2}(?![0-9]|[ .\-][0-9]{2})"
    rb"|(?:19|20)[0-9]{2} ?[\-/] ?(?:19|20)[0-9]{2}(?![0-9])"
    rb"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![.0-9])"
)
_STRONG: Final = re.compile(
    # North American Numbering Plan: area and exchange codes start with 2-9.
    rb"(?:1[ .\-]?)?(?:\([2-9][0-9]{2}\)[ .\-]?|[2-9][0-9]{2}[ .\-/])[2-9][0-9]{2}[ .\-][0-9]{4}"
    # The prefix of an international call, with separators.
    rb"|(?:00|011[ \-])[1-9][0-9]{0,3}(?:[ .\-/()]{1,3}[0-9]{1,9}){2,5}"
    # A trunk prefix or an area in brackets.
    rb"|\(0[0-9]{1,5}\)[ \-/]{0,3}[0-9]{2,8}(?:[ \-/][0-9]{2,5}){0,4}"
    rb"|\([1-9][0-9]{1,3}\)[ \-]{0,2}[0-9]{3,5}[ \-][0-9]{3,4}"
    # France, and Belgium, in pairs.
    rb"|0[1-9](?:[ .\-][0-9]{2}){4}"
    # The trunk prefix 0, an area, and groups.
    rb"|0[1-9][0-9]{0,4}(?:[ \-]| ?/ ?)[0-9]{3,8}(?:[ \-][0-9]{2,5}){0,3}"
    # Russia, with its trunk prefix 8.
    rb"|[78][ \-]?\([0-9]{3,5}\)[ \-]?[0-9]{1,3}[ \-][0-9]{2}[ \-][0-9]{2}"
    # Chinese mobile numbers.
    rb"|1[3-9][0-9]([ \-])[0-9]{4}\1[0-9]{4}"
)
_NATIONAL_DIGITS: Final = range(9, 13)
_NEAR: Final = 24
"""Characters before a number that looks like one of a telephone, in which another name makes it something else."""

# Verbs that announce a number, with the few words that may follow; alone they announce much else.
_CALL: Final = re.compile(
    rb"(?<![a-z])(?:call|ring|reach|dial|text|sms|contact|message|fax)(?:ed|ing)?(?![a-z])"
    rb"(?: [a-z' ]{0,26}(?<![a-z])(?:at|on|under|me|us|him|her|them|back|via|by|to|now|number|no))?[ .:?!()\"'-]{1,4}\Z"
)
_COUNTED: Final = re.compile(rb" (?!thanks|pls|always|unless|yes|this)[a-z]{2,}s(?![a-z])")
"""A plural behind digits: so many of them, and no number to call."""

_PLUS: Final = ord("+")
_FEWEST_ABROAD: Final = 7
_CALLED_CHARS: Final = 9
"""Of a number that is only called: seven bare digits behind "text" are a number of something."""

_SURE: Final = 3
_LIKELY: Final = 2
_POSSIBLE: Final = 1

NUMBERS: Final = (rb"(?:^|[aA]) {0,3}(?:0 {0,3}){6}0",)
"""Patterns of shapes for one scan of the whole text; see `prefilter`."""


class PhoneRecognizer:
    """``PHONE``."""

    entity_types = frozenset({"PHONE"})
    hint = r"[0-9](?:[ .\-/()]{0,3}[0-9]){6}"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The numbers."""
        data, shape = folded.ascii, folded.shape
        columns = Columns(data)
        for match in chain.from_iterable(_RUN.finditer(shape, *area) for area in folded.number_areas):
            start, end = match.span()
            if end - start > _MOST_CHARS or shape.count(b"0", start, end) > _MOST_DIGITS:
                continue
            start = _opened(data, start)
            if found := _confirmed(folded, columns, start, end):
                yield found


def _opened(data: bytes, start: int) -> int:
    """Where a number begins whose first digit is at an offset: at its bracket, and at its sign."""
    if data[start - 1 : start] == b"(" and b")" in data[start : start + 7]:
        start -= 1
    return start - 1 if data[start - 1 : start] == b"+" else start


def _confirmed(folded: Folded, columns: Columns, start: int, end: int) -> Finding | None:
    """The number between two offsets, with its extension, if it is one."""
    data = folded.ascii
    extension = _EXTENSION.match(data, end)
    signed = data[start] == _PLUS
    before = data[max(0, start - 2) : start]
    if (extension is None and _BEHIND.match(data, end)) or (before[-1:].isalnum() if signed else _BEFORE.search(before)):
        return None
    last = extension.end() if extension else end
    kind = _kind(data[start:end])
    if kind == _SURE:
        return Finding("PHONE", start, last, 0.85)
    if not kind:
        return None
    around = Around(folded, columns, start, start, last)
    if (kind == _LIKELY or extension) and not names_another(around.before[-_NEAR:]):
        return Finding("PHONE", start, last, 0.8)
    if TELEPHONE.names(around):
        return Finding("PHONE", start, last, 0.75)
    called = end - start >= _CALLED_CHARS and _CALL.search(around.before) and not _COUNTED.match(data, last)
    return Finding("PHONE", start, last, 0.75) if called else None


def _kind(number: bytes) -> int:
    """How surely a number is one of a telephone without a word that says so; 0 when it is none."""
    digits = sum(48 <= byte <= 57 for byte in number)
    if number[0] == _PLUS:
        return _SURE if digits > _FEWEST_ABROAD else 0
    if _NO_PHONE.match(number):
        return 0
    likely = _STRONG.fullmatch(number) and (digits in _NATIONAL_DIGITS or number.startswith((b"00", b"011")))
    return _LIKELY if likely and digits >= _NATIONAL_DIGITS[0] else _POSSIBLE
