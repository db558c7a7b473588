"""Bodies that the app reads after the call has returned: JSON, JSON lines, server-sent events, files.

Each sees the decoded bytes as the app reads them, and keeps no more than it must.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from otel_compliance.keys import Digest

MAX_DOCUMENT_BYTES: Final = 4 << 20
"""Bytes of one document, line or event that are kept until it is whole; a longer one counts as uninspected."""

OnDocument = Callable[[Any], None]


class Body(Protocol):
    """Watches one body. Not thread-safe: a body has one reader at a time."""

    @property
    def kept(self) -> int:
        """Bytes that are kept until the end."""

    @property
    def failed(self) -> bool:
        """Whether a part could not be inspected: it was too long, or nobody here can decode it."""

    def feed(self, chunk: bytes) -> None:
        """The next bytes, decoded from any content encoding."""

    def end(self) -> None:
        """Nothing comes any more, though perhaps not all of it came. May be called more than once."""


class JsonBody:
    """One JSON document, known when it is whole.

    Args:
        on_document: Takes the decoded document.
    """

    def __init__(self, on_document: OnDocument) -> None:
        self.failed = False
        self._on_document: OnDocument | None = on_document
        self._chunks: list[bytes] = []
        self.kept = 0

    def feed(self, chunk: bytes) -> None:
        """Keep `chunk`."""
        self.kept += len(chunk)
        self.failed = self.failed or self.kept > MAX_DOCUMENT_BYTES
        if self.failed:
            self._chunks.clear()
        else:
            self._chunks.append(chunk)

    def end(self) -> None:
        """Hand the document on if it is whole."""
        if self._on_document is None or self.failed:
            return
        try:
            document = json.loads(b"".join(self._chunks))
        except ValueError:
            return
        hand_on, self._on_document = self._on_document, None
        hand_on(document)


class _Lines:
    """Splits bytes into lines; keeps only the one that is not whole yet."""

    def __init__(self) -> None:
        self.failed = False
        self._rest = b""

    def split(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes, without their ends."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > MAX_DOCUMENT_BYTES:
            self.failed, self._rest = True, b""
        return lines

    def rest(self) -> bytes:
        """What is left at the end, once."""
        rest, self._rest = self._rest, b""
        return rest


class JsonLines:
    """JSON documents, one on each line (the results of a batch).

    Args:
        on_document: Takes each decoded document as soon as it is whole.
    """

    kept = 0

    def __init__(self, on_document: OnDocument) -> None:
        self._on_document = on_document
        self._lines = _Lines()

    @property
    def failed(self) -> bool:
        """Whether a line was too long to be inspected."""
        return self._lines.failed

    def feed(self, chunk: bytes) -> None:
        """Hand on the documents that `chunk` completes."""
        for line in self._lines.split(chunk):
            if line.strip():
                self._on_document(json.loads(line))

    def end(self) -> None:
        """Hand on the last document, if it came whole but without an end of line."""
        try:
            document = json.loads(self._lines.rest())
        except ValueError:
            return
        self._on_document(document)


class ServerSentEvents:
    """The JSON data of server-sent events, for apps that read them without the SDK's stream.

    Args:
        on_document: Takes the decoded data of each event.
    """

    kept = 0

    def __init__(self, on_document: OnDocument) -> None:
        self._on_document = on_document
        self._lines = _Lines()
        self._data: list[bytes] = []

    @property
    def failed(self) -> bool:
        """Whether an event was too long to be inspected."""
        return self._lines.failed

    def feed(self, chunk: bytes) -> None:
        """Hand on the events that `chunk` completes."""
        for line in self._lines.split(chunk):
            field, _, value = line.rstrip(b"\r").partition(b":")
            if field == b"data":
                self._data.append(value)
            elif not field and self._data:
                self._on_document(json.loads(b"\n".join(self._data)))
                self._data.clear()

    def end(self) -> None:
        """An event that is not whole is none (HTML Living Standard, section 9.2.6)."""


class FileBody:
    """Bytes of a file: their number and keyed digest, never the bytes.

    Args:
        digest: The digest to update.
        on_end: Takes the number of bytes and the digest as text.
    """

    kept = 0

    def __init__(self, digest: Digest, on_end: Callable[[int, str], None]) -> None:
        self.failed = False
        self._digest = digest
        self._size = 0
        self._on_end: Callable[[int, str], None] | None = on_end

    def feed(self, chunk: bytes) -> None:
        """Count and digest `chunk`."""
        self._size += len(chunk)
        self._digest.update(chunk)

    def end(self) -> None:
        """Tell the size and digest of what came."""
        if self._on_end is not None:
            hand_on, self._on_end = self._on_end, None
            hand_on(self._size, self._digest.text())


class Opaque:
    """A body that nobody here can decode: if there is any, it is uninspected. The SDK decodes that of AWS itself."""

    kept = 0

    def __init__(self) -> None:
        self.failed = False

    def feed(self, chunk: bytes) -> None:
        """Note that there was something."""
        self.failed = self.failed or bool(chunk)

    def end(self) -> None:
        """Nothing is known of it."""


class Chunker:
    """Cuts bytes into pieces of one size, as ``iter_bytes(chunk_size)`` promises.

    Args:
        size: Bytes of a piece; `None` leaves chunks as they come.
    """

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._rest = b""

    def split(self, chunk: bytes) -> Iterator[bytes]:
        """The pieces that `chunk` completes."""
        size = self._size
        if size is None:
            yield chunk
            return
        data = self._rest + chunk
        whole = len(data) - len(data) % size
        self._rest = data[whole:]
        for start in range(0, whole, size):
            yield data[start : start + size]

    def rest(self) -> Iterator[bytes]:
        """The last, shorter piece."""
        if self._rest:
            yield self._rest
