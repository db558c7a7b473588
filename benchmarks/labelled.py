"""A labelled corpus, made from a seed: texts in which it is known where each value stands, and what is none.

Values are made up, with the checksums that real ones have. Contexts are of several languages and of several kinds of
text. The hard negatives look like values and are none.
"""

from __future__ import annotations

import base64
import json
import random
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from otel_compliance.redact.identity.recognizer import IDENTIFIERS

Make = Callable[[random.Random], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value.

    Attributes:
        type: The entity type that a finding should have.
        make: Makes a value.
        contexts: Texts around it, with ``{}`` in its place.
    """

    type: str
    make: Make
    contexts: tuple[str, ...]


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
    """A telephone number: North American, or international."""
    area, exchange, line = digits(rng, 3, "23456789"), digits(rng, 3, "23456789"), digits(rng, 4)
    return rng.choice(
        (
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"{area}.{exchange}.{line}",
            f"+1 {area} {exchange} {line}",
            f"+49 30 {digits(rng, 7, '123456789')}",
            f"+44 20 {digits(rng, 4, '3478')} {digits(rng, 4)}",
            f"+33 6 {grouped(digits(rng, 8), (2, 2, 2), ' ')}",
            f"+91{digits(rng, 10, '789')}",
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
    return ".".join(str(rng.randint(1, 254)) for _ in range(4))


def ipv6(rng: random.Random) -> str:
    """An IPv6 address."""
    groups = [f"{rng.randint(1, 0xFFFF):x}" for _ in range(5)]
    return f"2001:db8:{':'.join(groups[:2])}::{groups[2]}" if rng.random() < 0.5 else "2001:db8:1:" + ":".join(groups)


_WORD = string.ascii_letters + string.digits


def anthropic_key(rng: random.Random) -> str:
    """A key of the Claude API."""
    return f"sk-ant-{rng.choice(('api03', 'admin01', 'oat01'))}-{pick(rng, _WORD + '_-', 93)}AA"


def json_web_token(rng: random.Random) -> str:
    """A JSON web token."""

    def part(document: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    claims = {"sub": pick(rng, string.digits, 10), "iat": 1_790_000_000}
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{pick(rng, _WORD + '_-', 43)}"


def private_key(rng: random.Random) -> str:
    """A private key with its body."""
    body = "\n".join(pick(rng, _WORD + "+/", 64) for _ in range(6))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"


def password(rng: random.Random) -> str:
    """A password that somebody chose."""
    return rng.choice(("hunter2", "Tr0ub4dor&3", "S3cure!Pass", "correct-horse-battery", "Qwerty!234")) + digits(rng, 2)


_PLAIN = (
    "Please write to {} today.",
    "Contact: {}",
    "({})",
    '{{"value": "{}", "n": 1}}',
    "name,{},active",
    "Ich habe {} notiert.",
    "Merci de confirmer {}, svp.",
    "La referencia es {}.",
    "see {}; then call back",
    "<td>{}</td>",
    "> {}\n",
    "it is:{}",
)
_VALUES = (
    Kind("EMAIL", email, _PLAIN),
    Kind("PHONE", phone, ("Call me on {}.", "Tel. {}", "phone={}&x=1", "Meine Nummer: {}", "mobile: {}", "({})")),
    Kind("SSN", ssn, ("SSN {}", "My social security number is {}.", "ssn: {},", "social security: {}")),
    Kind("CREDIT_CARD", card, _PLAIN),
    Kind("IBAN", iban, _PLAIN),
    Kind("IPV4", ipv4, ("from {} at noon", "client_ip={}", "[{}]:443", "http://{}/x", "Adresse {}.")),
    Kind("IPV6", ipv6, ("from {} at noon", "client_ip={}", "[{}]:443", "Adresse {}.")),
    Kind("ANTHROPIC_KEY", anthropic_key, _PLAIN),
    Kind("AWS_KEY", lambda rng: "AKIA" + pick(rng, string.ascii_uppercase + "234567", 16), _PLAIN),
    Kind("GITHUB_TOKEN", lambda rng: "ghp_" + pick(rng, _WORD, 36), _PLAIN),
    Kind("JWT", json_web_token, ("Authorization: Bearer {}", "token {} expired", '{{"jwt": "{}"}}')),
    Kind("PRIVATE_KEY", private_key, ("here is the key:\n{}\nthanks", "{}")),
    Kind("URL_CREDENTIAL", password, ("postgres://app:{}@db.example:5432/x", "https://user:{}@host.example/path")),
    Kind("CREDENTIAL", password, ("my password is {}", "password: {}", "pwd={}", '"client_secret": "{}"')),
)

_SCHEMES = {item.type: item for item in IDENTIFIERS}
_WORDS = {
    "SSN": "social security number",
    "US_EIN": "EIN",
    "US_NPI": "NPI",
    "US_BANK_ROUTING": "routing number",
    "UK_NHS": "NHS number",
    "DE_TAX_ID": "Steuer-ID",
    "PL_PESEL": "PESEL",
    "AU_TFN": "TFN",
    "AU_MEDICARE": "Medicare",
    "CA_SIN": "SIN",
    "JP_MY_NUMBER": "My Number",
    "PASSPORT": "passport",
    "DRIVERS_LICENSE": "driving licence",
    "DATE_OF_BIRTH": "born",
}
"""The word before a value that cannot stand alone."""


def identifier(entity_type: str) -> Make:
    """Makes values of a scheme: characters of one of its shapes, tried until its rule holds."""
    scheme = _SCHEMES[entity_type]
    shapes = scheme.shapes or scheme.named

    def make(rng: random.Random) -> str:
        separator = rng.choice("- .")
        while True:
            shape = rng.choice(shapes)
            value = "".join(pick(rng, {"0": string.digits, "A": string.ascii_uppercase}.get(c, " "), 1) for c in shape)
            if scheme.valid(value.replace(" ", "")):
                return value.replace(" ", separator)

    return make


_IDENTIFIERS = tuple(
    Kind(
        item.type,
        identifier(item.type),
        _PLAIN
        if item.shapes
        else tuple(f"{_WORDS[item.type]}{text}" for text in (" {}", ": {},", " is {}.", " no. {}")),
    )
    # These are made above, and random characters hardly ever make one of these.
    for item in IDENTIFIERS
    if item.type
    not in ("MX_CURP", "IT_CODICE_FISCALE", "US_MBI", "BR_CNPJ", "CN_RESIDENT_ID", "FR_NIR", "UK_NINO", "SSN")
)

_NEGATIVES: tuple[Make, ...] = (
    lambda rng: f"order #{digits(rng, rng.randint(8, 12))} was shipped",
    lambda rng: f"id={uuid.UUID(int=rng.getrandbits(128))}",
    lambda rng: f"commit {pick(rng, '0123456789abcdef', 40)}",
    lambda rng: f"md5 {pick(rng, '0123456789abcdef', 32)}",
    lambda rng: f"sha256:{pick(rng, '0123456789abcdef', 64)}",
    lambda rng: f"version {rng.randint(0, 30)}.{rng.randint(0, 99)}.{rng.randint(0, 999)}",
    lambda rng: f"version {rng.randint(1, 9)}.{rng.randint(0, 9)}.{rng.randint(0, 9)}.{rng.randint(0, 9)}",
    lambda rng: f"at 2026-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}T10:{rng.randint(10, 59)}:00.123456Z",
    lambda rng: f"ts={rng.randint(1_600_000_000_000, 1_900_000_000_000)}",
    lambda rng: f"epoch {rng.randint(1_600_000_000, 1_900_000_000)}",
    lambda rng: f"total ${rng.randint(1, 999)},{digits(rng, 3)}.{digits(rng, 2)} of {digits(rng, 7)} units",
    lambda rng: f"at {rng.uniform(-90, 90):.6f}, {rng.uniform(-180, 180):.6f}",
    lambda rng: f"tracking 1Z{pick(rng, string.ascii_uppercase + string.digits, 16)}",
    lambda rng: f"ISBN 978-3-{digits(rng, 2)}-{digits(rng, 6)}-{digits(rng, 1)}",
    lambda rng: (
        f"for (let i = {rng.randint(0, 9)}; i < {digits(rng, 4)}; i++) {{ a[i] += 0x{pick(rng, 'abcdef', 6)}; }}"
    ),
    lambda rng: "std::vector<int>::iterator it = v.begin();",
    lambda rng: f"@app.route('/v{rng.randint(1, 4)}/items') def handler(self): pass",
    lambda rng: f"mention @{pick(rng, string.ascii_lowercase, 8)} in the channel",
    lambda rng: f"npm install left-pad@{rng.randint(1, 9)}.{rng.randint(0, 9)}.{rng.randint(0, 9)}",
    lambda rng: f"{rng.randint(10, 23)}:{rng.randint(10, 59)}:{rng.randint(10, 59)} up {rng.randint(1, 400)} days",
    lambda rng: f"a:b:c:{pick(rng, 'abcdef0123456789', 4)} mac-less",
    lambda rng: f"ratio {rng.randint(1, 999)}/{rng.randint(1, 999)} ({rng.uniform(0, 100):.2f} %)",
    lambda rng: "Reset your password: choose at least twelve characters.",
    lambda rng: "The secret of good soup is time; the key is patience.",
    lambda rng: f"rows {digits(rng, 9, '123456789')} columns {digits(rng, 3)}",
    lambda rng: f"ticket {digits(rng, 3, '123456789')}-{digits(rng, 6)} closed",
    lambda rng: f"room {digits(rng, 3, '123')}, building {digits(rng, 2, '12')}, floor {digits(rng, 1)}",
    lambda rng: f"part no. {digits(rng, 4)}-{digits(rng, 4)}-{digits(rng, 2)}",
)


KINDS = (*_VALUES, *_IDENTIFIERS)


@dataclass(frozen=True, slots=True)
class Sample:
    """One text.

    Attributes:
        text: The text.
        type: Type of the value in it; empty when there is none.
        start: Offset of the value.
        end: Offset behind it.
    """

    text: str
    type: str = ""
    start: int = 0
    end: int = 0


def positives(kind: Kind, count: int, seed: int = 1) -> list[Sample]:
    """Texts with one value of a kind each."""
    rng = random.Random(f"{kind.type}/{seed}")
    samples = []
    for _ in range(count):
        before, behind = rng.choice(kind.contexts).replace("{{", "\0").replace("}}", "\1").split("{}")
        before, behind = (part.replace("\0", "{").replace("\1", "}") for part in (before, behind))
        value = kind.make(rng)
        samples.append(Sample(before + value + behind, kind.type, len(before), len(before) + len(value)))
    return samples


def negatives(count: int, seed: int = 1) -> list[Sample]:
    """Texts without any value."""
    rng = random.Random(f"negatives/{seed}")
    return [Sample(rng.choice(_NEGATIVES)(rng)) for _ in range(count)]
