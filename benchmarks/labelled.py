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

from otel_compliance.redact.identity.schemes import IDENTIFIERS

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
    Kind(
        "PHONE",
        local_phone,
        (
            *(
                "Telephone: {}",
                "mobile={}&x=1",
                "Mon portable est le {}.",
                "Teléfono: {}",
                "telefono: {}",
                "電話：{}",
                "Тел.: {}",
            ),
            *('{{"homePhone": "{}"}}', "you can reach me on {}", "{} is my cell", "id,phone,x\n1,{},y\n"),
        ),
    ),
    Kind(
        "ADDRESS",
        address,
        (
            "I live at {}",
            "Ship it to {}\nthanks",
            "address: {}\n",
            '{{"address": "{}"}}',
            "Adresse : {}\n",
            "住所: {}\n",
        ),
    ),
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
    Kind(
        "CREDENTIAL",
        password,
        (
            *(
                "my password is {}",
                "password: {}",
                "pwd={}",
                '"client_secret": "{}"',
                "The password to the server is {}",
            ),
            *(
                "Das Passwort lautet {}",
                "le mot de passe est {}",
                "mi contraseña: {}",
                "пароль: {}",
                "密码：{}",
                "DB_PASS={}",
            ),
            *(
                "use {} as the password",
                "creds are admin:{}",
                "curl -u bob:{} https://x.example/",
                "<password>{}</password>",
            ),
            *(
                '- name: DB_PASSWORD\n  value: "{}"',
                "Your password has been reset to {}",
                "sshpass -p {} ssh root@host",
            ),
        ),
    ),
    Kind(
        "CREDENTIAL",
        lambda rng: "Zx8" + pick(rng, _WORD, 29),
        (
            *("use {} as the API key", "API key -> {}", 'define("CLIENT_SECRET", "{}");', "| access_token | {} |"),
            *("user,api_key\nbob,{}\n", "session_id: {}", '<add key="ApiSecret" value="{}" />', "token ({}) expired"),
        ),
    ),
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
    lambda rng: f"please call me about case {digits(rng, 10, '123456789')}",
    lambda rng: f"order {digits(rng, 3, '23456789')}-{digits(rng, 3, '23456789')}-{digits(rng, 4)} was shipped",
    lambda rng: f"On March {rng.randint(1, 28)}, {rng.randint(1990, 2026)} Apple released it.",
    lambda rng: f"the plant has run since {rng.randint(1, 28)} March {rng.randint(1950, 1999)}",
    lambda rng: f"firmware 2.{rng.randint(1, 9)}.{rng.randint(1, 9)}.{rng.randint(1, 9)}",
    lambda rng: f"EAN {digits(rng, 13, '45')}",
    lambda rng: f"sku,ean,stock\nA-1,{digits(rng, 13, '45')},{digits(rng, 2)}\n",
    lambda rng: f"doi:10.{digits(rng, 4)}/j.cell.{digits(rng, 4)}.{digits(rng, 2)}.{digits(rng, 3)}",
    lambda rng: f"listening on {rng.choice(('127.0.0.1', '0.0.0.0'))}:{digits(rng, 4, '123456789')}",
    lambda rng: f"git clone git@git.example.com:team/{pick(rng, string.ascii_lowercase, 8)}.git",
    lambda rng: f"cache miss key=user:{digits(rng, 6)}:profile",
    lambda rng: f"price {digits(rng, 3, '123456789')} {digits(rng, 3)} {digits(rng, 3)} Ft",
    lambda rng: rng.choice(
        (
            "password: ****",
            "api_key: YOUR_API_KEY",
            "password = ${DB_PASSWORD}",
            "password: str",
            "Das Passwort ist falsch.",
            "All tests pass: 124 passed",
            'token = os.environ["TOKEN"]',
            "password: !vault |",
            "address: 10.0.0.x",
            "phone: iPhone 15 Pro Max 256",
        )
    ),
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
