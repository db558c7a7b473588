"""Runs of digits, and what they may hold by their shape alone.

Numbers of people have few shapes, which come again and again, while what they are made of tells something of the text.
So what a run of some shape may hold is remembered, and every recogniser of numbers is spared most runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from otel_compliance.redact.recognize import Folded

_T = TypeVar("_T")

_SHAPES: Final = bytes(
    ord("0")
    if byte in b"0123456789"
    else ord("A")
    if byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    else ord(" ")
    if byte in b" .-/()"
    else ord("a")
    for byte in range(256)
)
"""To a coarse alphabet, in which a search for a literal finds what a pattern would have to look for."""

# In the shape of a text. Every number has two digits in a row and, from there on, at least five characters or four
# digits, or it has capitals before its only two. The group tells that more than blanks may stand before them.
_DIGITS: Final = re.compile(rb"00(?:(?=00|[0A ]{3})|(?<=AA00))(?:(?<=a00)|(?<=a 00)|(?<=a  00)|())[0A ]*+")
_BEFORE_DIGITS: Final = 20
"""More than the longest beginning of a number before its first two digits in a row."""

_REMEMBERED_CHARS: Final = 64
_REMEMBERED_SHAPES: Final = 4096

_Held = Sequence[tuple[int, Any]]
"""(which of the looks found something, what it found)."""

_looks: Final[list[Callable[[bytes], Any]]] = []
_known: Final[dict[bytes, _Held]] = {}


class ByShape(Generic[_T]):
    """What runs of digits may hold, by their shape. It is remembered: shapes come again, and tell nothing of the text.

    Args:
        look: What a run of a shape may hold, with offsets in the run; false when it holds nothing.
    """

    def __init__(self, look: Callable[[bytes], _T | None]) -> None:
        self._number = len(_looks)
        _looks.append(look)
        _known.clear()

    def within(self, folded: Folded) -> Sequence[tuple[int, _T]]:
        """The offset of each run of a text that may hold something, ascending, and what it may hold."""
        return folded.held[self._number]


def shape_of(data: bytes) -> bytes:
    """The same length again.

    ``0`` for a digit, ``A`` for a capital of ASCII, a blank for what stands between the digits of a number, ``a`` for
    anything else.
    """
    return data.translate(_SHAPES)


def digit_runs(shape: bytes) -> Sequence[tuple[int, bytes]]:
    """Where a number may be: the offset of each run of digits, capitals and separators, and its shape, ascending.

    A run ends where the shape has an ``a``, which no number but for its plus sign has in it, and begins behind one and
    blanks.
    """
    return [
        _with_before(shape, match) if match.lastindex else (match.start(), match[0])
        for match in _DIGITS.finditer(shape)
    ]


def _with_before(shape: bytes, match: re.Match[bytes]) -> tuple[int, bytes]:
    """A run with what stands before its first two digits in a row."""
    first = match.start()
    before = shape[max(0, first - _BEFORE_DIGITS) : first]
    before = before[before.rfind(b"a") + 1 :].lstrip()
    return first - len(before), before + match[0]


def held_by(runs: Sequence[tuple[int, bytes]]) -> Sequence[Sequence[tuple[int, Any]]]:
    """For each `ByShape`, in the order in which they were made, the offsets of the runs that may hold something."""
    held: list[list[tuple[int, Any]]] = [[] for _ in _looks]
    looked: dict[bytes, _Held] = {}
    for at, run in runs:
        found = _known.get(run)
        if found is None and (found := looked.get(run)) is None:
            found = looked[run] = [(number, holds) for number, look in enumerate(_looks) if (holds := look(run))]
        for number, holds in found:
            held[number].append((at, holds))
    for run, found in looked.items():
        if len(run) <= _REMEMBERED_CHARS and len(_known) < _REMEMBERED_SHAPES:
            _known[run] = found
    return held
