"""Spellings of characters: escape sequences, percent-encoding, forms, and character references of HTML.

All keep the length of the text: what is spelled comes first, and filling behind it.
"""

from __future__ import annotations

import re
import sys
from functools import partial
from itertools import chain, zip_longest
from typing import Final

from otel_compliance.redact.characters import INVISIBLE, LETTER, folded

_FILLING: Final = bytes([INVISIBLE])

# Possessive, and whatever follows: a run of backslashes is looked at once.
_ESCAPE: Final = re.compile(rb"\\++(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([nrtbfv0'\"/,;]))?")
"""Of JSON and of programs, escaped once more perhaps, and of calendars (RFC 5545 section 3.3.11)."""
_ESCAPES: Final = {
    **dict.fromkeys(b"rbfv0", b" "),
    ord("n"): b"\n",
    ord("t"): b"\t",
    **{byte: bytes([byte]) for byte in b"'\"/,;"},
}
"""What a backslash and a character stand for; most of what is not seen is a blank."""
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
    for code in (0x09, 0x0A, 0x0D, *range(0x20, INVISIBLE))
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
_DEFANGED: Final = re.compile(rb" ?[\[(] ?(?i:(at)|\.|dot) ?[\])] ?")
"""An address that nobody is to click, or no robot to read: ``jane [at] example[.]com``."""
_DEFANGED_LIKELY: Final = {
    # Beginning with a literal, they are found at the speed of a search for one character.
    b"[": re.compile(rb"\[ ?(?i:at|\.|dot) ?\]"),
    b"(": re.compile(rb"\( ?(?i:at|dot) ?\)"),
}
_ENTITY: Final = re.compile(
    rb"&(?:#0{0,5}(?:([1-9][0-9]{1,5})|[xX]0{0,5}([1-9A-Fa-f][0-9A-Fa-f]{1,4}))|(" + b"|".join(_NAMED) + rb"));"
)


def read(buffer: bytes, text: str) -> tuple[bytes, str]:
    """A folded text and its own characters, as they are read by whoever the spellings are meant for."""
    decoded: dict[int, str] = {}
    if b"\\" in buffer:
        buffer = _ESCAPE.sub(partial(_decode_escape, decoded), buffer)
    if b"&" in buffer and b"+" in buffer:
        buffer = _FORM.sub(_decode_plus, buffer)
    if b"%" in buffer:
        buffer = _PERCENT.sub(_decode_hex, _PERCENT_UTF_8.sub(partial(_decode_utf_8, decoded), buffer))
    if b"&" in buffer and b";" in buffer:
        buffer = _ENTITY.sub(partial(_decode_entity, decoded), buffer)
    if any(bracket in buffer and likely.search(buffer) for bracket, likely in _DEFANGED_LIKELY.items()):
        buffer = _DEFANGED.sub(_refang, buffer)
    if decoded:
        text = "".join([decoded.get(offset, char) for offset, char in enumerate(text)])
    return buffer, text


def _decoded(decoded: dict[int, str], char: str, match: re.Match[bytes]) -> bytes:
    """What a character is folded to, and filling of the length of its spelling; kept where it is none of ASCII."""
    byte = folded(char)
    if byte[0] >= LETTER:
        decoded[match.start()] = char
    return byte.ljust(len(match[0]), _FILLING)


def _decode_escape(decoded: dict[int, str], match: re.Match[bytes]) -> bytes:
    r"""``\u0040`` and ``\n`` become the character and filling of the same length."""
    if digits := match[1] or match[2]:
        return _decoded(decoded, chr(int(digits, 16)), match)
    return (_ESCAPES[match[3][0]] if match[3] else b"\\").ljust(len(match[0]), _FILLING)


def _refang(match: re.Match[bytes]) -> bytes:
    return (b"@" if match[1] else b".").ljust(len(match[0]), _FILLING)


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
    return char.ljust(len(match[0]), _FILLING) if char else match[0]


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
