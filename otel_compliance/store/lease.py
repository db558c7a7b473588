"""Ownership of an embedded store: one process at a time, and in it one path. The engine demands both."""

from __future__ import annotations

import os
import re
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from otel_compliance.errors import StoreUnavailable
from otel_compliance.store.lock import FileLock, read_note

_NOTE: Final = re.compile(r"pid (\d+) ")
_ONE_OWNER: Final = "stop that process, or wait for it; the embedded engine allows one process at a time"


class Lease:
    """The right to open an embedded store. Get it with `Lease.take`; each taker releases it once.

    Attributes:
        path: Folder of the store.
        inserting: Held while rows are inserted; see `private_files`.
    """

    _held: Lease | None = None
    _guard = threading.Lock()

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self.inserting = threading.Lock()
        self._lock = lock
        self._users = 1
        self._process = os.getpid()

    @classmethod
    def take(cls, path: Path) -> Lease:
        """Own `path`, or share the ownership that this process has.

        Raises:
            StoreUnavailable: Another process owns it, this process has another store open, or it was forked from one
                that had loaded the engine, which then hangs.
        """
        with cls._guard:
            if _forked_with_engine:
                raise StoreUnavailable(
                    f"chdb://{path}: the embedded engine cannot be used in a process forked from one that loaded it",
                    remedy="start the process anew (multiprocessing: spawn), or open the store in it before the parent",
                )
            held = cls._held
            if held is None:
                held = cls._held = cls(path, _locked(path))
            elif held.path == path:
                held._users += 1
            else:
                raise StoreUnavailable(
                    f"chdb://{path}: this process has chdb://{held.path} open, and the engine allows one",
                    remedy="close the other store first",
                )
            return held

    @property
    def ours(self) -> bool:
        """Whether this is the process that took the lease, and not one forked from it."""
        return self._process == os.getpid()

    @property
    def private_files(self) -> Path:
        """Folder for the files through which rows go in and out: in the store, and for its owner alone."""
        return self.path / "inserts"

    def prepare(self) -> None:
        """Make the folder of `private_files`, without what a killed process left there.

        Raises:
            OSError: The store cannot be written.
        """
        with self.inserting:
            self.private_files.mkdir(mode=0o700, parents=True, exist_ok=True)
            for pattern in ("*.native", "*.export"):
                for leftover in self.private_files.glob(pattern):
                    leftover.unlink()

    def release(self) -> None:
        """Give up one use; the last one gives up the store."""
        with self._guard:
            self._users -= 1
            if self._users == 0:
                self._lock.release()
                Lease._held = None


_forked_with_engine = False


def _after_fork_in_child() -> None:
    """A fork takes along neither the engine's threads nor its locks: whatever touches it in the child hangs."""
    global _forked_with_engine
    _forked_with_engine = _forked_with_engine or "chdb" in sys.modules
    Lease._guard = threading.Lock()  # noqa: SLF001 - the other half of the same module
    Lease._held = None  # noqa: SLF001 - likewise


os.register_at_fork(after_in_child=_after_fork_in_child)


def _locked(path: Path) -> FileLock:
    """Lock ``PATH.lock`` and write down who we are, without arguments: they may hold secrets."""
    file = _lock_file(path)
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock.take(file, wait=False)
        if lock is not None:
            lock.note(f"pid {os.getpid()} ({Path(sys.argv[0] if sys.argv else '').name or 'python'})\n")
    except OSError as error:
        raise StoreUnavailable(
            f"chdb://{path}: the folder cannot be written: {error.strerror}",
            remedy="point OTEL_COMPLIANCE_STORE or OTEL_COMPLIANCE_DIR at a writable folder",
        ) from error
    if lock is None:
        owner = read_note(file) or "unknown"
        raise StoreUnavailable(
            f"chdb://{path}: the embedded store belongs to another process: {owner}", remedy=_ONE_OWNER
        )
    return lock


def _lock_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def owner_pid(path: Path) -> int | None:
    """Id of the process that took the lease of the store at `path` last; it may have ended since."""
    found = _NOTE.match(read_note(_lock_file(path)))
    return int(found[1]) if found else None


def not_opened(path: Path, error: Exception) -> StoreUnavailable:
    """Why the engine did not open `path`, although the lease was free."""
    owner = _owner_by_engine(path)
    if owner:
        return StoreUnavailable(
            f"chdb://{path}: the embedded store belongs to another process: {owner}", remedy=_ONE_OWNER
        )
    return StoreUnavailable(
        f"chdb://{path}: the embedded store cannot be opened: {type(error).__name__}",
        remedy="see whether the folder is writable and was made by this version or an older one",
    )


def _owner_by_engine(path: Path) -> str:
    """The process in the engine's own ``status`` file, such as a ``clickhouse-local`` that knows nothing of our lock.

    The engine itself tells only standard error that it is there.
    """
    with suppress(OSError, ValueError):
        lines = (path / "status").read_text(encoding="utf-8").splitlines()
        pid = next(int(line.removeprefix("PID:")) for line in lines if line.startswith("PID:"))
        if pid != os.getpid():
            os.kill(pid, 0)
            return f"pid {pid} (by the engine's status file)"
    return ""
