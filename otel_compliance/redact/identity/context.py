"""Words that tell what a value is: before it, behind it, or at the head of its column, in many languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import Final

from otel_compliance.redact.characters import without_marks
from otel_compliance.redact.identity.born import is_born
from otel_compliance.redact.recognize import Folded

CONTEXT_CHARS: Final = 48
"""How far before a value its word may stand."""

_BEHIND_CHARS: Final = 40
_LETTER: Final = b"\x80"
_START_CHARS: Final = 3
_PARTS: Final = "\0"
"""Between what stands before a value, behind it, and at the head of its column."""
_DOT_ABOVE: Final = "\u0307"
"""What a Turkish capital with a dot has behind it in small letters."""
_START: Final = re.compile(rf"[a-z]{{1,{_START_CHARS}}}")
_FIRST_ASIAN: Final = "\u0590"
_LETTERS: Final = bytes(
    ord(chr(byte).lower()) if chr(byte).isalpha() and byte < 128 else ord(" ") for byte in range(256)
)
"""To small letters, and a blank for anything else."""

_PLAIN: Final = bytes(
    ord(" ") if byte in b"_-" else ord(chr(byte).lower()) if byte < 128 else byte for byte in range(256)
)
_HUMP: Final = re.compile(rb"(?<=[a-z])(?=[A-Z])")
_CASES: Final = bytes(
    ord("a") if chr(byte) in ascii_lowercase else ord("A") if chr(byte) in ascii_uppercase else ord(" ")
    for byte in range(256)
)
_HUMP_SHAPE: Final = b"aA"
"""Few windows have a hump, and a search for a literal costs less than the pattern."""

# "… is my number", "… (mobile)", "… as the tax id"; a word before a colon or a sign names the next value.
_BEHIND: Final = re.compile(
    rb"[\"'`*\])]{0,3}(?: /\* | \x81 |,? ?[(\[]| ?[-=] |,? (?:is|was|as|ist|est|es|to)(?= ))"
    rb"([^0-9.,;:=(){}|\r\n]{2,32}+)(?![:=0-9])"
    rb"| (geboren|narozen)"
)

_NOTHING_BEHIND: Final = re.compile(rb" ?[^ \"'`*\]),(\[\-=;|\t\n\r<iwaetgn/\x81]")
"""What neither one of these nor the end of a cell begins with: one look at it rejects most values."""

# What may stand between a word and its value: the name of a number that is nobody's, or another value and a word.
_OTHER_NUMBER: Final = re.compile(
    rb"(?<![a-z])(?:invoice|ticket|tracking|parcel|shipment|sku|isbn|serial|booking|reservation|transaction|request|imei"
    rb"|ndc(?![a-z])|r(?:e|\x80)f(?![a-z])"
    rb"|uuid|bestell|auftrag|rechnung|factur|facture|commande|pedido|ordine|fattura|sendung|part ?n"
    rb"|(?:order|case|part|model|batch|lot|version|release|build|port|room|flight|page|rows?|amount|price|total|code|issue|zip"
    rb"|plz|pos)(?![a-z])"
    # In Tagalog it is a word of courtesy.
    rb"|(?<!ko )(?<!number )po(?![a-z]| number ko| ang | ng | ay | si | sa ))"
)
_OTHER_VALUE: Final = re.compile(rb"[0-9][^a-z0-9]{0,9}(?!(?:and|or|und|oder|et|ou|y|e|o|i|en)(?![a-z\x80]))[a-z]")
_OTHER_IN_LETTERS: Final = re.compile(r"\d[\W_]{0,9}(?!(?:and|or|и|та)(?!\w))[^\W\d_]")


def plain(window: bytes) -> bytes:
    """Folded text in the form in which ``tax_id``, ``taxId`` and ``Tax ID`` are the same."""
    if not window.islower() and _HUMP_SHAPE in window.translate(_CASES):
        window = _HUMP.sub(b" ", window)
    return window.translate(_PLAIN)


def starts_of(window: bytes) -> set[bytes]:
    """The first letters of each word of folded text, as many as `words` asks for, and those behind a capital in it."""
    if not window.islower() and _HUMP_SHAPE in window.translate(_CASES):
        window = _HUMP.sub(b" ", window)
    return {word[:_START_CHARS] for word in window.translate(_LETTERS).split()}


def names_another(window: bytes) -> bool:
    """Whether a plain window before a value names a number that is nobody's, such as that of an order."""
    return _OTHER_NUMBER.search(window) is not None


class Around:
    """What stands around a value. Each part is made when it is asked for.

    Args:
        folded: The text.
        first: Where the value begins, or the first one of a run, whose words count for all.
        start: Offset of the value.
        end: Offset behind it.
    """

    __slots__ = ("_end", "_first", "_folded", "_letters", "_near", "_window", "start", "starts_before")

    def __init__(self, folded: Folded, first: int, start: int, end: int) -> None:
        self._folded = folded
        self._first, self.start, self._end = first, start, end
        self._window = folded.ascii[max(0, first - CONTEXT_CHARS) : first]
        self.starts_before = starts_of(self._window)
        self._near: bytes | None = None
        self._letters: str | None = None

    def is_silent(self, starts: frozenset[bytes]) -> bool:
        """Whether no word that begins with these letters, and nothing beside a value, can say what it is."""
        return starts.isdisjoint(self.starts_before) and not self.near and not self.letters

    def move(self, start: int, end: int) -> None:
        """Go on to another value of the same run."""
        if start != self.start or end != self._end:
            self.start, self._end, self._near, self._letters = start, end, None, None

    @property
    def before(self) -> bytes:
        """What stands before a value, plain."""
        return plain(self._window)

    @property
    def near(self) -> bytes:
        """What a value is said to be right behind it, or at the head of its column; empty in most texts."""
        if self._near is None:
            data = self._folded.ascii
            if is_born(data, self.start, self._end):
                self._near = b"geboren"
                return self._near
            if _NOTHING_BEHIND.match(data, self._end):
                self._near = b""
                return b""
            match = _BEHIND.match(data, self._end, self._end + _BEHIND_CHARS)
            behind = data[slice(*match.span(match.lastindex or 1))] if match else b""
            # What stands behind the last value of a list may be the next list.
            in_table = match is None or b"]" in match[0]
            head = data[slice(*self._folded.columns.head(self.start, self._end))] if in_table else b""
            self._near = plain(behind + b" \n " + head if behind and head else behind or head)
        return self._near

    @property
    def letters(self) -> str:
        """What stands before and behind a value and at the head of its column, where there are letters beyond ASCII."""
        if self._letters is None:
            text, end = self._folded.text, self._end + _BEHIND_CHARS // 2
            if text.isascii():
                self._letters = ""
            else:
                head = slice(*self._folded.columns.head(self.start, self._end))
                spans = (slice(max(0, self._first - CONTEXT_CHARS), self._first), slice(self._end, end), head)
                self._letters = _PARTS.join(text[span].lower().replace(_DOT_ABOVE, "") for span in spans)
        return self._letters


class _Patterns(dict[frozenset[bytes], re.Pattern[bytes]]):
    """First letters to the pattern of the words that have one of them, compiled at its first use."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self._by_start: dict[bytes, list[str]] = {}
        for word in words:
            if start := _START.match(word):
                self._by_start.setdefault(start[0].encode("ascii"), []).append(word)
        self.starts = frozenset(self._by_start)

    def __missing__(self, starts: frozenset[bytes]) -> re.Pattern[bytes]:
        # In their order: of two that match at the same place the first counts.
        alike = [word for start, words in self._by_start.items() if start in starts for word in words]
        pattern = self[starts] = re.compile(rb"(?<![a-z])(?:" + "|".join(alike).encode("ascii") + rb")")
        return pattern


@dataclass(frozen=True, slots=True)
class Context:
    """Words, one of which must stand near a value.

    Attributes:
        starts: The first letters of the words of ASCII: where none of them is, none of the words is.
        patterns: Find those words of ASCII in lower case that begin with some of these letters.
        letters: Finds a word with other letters; `None` when there is none.
        nearest: Whether nothing else that has a name may stand between word and value, since the value has no check.
    """

    starts: frozenset[bytes]
    patterns: Mapping[frozenset[bytes], re.Pattern[bytes]]
    letters: re.Pattern[str] | None
    nearest: bool

    def names(self, around: Around) -> bool:
        """Whether one of the words says what a value is."""
        if (starts := self.starts & around.starts_before) and self._within(around.before, starts):
            return True
        if around.near and self.patterns[self.starts].search(around.near):
            return True
        if self.letters is None or not around.letters:
            return False
        before, _, others = around.letters.partition(_PARTS)
        return self.letters.search(others) is not None or self._before_in_letters(self.letters, before)

    def _before_in_letters(self, letters: re.Pattern[str], before: str) -> bool:
        ends = [match.end() for match in letters.finditer(before)]
        return bool(ends) and not (self.nearest and _OTHER_IN_LETTERS.search(before, ends[-1]))

    def _within(self, window: bytes, starts: frozenset[bytes]) -> bool:
        # A hostile text could ask for a pattern for each set of them.
        pattern = self.patterns[starts if len(starts) == 1 else self.starts]
        if not self.nearest:
            return pattern.search(window) is not None
        ends = [match.end() for match in pattern.finditer(window)]
        if not ends:
            return False
        between = window[ends[-1] :]
        return not names_another(between) and _OTHER_VALUE.search(between) is None


def _letters_pattern(word: str) -> str:
    """The pattern of a word with other letters, which begins a word in scripts that have blanks between them."""
    bare = without_marks(word)
    return rf"(?<!\w)(?:{bare})" if bare[0] < _FIRST_ASIAN else bare


def words(*alternatives: str, nearest: bool = False) -> Context:
    """The context of these words, as patterns in lower case. An accent may be left out.

    Args:
        alternatives: The words. The first three letters of one of ASCII, or all of a shorter one, are no pattern.
        nearest: Whether nothing else that has a name may stand between word and value.
    """
    others = [word for word in alternatives if not word.isascii()]
    bare = [without_marks(unicodedata.normalize("NFKD", word)) for word in others]
    known = [*(word for word in alternatives if word.isascii()), *(word for word in bare if word.isascii())]
    patterns = _Patterns(known)
    return Context(
        patterns.starts,
        patterns,
        re.compile("|".join(map(_letters_pattern, others))) if others else None,
        nearest,
    )


def any_text(text: str) -> bool:
    """For schemes without a check: the word tells everything."""
    return bool(text)
