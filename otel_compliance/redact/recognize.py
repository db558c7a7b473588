"""What a recogniser is, and how it sees text.

Every recogniser reads the same `Folded` text: one byte for each character, in which look-alikes are folded to
ASCII, so that full-width digits, no-break spaces, typographic dashes, zero-width characters, escape sequences and
percent-encoding hide nothing. Offsets in it are offsets of characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from typing import Final, Protocol, runtime_checkable

from otel_compliance.errors import RedactionError

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


@dataclass(frozen=True, slots=True, repr=False)
class Folded:
    """Text as recognisers see it.

    Attributes:
        ascii: One byte per visible character: ASCII, 0x80 for any other letter, 0x81 for
            anything else, 0x82 within a token that stands for a value that is redacted already.
        text: The same characters of the original, so that both have the same length.
        shape: The same length again: ``0`` for a digit, ``A`` for a capital of ASCII, a blank for
            what stands between the digits of a number, ``a`` for anything else.
        runs: Where `MIN_RUN` and more of `TOKEN_CHARS` stand in a row: (first offset, offset behind the last).
    """

    ascii: bytes
    text: str
    shape: bytes = field(init=False)
    runs: Sequence[tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", self.ascii.translate(_SHAPES))
        object.__setattr__(self, "runs", _runs(self.ascii))


def _runs(data: bytes) -> list[tuple[int, int]]:
    rows = data.translate(_RUNS)
    runs = []
    start = rows.find(_RUN)
    while start >= 0:
        end = rows.find(b" ", start + MIN_RUN)
        end = end if end >= 0 else len(rows)
        runs.append((start, end))
        start = rows.find(_RUN, end)
    return runs


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


def default_recognizers() -> Sequence[Recognizer]:
    """The built-in recognisers and those that are installed as entry points.

    Raises:
        RedactionError: An installed recogniser cannot be loaded, or is none.
    """
    from otel_compliance.redact.financial import BicRecognizer
    from otel_compliance.redact.identity import DocumentRecognizer, IdentifierRecognizer
    from otel_compliance.redact.network import IPRecognizer, MacRecognizer
    from otel_compliance.redact.numbers import IbanRecognizer, NumberRecognizer
    from otel_compliance.redact.secrets import SecretRecognizer
    from otel_compliance.redact.text import EmailRecognizer
    from otel_compliance.redact.wallets import WalletRecognizer

    built_in: list[Recognizer] = [
        EmailRecognizer(),
        NumberRecognizer(),
        IbanRecognizer(),
        IdentifierRecognizer(),
        DocumentRecognizer(),
        IPRecognizer(),
        MacRecognizer(),
        BicRecognizer(),
        WalletRecognizer(),
        SecretRecognizer(),
    ]
    return [*built_in, *_installed()]


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
