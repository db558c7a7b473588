"""Files that exist whole or not at all, and survive a crash."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def create_file(path: Path, data: bytes) -> bool:
    """Make a file for its owner alone, unless it exists: of several processes that try at once, one wins.

    It is written aside and synced before it gets its name, and so is the folder, since a name belongs to its folder.

    Args:
        path: The file; missing folders are made, for their owner alone.
        data: Its content.

    Returns:
        Whether this call made it.

    Raises:
        OSError: The disk refuses.
    """
    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link, unlike a rename, never replaces the file that another process made first.
            os.link(draft, path)
        except FileExistsError:
            return False
    finally:
        draft.unlink()
    sync_folder(path.parent)
    return True


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner alone, durably.

    Raises:
        OSError: The disk refuses.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make names that were added to or removed from a folder survive a crash.

    Raises:
        OSError: The disk refuses.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
