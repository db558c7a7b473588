"""Postal addresses that a name announces in another way than by a sign: in tables, on a line of its own, in dots.

The names of some languages stand in letters of ASCII alone, so that all texts are searched for them; the others are
looked for only where a text has letters beyond ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.cells import cells_below
from otel_compliance.redact.characters import without_marks
from otel_compliance.redact.identity.address_values import behind_sign, is_address
from otel_compliance.redact.recognize import Finding, Folded

# English and half of Europe, Indonesian and Malay, and the Romance languages.
_STEMS: Final = (b"dres", b"lamat", b"domicil")
GATES: Final = {"address label": (rb"(?i:dres|lamat|domicil)",)}
"""Only for a text of ASCII."""
HINT: Final = "(?i:dres|lamat|domicil)"
_STEMS_WITH_LETTERS: Final = (
    *_STEMS,
    *(b"direcc", b"direc\x80", b"indirizz", b"endere", b"morada", b"residen", b"r\x80siden", b"osoite", b"naslov"),
    *(b"lakc", b"c\x80m", b"anschrift", b"wohn", b"bydli", b"adre\x80", b"logr", b"heimili", b"helbid", b"gyvenam"),
)
_NAMES: Final = re.compile(
    rb"(?:[\w\x80.\-]{0,24}[_.\-]|[a-z]{0,16})?(?:"
    rb"a{1,2}d{1,2}res{1,2}(?:e?[snrz]?|a|u|y|i(?:m|n|miz|niz|ne|nde|si)?|ul|ei|em|ou|\x80)?|adre\x80[a\x80]?"
    rb"|alamat(?:nya|ku|mu)?|domicil(?:io|i|e|iu|iul)|direc(?:c|\x80)i(?:o|\x80)n|indirizzo|endere(?:c|\x80|z)o|morada"
    rb"|r(?:e|\x80)sidenc(?:ia|e)|residenza|resid\x80ncia|osoite|naslov|lakc\x80m\x80?|c\x80m\x80?|anschrift"
    rb"|wohn(?:ort|sitz|haft|adresse)|bydli\x80t\x80|logradouro|heimilisfang|helbidea|gyvenamoji"
    rb")(?:[_.\-]?(?:line)?[_.\-]?[0-9])?"
)
_LEFT: Final = re.compile(rb"[\w\x80.\-]{0,40}\Z")
_RIGHT: Final = re.compile(rb"[\w\x80\-]{0,16}")
_MAX_NAME: Final = 40

# Cyrillic, Greek, Hebrew, Arabic, Persian and Urdu, the languages of India, Thai and others, China, Japan and Korea.
_OTHER_STEMS: Final = tuple(
    without_marks(word)
    for word in (
        *("адрес", "адрас", "мекен", "διεύθυνσ", "διευθυνσ", "כתובת", "عنوان", "آدرس", "نشانی", "پتہ"),
        *("पता", "पत्ता", "ठेगाना", "ঠিকানা", "முகவரி", "చిరునామా", "ವಿಳಾಸ", "വിലാസം", "સરનામું", "ਪਤਾ", "ලිපිනය"),
        *("ที่อยู่", "ທີ່ຢູ່", "လိပ်စာ", "អាសយដ្ឋាន", "địa chỉ", "მისამართი", "հասցե", "አድራሻ"),
        *("住所", "住址", "地址", "所在地", "本籍", "주소", "거주지"),
    )
)
_SIGN: Final = re.compile(
    # The rest of the word, and more words.
    rb"\x80{0,8}(?P<more>(?:[ _][A-Za-z\x80][\w\x80.\-]{0,15}){0,3}?)(?: ?\([^()\n]{1,24}\))?[\"'`*_]{0,6} {0,40}"
    rb"(?:(?P<sure>[:=]>?|\.{3,200})|(?P<unsure>->|\x81(?= )|-(?= )|\||\t|\]|</t[dh]>\s{0,8}<td[^<>]{0,80}>"
    rb"|(?:</[a-z]{1,8}>:?[ \n]{0,8}){1,3}(?:<(?!t[hr])[a-z][^<>]{0,80}>){0,2}"
    rb"|(?P<line>[:\r*]{0,3}\n[ \t>*]{0,4})))"
)
_IS: Final = re.compile(
    without_marks(
        r"(?:[^\W\d_]{0,3} (?:[^\W\d_]{1,12} )??(?:is|ist|lautet|est|es|è|é|jest|adalah|ialah|to|on|je|är|er|είναι|היא|הוא|هو"
        r"|هي|है|là|は)[: ] ?|[는은가] |は|是|為|为)(?=[^\W_])"
    )
)
"""A word that says what the address is, in the text itself."""
_MAX_LINE_NAME: Final = 24
_BORDERS: Final = tuple(bytes([byte]) for byte in b",;|\t\n<>\x81(")
_AROUND: Final = b" \"'`*_\r"


def labelled(folded: Folded) -> Iterator[Finding]:
    """Addresses behind a name or below one."""
    for start, end in _labels(folded):
        yield from _behind(folded, start, end)
        yield from _below(folded.ascii, start, end)


def _labels(folded: Folded) -> Iterator[tuple[int, int]]:
    """Where names for an address stand."""
    data = folded.lower
    for stem in _STEMS if folded.text.isascii() else _STEMS_WITH_LETTERS:
        at = data.find(stem)
        while at >= 0:
            left = _LEFT.search(data, max(0, at - _MAX_NAME), at)
            right = _RIGHT.match(data, at)
            if left and right and _NAMES.fullmatch(data, left.start(), right.end()):
                yield left.start(), right.end()
            at = data.find(stem, at + len(stem))
    if not folded.text.isascii():
        yield from _in_other_letters(folded.text)


def _in_other_letters(text: str) -> Iterator[tuple[int, int]]:
    small = text.lower()
    if len(small) != len(text):
        # Some capitals have no small letter of the same length.
        small = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    for stem in _OTHER_STEMS:
        at = small.find(stem)
        while at >= 0:
            yield at, at + len(stem)
            at = small.find(stem, at + len(stem))


def _behind(folded: Folded, start: int, end: int) -> Iterator[Finding]:
    """The address behind a name."""
    data = folded.ascii
    sign = _SIGN.match(data, end)
    if sign is None:
        said = None if folded.text.isascii() and not data.startswith(b" ", end) else _IS.match(folded.text, end)
        finding = behind_sign(data, said.end(), place=True) if said else None
    elif sign["line"] and not _begins_line(data, start):
        return
    else:
        finding = behind_sign(data, sign.end(), place=sign["sure"] is None or bool(sign["more"]))
    if finding:
        yield finding


def _begins_line(data: bytes, start: int) -> bool:
    """Whether nothing but letters stands between the beginning of a line and a name."""
    before = data[max(0, start - _MAX_LINE_NAME) : start]
    line = before.rpartition(b"\n")
    if not line[1] and start > _MAX_LINE_NAME:
        return False
    return not line[2].translate(None, b"#*_ >\x80abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _below(data: bytes, start: int, end: int) -> Iterator[Finding]:
    """The addresses in the column of a name that is its head."""
    first = max(0, start - _MAX_NAME)
    head = data[first:start]
    start = first + max(head.rfind(border) for border in _BORDERS) + 1
    tail = data[end : end + _MAX_NAME]
    borders = [at for border in _BORDERS if (at := tail.find(border)) >= 0]
    end += min(borders, default=len(tail))
    head = data[start:end]
    start += len(head) - len(head.lstrip(_AROUND))
    end = start + len(head.strip(_AROUND))
    for span in cells_below(data, start, end):
        if is_address(data[slice(*span)]):
            yield Finding("ADDRESS", *span, 0.7)
