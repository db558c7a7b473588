"""Numbers that are said digit by digit, as in "my number is 0 7 7 0 0 9 0 0 1 2 3": found by a word before them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.identity.checksums import luhn
from otel_compliance.redact.identity.context import Around, words
from otel_compliance.redact.identity.schemes import IDENTIFIERS
from otel_compliance.redact.identity.vocabulary import TELEPHONE
from otel_compliance.redact.recognize import Finding, Folded

_FEWEST: Final = 7
_PHONES: Final = range(8, 16)
_CARDS: Final = range(13, 20)
_CARD: Final = words(
    *(
        "card",
        "number",
        "numero",
        "número",
        "visa",
        "mastercard",
        "amex",
        "karte",
        "tarjeta",
        "carte",
        "cartão",
        "carta",
    ),
    *("kort", "kart", "карт", "カード", "카드", "卡"),
)
_SIGNS: Final = b" -./"
_SPOKEN: Final = re.compile(
    # A blank behind each digit, with a sign between groups perhaps; or a sign behind each.
    rb"[0-9](?:(?: (?:[\-/.] )?[0-9]){6,18}|(?:-[0-9]){6,18}|(?:\.[0-9]){6,18})(?![0-9A-Za-z]|[ .\-][0-9])"
)
_BY_LENGTH: Final = {
    length: [
        item for item in IDENTIFIERS if "0" * length in (*item.named, *item.shapes) and item.type != "DATE_OF_BIRTH"
    ]
    for length in range(_FEWEST, 20)
}


class DictatedRecognizer:
    """Telephones, cards, and identifiers of digits alone, with a blank or a sign behind each digit."""

    entity_types = frozenset({"PHONE", "CREDIT_CARD"} | {item.type for items in _BY_LENGTH.values() for item in items})
    hint = r"[0-9](?:[ .\-][0-9]){2}"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The numbers."""
        data = folded.ascii
        done = 0
        for start, _ in folded.single_digits:
            spoken = _SPOKEN.match(data, start) if start >= done else None
            if spoken and not data[start - 1 : start].isalnum():
                done = spoken.end()
                digits = spoken[0].translate(None, _SIGNS).decode("ascii")
                yield from _named(Around(folded, start, start, done), start, done, digits)


def _named(around: Around, start: int, end: int, digits: str) -> Iterator[Finding]:
    for item in _BY_LENGTH.get(len(digits), ()):
        if item.context and item.context.names(around) and item.valid(digits):
            yield Finding(item.type, start, end, item.confidence)
    if len(digits) in _CARDS and luhn(digits) and _CARD.names(around):
        yield Finding("CREDIT_CARD", start, end, 0.85)
    if len(digits) in _PHONES and TELEPHONE.names(around):
        yield Finding("PHONE", start, end, 0.75)
