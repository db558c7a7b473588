"""What a recogniser is, and how it sees text.

Every recogniser reads the same `Folded` text: one byte for each character, in which look-alikes are folded to
ASCII, so that full-width digits, no-break spaces, typographic dashes, zero-width characters, escape sequences and
percent-encoding hide nothing. Offsets in it are offsets of characters.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import le, sub
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from otel_compliance.redact.columns import Columns
from otel_compliance.redact.shapes import digit_runs, held_by, shape_of

_T = TypeVar("_T")


class _derived(Generic[_T]):  # noqa: N801 - a decorator
    """`functools.cached_property` as it is from Python 3.12 on.

    Before, all instances share a lock: a process that is forked while a thread holds it hangs at its next use.
    """

    def __init__(self, function: Callable[[Any], _T]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: Any, owner: type) -> _T:
        value = self._function(instance)
        instance.__dict__[self._function.__name__] = value
        return value


TOKEN_CHARS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
"""The URL-safe alphabet of base64 (RFC 4648 section 5), of which most credentials are made."""

MIN_RUN: Final = 16
"""Every credential of a known format has this many characters of `TOKEN_CHARS` in a row."""

LITERAL_BEFORE: Final = 16
"""The literal of a known format begins at most this many characters before that row. A longer one is part of it."""

# In the shape of a text.
_SINGLE_DIGITS: Final = re.compile(rb"0 0 0(?: 0)*+")
_RUN: Final = b"a" * MIN_RUN
_RUNS: Final = bytes(ord("a") if byte in TOKEN_CHARS else ord(" ") for byte in range(256))
"""To an alphabet in which a search for one literal finds every long run of the characters of credentials."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of personal data or one secret.

    Attributes:
        type: Upper-case entity type, such as ``EMAIL``.
        start: Offset of its first character.
        end: Offset behind its last character.
        confidence: From 0 to 1.
    """

    type: str
    start: int
    end: int
    confidence: float

    def moved(self, distance: int) -> Finding:
        """The same so many characters further on; what would be before the text is cut off."""
        return Finding(self.type, max(0, self.start + distance), self.end + distance, self.confidence)


class Hits(NamedTuple):
    """What one scan of a text saw before any recogniser looks at it.

    Attributes:
        gates: Names of the gates that are open: where one is not, what it guards is not in the text.
        literals: Offsets within the literals of credentials, ascending.
    """

    gates: frozenset[str]
    literals: Sequence[int]


class Scanner(Protocol):
    """Looks at a text once, before the recognisers do."""

    def scan(self, folded: Folded) -> Hits | None:
        """What may be in the text; `None` when that cannot be told."""


@dataclass(frozen=True, repr=False)
class Folded:
    """Text as recognisers see it.

    Attributes:
        ascii: One byte per visible character: ASCII, 0x80 for any other letter, 0x81 for
            anything else, 0x82 within a token that stands for a value that is redacted already.
        text: The same characters of the original, and what is spelled by an escape sequence, so that both have the
            same length.
        prefilter: Tells what need not be looked for.
    """

    ascii: bytes
    text: str
    prefilter: Scanner | None = None

    @_derived
    def hits(self) -> Hits | None:
        """What the prefilter saw; `None` when there is none, so that all has to be looked for."""
        return self.prefilter.scan(self) if self.prefilter else None

    def may_hold(self, gate: str) -> bool:
        """Whether what a gate guards may be in the text."""
        return self.hits is None or gate in self.hits.gates

    @_derived
    def lower(self) -> bytes:
        """The text in lower case."""
        return self.ascii.lower()

    @_derived
    def shape(self) -> bytes:
        """The shape of the text, in which numbers are searched for; see `shapes`."""
        return shape_of(self.ascii)

    @_derived
    def held(self) -> Sequence[Sequence[tuple[int, Any]]]:
        """What its runs of digits may hold, for each `ByShape`."""
        return held_by(digit_runs(self.shape))

    @_derived
    def columns(self) -> Columns:
        """The columns of its tables, in whose heads it may be said what a value is."""
        return Columns(self.ascii)

    @_derived
    def single_digits(self) -> Sequence[tuple[int, int]]:
        """Where three and more single digits stand with one separator between them, as in ``8.8.8.8``.

        (offset of the first, offset behind the last). The digits of longer numbers beside them count, too.
        """
        return [match.span() for match in _SINGLE_DIGITS.finditer(self.shape)]

    @_derived
    def colons(self) -> Sequence[int]:
        """Offsets of all colons. They are rare, so that finding them is cheaper than any pattern that has one."""
        offsets = []
        at = self.ascii.find(b":")
        while at >= 0:
            offsets.append(at)
            at = self.ascii.find(b":", at + 1)
        return offsets

    def has_colons_within(self, count: int, distance: int) -> bool:
        """Whether so many colons stand within a distance."""
        colons = self.colons
        return any(map(le, map(sub, colons[count - 1 :], colons), repeat(distance)))

    @_derived
    def runs(self) -> Sequence[tuple[int, int]]:
        """Where `MIN_RUN` and more of `TOKEN_CHARS` stand in a row: (first offset, offset behind the last)."""
        # From the end, a search looks at the blank before a run first, which rejects most places at once.
        rows = b" " + self.ascii.translate(_RUNS)
        runs = []
        start = rows.rfind(b" " + _RUN)
        while start >= 0:
            end = rows.find(b" ", start + MIN_RUN)
            runs.append((start, end - 1 if end >= 0 else len(rows) - 1))
            start = rows.rfind(b" " + _RUN, 0, start)
        return runs[::-1]

    @_derived
    def literal_runs(self) -> Sequence[tuple[int, int]]:
        """Those of the runs that may belong to a credential of a known format."""
        if self.hits is None:
            return self.runs
        literals = [*self.hits.literals, len(self.ascii)]
        return [
            (start, end) for start, end in self.runs if literals[bisect_left(literals, start - LITERAL_BEFORE)] < end
        ]


@runtime_checkable
class Recognizer(Protocol):
    """Finds entities of some types. Must be linear in the length of the text, and thread-safe.

    Attributes:
        entity_types: The types that it finds.
        hint: A regular expression that matches every ASCII text in which it may find something, cheaper than looking;
            empty when there is none.
    """

    entity_types: frozenset[str]
    hint: str

    def find(self, folded: Folded) -> Iterable[Finding]:
        """The findings, in any order; offsets are those of `folded`."""
