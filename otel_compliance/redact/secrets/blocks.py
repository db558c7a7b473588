"""Private keys in text armour, passwords in URLs, hashes of passwords, and tokens that are known by their form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.secrets.values import is_placeholder

_BEGIN: Final = re.compile(rb"-----BEGIN (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
"""PKCS #8 (RFC 7468), PKCS #1 and SEC 1 as OpenSSL writes them, OpenSSH's PROTOCOL.key, OpenPGP (RFC 9580)."""

_END: Final = b"-----END "
_END_LINE: Final = re.compile(rb"-----END [A-Z0-9 ]{1,60}(?:-----)?")
_MAX_BODY: Final = 20_000
"""More than the armour of an RSA key of 16,384 bits or of a large OpenPGP key ring."""

_CUT_BODY: Final = re.compile(
    # Header lines, such as Proc-Type, DEK-Info, Version and Comment, and base64. Two blanks may end a line, too.
    rb"(?:[A-Z][A-Za-z\-]{2,20}: [^\r\n]{0,200}?(?:[\r\n]|  )|[A-Za-z0-9+/=\s])*+"
)

_URL: Final = re.compile(
    # A password may have an at sign in it; the last one before the host counts.
    rb"://[^\s/@:\"'<>]{0,128}+:([^\s/\"'<>\x82]{1,128})@(?=[\w.\-\[\x80])"
)


_GO_ADDRESS: Final = re.compile(rb"@(?:tcp|unix)\(")
_GO_PASSWORD: Final = re.compile(rb"[\w.\-]:([^\s/\"'<>:@\x82]{4,128})\Z")
"""Before the address of a database as Go's driver for MySQL has it."""
_PASSWORD_CHARS: Final = 130
_PASSWORD_HASH: Final = re.compile(
    rb"\$(?:2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{53}"
    rb"|(?:1|5|6|apr1)\$(?:rounds=[0-9]{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{22,86}"
    rb"|y\$[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}"
    rb"|(?:argon2(?:id|i|d)|scrypt|pbkdf2(?:-sha(?:1|256|512))?)\$(?:v=[0-9]{1,3}\$)?"
    rb"[a-z]{1,8}=[0-9]{1,9}(?:,[a-z]{1,8}=[0-9]{1,9}){0,4}\$[A-Za-z0-9+/]{8,128}\$[A-Za-z0-9+/]{16,128})"
)
"""crypt(5) as bcrypt, MD5, SHA-256, SHA-512 and yescrypt write it, and the PHC string format: who has one can guess."""


_DISCORD: Final = re.compile(rb"[MNO][\w\-]{22,26}\.[\w\-]{6}\.[\w\-]{27,40}(?![\w\-])")
"""A token of a bot or a user: an id, a time and a code. Of the id, `messaging` knows how it must begin; many do not."""


def discord_tokens(folded: Folded) -> Iterator[Finding]:
    """Tokens of Discord by their form alone."""
    data = folded.ascii
    for first, end in folded.runs:
        match = _DISCORD.match(data, first) if data[end : end + 8 : 7] == b".." else None
        if match:
            yield Finding("DISCORD_TOKEN", match.start(), match.end(), 0.9)


def private_keys(data: bytes) -> Iterator[Finding]:
    """Private keys up to their last line, or as far as they go when they are cut off."""
    done = data.find(b"-----BEGIN ")
    while done >= 0 and (begin := _BEGIN.search(data, done)):
        done = _end_of(data, begin.end())
        yield Finding("PRIVATE_KEY", begin.start(), done, 0.99)


def _end_of(data: bytes, body: int) -> int:
    limit = body + _MAX_BODY
    next_key = data.find(b"-----BEGIN ", body, limit)
    end = data.find(_END, body, next_key if next_key >= 0 else limit)
    line = _END_LINE.match(data, end) if end >= 0 else None
    if line is not None:
        return line.end()
    cut = _CUT_BODY.match(data, body, limit)
    return cut.end() if cut else body


def url_passwords(data: bytes) -> Iterator[Finding]:
    """Passwords of URLs, RFC 3986 section 3.2.1: of databases, brokers, repositories and web sites."""
    # A database of Go has a slash behind its address, too.
    if b"@" in data and b"/" in data:
        for match in chain(_URL.finditer(data), _go_passwords(data)):
            if not is_placeholder(match[1]):
                yield Finding("URL_CREDENTIAL", *match.span(1), 0.97)


def _go_passwords(data: bytes) -> Iterator[re.Match[bytes]]:
    for address in _GO_ADDRESS.finditer(data):
        at = address.start()
        if match := _GO_PASSWORD.search(data, max(0, at - _PASSWORD_CHARS), at):
            yield match


def password_hashes(data: bytes) -> Iterator[Finding]:
    """Hashes of passwords, with their salt."""
    at = data.find(b"$")
    while at >= 0:
        match = _PASSWORD_HASH.match(data, at)
        if match:
            yield Finding("PASSWORD_HASH", *match.span(), 0.97)
        at = data.find(b"$", match.end() if match else at + 1)
