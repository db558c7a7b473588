"""Postal addresses that a name announces in another way than by a sign: in tables, on a line of its own, in dots.

The names of some languages stand in letters of ASCII alone, so that all texts are searched for them; the others are
looked for only where a text has letters beyond ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from string import ascii_letters, digits
from typing import Final

from otel_compliance.redact.cells import cells_below
from otel_compliance.redact.characters import without_marks
from otel_compliance.redact.identity.address_values import behind_sign, is_address
from otel_compliance.redact.recognize import Finding, Folded

# Names of letters of ASCII that a sign follows are found by it; here are those of other layouts.
_ENGLISH: Final = (b"ddress",)
_STEMS: Final = (
    *(b"dres", b"lamat", b"domicil", b"direcc", b"indirizz", b"endere", b"morada", b"anschrift", b"osoite", b"naslov"),
    *(b"residen", b"hausnummer", b"bydli", b"heimili", b"lakc"),
)
_HEADS: Final = (b"street", b"addr")
"""Names of columns that are too much else in sentences."""
_HEAD: Final = re.compile(rb"(?:[\w.\-]{0,24}[_.\-])?(?:street|addr)(?:[_\-]?(?:address|name|line))?[_\-]?[0-9]?")
_OTHER: Final = re.compile(
    rb"(?:mail|(?<![a-z])ip|(?<![a-z])mac|web|url|http|wallet|memory|bitcoin|btc|eth|contract|network|host|server|bus|base"
    rb"|virtual|physical|link)[ _.\-]?a{1,2}d{1,2}res"
)
"""Addresses of another kind."""
_OTHER_CHARS: Final = 12
_SHORT_CHARS: Final = 2_000
"""A text so short is searched for all names: it takes next to no time."""
_TABLE_SIGNS: Final = (b"|", b"\t", b";", b"[", b"<")
_STEMS_WITH_LETTERS: Final = (
    *(b"direc\x80", b"r\x80siden", b"c\x80m", b"wohn", b"adre\x80", b"logr"),
    *(b"helbid", b"gyvenam"),
)
HINT: Final = "(?i:" + "|".join(stem.decode("ascii") for stem in (*_STEMS, *_HEADS)) + ")"
GATES: Final = {"address label": (HINT.encode("ascii"),)}
"""Only for a text of ASCII."""
_NAMES: Final = re.compile(
    rb"(?:[\w\x80.\-]{0,24}[_.\-]|[a-z]{0,16})?(?:"
    rb"a{1,2}d{1,2}res{1,2}(?:e[nrz]?|as|a|u|y|i(?:m|n|miz|niz|ne|nde|si)?|ul|ei|em|ou|\x80)?|adre\x80[a\x80]?"
    rb"|alamat(?:nya|ku|mu)?|domicil(?:io|i|e|iu|iul)|direc(?:c|\x80)i(?:o|\x80)n|indirizzo|endere(?:c|\x80|z)o|morada"
    rb"|r(?:e|\x80)sidenc(?:ia|e)|residenza|resid\x80ncia|osoite|naslov|lakc(?:i|\x80)m\x80?|c\x80m\x80?|anschrift"
    rb"|wohn(?:ort|sitz|haft|adresse)|bydli(?:\x80t\x80|sko)|logradouro|heimilisfang|hausnummer|helbidea|gyvenamoji"
    rb")(?:[_.\-]?(?:line)?[_.\-]?[0-9])?"
)
_NAME_CHARS: Final = (ascii_letters + digits + "_.-").encode() + b"\x80"
_DIGIT: Final = re.compile(rb"[0-9]")
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
    rb"(?:(?P<sure>[:=]>?(?! ?</)|\.{3,200}"
    # An attribute of HTML.
    rb"|(?<=[\"'])(?: [\w\-]{1,16}=[\"'][^\"'<>]{0,60}[\"']){0,4} (?:value|content)=)"
    # The next cell, or another element.
    rb"|->|\x81(?= )|-(?= )|\||\t|\]|</t[dh]>\s{0,8}<td[^<>]{0,80}>"
    rb"|:? ?(?:</[a-z]{1,8}>:?[ \n]{0,8}){1,3}(?:<(?!t[hr])[a-z][^<>]{0,80}>){0,2}"
    # The answer to a question, with the name of who gives it.
    rb"|(?P<answer>(?:\?[\r*]{0,2}\n|[.!]?\r?\n(?=[A-Z\x80][^:\n]{0,36}: ))"
    rb"(?:[A-Z\x80][\w\x80 .\-]{0,24}(?: ?\([0-9:]{4,8}\))?: )?)"
    rb"|(?P<line>[:\r*]{0,3}\n[ \t>*]{0,4}))"
)
_IS: Final = re.compile(
    without_marks(
        r"(?:[^\W\d_]{0,3} (?:[^\W\d_]{1,12} ){0,2}?(?:is|ist|lautet|est|es|è|é|jest|adalah|ialah|to|on|je|är|er|είναι"
        r"|היא|הוא|هو|هي|है|là|は)[: ] ?|[는은가] |は|是|為|为)(?=[^\W_])"
    )
)
"""A word that says what the address is, in the text itself."""
_JOINED: Final = frozenset("는은가は是為为")
"""Those that say it of little else."""
_DOUBTFUL: Final = frozenset(b"rR")
"""The first letters of residence, which is told in years, too."""
_MAX_LINE_NAME: Final = 24
_CELLS: Final = bytes(ord("|") if byte in b",;|\t\n<>([\x81" else byte for byte in range(256))
"""To one of the signs that end a cell."""
_CELL_ENDS: Final = frozenset(bytes([byte]) for byte in b",;|\t\n<)]\x81") | {b""}
_HEAD_BEHIND: Final = re.compile(rb"(?:[^,;|\t\n<>()\[\]\x81]|\([^()\n,;|]{1,20}\)|\[[^\[\]\n,;|]{1,20}\]){0,40}")
"""The rest of the cell that a name stands in, remarks in brackets included."""
_MAX_BLANKS: Final = 4
_AROUND: Final = b" \"'`*_\r"


def labelled(folded: Folded) -> Iterator[Finding]:
    """Addresses behind a name or below one."""
    stems = _stems(folded)
    last = Finding("ADDRESS", 0, 0, 0.0)
    for start, end in _before_digits(folded.ascii, _labels(folded, stems)):
        if last.start <= start < last.end:
            continue
        if finding := _behind(folded, start, end):
            yield finding
            last = finding
        yield from _below(folded.ascii, start, end)
    if stems is not _ENGLISH:
        for start, end in _words(folded.lower, _HEADS, _HEAD):
            yield from _below(folded.ascii, start, end)


def _before_digits(data: bytes, labels: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Those labels that a digit follows anywhere: without one there is no address. A hostile text has many and none."""
    looked, digit = 0, -1
    for start, end in labels:
        # They come by their stems, so that they begin anew now and then.
        if not looked <= end <= digit:
            found = _DIGIT.search(data, end)
            looked, digit = end, found.start() if found else len(data)
        if digit < len(data):
            yield start, end


def _labels(folded: Folded, stems: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Where names for an address stand."""
    data = folded.lower
    for start, end in _words(data, stems, _NAMES):
        if not _OTHER.search(data, max(0, start - _OTHER_CHARS), end):
            yield start, end
    if not folded.text.isascii():
        yield from _in_other_letters(folded.text)


def _words(data: bytes, stems: Sequence[bytes], names: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """The words that hold a stem and are one of some names."""
    for stem in stems:
        at = data.find(stem)
        while at >= 0:
            before = data[max(0, at - _MAX_NAME) : at]
            start = at - len(before) + len(before.rstrip(_NAME_CHARS))
            right = _RIGHT.match(data, at)
            if right and names.fullmatch(data, start, right.end()):
                yield start, right.end()
            at = data.find(stem, at + len(stem))


def _stems(folded: Folded) -> Sequence[bytes]:
    """What names for an address in this text may begin with, or hold."""
    if not folded.text.isascii():
        return (*_STEMS, *_STEMS_WITH_LETTERS)
    if len(folded.ascii) <= _SHORT_CHARS or any(sign in folded.ascii for sign in _TABLE_SIGNS):
        return _STEMS
    return _ENGLISH


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


def _behind(folded: Folded, start: int, end: int) -> Finding | None:
    """The address behind a name."""
    data = folded.ascii
    sign = _SIGN.match(data, end)
    if sign is None:
        return _said(folded, end)
    if sign["line"] and not _begins_line(data, start):
        return None
    finding = behind_sign(
        data, sign.end(), place=sign["sure"] is None or bool(sign["more"]) or data[start] in _DOUBTFUL
    )
    return finding if finding and (not sign["answer"] or _is_clear(data, finding)) else None


def _said(folded: Folded, end: int) -> Finding | None:
    """The address in a sentence, as in "my address is …"."""
    data = folded.ascii
    if folded.text.isascii() and not data.startswith(b" ", end):
        return None
    said = _IS.match(folded.text, end)
    finding = behind_sign(data, said.end(), place=True) if said else None
    if said is None or finding is None:
        return None
    return finding if _is_clear(data, finding) or said[0].strip()[-1] in _JOINED else None


def _is_clear(data: bytes, finding: Finding) -> bool:
    """Whether an address has parts, so that it is no other sentence."""
    return b"," in data[finding.start : finding.end]


def _begins_line(data: bytes, start: int) -> bool:
    """Whether nothing but letters stands between the beginning of a line and a name."""
    before = data[max(0, start - _MAX_LINE_NAME) : start]
    line = before.rpartition(b"\n")
    if not line[1] and start > _MAX_LINE_NAME:
        return False
    return not line[2].translate(None, b"#*_ >\x80abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _below(data: bytes, start: int, end: int) -> Iterator[Finding]:
    """The addresses in the column of a name that is its head."""
    behind = _HEAD_BEHIND.match(data, end)
    if behind is None or data[behind.end() : behind.end() + 1] not in _CELL_ENDS:
        return
    before = data[max(0, start - _MAX_NAME) : start].translate(_CELLS)
    start, end = start - len(before) + before.rfind(b"|") + 1, behind.end()
    head = data[start:end]
    start += len(head) - len(head.lstrip(_AROUND))
    end = start + len(head.strip(_AROUND))
    # A sentence is no head.
    if data.count(b" ", start, end) > _MAX_BLANKS:
        return
    for span in cells_below(data, start, end):
        if is_address(data[slice(*span)]):
            yield Finding("ADDRESS", *span, 0.7)
