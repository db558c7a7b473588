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


class EmailRecognizer:
    """``EMAIL``: anchored at each ``@``, bounded on both sides, so its time is linear."""

    entity_types = frozenset({"EMAIL"})
    hint = "@"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The e-mail addresses."""
        data = folded.ascii
        at = data.find(b"@")
        while at > 0:
            domain = _DOMAIN.match(data, at + 1, at + 1 + _MAX_DOMAIN) if data[at - 1] in _LOCAL_END else None
            if domain is not None and not _is_remote(data, at, domain.end()):
                yield Finding("EMAIL", self._start(data, at), domain.end(), 0.95)
            at = data.find(b"@", domain.end() if domain is not None else at + 1)

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
