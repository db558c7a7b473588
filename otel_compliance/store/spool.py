"""The spool: immutable segments on disk that wait for delivery.

A segment is one batch of rows. It is written aside, synced and renamed, so it exists whole or not at all, and from
then on the batch survives a crash of the process. Content in it is redacted already.

```
<directory>/<exporter id>/<epoch>-<sequence>.seg     one line of JSON (the header), then the columns, compressed
<directory>/quarantine/                              segments that can never be delivered
```
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import secrets
import threading
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

from otel_compliance.durable import make_folder
from otel_compliance.errors import SpoolError
from otel_compliance.store.rows import COLUMN_TYPES, Block

_FORMAT: Final = 1
_QUARANTINE: Final = "quarantine"
_ATTEMPTS: Final = 5
_MEASURE_SECONDS: Final = 5.0
_STALE_SECONDS: Final = 3600.0

DEFAULT_MAX_BYTES: Final = 1 << 30
"""Size at which the spool takes no more: 1 GiB holds about one million calls with content, ten million without."""


class Spool:
    """A folder of segments, one subfolder for each process that writes. Safe for threads and across forks.

    Args:
        directory: The folder; made on the first write.
        max_bytes: Bytes that may wait in it, of all processes together. Those of other processes are measured every
            few seconds, so that they may exceed it by what they write in between.
    """

    def __init__(self, directory: Path, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.directory = directory
        self._max_bytes = max_bytes
        self._become()
        _spools.add(self)

    def _become(self) -> None:
        """Take an identity: on construction, and in a forked child, which must not write into its parent's folder."""
        host = re.sub(r"[^A-Za-z0-9.-]", "_", platform.node())[:64] or "host"
        self.exporter_id = f"{host}-{os.getpid()}-{secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._epoch = time.time_ns()
        self._sequence = 0
        self._waiting = 0
        self._measured: float | None = None

    def append(self, block: Block) -> Path:
        """Write one segment. Once this returns, a crash of the process loses nothing.

        Raises:
            SpoolError: The spool is full, or the disk refuses.
        """
        data = _serialized(block)
        with self._lock:
            try:
                self._reserve(len(data))
                return self._write(data)
            except OSError as error:
                raise SpoolError(
                    f"{self.directory}: the spool cannot be written: {_reason(error)}",
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
            OSError: The file cannot be read, or was removed; nothing is known about its content.
        """
        header, payload = _parsed(segment, segment.read_bytes())
        table, count = header.get("table"), header.get("count")
        digest = _digest(table, count, payload)
        if header.get("format") != _FORMAT or digest != header.get("sha256"):
            raise SpoolError(f"{segment}: the segment is damaged, or was written by another version")
        block = _block(table, count, payload)
        if block is None:
            raise SpoolError(f"{segment}: the segment does not hold rows of a known table")
        return block, f"{segment.parent.name}/{segment.stem}/{digest[:16]}"

    def remove(self, segment: Path) -> None:
        """Forget a segment that was delivered.

        Raises:
            OSError: The folder cannot be written.
        """
        segment.unlink(missing_ok=True)

    def quarantine(self, segment: Path) -> Path:
        """Set a segment aside that can never be delivered, so that it does not hold up the others.

        Raises:
            OSError: The folder cannot be written.
        """
        target = self.directory / _QUARANTINE / f"{segment.parent.name}-{segment.name}"
        target.parent.mkdir(mode=0o700, exist_ok=True)
        segment.rename(target)
        return target

    def quarantined(self) -> list[Path]:
        """The segments that were set aside."""
        return sorted((self.directory / _QUARANTINE).glob("*.seg"))

    def replay(self, segment: Path) -> Path:
        """Put a segment that was set aside back among those that wait, under its old name, so that it counts once.

        Raises:
            SpoolError: It is damaged, so that it would only be set aside again.
            OSError: The folder cannot be written.
        """
        # Its name is <exporter id>-<epoch>-<sequence>.seg; the id has hyphens of its own.
        exporter, epoch, sequence = segment.name.rsplit("-", 2)
        target = self.directory / exporter / f"{epoch}-{sequence}"
        self.read(segment)
        make_folder(target.parent)
        segment.rename(target)
        return target

    def sweep(self) -> None:
        """Remove what processes that are gone left behind: drafts, which were never accepted, and empty folders."""
        for path in (*self.directory.glob("*/*.tmp"), *self.directory.glob("*/")):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime < _STALE_SECONDS:
                    continue
                if path.suffix == ".tmp":
                    path.unlink()
                else:
                    path.rmdir()

    def _reserve(self, size: int) -> None:
        now = time.monotonic()
        stale = self._measured is None or now - self._measured > _MEASURE_SECONDS
        if stale or self._waiting + size > self._max_bytes:
            self._waiting, self._measured = sum(map(_size, self.segments())), now
        if self._waiting + size > self._max_bytes:
            raise SpoolError(
                f"{self.directory}: the spool is full: it takes {self._max_bytes} bytes",
                remedy="see why the store takes no data: otel-compliance check",
            )
        self._waiting += size

    def _write(self, data: bytes) -> Path:
        folder = self.directory / self.exporter_id
        name = f"{self._epoch}-{self._sequence:08d}"
        self._sequence += 1
        for attempt in range(_ATTEMPTS):
            make_folder(self.directory)
            make_folder(folder)
            try:
                return _write_durably(folder, name, data)
            except FileNotFoundError:
                # A drainer in another process removed the empty folder in between.
                if attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")


_spools: WeakSet[Spool] = WeakSet()


def _become_in_child() -> None:
    for spool in list(_spools):
        spool._become()  # noqa: SLF001 - the other half of the same module


os.register_at_fork(after_in_child=_become_in_child)


def _serialized(block: Block) -> bytes:
    payload = zlib.compress(json.dumps(dict(block.columns), separators=(",", ":")).encode("ascii"), 1)
    header = {
        "format": _FORMAT,
        "table": block.table,
        "count": block.count,
        "sha256": _digest(block.table, block.count, payload),
    }
    return json.dumps(header).encode("ascii") + b"\n" + payload


def _digest(table: object, count: object, payload: bytes) -> str:
    """Hash of all that is delivered: a wrong count would lose rows as surely as a wrong payload."""
    return hashlib.sha256(f"{table}\n{count}\n".encode("utf-8", "replace") + payload).hexdigest()


def _parsed(segment: Path, data: bytes) -> tuple[dict[str, Any], bytes]:
    line, _, payload = data.partition(b"\n")
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise SpoolError(f"{segment}: the segment has no header")
    return header, payload


def _block(table: Any, count: Any, payload: bytes) -> Block | None:
    try:
        columns = json.loads(zlib.decompress(payload))
        whole = columns.keys() == COLUMN_TYPES[table].keys() and all(
            len(values) == count for values in columns.values()
        )
    except (zlib.error, ValueError, LookupError, TypeError, AttributeError):
        return None
    return Block(table, columns, count) if whole else None


def _write_durably(folder: Path, name: str, data: bytes) -> Path:
    """Write aside, sync, rename, and sync the folder, since the name of a file belongs to its folder."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    draft = f"{name}.tmp"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(draft, flags, 0o600, dir_fd=directory)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.rename(draft, f"{name}.seg", src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft, dir_fd=directory)
            raise
        os.fsync(directory)
    finally:
        os.close(directory)
    return folder / f"{name}.seg"


def _size(segment: Path) -> int:
    try:
        return segment.stat().st_size
    except OSError:
        return 0


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
