"""Authenticated encryption of what is kept: segments of the spool, content, values of the vault.

AES-256-GCM (NIST SP 800-38D). Whoever changes a byte, or moves sealed data to another place, makes it unreadable.
"""

from __future__ import annotations

import os
from typing import Final

from otel_compliance.errors import DecryptionError

KEY_BYTES: Final = 32
"""AES-256."""

_NONCE_BYTES: Final = 12
"""SP 800-38D section 8.2.2: random nonces of 96 bits serve 2^32 messages of one key."""


def seal(key: bytes, plaintext: bytes, *, purpose: bytes) -> bytes:
    """Encrypt `plaintext`.

    Args:
        key: `KEY_BYTES` bytes.
        plaintext: What to encrypt.
        purpose: What it is and where it belongs, such as a file's name; the same is needed to open it.

    Returns:
        Nonce, ciphertext and tag: 28 bytes more than `plaintext`.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, purpose)


def unseal(key: bytes, sealed: bytes, *, purpose: bytes) -> bytes:
    """Decrypt what `seal` made.

    Raises:
        DecryptionError: It was changed, belongs elsewhere, or was sealed with another key.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose)
    except (InvalidTag, ValueError):
        raise DecryptionError("sealed data cannot be opened: it was changed, or sealed with another key") from None
