"""What lies beside the store: the person's key, the vault, the files of the audit chains, segments set aside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from otel_compliance.audit.chain import AuditEvent, from_line, to_line
from otel_compliance.errors import AuditError, SpoolError
from otel_compliance.govern.erasure.system import Subject
from otel_compliance.names import Attr
from otel_compliance.redact.vault import Vault
from otel_compliance.store.spool import Spool
from otel_compliance.subject_keys import SubjectKeys


class KeyErasure:
    """The person's key: without it, what it encrypted is noise, in every copy and backup. And the vault's own copy.

    Args:
        keys: The keys of data subjects.
        vault: What is encrypted with them here.
    """

    name = "subject key"

    def __init__(self, keys: SubjectKeys, vault: Vault) -> None:
        self._keys = keys
        self._vault = vault

    def erase(self, subject: Subject) -> int:
        """Destroy the key, and remove what it encrypted."""
        found = self.remaining(subject)
        self._vault.forget(subject.user_id)
        return found

    def remaining(self, subject: Subject) -> int:
        """1 while there is a key."""
        return int(self._keys.find(subject.pseudonym) is not None)


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
        """Overwrite the person's events."""
        erased = 0
        for path in sorted(self._directory.glob("*.jsonl")):
            with path.open("r+b") as file:
                for offset, length, event in _events_of(file.read(), subject):
                    line = to_line(_without_payload(event)).encode("utf-8", "surrogatepass")
                    file.seek(offset)
                    file.write(line.ljust(length))
                    erased += 1
        return erased

    def remaining(self, subject: Subject) -> int:
        """Lines in which the pseudonym stands."""
        needle = subject.pseudonym.encode()
        files = self._directory.glob("*.jsonl")
        return sum(needle in line for path in files for line in path.read_bytes().split(b"\n"))


def _events_of(data: bytes, subject: Subject) -> Iterator[tuple[int, int, AuditEvent]]:
    """(offset of the line, its length, its event) of each event of the person."""
    needle = subject.pseudonym.encode()
    offset = 0
    for line in data.split(b"\n"):
        if needle in line:
            try:
                event = from_line(line.decode("utf-8", "surrogatepass"))
            except (AuditError, UnicodeDecodeError):
                event = None
            if event is not None and event.facts.get(Attr.USER_ID) == subject.pseudonym:
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
            SpoolError: There are segments with rows of the person.
        """
        if found := self.remaining(subject):
            raise SpoolError(
                f"{found} segments that wait or were set aside hold rows of the person",
                remedy="otel-compliance spool replay --all, or drop; then erase again",
            )
        return 0

    def remaining(self, subject: Subject) -> int:
        """Segments in which the pseudonym stands. A damaged one cannot be read by anybody."""
        return sum(self._holds(path, subject) for path in (*self._spool.segments(), *self._spool.quarantined()))

    def _holds(self, path: Path, subject: Subject) -> bool:
        try:
            block, _ = self._spool.read(path)
        except (SpoolError, FileNotFoundError):
            return False
        return any(subject.pseudonym in str(value) for values in block.columns.values() for value in values)
