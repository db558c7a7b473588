"""Credentials are found wherever they stand, and what only looks like one is left alone."""

import hashlib
import json
import re
import time
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redact.secret_examples import EXAMPLES

from otel_compliance.keys import KeyRing
from otel_compliance.redact import SECRET_TYPES, Redactor
from otel_compliance.redact.secrets import FAMILIES, SecretRecognizer

REDACTOR = Redactor(KeyRing(bytes(range(32))), [SecretRecognizer()])
SCHEMES = {"BEARER_TOKEN": "Bearer ", "BASIC_AUTH": "Basic "}
PREFIXED = [(type_, SCHEMES.get(type_, ""), value) for type_, value in EXAMPLES]
every_example = pytest.mark.parametrize(
    ("type_", "scheme", "value"), PREFIXED, ids=[f"{type_}-{number}" for number, (type_, *_) in enumerate(PREFIXED)]
)


def found(text: str) -> list[tuple[str, str]]:
    """(type, value) of what is found."""
    return [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)]


def test_every_family_has_an_example() -> None:
    """No pattern is without a credential that it matches whole."""
    examples = [(scheme + value).encode() for _, scheme, value in PREFIXED]
    assert [item for item in FAMILIES if not any(item.pattern.fullmatch(example) for example in examples)] == []


def test_there_are_many_families() -> None:
    """Each is documented, and its type is one of those that count as secrets."""
    assert len({item.type for item in FAMILIES}) >= 80
    assert {item.type for item in FAMILIES} <= SECRET_TYPES
    assert all(item.source and re.fullmatch(r"[A-Z][A-Z0-9_]{1,31}", item.type) for item in FAMILIES)


@every_example
@pytest.mark.parametrize(
    "form", ["{}", "use {}, please", "({})", '"{}"', "a\n{}\nb", "key`{}`", "x {} \u00e9\u200b", "see {}!"]
)
def test_found_in_prose(type_: str, scheme: str, value: str, form: str) -> None:
    """Alone and with punctuation at its edges it is found whole, and nothing else."""
    assert found(form.format(scheme + value)) == [(type_, value)]


@every_example
def test_found_before_a_full_stop(type_: str, scheme: str, value: str) -> None:
    """A full stop, which a few alphabets have, does not hide it."""
    text = f"It is {scheme}{value}. Thanks."
    redacted = REDACTOR.redact(text)
    assert [item.type for item in redacted.findings] == [type_]
    assert value not in redacted.text


@every_example
def test_found_in_json_and_in_urls(type_: str, scheme: str, value: str) -> None:
    """Serialised, with escapes before and behind it, and percent-encoded."""
    dumped = json.dumps({"text": f"line\n{scheme}{value}\nline"})
    assert found(dumped) == [(type_, value)]
    encoded = quote(value, safe="")
    address = f"https://shop.example/p?q={quote(scheme)}{encoded}&page=2"
    [(type_in_url, value_in_url)] = found(address)
    assert (type_in_url, value_in_url.removesuffix("&page=2")) == (type_, encoded)


@every_example
def test_long_text_around_it_changes_nothing(type_: str, scheme: str, value: str) -> None:
    """In a text that is too long for the short cut the same is found."""
    assert found(f"{'word ' * 100}{scheme}{value} {'word ' * 100}") == [(type_, value)]


@every_example
def test_near_misses(type_: str, scheme: str, value: str) -> None:
    """The literal with a few characters, or with an elision, is no credential."""
    for family in FAMILIES:
        if family.type == type_:
            for literal in family.literals:
                begin = literal.decode()
                assert found(f"it begins with {begin}abc and so on") == []
                assert found(f"it begins with {begin}...") == []


BODY = "\n".join(["MIIEpAIBAAKCAQEA7x" + "q2w3" * 10] * 4)


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "DSA ", "ENCRYPTED ", "OPENSSH ", "PGP "])
@pytest.mark.parametrize(
    "header", ["", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n", "Version: GnuPG v2 - x\n\n"]
)
def test_private_keys_with_their_bodies(kind: str, header: str) -> None:
    """The whole block is one finding, with its line breaks as they are or escaped, and cut off, too."""
    block = " BLOCK" if kind == "PGP " else ""
    begin, end = f"-----BEGIN {kind}PRIVATE KEY{block}-----\n", f"\n-----END {kind}PRIVATE KEY{block}-----"
    whole = begin + header + BODY + end
    assert found(f"before\n{whole}\nbehind: it") == [("PRIVATE_KEY", whole)]
    escaped = json.dumps(whole)[1:-1]
    assert found(f'{{"private_key": "{escaped}", "n": 1}}') == [("PRIVATE_KEY", escaped)]
    cut = REDACTOR.redact(f"before\n{whole[: len(begin + header) + 100]}").text
    assert "q2w3" not in cut


def test_public_keys_are_public() -> None:
    """A certificate or a public key is no secret."""
    assert found(f"-----BEGIN CERTIFICATE-----\n{BODY}\n-----END CERTIFICATE-----") == []
    assert found(f"-----BEGIN PUBLIC KEY-----\n{BODY}\n-----END PUBLIC KEY-----") == []


@pytest.mark.parametrize(
    "url",
    [
        "postgres://svc:{}@db.internal:5432/app",
        "postgresql+asyncpg://svc:{}@db/app",
        "mysql://root:{}@localhost/x",
        "mongodb+srv://app:{}@cluster0.example.net/?w=1",
        "redis://:{}@cache:6379/0",
        "amqps://svc:{}@mq.example.com/vhost",
        "https://user:{}@example.com/repo.git",
        "snowflake://me:{}@account/db",
    ],
)
@pytest.mark.parametrize("password", ["hunter2hunter2", "pa%24%24word", "p@ss:w0rd"])
def test_passwords_of_urls(url: str, password: str) -> None:
    """The password is found, the rest of the address stays."""
    assert found(f"use {url.format(password)} now") == [("URL_CREDENTIAL", password)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password: hunter2", "hunter2"),
        ("Password: Tr0ub4dor&3", "Tr0ub4dor&3"),
        ("passwd=abc123xyz", "abc123xyz"),
        ("pwd = 'purple horse'", "purple horse"),
        ("my password is hunter2.", "hunter2"),
        ("The passphrase is `blue-42-fish`", "blue-42-fish"),
        ("the passcode is 481516", "481516"),
        ("**Password:** s3same!", "s3same!"),
        ("password: sunshine", "sunshine"),
        ("password=sunshine&user=x", "sunshine"),
        ('{"db_password": "sunshine"', "sunshine"),
        ('{\\"password\\": \\"hunter2\\"}', "hunter2"),
        ("DB_PASSWORD=p4ssw0rd!x", "p4ssw0rd!x"),
        ("spring.datasource.password=Sup3rS3cret", "Sup3rS3cret"),
        ("config['password'] = 'Sup3rS3cret'", "Sup3rS3cret"),
        ("api_key=Zx81Qq0pLm", "Zx81Qq0pLm"),
        ("X-Api-Key: 0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"),
        ("clientSecret: 'Zx81Qq0pLm77'", "Zx81Qq0pLm77"),
        ("https://x.example/cb?token=Zx81Qq0pLm77aa&next=1", "Zx81Qq0pLm77aa"),
        ("https://x.example/cb?access_token=Zx81Qq0pLm77aa#frag", "Zx81Qq0pLm77aa#frag"),
        ('secret := "Zx81Qq0pLm"', "Zx81Qq0pLm"),
        ("mysqldump -u root --password Hunter22 db", "Hunter22"),
        ("my api key is Zx81Qq0pLm77", "Zx81Qq0pLm77"),
        ("weather_key = 1a2b3c4d5e6f7a8b9c0d", "1a2b3c4d5e6f7a8b9c0d"),
        ("STATUS_PAGE_KEY=Zx81Qq0pLm77Zx81", "Zx81Qq0pLm77Zx81"),
        ("use the API key 9fQ2x7LmZ0pR4tVwB1cD, please", "9fQ2x7LmZ0pR4tVwB1cD"),
        ("log in with token `9fQ2x7LmZ0pR4tVwB1cD`", "9fQ2x7LmZ0pR4tVwB1cD"),
    ],
)
def test_assignments(text: str, expected: str) -> None:
    """In prose, configuration, code, JSON and query strings the value of a name that says so is found."""
    assert found(text) == [("CREDENTIAL", expected)]


@pytest.mark.parametrize(
    ("name", "value", "type_"),
    [
        ("aws_secret_access_key", "wJa" + "lrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKE", "AWS_KEY"),
        ("aws_session_token", "Zx81Qq0pLm77" * 4, "AWS_SESSION_TOKEN"),
        ("AccountKey", "Zx81/Qq0p+Lm77" * 6 + "==", "AZURE_STORAGE_KEY"),
        ("AZURE_CLIENT_SECRET", "Zx81Qq0pLm77", "AZURE_CLIENT_SECRET"),
        ("DATADOG_API_KEY", "0123456789abcdef0123456789abcdef", "DATADOG_KEY"),
        ("HEROKU_API_KEY", "550e8400-e29b-41d4-a716-446655440000", "HEROKU_KEY"),
        ("cohere_api_key", "Zx81Qq0pLm77Zx81Qq0pLm77", "COHERE_KEY"),
        ("SNOWFLAKE_PASSWORD", "Hunter22", "SNOWFLAKE_PASSWORD"),
        ("AUTH0_CLIENT_SECRET", "Zx81Qq0pLm77Zx81Qq0pLm77", "AUTH0_SECRET"),
        ("splunk_hec_token", "550e8400-e29b-41d4-a716-446655440000", "SPLUNK_TOKEN"),
        ("TWILIO_AUTH_TOKEN", "0123456789abcdef0123456789abcdef", "TWILIO_KEY"),
        ("POSTMARK_SERVER_TOKEN", "550e8400-e29b-41d4-a716-446655440000", "POSTMARK_TOKEN"),
        ("TRAVIS_TOKEN", "Zx81Qq0pLm77Zx81Qq0pLm", "TRAVIS_TOKEN"),
        ("OKTA_API_TOKEN", "00Zx81Qq0pLm77Zx81Qq0pLm77Zx81Qq0pLm77Zx81", "OKTA_TOKEN"),
        ("sig", "Zx81Qq0pLm77Zx81Qq0pLm%2Bab%3D", "CREDENTIAL"),
    ],
)
def test_values_that_are_known_by_their_name(name: str, value: str, type_: str) -> None:
    """Some vendors' credentials have no shape; the name tells whose they are."""
    assert found(f"{name}={value}") == [(type_, value)]
    assert found(f'"{name}": "{value}"') == [(type_, value)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abcdefgh12345678", ("BEARER_TOKEN", "abcdefgh12345678")),
        ('curl -H "Authorization: Basic dXNlcjpwYXNz"', ("BASIC_AUTH", "dXNlcjpwYXNz")),
        ("'Authorization': 'Token 9944b09199c62bcf'", ("AUTHORIZATION", "9944b09199c62bcf")),
        ("authorization: sk-12", None),
        ("Authorization: Bearer <token>", None),
        ("Authorization: required", None),
        ("Cookie: sid=Zx81Qq0p; theme=dark", ("SESSION_COOKIE", "sid=Zx81Qq0p; theme=dark")),
        ("Set-Cookie: sid=Zx81Qq0p; Path=/; HttpOnly", ("SESSION_COOKIE", "sid=Zx81Qq0p")),
        ("Cookie: accept it", None),
    ],
)
def test_headers(text: str, expected: tuple[str, str] | None) -> None:
    """Of a header only what is secret is found."""
    assert found(text) == ([expected] if expected else [])


@pytest.mark.parametrize(
    "text",
    [
        "password: ****",
        "password: ••••••••",
        "password=xxxxxxxx",
        "password: <your password>",
        "password: your_password_here",
        "password=changeme",
        "password: ${DB_PASSWORD}",
        "password=$DB_PASSWORD",
        "password: {{ vault_password }}",
        "password = None",
        "password: null",
        '"password": "string"',
        "password: str = Field()",
        "password: Optional[str] = None",
        "password=password",
        "password=self.password",
        'password = os.environ["DB_PASSWORD"]',
        "password = get_secret(name)",
        "connect(user=user, password=db_secret)",
        "password: please reset it",
        "Password: required",
        "Password: incorrect",
        "password: Must be at least 8 characters",
        "my password is too weak",
        "the password is case-sensitive",
        "the secret is out",
        "a token is worth four characters",
        "the key is under the mat",
        "secret: the cake is a lie",
        "token: string",
        "max_tokens: 1024",
        "next_page_token=Zx81Qq0pLm77aa",
        "api_key=YOUR_API_KEY",
        "api_key: your-api-key-here",
        "api_key=[REDACTED]",
        "tokens: 128000",
        "PWD=/srv/project",
        "key: value",
        "key=5f4dcc3b5aa765d61d8327deb882cf99",
        "the key 5f4dcc3b5aa765d61d8327deb882cf99 was evicted",
        "cache_key=1a2b3c4d5e6f7a8b9c0d1e2f",
        "primary_key: 5f4dcc3b5aa765d61d8327deb882cf99",
        "Idempotency-Key: 5f4dcc3b5aa765d61d8327deb882cf99",
        "entity_key = 550e8400-e29b-41d4-a716-446655440000",
        "weather_key = WEATHER_SERVICE_KEY",
        "author: Jane",
        "The bearer of this letter",
        "Bearer token authentication",
        "basic authentication-scheme",
        "it was signed with key 7",
        "password:",
        "password=",
    ],
)
def test_placeholders_code_and_sentences_are_no_credentials(text: str) -> None:
    """What marks the place of a credential, or says something of it, stays."""
    assert found(text) == []


WORDS = st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=24), min_size=1, max_size=8)
DIGEST = st.binary(min_size=1, max_size=8)
HARMLESS = st.one_of(
    WORDS.map(" ".join),
    WORDS.map("_".join),
    WORDS.map("-".join),
    WORDS.map(lambda words: "/" + "/".join(words) + ".py"),
    WORDS.map(lambda words: b64encode(" ".join(words).encode()).decode()),
    st.uuids().map(str),
    DIGEST.map(lambda data: hashlib.md5(data).hexdigest()),
    DIGEST.map(lambda data: hashlib.sha1(data).hexdigest()),
    DIGEST.map(lambda data: hashlib.sha256(data).hexdigest()),
    DIGEST.map(lambda data: f"commit {hashlib.sha1(data).hexdigest()[:12]}"),
    DIGEST.map(lambda data: f"sha256:{hashlib.sha256(data).hexdigest()}"),
    st.integers(10**7, 10**17).map(lambda number: f"order #{number}"),
)


@given(st.lists(HARMLESS, min_size=1, max_size=6))
def test_what_is_random_but_no_secret_stays_intact(parts: list[str]) -> None:
    """Words, paths, identifiers, UUIDs, digests, commits, base64 of prose and order numbers are left alone."""
    assert found("; ".join(parts)) == []


@given(st.text(st.characters(codec=None), max_size=30), st.sampled_from(PREFIXED), st.text(max_size=30))
def test_no_planted_secret_survives(before: str, example: tuple[str, str, str], behind: str) -> None:
    """Whatever stands around a credential, it is gone."""
    _, scheme, value = example
    assert value not in REDACTOR.redact(f"{before} {scheme}{value} {behind}").text


@pytest.mark.parametrize(
    "text",
    [
        *sorted({item.literals[0].decode() for item in FAMILIES}),
        *("eyJ-", "-eyJ", "eyJhbGciOiJIUzI1NiJ9.", "password=", "password: ", "password is ", 'password:"', "token=a1"),
        *(
            "Authorization: ",
            "Bearer a1",
            "Cookie: ",
            "Cookie: a=b;",
            "a=b; ",
            " --password ",
            "aws secret ",
            "://a:b@",
        ),
        *(
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nA: ",
            "-----BEGIN ",
            "secret=${",
            "pwd={{",
            "key:*",
        ),
        *("a" * 16 + " ", "0" * 31 + "-us", "A" * 75 + "-AZDO", "x" * 300 + "=", "Q~"),
    ],
)
def test_hostile_megabytes(text: str) -> None:
    """Time is linear: a megabyte of what a pattern begins with takes no more than a few seconds."""
    hostile = text * (1_000_000 // len(text))
    start = time.process_time()
    REDACTOR.find(hostile)
    assert time.process_time() - start < 5
