"""Facts of uploaded files: size, media type and keyed digest, never bytes, never names."""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from opentelemetry.util.types import AttributeValue

from otel_compliance.keys import KeyRing
from otel_compliance.names import Attr

MAX_DIGESTED_BYTES: Final = 64 << 20
"""Larger uploads are not digested: that would hold up the call."""

_CHUNK: Final = 1 << 20
_UNKNOWN_TYPE: Final = "application/octet-stream"


def file_facts(files: Any, keys: KeyRing) -> dict[str, AttributeValue]:
    """Facts of the files of a multipart request: only the type where one of them can be read but once.

    Args:
        files: As the SDK hands them to the HTTP client: a mapping, or a sequence of pairs, of a field's name to the
            content, or to a tuple of file name, content, media type and headers.
        keys: Makes the digest.
    """
    size: int | None = 0
    types: list[str] = []
    digest = keys.digest("file")
    for name, content, media_type in _files(files):
        types.append(media_type or mimetypes.guess_type(name)[0] or _UNKNOWN_TYPE)
        length = _update(digest, content) if size is not None else None
        size = None if size is None or length is None else size + length
    facts: dict[str, AttributeValue] = {Attr.FILE_TYPE: types[0]} if types else {}
    if size is not None:
        facts[Attr.FILE_SIZE] = size
        if size <= MAX_DIGESTED_BYTES:
            facts[Attr.FILE_DIGEST] = digest.text()
    return facts


def _files(files: Any) -> Iterator[tuple[str, Any, str]]:
    """(name, content, media type) of each file."""
    items = files.items() if isinstance(files, Mapping) else files
    for _, file in items:
        if isinstance(file, Sequence) and not isinstance(file, str | bytes):
            yield str(file[0] or ""), file[1], str(file[2] or "") if len(file) > 2 else ""
        else:
            yield "", file, ""


def _update(digest: Any, content: Any) -> int | None:
    """Bytes of `content`, digested unless they are too many; `None` when they cannot be read twice."""
    if isinstance(content, str):
        content = content.encode()
    if isinstance(content, bytes | bytearray):
        if len(content) <= MAX_DIGESTED_BYTES:
            digest.update(content)
        return len(content)
    if not (hasattr(content, "seek") and content.seekable()):
        return None
    start = content.tell()
    size = content.seek(0, io.SEEK_END) - start
    content.seek(start)
    if size <= MAX_DIGESTED_BYTES:
        while chunk := content.read(_CHUNK):
            digest.update(chunk.encode() if isinstance(chunk, str) else chunk)
        content.seek(start)
    return int(size)
