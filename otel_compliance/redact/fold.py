"""Fold text to one byte per character, and map findings back to the original."""

from __future__ import annotations

import codecs
import re
import sys
import unicodedata
from array import array
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, compress, zip_longest
from typing import TYPE_CHECKING, Final

from otel_compliance.keys import VERSION
from otel_compliance.redact.recognize import Finding, Folded

if TYPE_CHECKING:
    from otel_compliance.redact.prefilter import Prefilter

_INVISIBLE: Final = 0x7F
_LETTER: Final = 0x80
_OTHER: Final = 0x81
TOKEN_FILL: Final = b"\x82"
_VISIBLE: Final = bytes(byte != _INVISIBLE for byte in range(256))
"""To 1 for each byte of a visible character, and 0 for the others."""

_ESCAPE: Final = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|[nrtbfv0'\"\\/])")
_PERCENT: Final = re.compile(rb"%(?:25)*([2-7][0-9A-Fa-f]|0[9ADad])")
_ESCAPED: Final = re.compile(rb"(?:%(?:25)*[0-9A-Fa-f]{2}){1,4}")
_LONGEST_WORD: Final = 32
_PERCENT_BYTE: Final = rb"%(?:25)*[89A-Fa-f][0-9A-Fa-f]"
_PERCENT_UTF_8: Final = re.compile(
    rb"%(?:25)*(?:[CDcd][0-9A-Fa-f]" + _PERCENT_BYTE + rb"|[Ee][0-9A-Fa-f](?:" + _PERCENT_BYTE + rb"){2}"
    rb"|[Ff][0-7](?:" + _PERCENT_BYTE + rb"){3})"
)
"""A character beyond ASCII as URLs have it (RFC 3986 section 2.5)."""
_LAST_DIGITS: Final = re.compile(rb"[0-9A-Fa-f]{2}(?=%|\Z)")
_FORM: Final = re.compile(
    # Not of a credential by its name.
    rb"(?:[?&]|\A|(?<=\s))[\w.\-%\[\]]{0,40}"
    rb"(?<!pass)(?<!word)(?<!cret)(?<!oken)(?<!key)(?<!sig)(?<!auth)(?<!code)(?<!pwd)"
    rb"=(?!\+)[^\s&\"'<>=+]*+\+[^\s&\"'<>=]*+"
)
"""A parameter whose value has plus signs for blanks: application/x-www-form-urlencoded."""
_HEX: Final = {
    digits.encode("ascii"): bytes([max(code, 0x20)])
    for code in (0x09, 0x0A, 0x0D, *range(0x20, _INVISIBLE))
    for digits in (f"{code:02x}", f"{code:02X}")
}
"""Two hexadecimal digits to their character; the ends of lines are blanks."""
_NAMED: Final = {
    **dict.fromkeys((b"nbsp", b"ensp", b"emsp", b"thinsp"), " "),
    **dict.fromkeys((b"ndash", b"mdash"), "-"),
    **dict(
        zip(
            (b"quot", b"apos", b"amp", b"lt", b"gt", b"commat", b"period", b"colon", b"lowbar"),
            "\"'&<>@.:_",
            strict=True,
        )
    ),
}
"""Named characters of HTML that are, or look like, one of ASCII."""
_ENTITY: Final = re.compile(
    rb"&(?:#0{0,5}(?:([1-9][0-9]{1,5})|[xX]0{0,5}([1-9A-Fa-f][0-9A-Fa-f]{1,4}))|(" + b"|".join(_NAMED) + rb"));"
)
_QUOTES: Final = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc", ord("'")),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f", ord('"')),
}
"""Typographic quotation marks and apostrophes."""
_DOTS: Final = dict.fromkeys("\u00b7\u2022\u2027\u30fb", ord(","))
"""What stands between the parts of an address, or of a list."""

_TOKEN: Final = re.compile(
    rb"\[([A-Z][A-Z0-9_]{1,31})(?::%s:(?![a-z]{0,7}[2-7]{9})[a-z2-7]{16}|:\*{4}(?:[A-Za-z0-9]{4})?)?\]"
    % VERSION.encode()
)
"""What stands for a value that is already redacted: a token, a mask, or the type alone; see `transform`.

Anybody can write what looks like one, so that no value must fit in. Nine digits in a row might be an identifier; in a
true digest they stand twice in a million times.
"""

_ERRORS: Final = "otel-compliance-fold"


def _fold_char(char: str) -> int:
    """The byte that stands for one character outside ASCII."""
    if (sign := _SIGNS.get(char)) is not None:
        return sign
    category = unicodedata.category(char)
    if category == "Nd":
        return ord("0") + unicodedata.digit(char)
    if category == "Zs":
        return ord(" ")
    if category == "Pd" or char == "\u2212":
        return ord("-")
    if category in ("Cf", "Mn"):
        return _INVISIBLE
    compatible = unicodedata.normalize("NFKC", char)
    if len(compatible) == 1 and compatible.isascii():
        return ord(compatible)
    return _LETTER if char.isalpha() else _OTHER


_SIGNS: Final = {**_QUOTES, **_DOTS}


class _Table(dict[str, int]):
    """Folded characters, remembered: a text has few different ones."""

    def __missing__(self, char: str) -> int:
        folded = _fold_char(char)
        if len(self) < 10_000:
            self[char] = folded
        return folded


_table: Final = _Table()


def _on_encode_error(error: UnicodeError) -> tuple[bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    return bytes([_table[char] for char in error.object[error.start : error.end]]), error.end


codecs.register_error(_ERRORS, _on_encode_error)


def without_marks(text: str) -> str:
    """A word as it stands in `Folded.text`: without marks that belong to the letter before."""
    return "".join(char for char in text if unicodedata.category(char) != "Mn")


class FoldedText:
    """A text, folded, and the way back from folded offsets to its own.

    Args:
        text: Any string; lone surrogates are allowed.
        types: The entity types that there are. In brackets they stand for a value; any other word may be one.
        prefilter: Tells what need not be looked for.
    """

    __slots__ = ("_length", "_positions", "folded")

    def __init__(self, text: str, types: Collection[bytes] = (), prefilter: Prefilter | None = None) -> None:
        buffer = text.encode("ascii", _ERRORS)
        decoded: dict[int, str] = {}
        if b"\\" in buffer:
            buffer = _ESCAPE.sub(partial(_decode_escape, decoded), buffer)
        if b"&" in buffer and b"+" in buffer:
            buffer = _FORM.sub(_decode_plus, buffer)
        if b"%" in buffer:
            buffer = _PERCENT.sub(_decode_hex, _PERCENT_UTF_8.sub(partial(_decode_utf_8, decoded), buffer))
        if b"&" in buffer and b";" in buffer:
            buffer = _ENTITY.sub(partial(_decode_entity, decoded), buffer)
        if decoded:
            text = "".join([decoded.get(offset, char) for offset, char in enumerate(text)])
        if b"[" in buffer:
            buffer = _TOKEN.sub(lambda match: TOKEN_FILL * len(match[0]) if match[1] in types else match[0], buffer)
        self._length = len(buffer)
        self._positions: array[int] | None = None
        if _INVISIBLE in buffer:
            visible = buffer.translate(_VISIBLE)
            self._positions = array("q", compress(range(len(buffer)), visible))
            buffer = buffer.translate(None, bytes([_INVISIBLE]))
            text = "".join(compress(text, visible))
        self.folded = Folded(buffer, text, prefilter)

    def original(self, findings: Sequence[Finding]) -> list[Finding]:
        """`findings` with offsets in the original text. Invisible characters behind a value belong to it."""
        positions = self._positions
        if positions is None:
            return list(findings)
        last = len(positions)
        return [
            replace(item, start=positions[item.start], end=positions[item.end] if item.end < last else self._length)
            for item in findings
        ]


def _decoded(decoded: dict[int, str], char: str, match: re.Match[bytes]) -> bytes:
    """What a character is folded to, and filling of the length of its spelling; kept where it is none of ASCII."""
    folded = char.encode("ascii", _ERRORS)
    if folded[0] >= _LETTER:
        decoded[match.start()] = char
    return folded.ljust(len(match[0]), b"\x7f")


def _decode_escape(decoded: dict[int, str], match: re.Match[bytes]) -> bytes:
    r"""``\u0040`` becomes the character and filling of the same length; ``\n`` and its like become blanks."""
    digits = match[1] or match[2]
    return _decoded(decoded, chr(int(digits, 16)), match) if digits else b"  "


def _decode_plus(match: re.Match[bytes]) -> bytes:
    """Plus signs between words become blanks; beside a long piece they may be those of base64."""
    pieces = match[0].split(b"+")
    long = [max(map(len, _ESCAPED.split(piece))) > _LONGEST_WORD for piece in pieces]
    # An address of mail may have one in it.
    mail = [b"@" in piece or b"%40" in piece for piece in pieces]
    signs = [b"+" if any(parts) else b" " for parts in zip(long, long[1:], mail[1:], strict=False)]
    return b"".join(chain.from_iterable(zip_longest(pieces, signs, fillvalue=b"")))


def _decode_hex(match: re.Match[bytes]) -> bytes:
    """``%40``, and ``%2540``, which is encoded twice, become the character and filling of the same length."""
    char = _HEX.get(match[1])
    return char.ljust(len(match[0]), b"\x7f") if char else match[0]


def _decode_utf_8(decoded: dict[int, str], match: re.Match[bytes]) -> bytes:
    """``%E2%80%91`` becomes what the character is folded to, and filling."""
    try:
        char = bytes.fromhex(b"".join(_LAST_DIGITS.findall(match[0])).decode("ascii")).decode("utf-8")
    except ValueError:
        return match[0]
    return _decoded(decoded, char, match)


def _decode_entity(decoded: dict[int, str], match: re.Match[bytes]) -> bytes:
    if name := match[3]:
        return _decoded(decoded, _NAMED[name], match)
    code = int(match[1]) if match[1] else int(match[2], 16)
    return _decoded(decoded, chr(min(code, sys.maxunicode)), match)
