"""Check digits and letters of identifiers. Each takes the plain characters, without separators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_VERHOEFF_D: Final = tuple(
    tuple(int(char) for char in row)
    for row in (
        "0123456789",
        "1234067895",
        "2340178956",
        "3401289567",
        "4012395678",
        "5987604321",
        "6598710432",
        "7659821043",
        "8765932104",
        "9876543210",
    )
)
_VERHOEFF_P: Final = tuple(
    tuple(int(char) for char in row)
    for row in (
        "0123456789",
        "1576283094",
        "5803796142",
        "8916043527",
        "9453126870",
        "4286573901",
        "2793806415",
        "7046913258",
    )
)


def luhn(text: str) -> bool:
    """ISO/IEC 7812-1 annex B, as for Canada's social insurance number."""
    total = 0
    for position, char in enumerate(reversed(text)):
        value = int(char) << (position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def weighted(text: str, weights: Sequence[int], modulus: int) -> int:
    """The weighted sum of digits, modulo."""
    return sum(int(char) * weight for char, weight in zip(text, weights, strict=False)) % modulus


def verhoeff(text: str) -> bool:
    """Verhoeff's dihedral check, as for India's Aadhaar."""
    check = 0
    for position, char in enumerate(reversed(text)):
        check = _VERHOEFF_D[check][_VERHOEFF_P[position % 8][int(char)]]
    return check == 0


def iso7064_mod11_10(text: str) -> bool:
    """ISO 7064 MOD 11,10, as for Germany's tax identification number."""
    product = 10
    for char in text[:-1]:
        total = (int(char) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(text[-1])


def plausible_date(text: str, *, month_offset: int = 0) -> bool:
    """Whether ``YYMMDD`` has a month and a day that exist; `month_offset` is what centuries add to the month."""
    month, day = int(text[2:4]) - month_offset, int(text[4:6])
    return 1 <= month <= 12 and 1 <= day <= 31
