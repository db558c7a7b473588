"""Whether digits are an identifier of a country: the rules of each issuer."""

from __future__ import annotations

from typing import Final

from otel_compliance.redact.identity.checksums import iso7064_mod11_10, luhn, plausible_date, verhoeff, weighted

_ITIN_GROUPS: Final = frozenset({*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)})
_CN_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CN_CHECK: Final = "10X98765432"
_MONTHS: Final = frozenset(("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"))
"""As Oracle writes them: 05-MAR-62."""
_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"


def us_ssn(text: str) -> bool:
    """US social security number: areas 000, 666 and 900-999, group 00 and serial 0000 are never assigned (SSA)."""
    return text[:3] not in ("000", "666") and text[0] != "9" and text[3:5] != "00" and text[5:] != "0000"


def us_itin(text: str) -> bool:
    """US individual taxpayer identification number: area 9, group of an assigned range (IRS Publication 1915)."""
    return text[0] == "9" and int(text[3:5]) in _ITIN_GROUPS


def us_ein(text: str) -> bool:
    """US employer identification number: a prefix that the IRS assigns."""
    return text[:2] not in {"00", "07", "08", "09", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89"}


def us_npi(text: str) -> bool:
    """US national provider identifier: Luhn with the prefix 80840 (45 CFR 162.406)."""
    return text[0] in "12" and luhn("80840" + text)


def us_routing(text: str) -> bool:
    """US bank routing number: the ABA's weights 3, 7, 1, and a prefix of a Federal Reserve district."""
    prefix = int(text[:2])
    in_use = prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72 or prefix == 80
    return in_use and weighted(text, (3, 7, 1) * 3, 10) == 0


def uk_nhs(text: str) -> bool:
    """UK NHS number: modulus 11 (NHS Data Dictionary)."""
    check = 11 - weighted(text, range(10, 1, -1), 11)
    return check != 10 and check % 11 == int(text[9])


def cn_resident_id(text: str) -> bool:
    """China's resident identity number: GB 11643, ISO 7064 MOD 11-2, with a date of birth."""
    return (
        text[6:8] in ("19", "20")
        and plausible_date(text[8:14])
        and _CN_CHECK[weighted(text, _CN_WEIGHTS, 11)] == text[17]
    )


def in_aadhaar(text: str) -> bool:
    """India's Aadhaar: twelve digits, not beginning with 0 or 1, Verhoeff (UIDAI)."""
    return text[0] not in "01" and verhoeff(text)


def de_tax_id(text: str) -> bool:
    """Germany's tax identification number: one digit of the first ten comes twice or three times (section 139b AO)."""
    repeats = [text[:10].count(char) for char in set(text[:10])]
    return text[0] != "0" and max(repeats) in (2, 3) and iso7064_mod11_10(text)


def fr_nir(text: str) -> bool:
    """France's NIR: sex, month, and a key modulo 97; departments 2A and 2B count as 19 and 18 (INSEE)."""
    body = text[:13].replace("2A", "19", 1).replace("2B", "18", 1) if not text[:13].isdigit() else text[:13]
    month = int(text[3:5])
    return (
        text[0] in "123478"
        and body.isdigit()
        and (1 <= month <= 12 or 20 <= month <= 42 or month >= 50)
        and 97 - int(body) % 97 == int(text[13:15])
    )


def pl_pesel(text: str) -> bool:
    """Poland's PESEL: weights 1, 3, 7, 9 and a date whose month tells the century."""
    month = int(text[2:4]) % 20
    return (
        1 <= month <= 12
        and 1 <= int(text[4:6]) <= 31
        and (weighted(text, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), 10) + int(text[10])) % 10 == 0
    )


def kr_rrn(text: str) -> bool:
    """South Korea's resident registration number: a date and a digit for sex and century; no checksum since 2020."""
    return plausible_date(text[:6]) and text[6] in "12345678"


def au_tfn(text: str) -> bool:
    """Australia's tax file number: weighted sum modulo 11."""
    return weighted(text, (1, 4, 3, 7, 5, 8, 6, 9, 10), 11) == 0


def au_medicare(text: str) -> bool:
    """Australia's Medicare number: first digit 2 to 6, check digit in the ninth place."""
    return text[0] in "23456" and weighted(text, (1, 3, 7, 9, 1, 3, 7, 9), 10) == int(text[8])


def br_cpf(text: str) -> bool:
    """Brazil's CPF: two check digits modulo 11; equal digits are never assigned."""
    first = weighted(text, range(10, 1, -1), 11)
    second = weighted(text, range(11, 1, -1), 11)
    digits = [0 if rest < 2 else 11 - rest for rest in (first, second)]
    return len(set(text)) > 1 and text[9:11] == f"{digits[0]}{digits[1]}"


def br_cnpj(text: str) -> bool:
    """Brazil's CNPJ: two check digits modulo 11."""
    first = weighted(text, (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), 11)
    second = weighted(text, (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), 11)
    digits = [0 if rest < 2 else 11 - rest for rest in (first, second)]
    return len(set(text)) > 1 and text[12:14] == f"{digits[0]}{digits[1]}"


def ca_sin(text: str) -> bool:
    """Canada's social insurance number: Luhn."""
    return luhn(text)


def jp_my_number(text: str) -> bool:
    """Japan's individual number: a check digit modulo 11 over the eleven before it."""
    rest = weighted(text, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2), 11)
    return int(text[11]) == (0 if rest <= 1 else 11 - rest)


def es_dni(text: str) -> bool:
    """Spain's DNI: the letter is the number modulo 23 (Real Decreto 1553/2005)."""
    return _DNI_LETTERS[int(text[:8]) % 23] == text[8]


def date(text: str) -> bool:
    """A date in some order of day, month and year: nothing that cannot be one."""
    if not text.isdigit():
        return text[2:5] in _MONTHS
    if len(text) < 8:
        return True
    return any(_is_date(year, rest) for year, rest in ((text[:4], text[4:]), (text[4:], text[:4])))


def _is_date(year: str, rest: str) -> bool:
    # Thailand counts from 543 years before.
    parts = int(rest[:2]), int(rest[2:])
    return year[:2] in ("18", "19", "20", "24", "25") and 1 <= min(parts) <= 12 and 1 <= max(parts) <= 31
