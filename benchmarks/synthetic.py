"""Values that are made up from a seed, with the checksums that real ones have."""

from __future__ import annotations

import base64
import json
import random
import string


def digits(rng: random.Random, count: int, first: str = "0123456789") -> str:
    """Random digits, the first one of `first`."""
    return rng.choice(first) + "".join(rng.choices("0123456789", k=count - 1))


def pick(rng: random.Random, alphabet: str, count: int) -> str:
    """Random characters."""
    return "".join(rng.choices(alphabet, k=count))


def luhn(payload: str) -> str:
    """`payload` with its check digit."""
    total = 0
    for position, char in enumerate(reversed(payload)):
        value = int(char) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return payload + str(-total % 10)


def grouped(text: str, sizes: tuple[int, ...], separator: str) -> str:
    """`text` cut into groups."""
    parts, start = [], 0
    for size in sizes:
        parts.append(text[start : start + size])
        start += size
    return separator.join(part for part in [*parts, text[start:]] if part)


def email(rng: random.Random) -> str:
    """An e-mail address."""
    first, last = (
        rng.choice(("jane", "omar", "li.wei", "josé", "anna", "k")),
        rng.choice(("doe", "o'neil", "müller", "ng")),
    )
    host = rng.choice(("example.com", "mail.example.co.uk", "example.org", "xn--bcher-kva.example", "corp.example.de"))
    return f"{first}{rng.choice(('.', '_', '+crm.', '-', ''))}{last}{rng.choice(('', '7', '1984'))}@{host}"


def phone(rng: random.Random) -> str:
    """A telephone number with a form of its own: North American, international, or with a trunk prefix."""
    area, exchange, line = digits(rng, 3, "23456789"), digits(rng, 3, "23456789"), digits(rng, 4)
    return rng.choice(
        (
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"{area}.{exchange}.{line}",
            f"{area}-{exchange}-{line} ext. {digits(rng, 3)}",
            f"+1 {area} {exchange} {line}",
            f"+1-{area}-{exchange}-{line}x{digits(rng, 4)}",
            f"001-{area}-{exchange}-{line}",
            f"+49 30 {digits(rng, 7, '123456789')}",
            f"+49 (0) 30 / {digits(rng, 3)} {digits(rng, 3)}",
            f"030/{digits(rng, 6, '123456789')}",
            f"+44 20 {digits(rng, 4, '3478')} {digits(rng, 4)}",
            f"020 {digits(rng, 4, '3478')} {digits(rng, 4)}",
            f"07700 {digits(rng, 6)}",
            f"+33 6 {grouped(digits(rng, 8), (2, 2, 2), ' ')}",
            f"06.{grouped(digits(rng, 8), (2, 2, 2), '.')}",
            f"+91{digits(rng, 10, '789')}",
            f"090-{digits(rng, 4)}-{digits(rng, 4)}",
            f"8 (495) {digits(rng, 3)}-{digits(rng, 2)}-{digits(rng, 2)}",
            f"(11) 9{digits(rng, 4)}-{digits(rng, 4)}",
        )
    )


def local_phone(rng: random.Random) -> str:
    """A telephone number that only a word tells from other digits."""
    return rng.choice(
        (
            digits(rng, 9, "6789"),
            grouped(digits(rng, 9, "6789"), (3, 3), " "),
            grouped(digits(rng, 8, "2345"), (2, 2, 2), " "),
            f"{digits(rng, 3, '56789')}-{digits(rng, 2)}-{digits(rng, 2)}",
            f"0{digits(rng, 9, '123456789')}",
        )
    )


def address(rng: random.Random) -> str:
    """A postal address with its postcode, as written in one of several countries."""
    number, code, one_of = rng.randint(1, 199), digits(rng, 5, "123456789"), rng.choice
    return one_of(
        (
            f"{number} {one_of(('Elm Grove', 'Main', 'W 23rd'))} {one_of(('St', 'Rd'))}, Austin, TX {code}",
            f"{number} Smith Plains Suite {number}\nEast Nancy, NY {code}",
            f"{number} {one_of(('High Street', 'Abbey Close'))}, London {one_of(('NW1 6XE', 'SW11 3TN'))}",
            f"{one_of(('Lindenallee', 'Hauptstraße', 'Am Markt'))} {number}, {code} {one_of(('Berlin', 'Köln'))}",
            f"{number} rue {one_of(('de la Paix', 'Victor Hugo'))}, {code} {one_of(('Paris', 'Lyon'))}",
            f"{one_of(('Calle Mayor', 'Plaza de España'))} {number}, {code} {one_of(('Madrid', 'Bilbao'))}",
            f"{one_of(('Via Roma', 'Corso Italia'))} {number}, {code} {one_of(('Roma', 'Napoli'))}",
            f"{one_of(('Kerkweg', 'Prins Hendrikkade'))} {number}, {code[:4]} {pick(rng, 'ABCD', 2)} Utrecht",
            f"ul. {one_of(('Piękna', 'Mickiewicza'))} {number}, {code[:2]}-{code[2:]} Warszawa",
            f"{one_of(('Storgatan', 'Ringvägen'))} {number}, {code[:3]} {code[3:]} Malmö",
            f"東京都渋谷区神南{number}-{code[0]}-{code[1]}",
        )
    )


def ssn(rng: random.Random) -> str:
    """A US social security number."""
    area = rng.choice([number for number in range(1, 900) if number != 666])
    separator = rng.choice("- ")
    return f"{area:03d}{separator}{rng.randint(1, 99):02d}{separator}{rng.randint(1, 9999):04d}"


def card(rng: random.Random) -> str:
    """A payment card number."""
    prefix, length = rng.choice((("4", 16), ("51", 16), ("2221", 16), ("6011", 16), ("37", 15), ("3528", 16)))
    number = luhn(prefix + pick(rng, string.digits, length - len(prefix) - 1))
    sizes = (4, 6) if length == 15 else (4, 4, 4)
    return grouped(number, sizes, rng.choice(("", " ", "-")))


def iban(rng: random.Random) -> str:
    """An account number of one of several countries."""
    country, length, letters = rng.choice(
        (("DE", 18, 0), ("GB", 14, 4), ("FR", 23, 0), ("NL", 10, 4), ("ES", 20, 0), ("NO", 11, 0))
    )
    account = pick(rng, string.ascii_uppercase, letters) + pick(rng, string.digits, length)
    number = int("".join(str(int(char, 36)) for char in account + country + "00"))
    whole = f"{country}{98 - number % 97:02d}{account}"
    return grouped(whole, (4,) * 8, rng.choice(("", " ")))


def ipv4(rng: random.Random) -> str:
    """An IPv4 address."""
    # 127 is the host itself.
    return ".".join(str(rng.randint(1, 126 if place == 0 else 254)) for place in range(4))


def ipv6(rng: random.Random) -> str:
    """An IPv6 address."""
    groups = [f"{rng.randint(1, 0xFFFF):x}" for _ in range(5)]
    return f"2001:db8:{':'.join(groups[:2])}::{groups[2]}" if rng.random() < 0.5 else "2001:db8:1:" + ":".join(groups)


WORD = string.ascii_letters + string.digits
"""The characters of most credentials."""


def anthropic_key(rng: random.Random) -> str:
    """A key of the Claude API."""
    return f"sk-ant-{rng.choice(('api03', 'admin01', 'oat01'))}-{pick(rng, WORD + '_-', 93)}AA"


def json_web_token(rng: random.Random) -> str:
    """A JSON web token."""

    def part(document: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    claims = {"sub": pick(rng, string.digits, 10), "iat": 1_790_000_000}
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{pick(rng, WORD + '_-', 43)}"


def private_key(rng: random.Random) -> str:
    """A private key with its body."""
    body = "\n".join(pick(rng, WORD + "+/", 64) for _ in range(6))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"


def password(rng: random.Random) -> str:
    """A password that somebody chose."""
    return rng.choice(("hunter2", "Tr0ub4dor&3", "S3cure!Pass", "correct-horse-battery", "Qwerty!234")) + digits(rng, 2)
