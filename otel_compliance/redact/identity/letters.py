"""Whether letters and digits are an identifier of a country: the rules of each issuer."""

from __future__ import annotations

import re
from typing import Final

from otel_compliance.redact.identity.checksums import plausible_date, weighted
from otel_compliance.redact.identity.numbers import es_dni

_NINO: Final = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")
# DVLA: the name, filled with nines, a date with the sex in its month, initials or nines, and three to tell twins apart.
_UK_DRIVING: Final = re.compile(
    r"[A-Z](?:[A-Z]{4}|[A-Z]{3}9|[A-Z]{2}99|[A-Z]999|9999)\d[0156]\d[0-3]\d\d[A-Z][A-Z9][A-Z\d][A-Z]{2}(?:\d\d)?"
)
UK_DRIVING_SHAPES: Final = tuple(
    gap.join((name, "000000", last)) + issue
    for gap in ("", " ")
    for name in ("AAAAA", "AAAA0", "AAA00", "AA000", "A0000")
    for last in ("AA0AA", "A00AA", "AAAAA", "A0AAA")
    for issue in ("", " 00")
)
"""With its 16 characters in one group or three, and perhaps the number of the issue behind them."""
_IT_DRIVING: Final = re.compile(r"(?!EP|US|WO)(?:U1|[A-Z]{2})[A-Z\d]{7}[A-Z]")
_PAN: Final = re.compile(r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]")
_MBI: Final = re.compile(
    r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[AC-HJKMNP-RT-Y]{2}\d{2}"
)
_CURP: Final = re.compile(r"[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{2}[B-DF-HJ-NP-TV-Z]{3}[A-Z\d]\d")
_CF_ODD: Final = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            1,
            0,
            5,
            7,
            9,
            13,
            15,
            17,
            19,
            21,
            1,
            0,
            5,
            7,
            9,
            13,
            15,
            17,
            19,
            21,
            2,
            4,
            18,
            20,
            11,
            3,
            6,
            8,
            12,
            14,
            16,
            10,
            22,
            25,
            24,
            23,
        ),
        strict=True,
    )
)
_CF_MONTHS: Final = "ABCDEHLMPRST"
_NRIC_LETTERS: Final = {
    "S": "JZIHGFEDCBA",
    "T": "JZIHGFEDCBA",
    "F": "XWUTRQPNMLK",
    "G": "XWUTRQPNMLK",
    "M": "XWUTRQPNJLK",
}
_NRIC_OFFSETS: Final = {"S": 0, "T": 4, "F": 0, "G": 4, "M": 3}


def uk_nino(text: str) -> bool:
    """UK national insurance number: letters that are assigned (HMRC, NIM39110)."""
    return _NINO.fullmatch(text) is not None


def uk_driving(text: str) -> bool:
    """UK driving licence: a name, a date that exists, 50 added to its month for women, and letters (DVLA)."""
    return _UK_DRIVING.fullmatch(text) is not None and 1 <= int(text[6:8]) % 50 <= 12 and 1 <= int(text[8:10]) <= 31


def it_driving(text: str) -> bool:
    """Italy's driving licence: a province, or U1, seven letters and digits, and a letter."""
    return _IT_DRIVING.fullmatch(text) is not None


def in_pan(text: str) -> bool:
    """India's permanent account number: the fourth letter is the kind of holder."""
    return _PAN.fullmatch(text) is not None


def us_mbi(text: str) -> bool:
    """US Medicare beneficiary identifier: letters but S, L, O, I, B and Z in their places (CMS)."""
    return _MBI.fullmatch(text) is not None


def mx_curp(text: str) -> bool:
    """Mexico's CURP: name letters, a date, sex and state."""
    return _CURP.fullmatch(text) is not None and plausible_date(text[4:10])


def it_codice_fiscale(text: str) -> bool:
    """Italy's codice fiscale: a month letter and a check letter (D.M. 23/12/1976)."""
    total = 0
    for position, char in enumerate(text[:15]):
        value = int(char) if char.isdigit() else ord(char) - 65
        total += _CF_ODD[char] if position % 2 == 0 else value
    return text[8] in _CF_MONTHS and chr(65 + total % 26) == text[15]


def es_nie(text: str) -> bool:
    """Spain's NIE: as the DNI, with X, Y or Z for 0, 1 or 2."""
    return text[0] in "XYZ" and es_dni(str("XYZ".index(text[0])) + text[1:])


def sg_nric(text: str) -> bool:
    """Singapore's NRIC and FIN: a check letter by series."""
    series = text[0]
    if series not in _NRIC_LETTERS:
        return False
    rest = (weighted(text[1:8], (2, 7, 6, 5, 4, 3, 2), 11) + _NRIC_OFFSETS[series]) % 11
    return _NRIC_LETTERS[series][rest] == text[8]


def de_social_insurance(text: str) -> bool:
    """Germany's social insurance number: a date and a check digit over products (section 147 SGB VI)."""
    digits = text[:8] + f"{ord(text[8]) - 64:02d}" + text[9:11]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(divmod(int(char) * weight, 10)) for char, weight in zip(digits, weights, strict=True))
    day, month = int(text[2:4]), int(text[4:6])
    return 1 <= day % 50 <= 31 and 1 <= month <= 12 and total % 10 == int(text[11])
