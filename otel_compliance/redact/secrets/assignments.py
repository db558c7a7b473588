"""Values that are credentials by the name they are given.

In configuration, code, JSON text, query strings, headers and prose: ``password: …``, ``api_key=…``, "my password is …".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_letters, digits
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.secrets.family import any_of
from otel_compliance.redact.secrets.headers import authorization, cookies
from otel_compliance.redact.secrets.names import (
    ENDINGS,
    NAME_ENDINGS,
    PASSWORDS_IN_LETTERS,
    TAILS,
    Kind,
    kind_of_words,
    normal,
    type_of,
)
from otel_compliance.redact.secrets.pairs import of_pair
from otel_compliance.redact.secrets.values import (
    is_code,
    is_opaque,
    is_pair,
    is_passphrase,
    is_path,
    is_placeholder,
    is_scrambled,
    is_word,
)

_MAX_NAME: Final = 48
_NAME_END: Final = b" \"'`*]\t"
"""What may stand between a name and its sign: quotes of JSON, the bracket of an index, emphasis of Markdown."""
_LAST_LETTERS: Final = bytes({ending[-1] for ending in ENDINGS})
_BEFORE_SIGN: Final = frozenset(_NAME_END + _LAST_LETTERS + _LAST_LETTERS.upper() + b"wW\x80")
_LETTER: Final = 0x80
_LETTERS_BEFORE: Final = 24

_NAME_CHARS: Final = ascii_letters.encode() + digits.encode() + b"_.- "
_VALUE: Final = re.compile(
    # The value of a colon may begin in the next line, or behind the end of an element.
    rb"(?:=[:=]?>?[* \t]{0,6}|:[:=]?>?[*\s]{0,6}(?:</\w{1,10}>[*\s]{0,6})?)"
    rb"(?:[bBfFrRuU]?([\"'`])(?: (?=[^\"'`\r\n]{1,128} \1))?(?P<quoted>[^\"'`\s,;:)][^\"'`\r\n]{0,512}+)|(?P<bare>"
    # An ampersand belongs to the value unless the next parameter of a query, or an entity, begins with it.
    rb"(?:[^\s\"'`&;,<>\x82]|&(?![\w.\-]{1,40}=|[a-z]{2,6};|\Z)){1,512}+))"
)
# In lower case. It begins with a literal, so it is found at the speed of a search for it.
_IS_SIGN: Final = re.compile(
    rb"is (?<=["
    + bytes(sorted({ending[-1] for ending in NAME_ENDINGS}))
    + rb"] is )(?<="
    + any_of(NAME_ENDINGS).encode("ascii")
    + rb" is )"
)
_IS: Final = re.compile(
    rb" is (?:(?:now|just|set to|simply):? )?"
    rb"(?:[\"'`](?P<quoted>[^\"'`\r\n]{1,128}+)|(?P<bare>[^\s\"'`,;<>\x82]{1,128}+))"
)
_OPTION: Final = re.compile(
    rb"--[\w\-]{0,30}(?:password|passwd|token|secret|api-key)[ ]+[\"']?([^\s\"'\-][^\s\"'\x82]{3,256}+)"
)
_AWS_SECRET: Final = re.compile(rb"ecret.{0,24}?[=:\"' ]{1,4}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])")
_BASE_32: Final = re.compile(rb"[A-Z2-7]{16,128}")
"""RFC 4648 section 6: seeds of one-time passwords."""
_UUID: Final = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEXADECIMAL: Final = re.compile(rb"[0-9a-f]+")
_TRAILING: Final = b".,:?)]}>*`\\|"
_LINE_END: Final = re.compile(rb"[ \t]{0,8}(?:[\r\n]|\Z|  )")

GATES: Final = {"secret word": (rb"ecret",)}


def assignments(folded: Folded) -> Iterator[Finding]:
    """The values of names that say so."""
    data = folded.ascii
    for sign in (b"=", b":"):
        yield from _signs(folded, sign)
    for match in _IS_SIGN.finditer(folded.lower):
        if not _states_a_word(data, match.start() - 1) and (finding := _value(folded, match.start() - 1, b" is ")):
            yield finding
    # From the end, a literal that is not there costs least.
    if folded.may_hold("secret word") and data.rfind(b"ecret") >= 0:
        yield from _aws_secrets(data)


def _states_a_word(data: bytes, at: int) -> bool:
    """Whether a word without quotes follows, as in most sentences: it is no credential, whatever has the name."""
    stated = _IS.match(data, at)
    return stated is not None and stated["quoted"] is None and is_word(stated["bare"].rstrip(_TRAILING))


def _aws_secrets(data: bytes) -> Iterator[Finding]:
    """Secret access keys shortly behind the words, without a sign; they have no mark of their own."""
    for match in _AWS_SECRET.finditer(data):
        if b"aws" in data[max(0, match.start() - 24) : match.start(1)].lower() and not _HEXADECIMAL.fullmatch(match[1]):
            yield Finding("AWS_KEY", *match.span(1), 0.9)


def _signs(folded: Folded, sign: bytes) -> Iterator[Finding]:
    data = folded.ascii
    at = data.find(sign)
    while at > 0:
        finding = None
        # One look rejects nearly all words; what closes a name before its sign is at most four characters.
        if data[at - 1] in _BEFORE_SIGN and _may_name(data, at):
            finding = _value(folded, at, sign)
            if finding is not None:
                yield finding
        at = data.find(sign, finding.end if finding else at + 1)


def _may_name(data: bytes, at: int) -> bool:
    """Whether the last letters before a sign are those of a name that is known."""
    # In tables of values, many blanks may stand before a sign.
    tail = (data[max(0, at - 8) : at].rstrip(_NAME_END) or data[max(0, at - _MAX_NAME) : at].rstrip(_NAME_END)).lower()
    return tail[-3:] in ENDINGS or tail.endswith(TAILS)


def _value(folded: Folded, at: int, sign: bytes) -> Finding | None:
    """The value behind the sign at an offset, when the name before it says that it is a credential."""
    data = folded.ascii
    before = data[max(0, at - _MAX_NAME) : at].rstrip(_NAME_END)
    before = before.removesuffix(b" is") if sign == b":" else before
    words = before[len(before.rstrip(_NAME_CHARS)) :]
    name, kind = normal(words), kind_of_words(words)
    if kind is None and _LETTER in before[-_LETTERS_BEFORE:] and _is_named_in_letters(folded, at):
        kind = Kind.PASSWORD
    match kind:
        case None:
            return of_pair(data, at) if name.endswith((b"value", b"default")) else None
        case Kind.AUTHORIZATION:
            return authorization(data, at + 1)
        case Kind.COOKIE if sign == b":" and (found_cookies := cookies(data, at + 1)):
            return found_cookies
        case kind if sign == b" is ":
            stated = _IS.match(data, at)
            return _stated(data, stated, kind, name) if stated else None
        case kind:
            found = _VALUE.match(data, at)
            return _confirmed(data, found, kind, name, prose=sign == b":") if found else None


def _is_named_in_letters(folded: Folded, at: int) -> bool:
    """Whether a word for a password with letters beyond ASCII stands before a sign."""
    before = folded.text[max(0, at - _LETTERS_BEFORE) : at].lower()
    return before.rstrip(_NAME_END.decode("ascii")).endswith(PASSWORDS_IN_LETTERS)


def _confirmed(data: bytes, match: re.Match[bytes], kind: Kind, name: bytes, *, prose: bool) -> Finding | None:
    """The value that is assigned, unless it only marks the place of one, is code, or begins a sentence."""
    quoted = match["quoted"] is not None
    start, end = match.span("quoted" if quoted else "bare")
    if not quoted:
        # A password may end with an exclamation mark, and nothing else does.
        end = start + len(data[start:end].rstrip(_TRAILING if kind in _PASSWORDS else _TRAILING + b"!"))
    value = data[start:end]
    if is_placeholder(value) or is_path(value) or not _PLAUSIBLE[kind](value):
        return None
    if quoted:
        plausible = b" " not in value or (kind in _PASSWORDS and value.split(b" ", 1)[0].lower() not in _STATES)
    elif kind is Kind.SHORT_PASSWORD and is_passphrase(value):
        plausible = True
    elif is_word(value):
        alone = _stands_alone(data, start, end, prose) or (prose and is_pair(value))
        plausible = kind is Kind.PASSWORD and value.lower() not in _STATES and alone
    else:
        plausible = not is_code(data[start : end + 1]) or (kind is Kind.PASSWORD and is_passphrase(value))
    confidence = 0.9 if kind in (*_PASSWORDS, Kind.KEY) else 0.8
    return Finding(type_of(name), start, end, confidence) if plausible else None


def _stands_alone(data: bytes, start: int, end: int, prose: bool) -> bool:
    """Whether a word without quotes is the whole value, rather than the beginning of a sentence or a name in code."""
    if not prose and data[start - 1 : start] == b" " and b"_" in data[start:end]:
        return False
    behind = data[end : end + 1]
    return behind in (b"&", b";") or (behind == b" " and not prose) or _LINE_END.match(data, end) is not None


def _password(value: bytes) -> bool:
    return len(value) >= 4


def _key(value: bytes) -> bool:
    if _BASE_32.fullmatch(value) or (len(value) >= 10 and is_scrambled(value, times=1)):
        return True
    return len(value) >= 6 and not is_word(value) and not value.isdigit()


def _token(value: bytes) -> bool:
    return len(value) >= 12 and is_opaque(value)


def _other_key(value: bytes) -> bool:
    # Keys of caches and maps have parts, as in "user:17:profile".
    return len(value) >= 16 and b":" not in value and is_opaque(value) and not _UUID.fullmatch(value)


def _short_password(value: bytes) -> bool:
    return len(value) >= 4 and (not is_word(value) or is_passphrase(value)) and not value.isdigit()


_PASSWORDS: Final = (Kind.PASSWORD, Kind.SHORT_PASSWORD)
_PLAUSIBLE: Final = {
    Kind.PASSWORD: _password,
    Kind.SHORT_PASSWORD: _short_password,
    Kind.KEY: _key,
    Kind.OTHER_KEY: _other_key,
    Kind.TOKEN: _token,
    Kind.COOKIE: _token,
}


def _stated(data: bytes, match: re.Match[bytes], kind: Kind, name: bytes) -> Finding | None:
    """The value of a sentence such as "my password is …", in which much else is said of passwords, too."""
    quoted = match["quoted"] is not None
    start, end = match.span("quoted" if quoted else "bare")
    value = data[start:end] if quoted else data[start:end].rstrip(_TRAILING)
    if is_placeholder(value) or is_code(value) or b" " in value or (is_word(value) and not quoted):
        return None
    if not _PLAUSIBLE[kind](value) or (kind not in _PASSWORDS and not is_opaque(value)):
        return None
    return Finding(type_of(name), start, start + len(value), 0.85)


def options(data: bytes) -> Iterator[Finding]:
    """Of command lines such as ``--password …``."""
    if b" --" not in data:
        return
    for match in _OPTION.finditer(data):
        value = match[1]
        if not (is_placeholder(value) or is_code(value) or is_path(value) or is_word(value)):
            yield Finding("CREDENTIAL", *match.span(1), 0.85)


_STATES: Final = frozenset(
    b"""
    a an and are authentication can cannot could contains correct default do does enter expired failed for forgotten
    has have how if in incorrect invalid is it leave may minimum mismatch missing must new not of ok old or please
    protected provide rejected rejects required reset rules same saved set should strength strong the they this to too
    unchanged unknown updated use used valid we weak what when where which will with wrong you your
    """.split()
)
"""What is said of passwords, in messages and instructions."""
