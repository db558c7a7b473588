"""Names whose values are credentials: of fields, parameters, headers and in running text."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from otel_compliance.redact.characters import without_marks

_SEPARATORS: Final = b"_-. "

PASSWORDS: Final = (
    *(b"password", b"passwd", b"passwort", b"passphrase", b"passcode", b"pwd", b"pswd", b"pasword"),
    *(b"kennwort", b"motdepasse", b"contrasena", b"senha", b"wachtwoord", b"haslo", b"heslo", b"losenord", b"salasana"),
    *(b"adgangskode", b"passord", b"sifre", b"jelszo", b"lozinka", b"parool"),
    *(
        b"sifrem",
        b"katasandi",
        b"katalaluan",
        b"contrasenya",
        b"geslo",
        b"nywila",
        b"parola",
        b"psk",
        b"wpakey",
        b"wifikey",
    ),
    b"rediscliauth",
)
PASSWORDS_IN_LETTERS: Final = tuple(
    map(
        without_marks,
        (
            *(
                "contraseña",
                "hasło",
                "пароль",
                "парола",
                "lösenord",
                "şifre",
                "jelszó",
                "geslo",
                "lozinka",
                "slaptažodis",
                "parolă",
            ),
            *(
                "κωδικός",
                "סיסמה",
                "كلمة المرور",
                "كلمة السر",
                "पासवर्ड",
                "รหัสผ่าน",
                "mật khẩu",
                "密码",
                "密碼",
                "パスワード",
                "暗証番号",
            ),
            *("비밀번호", "암호", "口令", "πρόσβασης", "পাসওয়ার্ড", "رمز عبور", "паролата", "비번"),
        ),
    )
)
"""The same in other letters, as they stand in `Folded.text`."""

PASSWORD_NOUNS: Final = tuple(
    map(
        without_marks,
        (
            *(
                "парол[ьяю]",
                "парола",
                "κωδικ[όο](?:ς|ύ)?(?: πρόσβασης)?",
                "密码",
                "密碼",
                "口令",
                "パスワード",
                "暗証番号",
            ),
            *("비밀번호", "비번", "암호", "পাসওয়ার্ড", "رمز عبور", "รหัสผ่าน", "पासवर्ड", "סיסמה", "كلمة (?:المرور|السر)"),
        ),
    )
)
"""Patterns of words for a password in sentences, with the endings that they have there."""

KEYS: Final = (
    *(b"apikey", b"appkey", b"accesskey", b"secretkey", b"privatekey", b"signingkey", b"encryptionkey", b"masterkey"),
    *(b"accountkey", b"servicekey", b"authkey", b"sharedaccesskey", b"sharedkey", b"consumerkey", b"deploykey"),
    *(b"secret", b"credential", b"credentials", b"secretkeybase", b"snmpcommunity", b"communitystring"),
)
OTHER_KEYS: Final = (b"key",)
"""As in ``weather_key``, where the value looks random; a key alone may be that of a map."""

TOKENS: Final = (
    b"token",
    b"jwt",
    b"bearer",
    b"sessionid",
    b"sitzungsid",
    b"sessid",
    b"sig",
    b"amzsignature",
    b"session",
    b"hec",
    b"auth",
)
HEADERS: Final = (b"authorization",)
COOKIES: Final = (b"cookie",)

_SHORT_PASSWORDS: Final = (b"pass", b"pw", b"mdp", b"clave")
_SHORT_TOKENS: Final = (b"pat", b"sid", b"session", b"totp", b"seed")
_SHORT_NAMES: Final = (*_SHORT_PASSWORDS, *_SHORT_TOKENS)
_SHORT: Final = re.compile(
    rb"(?:(?:\A *|[_\-.]|(?:my|her|his|the|user|login|ssh|ftp|root|db|admin|mail|wifi|smtp|auth|devops|asana|github) "
    rb"|[a-z](?=[A-Z])|(?i:smtp|sql|db|pg|ftp|redis|mail|imap|ldap|mongo|admin|root|user|dn|bind|ssh|sudo|store|key))(?i:(?P<password>%s))"
    rb"|(?:(?<![A-Za-z0-9])|(?<=[a-z])(?=[A-Z]))(?i:(?P<token>%s)))\Z"
    % (b"|".join(_SHORT_PASSWORDS), b"|".join(_SHORT_TOKENS))
)
"""Words with which others end, too, as "bypass" does: they count alone, or behind a sign, a hump or some words."""
_SHORT_ENDINGS: Final = (b"ass", b"mdp", b"ave", b"pat", b"sid", b"otp", b"eed", b" is", b"lue", b"ult")

_NO_SECRET: Final = (
    *(b"pagetoken", b"nexttoken", b"continuationtoken", b"synctoken", b"eostoken", b"bostoken", b"padtoken"),
    *(b"stoptoken", b"cachekey", b"primarykey", b"foreignkey", b"partitionkey", b"sortkey", b"rowkey", b"rangekey"),
    *(b"hashkey", b"publickey", b"pubkey", b"idempotencykey", b"objectkey", b"s3key", b"filekey", b"blobkey"),
    *(b"dedupkey", b"duplicationkey", b"dedupekey", b"lookupkey", b"mapkey", b"messagekey", b"translationkey"),
    *(b"i18nkey", b"groupkey", b"groupingkey", b"indexkey", b"routingkey", b"joinkey", b"surrogatekey", b"naturalkey"),
    *(b"uniquekey", b"compositekey", b"configkey", b"settingkey", b"fieldkey", b"jsonkey", b"dictkey", b"statekey"),
    *(b"querykey", b"issuekey", b"projectkey", b"itemkey", b"eventkey", b"featurekey", b"flagkey", b"childkey"),
    *(b"parentkey", b"entitykey", b"recordkey", b"shardkey", b"bucketkey", b"requestkey", b"tracekey", b"commitkey"),
)
"""Names that end like one of a secret: places in a list, tokens of a language model, and keys that open nothing."""

_VENDORS: Final = (
    # Families whose values have no shape of their own, by what is in the name that they are given.
    (b"awssession", "AWS_SESSION_TOKEN"),
    (b"awssecret", "AWS_KEY"),
    (b"secretaccesskey", "AWS_KEY"),
    (b"accountkey", "AZURE_STORAGE_KEY"),
    (b"sharedaccesskey", "AZURE_KEY"),
    (b"azure", "AZURE_CLIENT_SECRET"),
    (b"datadog", "DATADOG_KEY"),
    (b"ddapikey", "DATADOG_KEY"),
    (b"ddappkey", "DATADOG_KEY"),
    (b"heroku", "HEROKU_KEY"),
    (b"cohere", "COHERE_KEY"),
    (b"mistral", "MISTRAL_KEY"),
    (b"elevenlabs", "ELEVENLABS_KEY"),
    (b"snowflake", "SNOWFLAKE_PASSWORD"),
    (b"snowsql", "SNOWFLAKE_PASSWORD"),
    (b"auth0", "AUTH0_SECRET"),
    (b"okta", "OKTA_TOKEN"),
    (b"splunk", "SPLUNK_TOKEN"),
    (b"hectoken", "SPLUNK_TOKEN"),
    (b"twilio", "TWILIO_KEY"),
    (b"cloudflare", "CLOUDFLARE_TOKEN"),
    (b"postmark", "POSTMARK_TOKEN"),
    (b"travis", "TRAVIS_TOKEN"),
    (b"circle", "CIRCLECI_TOKEN"),
    (b"pagerduty", "PAGERDUTY_KEY"),
    (b"opsgenie", "OPSGENIE_KEY"),
    (b"algolia", "ALGOLIA_KEY"),
    (b"paypal", "PAYPAL_SECRET"),
    (b"plaid", "PLAID_TOKEN"),
    (b"zendesk", "ZENDESK_TOKEN"),
    (b"mailgun", "MAILGUN_KEY"),
    (b"codecov", "CODECOV_TOKEN"),
    (b"mongodb", "MONGODB_PASSWORD"),
    (b"pgpassword", "POSTGRES_PASSWORD"),
    (b"postgres", "POSTGRES_PASSWORD"),
    (b"mysql", "MYSQL_PASSWORD"),
    (b"redis", "REDIS_PASSWORD"),
    (b"rabbitmq", "RABBITMQ_PASSWORD"),
    (b"phpsessid", "SESSION_ID"),
    (b"jsessionid", "SESSION_ID"),
    (b"sessionid", "SESSION_ID"),
)

_VENDOR: Final = re.compile(b"|".join(part for part, _ in _VENDORS))

NAMED_TYPES: Final = frozenset(type_ for _, type_ in _VENDORS)
"""Types of values that are known by their name."""

TAILS: Final = (b"pw", b"\x80\x80", b"on_id", b"on-id", b"on id", b"gs_id", b"gs-id", b"gs id")
"""The ends of names that have fewer letters, and of "session id", of whose kind there are many."""
_TAIL_CHARS: Final = 2


def _folded(name: str) -> bytes:
    return bytes(ord(char) if char.isascii() else 0x80 for char in name)


NAME_ENDINGS: Final = frozenset(name[-3:] for names in (PASSWORDS, KEYS, TOKENS, HEADERS, COOKIES) for name in names)
"""The last three letters of the names in ASCII that no other word ends with."""
ENDINGS: Final = frozenset(
    (
        *(name[-3:] for names in (PASSWORDS, KEYS, TOKENS, HEADERS, COOKIES) for name in names),
        *(_folded(name)[-3:] for name in PASSWORDS_IN_LETTERS if len(name) > _TAIL_CHARS),
        *_SHORT_ENDINGS,
    )
)
"""The last three letters of every name: one look at them rejects nearly all words that stand before a colon."""


class Kind(Enum):
    """What a name says about its value."""

    PASSWORD = "password"  # noqa: S105 - anything may be a password
    SHORT_PASSWORD = "short password"  # noqa: S105 - anything but a word or a number
    KEY = "key"
    OTHER_KEY = "other key"
    TOKEN = "token"  # noqa: S105 - only what looks random is a credential
    AUTHORIZATION = "authorization"
    COOKIE = "cookie"


_KINDS: Final = (
    (_NO_SECRET, None),
    (PASSWORDS, Kind.PASSWORD),
    (KEYS, Kind.KEY),
    (TOKENS, Kind.TOKEN),
    (OTHER_KEYS, Kind.OTHER_KEY),
    (HEADERS, Kind.AUTHORIZATION),
    (COOKIES, Kind.COOKIE),
)


def normal(name: bytes) -> bytes:
    """A name in the form in which ``api_key``, ``API-Key`` and ``apiKey`` are the same."""
    return name.translate(None, _SEPARATORS).lower()


def _by_ending() -> dict[bytes, tuple[tuple[bytes, Kind | None], ...]]:
    """The names, each with its kind, by their last three letters."""
    index: dict[bytes, tuple[tuple[bytes, Kind | None], ...]] = {}
    for names, kind in _KINDS:
        for name in names:
            index[name[-3:]] = (*index.get(name[-3:], ()), (name, kind))
    return index


_BY_ENDING: Final = _by_ending()


def kind_of(name: bytes) -> Kind | None:
    """What a name in normal form says about its value; `None` when it says nothing."""
    for ending, kind in _BY_ENDING.get(name[-3:], ()):
        if name.endswith(ending):
            return None if name in OTHER_KEYS else kind
    return None


def kind_of_words(words: bytes) -> Kind | None:
    """What a name as it is written says about its value; `None` when it says nothing."""
    kind = kind_of(normal(words))
    if kind is None and words.lower().endswith(_SHORT_NAMES) and (short := _SHORT.search(words)):
        kind = Kind.SHORT_PASSWORD if short["password"] else Kind.TOKEN
    return kind


def type_of(name: bytes) -> str:
    """The type of a credential of this name, in normal form."""
    if not _VENDOR.search(name):
        return "CREDENTIAL"
    return next(type_ for part, type_ in _VENDORS if part in name)
