"""Inputs that make a careless engine slow: what its patterns begin with, over and over."""

from __future__ import annotations

from typing import Final

SEEDS: Final = (
    # Digits, their separators, and beginnings of numbers.
    *("1", "12-", "12-12-", "1 ", "00 ", "1.", "+1", "(415) ", "123-45-", "4111 1111 ", "DE12 3456 ", "AA00"),
    *(
        "AB12",
        "00A0 ",
        "A12B34C56 ",
        "1234 Aa ",
        "Calle A, 1, 46002 V",
        "Singapore 123456 ",
        "12 rue ",
        "Main str. ",
        "born 12 March ",
        "*000000000",
        "born 1999/",
        "A0AA0A0A ",
        "ABCDEFGH1 ",
        "1 2 3 4 5 6 7 8 ",
        "tel 0711 23\n45",
        "Bye,\nAb Cd\n0711234567\n",
        "Ab Cd b. ",
        ", b. 12 May 1961 ",
        # Small letters beside digits, a number behind another one of its kind, and points of a list.
        "s1234567 ",
        "ab 12 34 56 c ",
        "gb29 nwbk 6016 1331 ",
        "de89",
        "12345678x ",
        "SIN 046 454 286 (was ",
        "- ab (ab): 07700900123\n",
        "A00 A00 A00 ",
    ),
    # Tables.
    *(
        "  1234567  ab",
        "phone  x\n1234567  1\n",
        "| 1234567 |\n",
        "VALUES ('a', (1), '1234567'), ",
        "<tr><td>1234567</td>",
        "+---+\n",
        " " * 40 + "1234567,",
    ),
    *("address,x\n", "address|", '["address"],', "(address) values ('1 a'),", "<tr><th>address", "address is 1 A, "),
    *(
        "Jalan A 1, ",
        "A Sok. No:1 ",
        " N",
        "|1 A^",
        "Calle Aa \u00e9 ",
        "\u0443\u043b. \u0410 1, ",
        "\u05e8\u05d7\u05d5\u05d1 \u05d0 ",
    ),
    *("\u0634\u0627\u0631\u0639 \u0627 1\u060c ", "\u0915, \u0915 - 110001", "\u4f4f\u6240\u306f1", "\u5e02\u533a1-2-"),
    *("\uac00\ub85c 1 ", "1 \u0111\u01b0\u1eddng A, ", "1 \u0e16\u0e19\u0e19 "),
    # Addresses of mail and networks.
    *("@", "a@a.", "x@a.a.a.", "a.", ":", "a:", "::", "ab:cd:", "12:34:56:", "10.0.", "ab-cd-", "abcd.ef01.", ")::1"),
    # Credentials, and names of them.
    *("sk-ant-", "ghp_", "eyJhbGciOiJIUzI1NiJ9.", "AKIA", "xoxb-", "Bearer a1", "Basic ", "QUJD", "Q~", "-us"),
    *("password=", 'password:"', "password is ", " --password ", "aws secret ", "token=a1", "Cookie: a=b;"),
    *("is token ", "Bearer \u00a0://", "Cookie:token ://"),
    *("-----BEGIN PRIVATE KEY-----", "://a:b@", "http://a"),
    *("密码", "пароль: abc12 ", 'auth=("', "net user ", "| chpasswd ", "x:5432:a:b:c1!d ", "-passin pass:abcd "),
    *("密码1234", "PIN 1234 ", "password\n", "|password|x|\n", "password\ta\n1234\tbcd1x\n", "password abc.abc.abc "),
    *("|".join(["password"] * 60) + "\n" + ("|".join(["a1b2c3d"] * 60) + "\n") * 40, "2001::1 "),
    *("a dot ", "a at b dot com ", "a dot a dot a at "),
    # Hiding places, and what is none.
    *(
        "\\",
        "\\u0040",
        "[at]",
        "%40",
        "%E2%80%91",
        "&#64;",
        "&quot;",
        "&a=b+c",
        "[EMAIL:k1:",
        "\u200b",
        "\U0001f600",
        "\u6f22",
        '"',
        "\n",
        "a" * 16 + " ",
    ),
)
"""What is repeated. A type of input that was once slow becomes one more."""


def repeated(seed: str, size: int) -> str:
    """`seed` over and over, about `size` characters."""
    return seed * (size // len(seed))
