"""Keyed pseudonyms, tokens and credential fingerprints.

Everything is HMAC-SHA-256 under one secret: an unkeyed hash of a phone number or a user id can be
reversed by trying all of them (GDPR Art. 4(5) asks for additional information kept apart).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from typing import Final, Self

from otel_compliance.config import Settings
from otel_compliance.durable import create_file
from otel_compliance.errors import KeyRingError

MIN_KEY_BYTES: Final = 32
"""NIST SP 800-107: an HMAC key shorter than the hash's output weakens it."""

VERSION: Final = r"(?:k[0-9]{1,4}|hash|ephemeral)"
"""Names of keys, as a regular expression. They are a closed set, so that nobody can write a value where one stands."""

_TOKEN_CHARS: Final = 16
"""80 bits in base32: no two values collide before about 10^12 of them."""


class KeyRing:
    """The key in force, with its version. Never shows the key.

    Args:
        secret: At least `MIN_KEY_BYTES` random bytes.
        version: Name of the key, part of each token, so that rotated keys can be told apart: ``k`` and a number of up
            to four digits. Keys that are not kept are called ``hash`` or ``ephemeral``.

    Raises:
        KeyRingError: The secret is too short, or the version is no such name.
    """

    __slots__ = ("_hmac", "version")

    def __init__(self, secret: bytes, *, version: str = "k1") -> None:
        if len(secret) < MIN_KEY_BYTES:
            raise KeyRingError(
                f"the HMAC key has {len(secret)} bytes; at least {MIN_KEY_BYTES} are needed",
                remedy="make one with: head -c 32 /dev/urandom | base64",
            )
        if re.fullmatch(VERSION, version) is None:
            raise KeyRingError(
                f"the version of the HMAC key is {version!r}, by which its tokens would not be known",
                remedy="use k and a number, such as k2",
            )
        # Copying a prepared state is cheaper than keying each HMAC anew.
        self._hmac = hmac.new(secret, digestmod=hashlib.sha256)
        self.version = version

    def __repr__(self) -> str:
        return f"KeyRing(version={self.version!r})"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a KeyRing is not pickled: it holds a key")

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The key ring of a process, from the variable, or from the file, which is made if it may be.

        Raises:
            KeyRingError: The key cannot be read, made or decoded, or is too short.
        """
        if settings.hmac_key is not None:
            return cls(_decode(settings.hmac_key, "OTEL_COMPLIANCE_HMAC_KEY"))
        path = settings.hmac_key_file
        try:
            if settings.hmac_key_generated and not path.exists():
                create_file(path, base64.b64encode(secrets.token_bytes(MIN_KEY_BYTES)) + b"\n")
            text = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not ASCII"
            raise KeyRingError(
                f"{path}: the HMAC key file cannot be read: {reason}",
                remedy="point OTEL_COMPLIANCE_HMAC_KEY_FILE at a readable file of base64 text",
            ) from error
        return cls(_decode(text, str(path)))

    def token(self, entity_type: str, value: str) -> str:
        """The typed token that stands for `value` in redacted text, such as ``[EMAIL:k1:q7f3…]``.

        Args:
            entity_type: Upper-case type of the entity.
            value: The value in normal form, so that every spelling of it gives the same token.
        """
        return f"[{entity_type}:{self.version}:{self._digest(entity_type, value)}]"

    def pseudonym(self, kind: str, value: str) -> str:
        """The pseudonym of an identifier such as a user or session id, for example ``k1:q7f3…``."""
        return f"{self.version}:{self._digest(kind, value)}"

    def fingerprint(self, credential: str) -> str:
        """The keyed fingerprint of an API key or of a principal, fit for joining, useless to an attacker."""
        return f"{self.version}:{self._digest('credential', credential)}"

    def for_tenant(self, tenant: str) -> KeyRing:
        """The key ring of one tenant, of the same version: what it makes cannot be joined with what others make.

        Args:
            tenant: Any name; the empty one is this key ring's own.
        """
        return KeyRing(self.derive(f"tenant\x00{tenant}"), version=self.version) if tenant else self

    def digest(self, kind: str) -> Digest:
        """A digest to which bytes are given in pieces, such as those of a file."""
        state = self._hmac.copy()
        state.update(kind.encode() + b"\x00")
        return Digest(state, self.version)

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for encryption, another one for each purpose, from which this one cannot be had.

        HKDF-Expand (RFC 5869 section 2.3) with one block; the secret is random, so that there is nothing to extract.
        """
        state = self._hmac.copy()
        state.update(b"otel-compliance\x00" + purpose.encode() + b"\x01")
        return state.digest()

    def _digest(self, kind: str, value: str) -> str:
        state = self._hmac.copy()
        state.update(kind.encode() + b"\x00" + value.encode("utf-8", "surrogatepass"))
        return _text(state.digest())


class Digest:
    """A keyed digest (HMAC-SHA-256) of bytes that come in pieces.

    Args:
        state: The keyed state to update.
        version: Version of the key.
    """

    __slots__ = ("_state", "_version")

    def __init__(self, state: hmac.HMAC, version: str) -> None:
        self._state = state
        self._version = version

    def update(self, data: bytes | bytearray) -> None:
        """The next bytes."""
        self._state.update(data)

    def text(self) -> str:
        """The digest of what came so far, for example ``k1:q7f3…``."""
        return f"{self._version}:{_text(self._state.digest())}"


def credential_hint(credential: str) -> str:
    """A hint in the form of the Admin API's ``partial_key_hint``, such as ``sk-ant-api03-R2D...igAA``.

    Only a full-length Anthropic key is long enough to show any of; anything else gives an empty hint.
    """
    if credential.startswith("sk-ant-") and len(credential) >= 40:
        return f"{credential[:16]}...{credential[-4:]}"
    return ""


_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
"""The two characters of base32 (RFC 4648 section 6, in lower case) that stand for each value of ten bits."""

_SHIFTS: Final = range(5 * _TOKEN_CHARS - 10, -1, -10)


def _text(digest: bytes) -> str:
    """The first 80 bits in base32: several times faster than the standard library, which encodes all of it."""
    number = int.from_bytes(digest[: 5 * _TOKEN_CHARS // 8], "big")
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def _decode(text: str, source: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise KeyRingError(
            f"{source} does not hold base64 text", remedy="make a key with: head -c 32 /dev/urandom | base64"
        ) from None
