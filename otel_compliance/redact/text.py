"""E-mail addresses, with Unicode local parts and internationalised domains (RFC 6531)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded

_MAX_LOCAL: Final = 64
"""Longest local part, RFC 5321 section 4.5.3.1.1."""

_DOMAIN: Final = re.compile(
    rb"(?:[A-Za-z0-9\x80](?:[A-Za-z0-9\x80-]{0,61}[A-Za-z0-9\x80])?\.){1,8}[A-Za-z\x80](?:[A-Za-z0-9\x80-]{0,22}[A-Za-z0-9\x80])"
)
_MAX_DOMAIN: Final = 253
"""Longest domain name, RFC 1035 section 3.1."""

_LOCAL_CHARS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+/=?^_`{|}~-\x80"
"""RFC 5322 section 3.2.3, and any letter."""
_LOCAL_END: Final = frozenset(_LOCAL_CHARS) - frozenset(b".")
_REMOTE: Final = re.compile(rb"(?<![A-Za-z0-9._+\-])git@[A-Za-z0-9.\-]+[:/]\Z")
"""The address of a repository for SSH, which nobody reads as an e-mail address."""
_REMOTE_CHARS: Final = 4
_PATH_SIGNS: Final = (b":", b"/")
_SEPARATORS: Final = bytes(ord("|") if byte in b"=&?/|{`" else byte for byte in range(256))
"""To one of the signs that are legal in a local part, but stand before the address far more often, as in URLs."""


_SHORT_CHARS: Final = 2_000
"""Addresses are spelled in messages that somebody types; a search for their words would cost long texts more."""
_DOT: Final = rb" (?:dot|punkt|punto|point|ponto|kropka) "
_ATS: Final = (b" at ", b" arroba ", b" arobase ", b" chiocciola ", b" \x80t ", b" apenstaartje ", b" ma\x80pa ")
_SPELLED_LOCAL: Final = re.compile(
    rb"(?i)(?<![\w.+\-])[a-z0-9][\w.+\-]{0,40}"
    rb"(?: (?:dot|punkt|punto|point|ponto|kropka|underscore|dash|hyphen|minus) [\w+\-]{1,30}){0,3}\Z"
)
_SPELLED_DOMAIN: Final = re.compile(
    rb"(?i)(?P<name>[a-z0-9\-]{2,40}(?:"
    + _DOT
    + rb"[a-z0-9\-]{2,30}){0,2})"
    + _DOT
    + rb"(?:com|org|net|edu|gov|io|co|info"
    rb"|biz|dev|app|ai|me|de|fr|it|es|uk|nl|be|ch|at|pl|pt|br|se|no|dk|fi|eu|us|ca|au|in|jp|cn|ru)(?![\w\-])"
)
_SPELLED_BEFORE: Final = 100
_MARKED: Final = re.compile(rb"[0-9._+\-]| dot ")
_PRONOUNS: Final = frozenset((b"me", b"us", b"you", b"him", b"her", b"it", b"them"))
_PROVIDERS: Final = re.compile(
    rb"(?i)(?:gmail|yahoo|hotmail|outlook|icloud|proton(?:mail)?|gmx|aol|live|mail|web|yandex|qq)"
)
_ANNOUNCED: Final = re.compile(rb"(?i)mail|contact|reach|write|send|kontakt|contacto|contato|correo|courriel")
_ANNOUNCED_CHARS: Final = 40


class EmailRecognizer:
    """``EMAIL``: anchored at each ``@``, bounded on both sides, so its time is linear."""

    entity_types = frozenset({"EMAIL"})
    hint = "@| (?i:dot|punkt|punto|point|ponto|kropka) "

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The e-mail addresses."""
        data = folded.ascii
        at = data.find(b"@")
        while at > 0:
            domain = _DOMAIN.match(data, at + 1, at + 1 + _MAX_DOMAIN) if data[at - 1] in _LOCAL_END else None
            if domain is not None and not _is_remote(data, at, domain.end()):
                yield Finding("EMAIL", self._start(data, at), domain.end(), 0.95)
            at = data.find(b"@", domain.end() if domain is not None else at + 1)
        if len(data) <= _SHORT_CHARS:
            yield from _spelled(folded)

    @staticmethod
    def _start(data: bytes, at: int) -> int:
        """Where the local part begins; punctuation that opens a quotation or a key-value pair stays out."""
        window = data[max(0, at - _MAX_LOCAL) : at]
        local = window[len(window.rstrip(_LOCAL_CHARS)) :]
        inner = local.translate(_SEPARATORS).rfind(b"|") + 1
        if inner < len(local):
            local = local[inner:]
        return at - len(local.lstrip(b"'*#!.") or local)


def _is_remote(data: bytes, at: int, end: int) -> bool:
    """Whether an address is that of a repository, as in ``git@example.com:team/app.git``."""
    return data[end : end + 1] in _PATH_SIGNS and _REMOTE.search(data, max(0, at - _REMOTE_CHARS), end + 1) is not None


def _spelled(folded: Folded) -> Iterator[Finding]:
    """Addresses in words, as in "jane dot doe at example dot com"."""
    data, lower = folded.ascii, folded.lower
    for sign in _ATS:
        at = lower.find(sign)
        while at >= 0:
            domain = _SPELLED_DOMAIN.match(data, at + len(sign))
            local = _SPELLED_LOCAL.search(data, max(0, at - _SPELLED_BEFORE), at) if domain else None
            if domain and local and (sign != _ATS[0] or _is_address(data, local, domain["name"])):
                yield Finding("EMAIL", local.start(), domain.end(), 0.8)
            at = lower.find(sign, at + 1)


def _is_address(data: bytes, local: re.Match[bytes], domain: bytes) -> bool:
    """Whether "at" is a sign and no preposition, as in "look at example dot com"."""
    if _MARKED.search(local[0]) or _PROVIDERS.fullmatch(domain):
        return True
    if local[0].lower() in _PRONOUNS:
        return False
    return _ANNOUNCED.search(data, max(0, local.start() - _ANNOUNCED_CHARS), local.start()) is not None
