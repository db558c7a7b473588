"""What a recogniser is, and how it sees text.

Every recogniser reads the same `Folded` text: one byte for each character, in which look-alikes are folded to
ASCII, so that full-width digits, no-break spaces, typographic dashes, zero-width characters, escape sequences and
percent-encoding hide nothing. Offsets in it are offsets of characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from otel_compliance.errors import RedactionError

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


ENTRY_POINT_GROUP = "otel_compliance_recognizer"
"""Third parties add recognisers under this group; the object is called without arguments."""


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

TOKEN_CHARS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
"""The URL-safe alphabet of base64 (RFC 4648 section 5), of which most credentials are made."""

MIN_RUN: Final = 16
"""Every credential of a known format has this many characters of `TOKEN_CHARS` in a row."""

LITERAL_BEFORE: Final = 16
"""The literal of a known format begins at most this many characters before that row. A longer one is part of it."""

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
        numbers: Offsets within what may be a number, ascending.
        literals: Offsets within the literals of credentials, ascending.
    """

    gates: frozenset[str]
    numbers: Sequence[int]
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
        text: The same characters of the original, so that both have the same length.
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
    def shape(self) -> bytes:
        """The same length again.

        ``0`` for a digit, ``A`` for a capital of ASCII, a blank for what stands between the digits of a number, ``a``
        for anything else.
        """
        return self.ascii.translate(_SHAPES)

    @_derived
    def colons(self) -> Sequence[int]:
        """Offsets of all colons. They are rare, so that finding them is cheaper than any pattern that has one."""
        offsets = []
        at = self.ascii.find(b":")
        while at >= 0:
            offsets.append(at)
            at = self.ascii.find(b":", at + 1)
        return offsets

    @_derived
    def runs(self) -> Sequence[tuple[int, int]]:
        """Where `MIN_RUN` and more of `TOKEN_CHARS` stand in a row: (first offset, offset behind the last)."""
        rows = self.ascii.translate(_RUNS)
        runs = []
        start = rows.find(_RUN)
        while start >= 0:
            end = rows.find(b" ", start + MIN_RUN)
            end = end if end >= 0 else len(rows)
            runs.append((start, end))
            start = rows.find(_RUN, end)
        return runs

    @_derived
    def literal_runs(self) -> Sequence[tuple[int, int]]:
        """Those of the runs that may belong to a credential of a known format."""
        if self.hits is None:
            return self.runs
        rows = self.ascii.translate(_RUNS) if self.hits.literals else b""
        runs: list[tuple[int, int]] = []
        done = 0
        for offset in self.hits.literals:
            start = max(done, offset - LITERAL_BEFORE)
            position = rows.rfind(b" ", done, start) + 1 or done
            while (start := rows.find(_RUN, position, offset + LITERAL_BEFORE + MIN_RUN)) >= 0:
                end = rows.find(b" ", start + MIN_RUN)
                position = done = end if end >= 0 else len(rows)
                runs.append((start, done))
        return runs

    @_derived
    def number_areas(self) -> Sequence[tuple[int, int]]:
        """Where numbers may be: (first offset, offset behind the last).

        An area ends where the shape has an ``a``, which no number but for a plus sign has in it.
        """
        if self.hits is None:
            return ((0, len(self.ascii)),)
        areas: list[tuple[int, int]] = []
        end = 0
        for offset in self.hits.numbers:
            if offset >= end:
                start = self.shape.rfind(b"a", end, offset) + 1 or end
                end = self.shape.find(b"a", offset)
                end = end if end >= 0 else len(self.shape)
                areas.append((start, end))
        return areas


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


def default_recognizers(pipeline: str = "") -> Sequence[Recognizer]:
    """The built-in recognisers and those that are installed as entry points.

    Args:
        pipeline: spaCy pipeline that finds names; empty looks for none.

    Raises:
        RedactionError: An installed recogniser or the pipeline cannot be loaded, or is none.
        MissingExtra: spaCy is asked for and not installed.
    """
    return [*built_in_recognizers(), *_named_entities(pipeline), *_installed()]


def _named_entities(pipeline: str) -> Sequence[Recognizer]:
    if not pipeline:
        return ()
    from otel_compliance.redact.ner import NamedEntityRecognizer

    return (NamedEntityRecognizer(pipeline),)


def built_in_recognizers() -> Sequence[Recognizer]:
    """Those that need nothing but this package."""
    from otel_compliance.redact.financial import BicRecognizer
    from otel_compliance.redact.identity import (
        AddressRecognizer,
        DocumentRecognizer,
        IdentifierRecognizer,
        PhoneRecognizer,
    )
    from otel_compliance.redact.network import IPRecognizer, MacRecognizer
    from otel_compliance.redact.numbers import IbanRecognizer, NumberRecognizer
    from otel_compliance.redact.secrets import SecretRecognizer
    from otel_compliance.redact.text import EmailRecognizer
    from otel_compliance.redact.wallets import WalletRecognizer

    return [
        EmailRecognizer(),
        NumberRecognizer(),
        PhoneRecognizer(),
        IbanRecognizer(),
        IdentifierRecognizer(),
        DocumentRecognizer(),
        AddressRecognizer(),
        IPRecognizer(),
        MacRecognizer(),
        BicRecognizer(),
        WalletRecognizer(),
        SecretRecognizer(),
    ]


@cache
def _installed() -> tuple[Recognizer, ...]:
    return tuple(_load(point) for point in metadata.entry_points(group=ENTRY_POINT_GROUP))


def _load(point: metadata.EntryPoint) -> Recognizer:
    try:
        recognizer = point.load()()
    except Exception as error:
        raise RedactionError(
            f"the recogniser {point.name!r} ({point.value}) cannot be loaded: {type(error).__name__}",
            remedy="mend or uninstall the package that provides it",
        ) from error
    if not isinstance(recognizer, Recognizer):
        raise RedactionError(
            f"the recogniser {point.name!r} ({point.value}) lacks entity_types, hint or find()",
            remedy="mend or uninstall the package that provides it",
        )
    return recognizer
