"""Encryption at rest."""

import pytest

from otel_compliance.cipher import KEY_BYTES, seal, unseal
from otel_compliance.errors import DecryptionError
from otel_compliance.keys import KeyRing

KEY = bytes(KEY_BYTES)


def test_what_is_sealed_opens_with_its_key_and_purpose() -> None:
    """Sealing hides the text, never twice in the same way; opening gives it back."""
    one, other = seal(KEY, b"jane@example.com", purpose=b"p"), seal(KEY, b"jane@example.com", purpose=b"p")
    assert one != other
    assert b"jane" not in one
    assert len(one) == len(b"jane@example.com") + 28
    assert unseal(KEY, one, purpose=b"p") == b"jane@example.com"


@pytest.mark.parametrize("position", [0, 12, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    """A change to the nonce, the text or the tag makes all of it unreadable."""
    sealed = bytearray(seal(KEY, b"text", purpose=b"p"))
    sealed[position] ^= 1
    with pytest.raises(DecryptionError, match="changed, or sealed with another key"):
        unseal(KEY, bytes(sealed), purpose=b"p")


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(28)])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    """Anything else is an error, never text."""
    with pytest.raises(DecryptionError):
        unseal(KEY, sealed, purpose=b"p")


def test_sealed_data_cannot_be_moved() -> None:
    """Another purpose or another key does not open it."""
    sealed = seal(KEY, b"text", purpose=b"p")
    for key, purpose in ((KEY, b"q"), (b"\x01" * 32, b"p")):
        with pytest.raises(DecryptionError):
            unseal(key, sealed, purpose=purpose)


def test_derived_keys_differ_by_purpose_and_ring() -> None:
    """One secret gives a key for each purpose, the same each time, and none of them is an HMAC it gives out."""
    ring = KeyRing(bytes(range(32)))
    keys = {ring.derive("spool"), ring.derive("vault"), KeyRing(bytes(32)).derive("spool")}
    assert len(keys) == 3
    assert ring.derive("spool") == KeyRing(bytes(range(32))).derive("spool")
    assert {len(key) for key in keys} == {KEY_BYTES}
