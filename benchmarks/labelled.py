"""A labelled corpus, made from a seed: texts in which it is known where each value stands, and what is none.

Values are those of `synthetic`. Contexts are of several languages and of several kinds of text. The hard negatives look
like values and are none.
"""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from synthetic import (
    WORD,
    address,
    anthropic_key,
    card,
    digits,
    email,
    iban,
    ipv4,
    ipv6,
    json_web_token,
    local_phone,
    password,
    phone,
    pick,
    private_key,
    ssn,
)

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
    Kind("GITHUB_TOKEN", lambda rng: "ghp_" + pick(rng, WORD, 36), _PLAIN),
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
        lambda rng: "Zx8" + pick(rng, WORD, 29),
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
