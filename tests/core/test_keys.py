"""Pseudonyms, tokens, fingerprints and the key that makes them."""

import base64
import concurrent.futures
import os
import pickle
import stat
from pathlib import Path

import pytest

from otel_compliance.config import Settings
from otel_compliance.errors import KeyRingError
from otel_compliance.keys import KeyRing, credential_hint

SECRET = bytes(range(32))


def test_same_value_same_token() -> None:
    """A value always gives the same token under one key, and another under another key, type or kind."""
    ring = KeyRing(SECRET)
    assert ring.token("EMAIL", "a@example.com") == KeyRing(SECRET).token("EMAIL", "a@example.com")
    values = {
        ring.token("EMAIL", "a@example.com"),
        ring.token("PHONE", "a@example.com"),
        ring.pseudonym("user", "a@example.com"),
        ring.fingerprint("a@example.com"),
        KeyRing(SECRET[::-1]).token("EMAIL", "a@example.com"),
    }
    assert len(values) == 5


def test_token_shape_carries_type_and_key_version() -> None:
    """A token names its type and the version of the key, then 80 bits in base32."""
    assert KeyRing(SECRET, version="k7").token("EMAIL", "x") == "[EMAIL:k7:kvm3l6aj5zbd5m7b]"


def test_lone_surrogates_are_hashed() -> None:
    """Text that is not valid Unicode gets a token too."""
    assert KeyRing(SECRET).token("EMAIL", "\ud800@x").startswith("[EMAIL:k1:")


def test_the_key_never_shows() -> None:
    """A key ring has no key in its repr, and cannot be pickled."""
    ring = KeyRing(SECRET)
    assert repr(ring) == "KeyRing(version='k1')"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(ring)


def test_a_short_key_is_refused() -> None:
    """Fewer than 32 bytes are an error that says how to make a key."""
    with pytest.raises(KeyRingError) as caught:
        KeyRing(b"short")
    assert caught.value.diagnostics() == (
        "the HMAC key has 5 bytes; at least 32 are needed\n  → make one with: head -c 32 /dev/urandom | base64"
    )


def test_a_missing_key_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    """With no key given, one is made that only the owner can read; every process then uses the same."""
    settings = Settings.from_env({"OTEL_COMPLIANCE_DIR": str(tmp_path / "home")})
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        rings = list(pool.map(lambda _: KeyRing.from_settings(settings), range(64)))
    assert len({ring.fingerprint("x") for ring in rings}) == 1
    assert stat.S_IMODE(settings.hmac_key_file.stat().st_mode) == 0o600
    assert sorted(path.name for path in settings.directory.iterdir()) == ["hmac.key"]


def test_the_key_from_the_environment_wins(tmp_path: Path) -> None:
    """A key in the variable is used as it is, and no file is made."""
    text = base64.b64encode(SECRET).decode()
    settings = Settings.from_env({"OTEL_COMPLIANCE_DIR": str(tmp_path), "OTEL_COMPLIANCE_HMAC_KEY": text})
    assert KeyRing.from_settings(settings).fingerprint("x") == KeyRing(SECRET).fingerprint("x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\xff\xff", "cannot be read: it is not ASCII"),
        (b"not base64!", "does not hold base64 text"),
        (base64.b64encode(b"short"), "the HMAC key has 5 bytes"),
    ],
)
def test_a_bad_key_file_is_explained(tmp_path: Path, content: bytes | None, problem: str) -> None:
    """A named key file is never made: when it is absent, unreadable or malformed, the message says so."""
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    settings = Settings.from_env({"OTEL_COMPLIANCE_HMAC_KEY_FILE": str(path)})
    with pytest.raises(KeyRingError, match=problem):
        KeyRing.from_settings(settings)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read any file")
def test_a_forbidden_key_file_is_explained(tmp_path: Path) -> None:
    """A key file without read permission is an error that names it."""
    path = tmp_path / "key"
    path.touch(mode=0o000)
    with pytest.raises(KeyRingError, match="Permission denied"):
        KeyRing.from_settings(Settings.from_env({"OTEL_COMPLIANCE_HMAC_KEY_FILE": str(path)}))


@pytest.mark.parametrize(
    ("credential", "hint"),
    [
        ("sk-ant-api03-R2D" + "x" * 88 + "igAA", "sk-ant-api03-R2D...igAA"),
        ("sk-ant-short", ""),
        ("an-opaque-oauth-token-that-is-long-enough-to-show", ""),
        ("", ""),
    ],
)
def test_credential_hint(credential: str, hint: str) -> None:
    """Only a full-length Anthropic key gives a hint, in the form the Admin API shows."""
    assert credential_hint(credential) == hint


@pytest.mark.parametrize("version", ["", "K1", "k", "k12345", "hunter2", "4111111111111111", "k1 "])
def test_versions_are_a_closed_set(version: str) -> None:
    """A token is known by the name of its key, so that no other name is taken."""
    with pytest.raises(KeyRingError, match="the version of the HMAC key"):
        KeyRing(SECRET, version=version)
