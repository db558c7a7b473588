"""One key for each data subject. What is encrypted with it is erased, in every copy, by destroying the key.

```
<directory>/<two characters>/<pseudonym>.key     the subject's key, encrypted with a key derived from the key ring
```

The folder must not be in the backups of what it protects: a backup that holds both undoes the erasure.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Final, Self

from otel_compliance.cipher import KEY_BYTES, seal, unseal
from otel_compliance.config import Settings
from otel_compliance.durable import create_file, sync_folder
from otel_compliance.errors import KeyRingError
from otel_compliance.keys import KeyRing

_PSEUDONYM: Final = re.compile(r"[a-z0-9]{1,16}:[a-z2-7]{16}")


class SubjectKeys:
    """The keys of data subjects in a folder. Safe for threads, processes and forks: nothing is kept in memory.

    Args:
        directory: The folder; made on the first write.
        ring: Encrypts the keys.
    """

    def __init__(self, directory: Path, ring: KeyRing) -> None:
        self.directory = directory
        self._wrapping_key = ring.derive("subject-keys")

    def __repr__(self) -> str:
        return f"SubjectKeys({str(self.directory)!r})"

    @classmethod
    def from_settings(cls, settings: Settings, ring: KeyRing) -> Self:
        """The keys of a deployment.

        Args:
            settings: Say where they are.
            ring: The key ring in use.
        """
        return cls(settings.subject_keys, ring)

    def key(self, subject: str) -> bytes:
        """The key of a subject, which is made if there is none.

        Args:
            subject: A pseudonym, as `KeyRing.pseudonym` makes it.

        Raises:
            KeyRingError: The key cannot be read or written.
        """
        found = self.find(subject)
        if found is not None:
            return found
        path = self._path(subject)
        key = secrets.token_bytes(KEY_BYTES)
        try:
            made = create_file(path, seal(self._wrapping_key, key, purpose=subject.encode()))
        except OSError as error:
            raise self._unusable(path, "written", error) from error
        if made:
            return key
        # Another process was faster.
        return self.key(subject)

    def find(self, subject: str) -> bytes | None:
        """The key of a subject; `None` when there is none, or none any more.

        Raises:
            KeyRingError: The key cannot be read.
            DecryptionError: It was changed, or belongs to another key ring.
        """
        path = self._path(subject)
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(path, "read", error) from error
        return unseal(self._wrapping_key, sealed, purpose=subject.encode())

    def exists(self, subject: str) -> bool:
        """Whether there is a file with a key of the subject, readable or not.

        Raises:
            KeyRingError: The folder cannot be read.
        """
        path = self._path(subject)
        try:
            path.stat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unusable(path, "read", error) from error
        return True

    def destroy(self, subject: str) -> bool:
        """Destroy the key of a subject, durably. What it encrypted cannot be read again, by anyone.

        The file is overwritten before it is removed. Flash storage may keep the old block; it is encrypted, too. A file
        that a crash left overwritten and not removed is removed.

        Returns:
            Whether there was a key.

        Raises:
            KeyRingError: The key cannot be destroyed.
        """
        path = self._path(subject)
        try:
            size = path.stat().st_size
            with path.open("r+b") as file:
                file.write(secrets.token_bytes(size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unusable(path, "destroyed", error) from error
        return True

    def _path(self, subject: str) -> Path:
        if _PSEUDONYM.fullmatch(subject) is None:
            raise KeyRingError("a subject key is asked for by something that is not a pseudonym")
        name = subject.replace(":", "-")
        return self.directory / name[-16:-14] / f"{name}.key"

    @staticmethod
    def _unusable(path: Path, verb: str, error: OSError) -> KeyRingError:
        return KeyRingError(
            f"{path}: the subject's key cannot be {verb}: {error.strerror or type(error).__name__}",
            remedy="check the folder's permissions and the disk",
        )
