"""The spool: immutable, encrypted segments on disk that wait for delivery.

A segment is one batch of rows (`otel_compliance.store.segment`). It is written aside, synced and renamed, so it exists
whole or not at all, and from then on the batch survives a crash of the process.

```
<directory>/<exporter id>/*.seg        what waits
<directory>/quarantine/                segments that can never be delivered
<directory>/ledger/                    how much each exporter accepted, and what was dropped by hand
```
"""

from __future__ import annotations

import os
import platform
import re
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from weakref import WeakSet

from otel_compliance import health
from otel_compliance.config import Settings
from otel_compliance.durable import make_folder
from otel_compliance.errors import KeyRingError, SpoolError, SpoolFull
from otel_compliance.keys import KeyRing
from otel_compliance.names import Table
from otel_compliance.store.accepted import AcceptedLedger
from otel_compliance.store.rows import Block
from otel_compliance.store.segment import QUARANTINE, Keys, SegmentName, compressed, origin

_ATTEMPTS: Final = 5
_MEASURE_SECONDS: Final = 5.0
_STALE_SECONDS: Final = 3600.0

DEFAULT_MAX_BYTES: Final = 1 << 30
"""Size at which the spool takes no more: 1 GiB holds about one million calls with content, ten million without."""

_SPAN_SHARE: Final = 0.9
"""Share of it that spans and content may fill. The rest is for audit events, of which none may be missing."""


class Spool:
    """A folder of segments, one subfolder for each process that writes. Safe for threads and across forks.

    It never makes anybody wait: when it is full, what comes is refused, and what it has stays.

    Args:
        directory: The folder; made on the first write.
        ring: Encrypts the segments.
        others: Decrypt segments that were written under other keys.
        max_bytes: Bytes that may wait in it, of all processes together. Those of other processes are measured every
            few seconds, so that they may exceed it by what they write in between.
    """

    def __init__(self, directory: Path, ring: KeyRing, *others: KeyRing, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.directory = directory
        self.ledger = AcceptedLedger(directory)
        self._keys = Keys(ring, *others)
        self._max_bytes = max_bytes
        self._become()
        _spools.add(self)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The spool of a deployment, with its key.

        Where that cannot be had, the default one takes its place: what is written is not to be lost, and can be read
        once the configuration is mended.

        Raises:
            KeyRingError: Neither key can be read or made.
        """
        default = settings.with_default_key()
        try:
            rings = [KeyRing.from_settings(settings)]
        except KeyRingError:
            rings = []
        if not rings or default.hmac_key_file.exists():
            rings.append(KeyRing.from_settings(default))
        return cls(settings.spool, *rings)

    def _become(self) -> None:
        """Take an identity: on construction, and in a forked child, which must not write into its parent's folder."""
        host = re.sub(r"[^A-Za-z0-9.-]", "_", platform.node())[:64] or "host"
        self.exporter_id = f"{host}-{os.getpid()}-{secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._sequence = 0
        self._total = 0
        self._waiting = 0
        self._measured: float | None = None

    def append(self, block: Block) -> Path:
        """Write one segment. Once this returns, a crash of the process loses nothing.

        Raises:
            SpoolFull: The spool takes no more of this table.
            SpoolError: The disk refuses.
        """
        payload = compressed(block)
        with self._lock:
            try:
                name = SegmentName(
                    self.exporter_id, time.time_ns(), self._sequence, block.count, self._total + block.count
                )
                data = self._keys.seal(name, block.table, payload)
                self._reserve(len(data), block.table)
                return self._accept(name, data)
            except OSError as error:
                raise SpoolError(
                    f"{self.directory}: the spool cannot be written: {_reason(error)}",
                    remedy="free disk space, or point OTEL_COMPLIANCE_SPOOL at a writable folder",
                ) from error

    def segments(self) -> list[Path]:
        """The waiting segments of all processes, the oldest first."""
        return waiting_segments(self.directory)

    def has_own(self) -> bool:
        """Whether segments of this process wait."""
        return any((self.directory / self.exporter_id).glob("*.seg"))

    def read(self, segment: Path) -> tuple[Block, str]:
        """A segment's rows, and the token under which they are delivered at most once.

        Raises:
            SpoolKeyError: The segment is encrypted with another key.
            SpoolError: It is damaged, or was changed or moved.
            OSError: The file cannot be read, or was removed; nothing is known about its content.
        """
        return self._keys.open(segment, segment.read_bytes())

    def remove(self, segment: Path) -> None:
        """Forget a segment that was delivered.

        Raises:
            OSError: The folder cannot be written.
        """
        segment.unlink(missing_ok=True)

    def drop(self, segment: Path) -> None:
        """Delete a segment that was not delivered, and note that, so that its rows are not missing unexplained.

        Raises:
            OSError: The folder cannot be written.
        """
        self.ledger.note_dropped(segment)
        self.remove(segment)

    def quarantine(self, segment: Path) -> Path:
        """Set a segment aside that can never be delivered, so that it does not hold up the others.

        Raises:
            OSError: The folder cannot be written.
        """
        target = self.directory / QUARANTINE / f"{segment.parent.name}-{segment.name}"
        target.parent.mkdir(mode=0o700, exist_ok=True)
        segment.rename(target)
        return target

    def quarantined(self) -> list[Path]:
        """The segments that were set aside."""
        return quarantined_segments(self.directory)

    def replay(self, segment: Path) -> Path:
        """Put a segment that was set aside back among those that wait, under its old name, so that it counts once.

        Raises:
            SpoolKeyError: It is encrypted with another key.
            SpoolError: It is damaged, so that it would only be set aside again.
            OSError: The folder cannot be written.
        """
        exporter, stem = origin(segment)
        target = self.directory / exporter / f"{stem}.seg"
        self.read(segment)
        make_folder(target.parent)
        segment.rename(target)
        return target

    def sweep(self) -> None:
        """Remove what processes that are gone left behind: drafts, which were never accepted, and empty folders."""
        self.ledger.sweep()
        for path in (*self.directory.glob("*/*.tmp"), *self.directory.glob("*/")):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime < _STALE_SECONDS:
                    continue
                if path.suffix == ".tmp":
                    path.unlink()
                else:
                    path.rmdir()

    def _reserve(self, size: int, table: str) -> None:
        now = time.monotonic()
        bound = int(self._max_bytes * (_SPAN_SHARE if table != Table.LOGS else 1))
        stale = self._measured is None or now - self._measured > _MEASURE_SECONDS
        if stale or self._waiting + size > bound:
            self._waiting, self._measured = sum(map(_size, self.segments())), now
        if self._waiting + size > bound:
            raise SpoolFull(
                f"{self.directory}: the spool is full: it takes {bound} bytes of {table}",
                remedy="see why the store takes no data: otel-compliance check",
            )
        self._waiting += size

    def _accept(self, name: SegmentName, data: bytes) -> Path:
        """Write a segment. Whatever happens, it counts as accepted exactly if it exists."""
        path = self.directory / f"{name}.seg"
        self._sequence += 1
        try:
            self._write(path, data)
        finally:
            if path.exists():
                self._total = name.total
                with health.contained("store.ledger"):
                    self.ledger.note(name)
        return path

    def _write(self, path: Path, data: bytes) -> None:
        for attempt in range(_ATTEMPTS):
            make_folder(self.directory)
            make_folder(path.parent)
            try:
                return _write_durably(path.parent, path.stem, data)
            except FileNotFoundError:
                # A drainer in another process removed the empty folder in between.
                if attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")


def waiting_segments(directory: Path) -> list[Path]:
    """The segments that wait in a spool, of all processes, the oldest first."""
    return sorted(
        (path for path in directory.glob("*/*.seg") if path.parent.name != QUARANTINE),
        key=lambda path: (path.name, path.parent.name),
    )


def quarantined_segments(directory: Path) -> list[Path]:
    """The segments of a spool that were set aside."""
    return sorted((directory / QUARANTINE).glob("*.seg"))


_spools: WeakSet[Spool] = WeakSet()


def _become_in_child() -> None:
    for spool in list(_spools):
        spool._become()  # noqa: SLF001 - the other half of the same module


os.register_at_fork(after_in_child=_become_in_child)


def _write_durably(folder: Path, name: str, data: bytes) -> None:
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


def _size(segment: Path) -> int:
    try:
        return segment.stat().st_size
    except OSError:
        return 0


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
