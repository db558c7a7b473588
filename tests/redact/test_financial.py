"""Wallets, bank codes and network hardware."""

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor
from otel_compliance.redact.keccak import keccak_256

REDACTOR = Redactor(KeyRing(bytes(range(32))))
# Of BIP 173, BIP 350, EIP-55, SEP-23, CIP-19 and the documents of each network, and the address of the first block.
WALLETS = (
    "XdAUmwtig27HBG6WfYyHAzP8n6XC9jESEw",
    "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
    "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",
    "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgse35a3x",
    "cosmos1fjlpjuttr2nn5e7ufv5vxsu3s7d4qvjeula3h5",
    "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5",
    "tz1burnburnburnburnburnburnburjAYjjX",
    "t3Vz22vK5z2LcKEdg16Yv4FFneEL1zg9ojd",
    "TJRyWwFs9wTFGZg3JbrVriFbNfCug5tDeC",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
)


def found(text: str) -> list[tuple[str, str]]:
    """Types and values of what is found, the same in a short text and in one that is too long for a glance."""
    findings = REDACTOR.find(text)
    assert REDACTOR.find(text + " " * 300) == findings
    return [(item.type, text[item.start : item.end]) for item in findings]


def test_keccak_is_that_of_ethereum() -> None:
    """The digest of nothing, as in the documents of Ethereum; SHA-3 would give another."""
    assert keccak_256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.mark.parametrize("wallet", WALLETS)
def test_wallets_stand_alone(wallet: str) -> None:
    """Their checksum makes them what they are; with one character changed it fails."""
    assert found(f"Send it to {wallet}.") == [("CRYPTO_WALLET", wallet)]
    other = {"a": "c", "A": "C", "d": "D"}.get(wallet[-1], "3" if wallet[-1] != "3" else "5")
    assert found(f"Send it to {wallet[:-1]}{other}.") == []


def test_an_account_of_monero_is_known_by_its_length() -> None:
    """Ninety-five characters, the first two of a few."""
    donations = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"
    assert found(f"Send it to {donations}.") == [("CRYPTO_WALLET", donations)]


@pytest.mark.parametrize("word", ["solana", "depositAddress", "钱包", "Адрес кошелька", "cüzdan"])
def test_a_key_of_solana_needs_a_word(word: str) -> None:
    """It has no checksum: 32 bytes in base 58 may be anything."""
    key = "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV"
    assert found(f"{word}: {key}") == [("CRYPTO_WALLET", key)]
    assert found(f"build {key}") == []


def test_ethereum_without_capitals_needs_a_word() -> None:
    """Forty hexadecimal digits are a digest unless something says wallet."""
    address = WALLETS[-1].lower()
    assert found(f"wallet {address}") == [("CRYPTO_WALLET", address)]
    assert found(f"digest {address}") == []


@pytest.mark.parametrize("before", ["BIC: ", "SWIFT code ", '"bic": "'])
@pytest.mark.parametrize("code", ["DEUTDEFF", "DEUTDEFF500"])
def test_bank_codes_need_a_word(before: str, code: str) -> None:
    """Eight capitals are a word far more often."""
    assert found(before + code) == [("BIC", code)]
    assert found(code) == []
    assert found(f"{before}COMPUTER") == []


@pytest.mark.parametrize("address", ["00:1A:2B:3C:4D:5E", "00-1a-2b-3c-4d-5e", "001a.2b3c.4d5e"])
def test_mac_addresses(address: str) -> None:
    """With colons, hyphens and in groups of four, all the same token."""
    assert found(f"host {address} up") == [("MAC_ADDRESS", address)]
    assert set(REDACTOR.redact(address).replacements) == set(REDACTOR.redact("00:1a:2b:3c:4d:5e").replacements)


@pytest.mark.parametrize(
    "text", ["12:30:45", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "aa:bb:cc:dd:ee:ff:00", "1.2345.6789"]
)
def test_not_mac_addresses(text: str) -> None:
    """Times, the address of everybody, and longer rows of octets."""
    assert "MAC_ADDRESS" not in [item for item, _ in found(text)]


@pytest.mark.parametrize(
    "text", ["order 123 Main items", "5 Minutes later", "the rue of 12 days", "in 2024 The Street"]
)
def test_not_postal_addresses(text: str) -> None:
    """Numbers and capitals that are no street."""
    assert found(text) == []


@pytest.mark.parametrize(
    "text", ["0x", "1A1z", "bc1q", "DEUT", "00:", "00-", "1a2b.", "1 A", "12 rue ", "Calle A", "Str. 1", "St "]
)
def test_hostile_repetition_ends(text: str) -> None:
    """A megabyte of what a value begins with is done within the test's time limit."""
    assert len(REDACTOR.find(text * (1_000_000 // len(text)))) <= 1_000_000
