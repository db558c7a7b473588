"""The spool: immutable segments on disk that wait for delivery.

A segment is one batch of rows. It is written aside, synced and renamed, so it exists whole or not at all, and from
then on the batch survives a crash of the process. Content in it is redacted already.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import threading
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from otel_compliance.errors import SpoolError
from otel_compliance.store.rows import Block

_FORMAT: Final = 1
_QUARANTINE: Final = "quarantine"

_RECOUNT_EVERY: Final = 64
"""Segments between two looks at what really waits: drainers remove segments, and looking costs time for each."""

DEFAULT_MAX_BYTES: Final = 1 << 30
"""Size at which the spool takes no more: 1 GiB holds about ten million calls without content."""


class Spool:
    """A folder of segments, one subfolder for each process that writes.

    Args:
        directory: The folder; made on the first write.
        max_bytes: Bytes that this process may have waiting.
    """

    def __init__(self, directory: Path, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.directory = directory
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._become()
        os.register_at_fork(after_in_child=self._become)

    def _become(self) -> None:
        """Take an identity: on construction, and in a forked child, which must not write into its parent's folder."""
        self._lock = threading.Lock()
        self.exporter_id = f"{platform.node()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._epoch = time.time_ns()
        self._sequence = 0
        self._waiting = 0

    def append(self, block: Block) -> Path:
        """Write one segment. Once this returns, a crash of the process loses nothing.

        Raises:
            SpoolError: The spool is full, or the disk refuses.
        """
        payload = zlib.compress(json.dumps(dict(block.columns), separators=(",", ":")).encode("utf-8"), 1)
        header = {
            "format": _FORMAT,
            "table": block.table,
            "count": block.count,
            "sha256": hashlib.sha256(payload).hexdigest(),
        }
        data = json.dumps(header).encode("ascii") + b"\n" + payload
        with self._lock:
            try:
                try:
                    return self._write(data)
                except FileNotFoundError:
                    # A drainer that has just emptied the folder may have removed it.
                    return self._write(data)
            except OSError as error:
                raise SpoolError(
                    f"{self.directory}: the spool cannot be written: {error.strerror}",
                    remedy="free disk space, or point OTEL_COMPLIANCE_SPOOL at a writable folder",
                ) from error

    def segments(self) -> list[Path]:
        """The waiting segments of all processes, the oldest of each process first."""
        return sorted(
            (path for path in self.directory.glob("*/*.seg") if path.parent.name != _QUARANTINE),
            key=lambda path: (path.name, path.parent.name),
        )

    def read(self, segment: Path) -> tuple[Block, str]:
        """A segment's rows, and the token under which they are delivered at most once.

        The token is bound to the content: the store drops a second insert with the same token unseen.

        Raises:
            SpoolError: The segment is damaged.
        """
        header, payload = _parse(segment)
        digest = hashlib.sha256(payload).hexdigest()
        if digest != header.get("sha256") or header.get("format") != _FORMAT:
            raise SpoolError(f"{segment}: the segment is damaged, or was written by another version")
        block = Block(header["table"], json.loads(zlib.decompress(payload)), header["count"])
        return block, f"{segment.parent.name}/{segment.stem}/{digest[:16]}"

    def remove(self, segment: Path) -> None:
        """Forget a segment that was delivered, and its process's folder when it is the last of a process."""
        segment.unlink(missing_ok=True)
        if segment.parent.name != self.exporter_id:
            try:
                segment.parent.rmdir()
            except OSError:
                return

    def quarantine(self, segment: Path) -> Path:
        """Set a segment aside that can never be delivered, so that it does not hold up the others."""
        target = self.directory / _QUARANTINE / f"{segment.parent.name}-{segment.name}"
        target.parent.mkdir(mode=0o700, exist_ok=True)
        segment.rename(target)
        return target

    def quarantined(self) -> list[Path]:
        """The segments that were set aside."""
        return sorted((self.directory / _QUARANTINE).glob("*.seg"))

    def _write(self, data: bytes) -> Path:
        folder = self.directory / self.exporter_id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._sequence % _RECOUNT_EVERY == 0 or self._waiting + len(data) > self._max_bytes:
            self._waiting = _size(folder)
        if self._waiting + len(data) > self._max_bytes:
            raise SpoolError(
                f"{self.directory}: the spool of this process is full ({self._waiting} bytes are waiting)",
                remedy="see why the store takes no data: otel-compliance check",
            )
        segment = folder / f"{self._epoch}-{self._sequence:08d}.seg"
        draft = segment.with_suffix(".tmp")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(segment)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _sync(folder)
        self._sequence += 1
        self._waiting += len(data)
        return segment


def _parse(segment: Path) -> tuple[dict[str, Any], bytes]:
    try:
        line, _, payload = segment.read_bytes().partition(b"\n")
        header = json.loads(line)
    except (OSError, ValueError) as error:
        raise SpoolError(f"{segment}: the segment cannot be read: {type(error).__name__}") from error
    if not isinstance(header, dict):
        raise SpoolError(f"{segment}: the segment has no header")
    return header, payload


def _size(folder: Path) -> int:
    """Bytes that wait in a folder. A drainer may remove segments while they are counted."""
    size = 0
    for segment in folder.glob("*.seg"):
        with suppress(FileNotFoundError):
            size += segment.stat().st_size
    return size


def _sync(folder: Path) -> None:
    """Make a rename durable: the name of a file belongs to its folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
