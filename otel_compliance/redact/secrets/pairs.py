"""Credentials that have a name beside them, without a sign between the two.

``name: DB_PASSWORD`` with ``value: …`` behind it, ``<token>…</token>``, cells of tables, "use … as the API key".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.secrets.names import ENDINGS, TAILS, Kind, kind_of_words, normal, type_of
from otel_compliance.redact.secrets.values import is_chosen, is_opaque, is_path, is_placeholder, is_word

_NAME_BEFORE_VALUE: Final = re.compile(
    rb"(?:[Nn]ame|[Kk]ey|[Ff]ield)[\"']?[ ]?[:=][ ]?[\"']?([\w.\- ]{2,48})[\"']?"
    rb"[,\s]{1,24}-?[ ]?[\"']?[Vv]alue[\"']?[ ]?\Z"
    # A variable of Terraform.
    rb"|variable \"([\w\-]{2,48})\" ?\{[^{}]{0,60}\bdefault ?\Z"
)
_BEFORE_CHARS: Final = 96
_VALUE: Final = re.compile(rb"[:=][ ]?(?:[\"']([^\"'\r\n]{4,512})[\"']|([^\s\"',}<>]{4,512}))")
_ELEMENT: Final = re.compile(rb"<([\w.\-:]{2,48})(?: [^<>]{1,120})?>([^<>\s][^<>\r\n]{2,512})</")
_DEFINE: Final = re.compile(rb"define\(\s?[\"']([\w.\-]{2,48})[\"'],\s?[\"']([^\"'\r\n]{4,512})[\"']")

_MIN_CHARS: Final = 20
_LONG: Final = re.compile(rb"[\w+/=.~\-]{20,2000}+")
_JOINING: Final = (b"+", b"/", b"~")
_BEGIN: Final = re.compile(rb"[\w+/~\-]*\Z")
_WINDOW: Final = 72
_TAIL_CHARS: Final = 5
_MOST_WORDS: Final = 4
_SIGNS: Final = (b"=", b":", b".")
_LINKS: Final = b"\"'`*]|>,:=?\t\r\n() -\x80"
_TAGS: Final = re.compile(rb"(?:</?\w{1,10}>\s{0,4}){1,4}\Z")
_LINK_WORDS: Final = frozenset(
    b"is was to set reset has been now value are ist lautet est es leaked body string str here below a auf".split()
)
_NAME: Final = re.compile(rb"(?:[\w.\-]{1,48} ){0,3}[\w.\-]{1,48}\Z")
_AS: Final = re.compile(rb"[\"'`)]{0,2} ?(?:as|is|\() ?(?:the |my |our |your |an? |its )?([A-Za-z][\w. \-]{2,40})")
_AS_CHARS: Final = 56
_PASSWORDS: Final = (Kind.PASSWORD, Kind.SHORT_PASSWORD)
_KEYS: Final = frozenset({*_PASSWORDS, Kind.KEY, Kind.TOKEN, Kind.COOKIE})
_CONFIDENCE: Final = 0.8


def elements(data: bytes) -> Iterator[Finding]:
    """Values of elements, as in ``<token>…</token>``."""
    if b"<" in data and b"</" in data:
        for match in _ELEMENT.finditer(data):
            if finding := _named(data, match[1], *match.span(2)):
                yield finding


def definitions(data: bytes) -> Iterator[Finding]:
    """Values of constants, as in ``define("DB_PASSWORD", "…")`` of PHP."""
    at = data.rfind(b"define(") if b"'" in data or b'"' in data else -1
    while at >= 0:
        match = _DEFINE.match(data, at)
        if match and (finding := _named(data, match[1], *match.span(2))):
            yield finding
        at = data.rfind(b"define(", 0, at)


def of_pair(data: bytes, sign: int) -> Finding | None:
    """The value behind a sign with the word "value" before it, if the name before that says that it is a credential."""
    name = _NAME_BEFORE_VALUE.search(data, max(0, sign - _BEFORE_CHARS), sign)
    value = _VALUE.match(data, sign) if name else None
    return _named(data, name[1] or name[2], *value.span(1 if value[1] else 2)) if name and value else None


def _named(data: bytes, name: bytes, start: int, end: int) -> Finding | None:
    """The value of a name, if it says that it is a credential and the value looks like one."""
    kind, value = kind_of_words(name), data[start:end]
    # A key of a vendor is one for sure.
    is_key = kind in _KEYS or (kind is Kind.OTHER_KEY and type_of(normal(name)) != "CREDENTIAL")
    if not is_key or is_placeholder(value) or is_path(value):
        return None
    looks = is_chosen(value) if kind in _PASSWORDS else is_opaque(value)
    return Finding(type_of(normal(name)), start, end, _CONFIDENCE) if looks and not is_word(value) else None


def beside_names(folded: Folded) -> Iterator[Finding]:
    """What looks random, with a name shortly before it, behind it, or at the head of its column."""
    data = folded.ascii
    done = 0
    for first, _ in folded.runs:
        # Behind a sign, `assignments` has looked.
        if first < done or data[first - 1 : first] in _SIGNS:
            continue
        start = first
        if data[first - 1 : first] in _JOINING and (begin := _BEGIN.search(data, max(done, first - _MIN_CHARS), first)):
            start = begin.start()
        long = _LONG.match(data, start)
        if long is None or not is_opaque(long[0]):
            continue
        end = done = long.end()
        name = _name_before(data, start)
        if not name and (behind := _AS.match(data, end, end + _AS_CHARS)):
            name = behind[1]
        if not name:
            name = data[slice(*folded.columns.head(start, end))].rstrip(_LINKS)
        if not name:
            continue
        if finding := _named(data, name, start, end):
            yield finding


def _name_before(data: bytes, start: int) -> bytes:
    """The words before a value, without those that link them to it; those before a cell of HTML, too."""
    window = data[max(0, start - _WINDOW) : start].replace(b"\n", b" ")
    name = _last_name(window, window.rstrip(_LINKS))
    if not name and window.endswith(b">"):
        name = _last_name(window, _TAGS.sub(b"", window).rstrip(_LINKS))
    return name


def _last_name(window: bytes, rest: bytes) -> bytes:
    """The name at the end of what is left of a window, unless all of it is."""
    while (word := rest[rest.rfind(b" ") + 1 :]).lower() in _LINK_WORDS:
        rest = rest[: -len(word)].rstrip(_LINKS)
    if len(rest) == len(window):
        return b""
    # As many words as the longest names have.
    place = len(rest)
    for _ in range(_MOST_WORDS):
        place = rest.rfind(b" ", 0, max(0, place))
    end = rest[-_TAIL_CHARS:].lower()
    if end[-3:] not in ENDINGS and not end.endswith(TAILS):
        return b""
    name = _NAME.search(rest, max(0, place))
    return name[0] if name else b""
