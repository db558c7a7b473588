"""Content encodings of bodies. What is decoded is bounded: a few kilobytes may decode to gigabytes."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import lz4.frame

from otel_compliance.local.clickhouse.exceptions import ServerException, too_large

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_WORTH_IT_BYTES: Final = 512
_STEP_BYTES: Final = 1 << 20
_ERRORS: Final = (RuntimeError, zlib.error, zstd.ZstdError, EOFError, ValueError)

_DECODERS: Final[Mapping[str, Callable[[], Any]]] = {
    "zstd": zstd.ZstdDecompressor,
    "lz4": lz4.frame.LZ4FrameDecompressor,
}
_WINDOW_BITS: Final = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_ENCODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "zstd": lambda data: zstd.compress(data, 1),
    "lz4": lz4.frame.compress,
    "gzip": lambda data: gzip.compress(data, 1),
    "deflate": lambda data: zlib.compress(data, 1),
}


def decode(encoding: str, data: bytes, *, limit: int) -> bytes:
    """Decode a body.

    A body may have several frames, one after the other: `clickhouse-connect` sends one for each block of rows, and who
    decodes only the first loses the others silently.

    Args:
        encoding: Value of ``Content-Encoding``.
        data: The body.
        limit: How many bytes may come out.

    Raises:
        ServerException: The encoding is unknown, the body is damaged or cut short, or too much comes out.
    """
    if encoding in ("", "identity"):
        return data
    if encoding not in _DECODERS and encoding not in _WINDOW_BITS:
        raise ServerException(89, "UNKNOWN_COMPRESSION_METHOD", "Unknown Content-Encoding")
    out = bytearray()
    try:
        while data:
            data = (
                _zlib_frame(encoding, data, out, limit)
                if encoding in _WINDOW_BITS
                else _frame(encoding, data, out, limit)
            )
    except _ERRORS:
        raise ServerException(271, "CANNOT_DECOMPRESS", f"The body is not whole {encoding}") from None
    return bytes(out)


def encode(accepted: str, data: bytes) -> tuple[str, bytes]:
    """Encode an answer with the first encoding that the client accepts and we know.

    Args:
        accepted: Value of ``Accept-Encoding``.
        data: The answer.

    Returns:
        The value for ``Content-Encoding``, empty if the answer stays as it is, and the body.
    """
    names = (part.partition(";")[0].strip() for part in accepted.split(","))
    encoding = next((name for name in names if name in _ENCODERS), "")
    if not encoding or len(data) < _WORTH_IT_BYTES:
        return "", data
    return encoding, _ENCODERS[encoding](data)


def _frame(encoding: str, data: bytes, out: bytearray, limit: int) -> bytes:
    """Decode one frame; returns what follows it."""
    decoder = _DECODERS[encoding]()
    while not decoder.eof:
        piece = decoder.decompress(data, _STEP_BYTES)
        data = b""
        _extend(out, piece, limit)
        if not piece and decoder.needs_input:
            raise EOFError
    return bytes(decoder.unused_data or b"")


def _zlib_frame(encoding: str, data: bytes, out: bytearray, limit: int) -> bytes:
    decoder = zlib.decompressobj(_WINDOW_BITS[encoding])
    while not decoder.eof:
        piece = decoder.decompress(data, _STEP_BYTES)
        data = decoder.unconsumed_tail
        _extend(out, piece, limit)
        if not piece and not data and not decoder.eof:
            raise EOFError
    return decoder.unused_data


def _extend(out: bytearray, piece: bytes, limit: int) -> None:
    out += piece
    if len(out) > limit:
        raise too_large(limit)
