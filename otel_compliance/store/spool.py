"""The spool: immutable segments on disk that wait for delivery.

A segment is one batch of rows. It is written aside, synced and renamed, so it exists whole or not at all, and from
then on the batch survives a crash of the process. Content in it is redacted already, and encrypted besides.

```
<directory>/<exporter id>/<epoch>-<sequence>.seg     one line of JSON (the header), then the columns, sealed
<directory>/quarantine/                              segments that can never be delivered
```

The columns are JSON, compressed (LZ4), and encrypted under a key of the key ring (AES-256-GCM) together with the
header, which has the segment's name: whoever changes one, or puts it in the place of another, makes it unreadable.
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
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self
from weakref import WeakSet

import lz4.frame

from otel_compliance.cipher import seal, unseal
from otel_compliance.config import Settings
from otel_compliance.durable import make_folder
from otel_compliance.errors import DecryptionError, KeyRingError, SpoolError, SpoolKeyError
from otel_compliance.keys import KeyRing
from otel_compliance.store.rows import COLUMN_TYPES, Block

_FORMAT: Final = 2
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
        ring: Encrypts the segments.
        others: Decrypt segments that were written under other keys.
        max_bytes: Bytes that may wait in it, of all processes together. Those of other processes are measured every
            few seconds, so that they may exceed it by what they write in between.
    """

    def __init__(self, directory: Path, ring: KeyRing, *others: KeyRing, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.directory = directory
        # An id tells a wrong key from a damaged segment, and nothing of the key.
        self._keys = {item.derive("spool key id")[:6].hex(): item.derive("spool") for item in (*others, ring)}
        self._key_id = ring.derive("spool key id")[:6].hex()
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
        self._epoch = time.time_ns()
        self._sequence = 0
        self._waiting = 0
        self._measured: float | None = None

    def append(self, block: Block) -> Path:
        """Write one segment. Once this returns, a crash of the process loses nothing.

        Raises:
            SpoolError: The spool is full, or the disk refuses.
        """
        columns = lz4.frame.compress(json.dumps(dict(block.columns), separators=(",", ":")).encode("ascii"))
        with self._lock:
            try:
                name = f"{self._epoch}-{self._sequence:08d}"
                self._sequence += 1
                data = self._sealed(f"{self.exporter_id}/{name}", block, columns)
                self._reserve(len(data))
                return self._write(name, data)
            except OSError as error:
                raise SpoolError(
                    f"{self.directory}: the spool cannot be written: {_reason(error)}",
                    remedy="free disk space, or point OTEL_COMPLIANCE_SPOOL at a writable folder",
                ) from error

    def segments(self) -> list[Path]:
        """The waiting segments of all processes, the oldest of each process first."""
        return waiting_segments(self.directory)

    def read(self, segment: Path) -> tuple[Block, str]:
        """A segment's rows, and the token under which they are delivered at most once.

        The token is bound to the content: the store drops a second insert with the same token unseen.

        Raises:
            SpoolKeyError: It is encrypted with another key.
            SpoolError: The segment is damaged.
            OSError: The file cannot be read, or was removed; nothing is known about its content.
        """
        line, _, sealed = segment.read_bytes().partition(b"\n")
        header = _header(segment, line)
        name = header.get("segment")
        if header.get("format") != _FORMAT or not isinstance(name, str) or not self._stands_at(segment, name):
            raise SpoolError(f"{segment}: the segment is damaged, or was written by another version")
        key = self._keys.get(str(header.get("key")))
        if key is None:
            raise SpoolKeyError(
                f"{segment}: the segment is encrypted with another key",
                remedy="set OTEL_COMPLIANCE_HMAC_KEY_FILE to the key of the processes that wrote it",
            )
        try:
            block = _block(header, unseal(key, sealed, purpose=line))
        except DecryptionError:
            block = None
        if block is None:
            raise SpoolError(f"{segment}: the segment is damaged")
        return block, f"{name}/{hashlib.sha256(sealed).hexdigest()[:16]}"

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
        return quarantined_segments(self.directory)

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

    def _sealed(self, name: str, block: Block, columns: bytes) -> bytes:
        header = {"format": _FORMAT, "segment": name, "table": block.table, "count": block.count, "key": self._key_id}
        line = json.dumps(header).encode("ascii")
        return line + b"\n" + seal(self._keys[self._key_id], columns, purpose=line)

    def _stands_at(self, segment: Path, name: str) -> bool:
        """Whether a segment of this name is where it was written, or was set aside."""
        if segment.parent.name == _QUARANTINE:
            return segment.stem == name.replace("/", "-")
        return f"{segment.parent.name}/{segment.stem}" == name

    def _write(self, name: str, data: bytes) -> Path:
        folder = self.directory / self.exporter_id
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


def waiting_segments(directory: Path) -> list[Path]:
    """The segments in a spool that wait for delivery, the oldest of each process first."""
    return sorted(
        (path for path in directory.glob("*/*.seg") if path.parent.name != _QUARANTINE),
        key=lambda path: (path.name, path.parent.name),
    )


def quarantined_segments(directory: Path) -> list[Path]:
    """The segments in a spool that were set aside."""
    return sorted((directory / _QUARANTINE).glob("*.seg"))


_spools: WeakSet[Spool] = WeakSet()


def _become_in_child() -> None:
    for spool in list(_spools):
        spool._become()  # noqa: SLF001 - the other half of the same module


os.register_at_fork(after_in_child=_become_in_child)


def _header(segment: Path, line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise SpoolError(f"{segment}: the segment has no header")
    return header


def _block(header: Mapping[str, Any], columns: bytes) -> Block | None:
    """The rows, if they are those of a table that is known here."""
    table, count = header.get("table"), header.get("count")
    try:
        decoded = json.loads(lz4.frame.decompress(columns))
        whole = decoded.keys() == COLUMN_TYPES[str(table)].keys() and all(
            len(values) == count for values in decoded.values()
        )
    except (RuntimeError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return Block(str(table), decoded, int(count)) if whole and isinstance(count, int) else None


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
