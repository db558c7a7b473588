"""Telephone numbers: international, national in the forms of many countries, with extensions.

A search in the shape of the text finds seven and more digits, in groups or not. What they are is told by their sign, by
their groups, or by a word near them: a number without any of these is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from otel_compliance.redact.identity.context import Around, names_another, plain
from otel_compliance.redact.identity.signatures import is_listed, is_signed
from otel_compliance.redact.identity.vocabulary import TELEPHONE
from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.shapes import ByShape

# In the shape of a text: two digits, and five more signs of a number, which hardly anything else has.
_ANCHOR: Final = re.compile(rb"00[0 ]{5,}+")
# Seven digits and more, up to three signs between two of them.
_RUN: Final = re.compile(rb"0(?: {0,3}0){6,}+")
_SINGLE: Final = re.compile(rb"(?:0 {1,3}){1,2}\Z")
_RUN_BEFORE: Final = 8
"""Characters before the first two digits in a row: single digits, as in ``1 (415) 555-2671``."""
_MOST_DIGITS: Final = 15
"""Of an international number, ITU-T E.164."""

_EXTENSION: Final = re.compile(
    rb"(?i)[ ,;]{0,2}(?:x|ext(?:n|ension)?\b\.?|durchwahl|poste) ?[.:]?[ .]?[0-9]{1,6}(?![0-9A-Za-z])"
)
_NOT_BEFORE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789#$")
_SIGNS: Final = frozenset(b"-/")
_JOINING: Final = (b".", b"-", b"/")
_LETTER: Final = b"\x80"
_INSIDE: Final = re.compile(rb"(?:[0-9A-Za-z_#$/]|(?<!\x80)-|[0-9][.:])\Z")
_INSIDE_SIGNED: Final = re.compile(rb"[0-9A-Za-z]\Z")
"""What stands before a number that is part of something else. Hebrew has a hyphen behind its prepositions."""
_NOT_BEHIND: Final = re.compile(rb"[0-9A-Za-z_%]|[.:\-/'][0-9]")
# Decimals, dates, spans of years and IPv4 addresses have the digits of a number.
_NO_PHONE: Final = re.compile(
    rb"[0-9]{1,9}+\.[0-9]{1,18}+(?![.\-/()]|[ ,][0-9])"
    rb"|(?:19|20)[0-9]{2}([.\-/])[0-9]{1,2}\1[0-9]{1,2}(?![0-9])"
    rb"|[0-9]{1,2}([.\-/])[0-9]{1,2}\2(?:19|20)?[0-9]{2}(?![0-9]|[ .\-][0-9]{2})"
    rb"|(?:19|20)[0-9]{2} ?[\-/] ?(?:19|20)[0-9]{2}(?![0-9])"
    rb"|(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}(?!\.?[0-9])"
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
    # Germany, in pairs.
    rb"|0 [0-9]{2} [0-9]{2} / [0-9]{2}(?: [0-9]{2}){1,3}"
    # Russia, with its trunk prefix 8.
    rb"|[78][ \-]?\([0-9]{3,5}\)[ \-]?[0-9]{1,3}[ \-][0-9]{2}[ \-][0-9]{2}"
    rb"|8[ \-][3489][0-9]{2}[ \-][0-9]{3}[ \-][0-9]{2}[ \-][0-9]{2}"
    # Chinese mobile numbers.
    rb"|1[3-9][0-9]([ \-])[0-9]{4}\1[0-9]{4}"
)
_NORTH_AMERICAN: Final = re.compile(
    rb"(?:\([2-9][0-9]{2}\)[ .\-]?|[2-9][0-9]{2}[ .\-])[2-9][0-9]{2}[ .\-][0-9]{4}(?![0-9A-Za-z]|[.\-][0-9])"
)
_LISTED: Final = re.compile(rb"[0-9] \Z")
_NORTH_AMERICAN_SHAPE: Final = re.compile(rb"(?=000 {1,2}000 0000)")
_INTERNATIONAL: Final = re.compile(rb"\+[1-9](?:[ .\-/]?\(?[0-9]\)?){6,14}(?![0-9A-Za-z])")
_COUNTRY: Final = re.compile(rb"\+\(?(?:00)?[1-9]")
"""No country's code begins with a nought, ITU-T E.164."""
_NATIONAL_DIGITS: Final = range(9, 13)
_ABROAD_DIGITS: Final = range(10, 16)
_NEAR: Final = 24
"""Characters before a number that looks like one of a telephone, in which another name makes it something else."""

# Verbs that announce a number, with the few words that may follow; alone they announce much else.
_CALL: Final = re.compile(
    rb"(?<![a-z])(?:call|ring|reach|dial|text|sms|contact|message|fax)(?:ed|ing)?(?![a-z])"
    rb"(?: [a-z' ]{0,26}(?<![a-z])"
    rb"(?:at|on|under|me|us|him|her|them|back|via|by|to|now|number|no|kar(?:o|na|en|lo)|kijiye))?[ .:?!()\"'-]{1,4}\Z"
)
_CALL_STARTS: Final = frozenset((b"cal", b"rin", b"rea", b"dia", b"tex", b"sms", b"con", b"mes", b"fax"))
_STARTS: Final = TELEPHONE.starts | _CALL_STARTS
_COUNTED: Final = re.compile(rb" (?!thanks|pls|always|unless|yes|this)[a-z]{2,}s(?![a-z])")
"""A plural behind digits: so many of them, and no number to call."""

_EMPHASISED: Final = re.compile(rb"(?<![0-9A-Za-z])_[^_]++_(?![0-9A-Za-z])")

_CHAT_LINK: Final = b"wa.me/"
"""A link to a chat in WhatsApp: https://faq.whatsapp.com/5913398998672934."""

_AREA: Final = re.compile(rb"[0-9]{1,6}\)")
_BLANK: Final = ord(" ")
_PLUS: Final = ord("+")
_FEWEST: Final = 7
_CALLED_CHARS: Final = 9
"""Of a number that is only called: seven bare digits behind "text" are a number of something."""


class PhoneRecognizer:
    """``PHONE``."""

    entity_types = frozenset({"PHONE"})
    hint = r"[0-9](?:[ .\-/()]{0,3}[0-9]){6}"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The numbers."""
        data = folded.ascii
        for offset, (places, north_american) in _places.within(folded):
            for place in places:
                anchor = offset + place[0]
                # Most runs of digits are none of a telephone; the first look costs least.
                if anchor and data[anchor - 1] in _NOT_BEFORE:
                    continue
                if found := _at(folded, place, offset):
                    yield found
            for start in north_american:
                if found := _north_american(data, offset + start):
                    yield found


class _Place(NamedTuple):
    """Where a number may be in a run.

    Attributes:
        anchor: Offset of its first two digits in a row.
        start: Offset of its first digit.
        end: Offset behind its last.
        is_long: Whether it has more digits than any number.
    """

    anchor: int
    start: int
    end: int
    is_long: bool


@ByShape
def _places(run: bytes) -> tuple[Sequence[_Place], Sequence[int]] | None:
    """Where numbers may be in a run of this shape, and where those of North America begin."""
    places = []
    for anchor, end in map(re.Match.span, _ANCHOR.finditer(run)):
        single = _SINGLE.search(run, max(0, anchor - _RUN_BEFORE), anchor)
        if digits := _RUN.search(run, single.start() if single else anchor, end):
            is_long = run.count(b"0", *digits.span()) > _MOST_DIGITS
            places.append(_Place(anchor, *digits.span(), is_long))
    north_american = [match.start() for match in _NORTH_AMERICAN_SHAPE.finditer(run)]
    return (places, north_american) if places or north_american else None


def _at(folded: Folded, place: _Place, offset: int) -> Finding | None:
    """The number at a place of the run at an offset."""
    data, anchor = folded.ascii, offset + place.anchor
    if data.endswith(_CHAT_LINK, 0, anchor):
        return Finding("PHONE", anchor, offset + place.end, 0.9)
    before = data[anchor - 1] if anchor else _BLANK
    if before in _SIGNS and not (data[anchor - 2 : anchor - 1].isdigit() or data[anchor - 2 : anchor - 1] == _LETTER):
        return None
    if before != _PLUS and (place.is_long or _NO_PHONE.match(data, anchor)):
        return None
    if not place.is_long:
        return _confirmed(folded, _opened(data, offset + place.start), offset + place.end)
    # More digits than any number has may begin with one.
    begin = _INTERNATIONAL.match(data, anchor - 1)
    return Finding("PHONE", *begin.span(), 0.85) if begin else None


def _north_american(data: bytes, at: int) -> Finding | None:
    """The number of North America whose first digit is at an offset, whatever digits stand beside it."""
    start = at - 1 if data[at - 1 : at] == b"(" else at
    before = data[start - 1 : start]
    match = None if before.isalnum() or before in _JOINING else _NORTH_AMERICAN.match(data, start)
    if match is None or names_another(plain(data[max(0, start - _NEAR) : start])):
        return None
    if b"-" not in match[0] and b"." not in match[0] and _LISTED.search(data, max(0, start - 2), start):
        return None  # one of many numbers with blanks between them
    return Finding("PHONE", *match.span(), 0.8)


def _opened(data: bytes, start: int) -> int:
    """Where a number begins whose first digit is at an offset: at its bracket, and at its sign."""
    if data[start - 1 : start] == b"(" and _AREA.match(data, start):
        start -= 1
    return start - 1 if data[start - 1 : start] == b"+" else start


def _confirmed(folded: Folded, start: int, end: int) -> Finding | None:
    """The number between two offsets, with its extension, if it is one."""
    data = folded.ascii
    before, signed = data[max(0, start - 2) : start], data[start] == _PLUS
    emphasised = before.endswith(b"_") and _EMPHASISED.match(data, start - 1, end + 2) is not None
    if not emphasised and (_INSIDE_SIGNED.search(before) if signed else _INSIDE.search(before)):
        return None
    if before.endswith(b".") and b"." in data[start:end]:
        return None
    extension = _EXTENSION.match(data, end)
    if extension is None and not emphasised and _NOT_BEHIND.match(data, end):
        return None
    last = extension.end() if extension else end
    if signed:
        is_whole = folded.shape.count(b"0", start, end) > _FEWEST and _COUNTRY.match(data, start)
        return Finding("PHONE", start, last, 0.85) if is_whole else None
    is_likely = extension or _is_likely(data, folded.shape, start, end)
    if is_likely and not names_another(plain(data[max(0, start - _NEAR) : start])):
        return Finding("PHONE", start, last, 0.8)
    if (
        is_signed(data, start, last)
        or is_listed(data, start, last)
        or is_announced(Around(folded, start, start, last), data, last)
    ):
        return Finding("PHONE", start, last, 0.75)
    return None


def is_announced(around: Around, data: bytes, end: int) -> bool:
    """Whether a word near a number, which ends at an offset, says that it is one of a telephone."""
    return not around.is_silent(_STARTS) and (TELEPHONE.names(around) or _is_called(around, data, end))


def _is_likely(data: bytes, shape: bytes, start: int, end: int) -> bool:
    """Whether the groups of a number are those of one of a telephone."""
    digits = shape.count(b"0", start, end)
    known = digits in _NATIONAL_DIGITS or (digits in _ABROAD_DIGITS and data.startswith((b"00", b"011"), start))
    return known and _STRONG.fullmatch(data, start, end) is not None


def _is_called(around: Around, data: bytes, end: int) -> bool:
    """Whether a verb such as "call" announces a number."""
    return (
        not _CALL_STARTS.isdisjoint(around.starts_before)
        and end - around.start >= _CALLED_CHARS
        and _CALL.search(around.before) is not None
        and _COUNTED.match(data, end) is None
    )
