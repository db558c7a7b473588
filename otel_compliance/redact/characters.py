"""What a character is folded to: one byte, which look-alikes share."""

from __future__ import annotations

import codecs
import unicodedata
from typing import Final

INVISIBLE: Final = 0x7F
"""A character that is not seen, or filling; it is dropped."""
LETTER: Final = 0x80
"""Any letter beyond ASCII."""
_OTHER: Final = 0x81

_QUOTES: Final = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u05f3", ord("'")),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f", ord('"')),
}
"""Typographic quotation marks and apostrophes."""
_DOTS: Final = dict.fromkeys("\u00b7\u2022\u2027\u30fb\u060c", ord(","))
"""What stands between the parts of an address, or of a list."""
_STOP: Final = {"\u0964": ord(".")}
"""The end of a sentence in the scripts of India."""
_LINES: Final = {
    **dict.fromkeys("\u2502\u2503\u2551\u2506\u250a", ord("|")),
    **dict.fromkeys("\u2500\u2501\u2550\u2504\u2508", ord("-")),
    **dict.fromkeys(map(chr, range(0x250C, 0x254C)), ord("+")),
    **dict.fromkeys(map(chr, range(0x2552, 0x256D)), ord("+")),
}
"""Those of which tables are drawn."""
_SIGNS: Final = {**_QUOTES, **_DOTS, **_STOP, **_LINES}

_UNSEEN: Final = frozenset({"Cf", "Mn"})
"""Categories of what is not seen by itself."""

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
    if category in _UNSEEN:
        return INVISIBLE
    compatible = unicodedata.normalize("NFKC", char)
    if len(compatible) == 1 and compatible.isascii():
        return ord(compatible)
    # A vowel sign of the scripts of India belongs to a word as its letters do.
    return LETTER if char.isalpha() or category == "Mc" else _OTHER


class _Table(dict[str, int]):
    """Folded characters, remembered: a text has few different ones."""

    def __missing__(self, char: str) -> int:
        byte = _fold_char(char)
        if len(self) < 10_000:
            self[char] = byte
        return byte


_table: Final = _Table()


def _on_encode_error(error: UnicodeError) -> tuple[bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    return bytes([_table[char] for char in error.object[error.start : error.end]]), error.end


codecs.register_error(_ERRORS, _on_encode_error)


def folded(text: str) -> bytes:
    """One byte for each character of a text; lone surrogates are allowed."""
    return text.encode("ascii", _ERRORS)


def without_marks(text: str) -> str:
    """A word as it stands in `Folded.text`: without marks that belong to the letter before, and joiners."""
    return "".join(char for char in text if unicodedata.category(char) not in _UNSEEN)
