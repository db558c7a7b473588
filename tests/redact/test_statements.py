"""Passwords that sentences and commands tell, and credentials beside a name without a sign."""

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))
KEY = "Zx81Qq0pLm77aaBb99cc"

TOLD = (
    ("The password to the server is {}", "hunter2x"),
    ("root password for prod is {} until Friday", "Maple1841"),
    ("Your password has been reset to {}", "Summer2026!"),
    ("the wifi password is: {}", "Tr0ub4dor&3"),
    ("log in with admin and the password {}", "letmein99"),
    ("Das Passwort lautet {}", "Kastanie-2207"),
    ("le mot de passe est {}", "Tr0ub4dor&3"),
    ("mi contraseña: {}", "Zaq12wsx"),
    ("minha senha é {}", "qwerty123"),
    ("пароль: {}", "hunter22"),
    ("密码：{}", "hunter22"),
    ("my pw: {}", "s3cr3t99"),
    ("DB_PASS={}", "Winter9539"),
    ("{{pass: '{}'}}", "g3CiFDzXVG4j"),
    ("mdp: {}", "Madrid7745"),
    ("use {} as the root password", "hunter2x"),
    ("{} is the root password", "Madrid3415"),
    ("creds are admin:{}", "hunter2x"),
    ("mysql -h db -u root -p'{}' shop", "Coffee1418"),
    ("sshpass -p {} ssh root@host", "hunter2x"),
    ("curl -u bob:{} https://x.example/", "hunter2x"),
    ("<password>{}</password>", "dragon_1a7fj"),
    ('- name: DB_PASSWORD\n  value: "{}"', "Tr0ub4dor"),
    ('{{"name": "api_token", "value": "{}"}}', KEY),
    ('<add key="ApiSecret" value="{}" />', KEY),
    ("use {} as the API key", KEY),
    ("here is my API key -> {}", KEY),
    ('define("CLIENT_SECRET", "{}");', KEY),
    ("| access_token | {} |", KEY),
    ("session_id: {}", KEY),
)
NONE = (
    "Your password must contain at least 8 characters.",
    "The password is case-sensitive.",
    "password policy: SHA256 or better",
    "All tests pass: 124 passed",
    "bypass: enabled",
    "Das Passwort ist falsch.",
    '{"password":"Passwort","token":"Token"}',
    "password: !vault |",
    "password: SecretStr",
    "$password = $_POST['password'];",
    'OPENAI_API_KEY="sk-..."',
    "<password>@build.password@</password>",
    "cache miss key=user:109640:profile",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "-----BEGIN PGP SIGNATURE-----\n\nELMd6RRb0aibO0xkHrqnftd5NNi60Zvt7yypCRyICfjMrgtW4FdhG9MZJsJQu",
    "postgres://${USER}:${PASS}@host/db",
    "docker run -p 8080:80 -u 1000:1000 image",
)


def found(text: str) -> list[tuple[str, str]]:
    """(type, value) of each finding."""
    return [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)]


@pytest.mark.parametrize(("text", "value"), TOLD, ids=str)
def test_a_credential_that_is_told(text: str, value: str) -> None:
    """The value alone is found, whatever links it to its name."""
    assert [item for _, item in found(text.format(value))] == [value]


@pytest.mark.parametrize("text", NONE)
def test_what_is_said_about_credentials(text: str) -> None:
    """Instructions, messages, code, labels and digests hold none."""
    assert found(text) == []
