"""Addresses of crypto-currencies, by their checksums."""

from __future__ import annotations

import re
from base64 import b32decode
from binascii import crc_hqx
from collections.abc import Iterator
from hashlib import blake2b, sha256
from typing import Final

from otel_compliance.redact.identity.context import Around, words
from otel_compliance.redact.keccak import keccak_256
from otel_compliance.redact.recognize import Finding, Folded

_SHORTEST: Final = 25
_WORD: Final = re.compile(rb"[0-9A-Za-z]{25,}+")
_LONGEST: Final = 128
"""More than an address of Cardano has, the longest one here."""

_BASE58: Final = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE: Final = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
"""The same characters in the order of the XRP ledger, in which every account begins with an r."""
_TO_DIGITS: Final = bytes(_BASE58.find(byte) & 0xFF for byte in range(256))
_FROM_RIPPLE: Final = bytes.maketrans(_RIPPLE, _BASE58)
_BASE58_ADDRESS: Final = re.compile(rb"[1-9A-HJ-NP-Za-km-z]{25,48}")
_HASHES: Final = frozenset(
    bytes.fromhex(version)
    for version in (
        # Bitcoin, Litecoin, Dogecoin, Dash, Tron; with two bytes Zcash, with three Tezos: from their chain parameters.
        *("00", "05", "30", "32", "1e", "16", "4c", "10", "41"),
        *("1cb8", "1cbd", "06a19f", "06a1a1", "06a1a4", "025a79"),
    )
)
"""What stands before the hash of 20 bytes in an address with base58check."""
_SS58_BYTES: Final = 35
"""Of an account of Polkadot and its like: a network, a key of 32 bytes, and two bytes of a digest."""
_KEY_BYTES: Final = 32
_MONERO: Final = re.compile(rb"[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}")

_BECH32: Final = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
# Prefixes of SLIP-0173, of Cardano's CIP-5, and of chains of the Cosmos SDK.
_BECH32_ADDRESS: Final = re.compile(
    rb"(bc|tb|ltc|tltc|addr|stake|cosmos|osmo|juno|terra|kava|inj|sei|celestia|axelar|stars|akash|dydx|bnb|band|erd|zil"
    rb"|one|secret|noble|stride|persistence|regen|certik|thor|dym)1([02-9ac-hj-np-z]{11,110})"
)
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_CONSTANTS: Final = (1, 0x2BC830A3)
"""Of bech32 (BIP 173) and of bech32m (BIP 350)."""

_STELLAR: Final = re.compile(rb"G[A-Z2-7]{55}")

_ETHEREUM: Final = re.compile(rb"0x[0-9A-Fa-f]{40}")
_CONTEXT: Final = words(
    *("wallet", r"eth(?![a-z])", "ethereum", "erc20", "usdt", "usdc", "crypto", "address", "polygon", "metamask"),
    *("solana", r"sol(?![a-z])", "phantom", "deposit", "payout", r"btc", "bitcoin", "adresse", "adres(?![a-z])"),
    *("direcci", "endere", "indirizzo", "portefeuille", "billetera", "monedero", "carteira", "geldb", "portafogl"),
    *("portfel", "cüzdan", "кошел", "адрес", "钱包", "錢包", "地址", "ウォレット", "지갑", "محفظة", "ví điện tử"),
)

GATES: Final = {
    "wallet": (
        rb"[1-9A-HJ-NP-Za-km-z]{25}",
        rb"(?i:[a-z]{2,11})1[02-9AC-HJ-NP-Zac-hj-np-z]{11}",
        _STELLAR.pattern,
        _ETHEREUM.pattern,
    )
}


class WalletRecognizer:
    """``CRYPTO_WALLET``: of Bitcoin and what came from it, and of Ethereum, Solana, XRP, Tron, Cardano and others."""

    entity_types = frozenset({"CRYPTO_WALLET"})
    hint = r"[0-9A-Za-z]{25}"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The addresses that pass their checksum, and those that have none behind a context word."""
        if not folded.may_hold("wallet"):
            return
        for first, last in folded.runs:
            if last - first < _SHORTEST:
                continue
            for word in _WORD.finditer(folded.ascii, first, last):
                at, end = word.span()
                if end - at <= _LONGEST and (confidence := _confidence(folded, at, end)):
                    yield Finding("CRYPTO_WALLET", at, end, confidence)


def _confidence(folded: Folded, start: int, end: int) -> float:
    word = folded.ascii[start:end]
    if _ETHEREUM.fullmatch(word):
        if _mixed(word) and _eip_55(word):
            return 0.97
        return _named(folded, start, end)
    if _STELLAR.fullmatch(word):
        return 0.97 if _strkey(word) else 0.0
    if _MONERO.fullmatch(word):
        return 0.9
    lower = word.lower()
    match = _BECH32_ADDRESS.fullmatch(lower) if word in (lower, word.upper()) else None
    if match and _bech32(match[1], match[2]):
        return 0.97
    if not _BASE58_ADDRESS.fullmatch(word):
        return 0.0
    if _base58check(word) or (word.startswith(b"r") and _base58check(word.translate(_FROM_RIPPLE))):
        return 0.97
    return _named(folded, start, end) if len(_base58(word)) == _KEY_BYTES and not word.isalpha() else 0.0


def _named(folded: Folded, start: int, end: int) -> float:
    """How sure it is that an address without a checksum is one: 0 without a word that says so."""
    return 0.8 if _CONTEXT.names(Around(folded, start, start, end)) else 0.0


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


def _base58(word: bytes) -> bytes:
    """The bytes of a number in base 58, in which each leading nought is a 1."""
    number = 0
    for digit in word.translate(_TO_DIGITS):
        number = number * 58 + digit
    return bytes(len(word) - len(word.lstrip(b"1"))) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base58check(word: bytes) -> bool:
    """Whether a number ends with a part of its own digest: Bitcoin's base58check, or Polkadot's SS58."""
    data = _base58(word)
    if len(data) == _SS58_BYTES:
        return blake2b(b"SS58PRE" + data[:-2]).digest()[:2] == data[-2:]
    return data[:-24] in _HASHES and sha256(sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


def _strkey(word: bytes) -> bool:
    """Stellar's SEP-23: a version, a key of 32 bytes, and their CRC-16 of XMODEM, in base 32."""
    data = b32decode(word)
    return crc_hqx(data[:-2], 0) == int.from_bytes(data[-2:], "little")


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
