"""What lies beside the store: the person's key, the vault, the files of the audit chains, segments set aside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from otel_compliance.audit.chain import AuditEvent, from_line, to_line
from otel_compliance.errors import AuditError, SpoolError
from otel_compliance.govern.erasure.system import Subject
from otel_compliance.redact.vault import Vault
from otel_compliance.store.spool import Spool
from otel_compliance.subject_keys import SubjectKeys


class KeyErasure:
    """The person's key: without it, what it encrypted is noise, in every copy and backup.

    Args:
        keys: The keys of data subjects.
    """

    name = "subject key"

    def __init__(self, keys: SubjectKeys) -> None:
        self._keys = keys

    def erase(self, subject: Subject) -> int:
        """Destroy the key."""
        return int(self._keys.destroy(subject.pseudonym))

    def remaining(self, subject: Subject) -> int:
        """1 while there is a key, also one that cannot be read."""
        return int(self._keys.exists(subject.pseudonym))


class VaultErasure:
    """What the vault keeps of the person.

    Args:
        vault: The vault.
    """

    name = "vault"

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def erase(self, subject: Subject) -> int:
        """Remove the values."""
        found = self.remaining(subject)
        self._vault.forget(subject.user_id)
        return found

    def remaining(self, subject: Subject) -> int:
        """Values of the person."""
        return self._vault.count(subject.user_id)


class AuditFileErasure:
    """The files of the audit chains: payload and salt are overwritten, and the chain still verifies.

    A line keeps its length, so that a process which is appending to the file at the moment is not disturbed.

    Args:
        directory: Folder of the files.
    """

    name = "audit files"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def erase(self, subject: Subject) -> int:
        """Overwrite the events in which the pseudonym stands, durably."""
        erased = 0
        for path in sorted(self._directory.glob("*.jsonl")):
            with path.open("r+b") as file:
                for offset, length, event in _events_of(file.read(), subject):
                    line = to_line(_without_payload(event)).encode("utf-8", "surrogatepass")
                    file.seek(offset)
                    file.write(line.ljust(length))
                    erased += 1
                file.flush()
                os.fsync(file.fileno())
        return erased

    def remaining(self, subject: Subject) -> int:
        """Lines in which the pseudonym stands."""
        needle = subject.pseudonym.encode()
        files = self._directory.glob("*.jsonl")
        return sum(needle in line for path in files for line in path.read_bytes().split(b"\n"))


def _events_of(data: bytes, subject: Subject) -> Iterator[tuple[int, int, AuditEvent]]:
    """(offset of the line, its length, its event) of each event in which the pseudonym stands."""
    needle = subject.pseudonym.encode()
    offset = 0
    for line in data.split(b"\n"):
        if needle in line:
            try:
                event = from_line(line.decode("utf-8", "surrogatepass"))
            except (AuditError, UnicodeDecodeError):
                event = None
            if event is not None:
                yield offset, len(line), event
        offset += len(line) + 1


def _without_payload(event: AuditEvent) -> AuditEvent:
    return replace(event, salt="", event="", timestamp_ns=0, trace_id="", span_id="", facts={})


class SpoolErasure:
    """Segments of the spool. Those that wait were delivered before; of those set aside somebody has to decide.

    Args:
        spool: The spool.
    """

    name = "spool"

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def erase(self, subject: Subject) -> int:
        """Nothing: a segment is replayed or dropped whole, and holds rows of others, too.

        Raises:
            SpoolError: There are segments with rows of the person, or some that cannot be read.
        """
        if found := self.remaining(subject):
            raise SpoolError(
                f"{found} segments that wait or were set aside hold rows of the person, or cannot be read",
                remedy="otel-compliance spool replay --all, or drop; then erase again",
            )
        return 0

    def remaining(self, subject: Subject) -> int:
        """Segments in which the pseudonym stands, and those that cannot be read: nobody knows who is in them."""
        return sum(self._may_hold(path, subject) for path in (*self._spool.segments(), *self._spool.quarantined()))

    def _may_hold(self, path: Path, subject: Subject) -> bool:
        try:
            block, _ = self._spool.read(path)
        except FileNotFoundError:
            # It was delivered meanwhile, and the store is searched after the spool.
            return False
        except SpoolError:
            return True
        return any(subject.pseudonym in str(value) for values in block.columns.values() for value in values)
