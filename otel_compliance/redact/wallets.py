"""Addresses of crypto-currencies, by their checksums."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from otel_compliance.redact.identity.columns import Columns
from otel_compliance.redact.identity.context import Around, words
from otel_compliance.redact.keccak import keccak_256
from otel_compliance.redact.recognize import Finding, Folded

_SHORTEST: Final = 26
_WORD: Final = re.compile(rb"[0-9A-Za-z]{26,}+")
_LONGEST: Final = 90
"""Of a bech32 string, BIP 173."""

_BASE58: Final = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# First characters and lengths of base58check with the versions below; SLIP-0044 has the names.
_BASE58_ADDRESS: Final = re.compile(rb"[13][1-9A-HJ-NP-Za-km-z]{24,34}|[LM3DT9A][1-9A-HJ-NP-Za-km-z]{32,33}")
_VERSIONS: Final = frozenset({0x00, 0x05, 0x30, 0x32, 0x1E, 0x16, 0x41})
"""Bitcoin, Litecoin, Dogecoin and Tron: the first byte of an address in their chain parameters."""

_BECH32: Final = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_ADDRESS: Final = re.compile(rb"(bc|tb|ltc|tltc)1([02-9ac-hj-np-z]{11,87})")
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_CONSTANTS: Final = (1, 0x2BC830A3)
"""Of bech32 (BIP 173) and of bech32m (BIP 350)."""

_ETHEREUM: Final = re.compile(rb"0x[0-9A-Fa-f]{40}")
_CONTEXT: Final = words(
    "wallet",
    "eth",
    "ethereum",
    "erc20",
    "usdt",
    "usdc",
    "crypto",
    "address",
    "polygon",
    "metamask",
)

GATES: Final = {
    "wallet": (
        rb"(?:^|[^0-9A-Za-z])[13LMDT9A][1-9A-HJ-NP-Za-km-z]{24}",
        rb"(?:^|[^0-9A-Za-z])(?i:bc|tb|ltc|tltc)1[02-9AC-HJ-NP-Zac-hj-np-z]{11}",
        _ETHEREUM.pattern,
    )
}


class WalletRecognizer:
    """``CRYPTO_WALLET``: Bitcoin, Litecoin, Dogecoin, Tron and Ethereum."""

    entity_types = frozenset({"CRYPTO_WALLET"})
    hint = r"[0-9A-Za-z]{26}"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The addresses that pass their checksum, and those of Ethereum without one behind a context word."""
        if not folded.may_hold("wallet"):
            return
        columns = Columns(folded.ascii)
        for first, last in folded.runs:
            if last - first < _SHORTEST:
                continue
            for word in _WORD.finditer(folded.ascii, first, last):
                at, end = word.span()
                if end - at <= _LONGEST and (confidence := _confidence(folded, columns, at, end)):
                    yield Finding("CRYPTO_WALLET", at, end, confidence)


def _confidence(folded: Folded, columns: Columns, start: int, end: int) -> float:
    word = folded.ascii[start:end]
    if _ETHEREUM.fullmatch(word):
        if _mixed(word) and _eip_55(word):
            return 0.97
        return 0.8 if _CONTEXT.names(Around(folded, columns, start, start, end)) else 0.0
    if _BASE58_ADDRESS.fullmatch(word):
        return 0.97 if _base58check(word) else 0.0
    lower = word.lower()
    match = _BECH32_ADDRESS.fullmatch(lower) if word in (lower, word.upper()) else None
    return 0.97 if match and _bech32(match[1], match[2]) else 0.0


def _mixed(word: bytes) -> bool:
    digits = word[2:]
    return digits not in (digits.lower(), digits.upper())


def _eip_55(word: bytes) -> bool:
    """EIP-55: a letter is a capital where the digest of the address in small letters has a digit of 8 or more."""
    lower = word[2:].lower()
    digest = keccak_256(lower).hex()
    expected = bytes(
        char - 32 if char > 0x60 and digit > "7" else char for char, digit in zip(lower, digest, strict=False)
    )
    return expected == word[2:]


def _base58check(word: bytes) -> bool:
    """Bitcoin's base58check: a version, 20 bytes, and the beginning of their digest."""
    number = 0
    for char in word:
        number = number * 58 + _BASE58.index(char)
    if number >> 200:
        return False
    data = number.to_bytes(25, "big")
    # Each leading nought is written as a 1.
    zeros = len(data) - len(data.lstrip(b"\0"))
    ones = len(word) - len(word.lstrip(b"1"))
    return zeros == ones and data[0] in _VERSIONS and sha256(sha256(data[:21]).digest()).digest()[:4] == data[21:]


def _bech32(prefix: bytes, data: bytes) -> bool:
    """BIP 173: a BCH code over the prefix and the data."""
    values = (
        [char >> 5 for char in prefix] + [0] + [char & 31 for char in prefix] + [_BECH32.index(char) for char in data]
    )
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, term in enumerate(_GENERATOR):
            if top >> place & 1:
                check ^= term
    return check in _BECH32_CONSTANTS
