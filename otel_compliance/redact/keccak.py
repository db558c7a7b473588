"""Keccak-256 as Ethereum uses it: the padding is that of the submission to NIST, not that of SHA-3."""

from __future__ import annotations

from typing import Final

_RATE: Final = 136
"""Bytes that one block takes in, for a digest of 256 bits."""
_MASK: Final = (1 << 64) - 1


def _round_constants() -> tuple[int, ...]:
    """FIPS 202, algorithm 5: bits of a linear feedback shift register."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for place in range(7):
            if register & 1:
                constant |= 1 << ((1 << place) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


def _offsets() -> tuple[int, ...]:
    """FIPS 202, algorithm 2: by how many bits each lane turns."""
    offsets = [0] * 25
    x, y = 1, 0
    for step in range(24):
        offsets[x + 5 * y] = (step + 1) * (step + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(offsets)


_CONSTANTS: Final = _round_constants()
_OFFSETS: Final = _offsets()


def _turned(lane: int, offset: int) -> int:
    return (lane << offset | lane >> (64 - offset)) & _MASK


def _permuted(lanes: list[int]) -> list[int]:
    for constant in _CONSTANTS:
        columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        parity = [columns[(x + 4) % 5] ^ _turned(columns[(x + 1) % 5], 1) for x in range(5)]
        moved = [0] * 25
        for x in range(5):
            for y in range(5):
                lane = x + 5 * y
                moved[y + 5 * ((2 * x + 3 * y) % 5)] = _turned(lanes[lane] ^ parity[x], _OFFSETS[lane])
        lanes = [
            moved[x + 5 * y] ^ (~moved[(x + 1) % 5 + 5 * y] & moved[(x + 2) % 5 + 5 * y])
            for y in range(5)
            for x in range(5)
        ]
        lanes[0] ^= constant
    return lanes


def keccak_256(data: bytes) -> bytes:
    """The digest of at most 135 bytes, which one block holds."""
    assert len(data) < _RATE
    block = bytearray(data.ljust(_RATE, b"\0"))
    block[len(data)] ^= 0x01
    block[-1] ^= 0x80
    lanes = [int.from_bytes(block[i : i + 8], "little") for i in range(0, _RATE, 8)] + [0] * 8
    return b"".join(lane.to_bytes(8, "little") for lane in _permuted(lanes)[:4])
