"""Exclusive locks between processes that a forked child does not take along."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final, Self
from weakref import WeakSet

_NOTE_BYTES: Final = 512


class FileLock:
    """An exclusive lock on a file. The system releases it when the process ends, however it ends.

    Args:
        descriptor: The open, locked file. Use `take`.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        _locks.add(self)

    @classmethod
    def take(cls, path: Path, *, wait: bool) -> Self | None:
        """Lock `path`, which is made if it does not exist.

        Args:
            path: The file.
            wait: Whether to wait for another owner to release it.

        Returns:
            The lock; `None` when another owner has it and `wait` is false.

        Raises:
            OSError: The file cannot be made or opened.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def note(self, text: str) -> None:
        """Write into the file who owns it, for `read_note`."""
        assert self._descriptor is not None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode("utf-8", "replace")[:_NOTE_BYTES], 0)

    def release(self) -> None:
        """Give the lock up. Unlocks before it closes, since a forked child may hold the same open file."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._forget()

    def _forget(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def read_note(path: Path) -> str:
    """What the owner of the lock wrote into it, or an empty text."""
    try:
        with path.open("rb") as file:
            return file.read(_NOTE_BYTES).decode("utf-8", "replace").strip()
    except OSError:
        return ""


_locks: WeakSet[FileLock] = WeakSet()


def _forget_in_child() -> None:
    """Close the files in a forked child: as long as one copy is open, the lock outlives its owner."""
    for lock in list(_locks):
        lock._forget()  # noqa: SLF001 - the other half of the same module


os.register_at_fork(after_in_child=_forget_in_child)
