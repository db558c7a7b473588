"""The vault: what tokens stand for, so that an answer can be restored in another process, or days later.

A table of one SQLite file. Each value is encrypted with the key of the person whose data it is, so that destroying
the key erases the values, in backups of the file, too. What the file shows is tokens, pseudonyms and dates.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Self

from opentelemetry.util.types import AttributeValue

from otel_compliance import health
from otel_compliance.audit import AuditLog
from otel_compliance.cipher import seal, unseal
from otel_compliance.config import Settings
from otel_compliance.durable import create_file
from otel_compliance.errors import DecryptionError, VaultError
from otel_compliance.keys import KeyRing
from otel_compliance.names import Attr, Event
from otel_compliance.policy import Policy
from otel_compliance.redact.redactor import TOKEN
from otel_compliance.redact.secrets import SECRET_TYPES
from otel_compliance.subject_keys import SubjectKeys

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS vault (
    subject TEXT NOT NULL, token TEXT NOT NULL, sealed BLOB NOT NULL, expires INTEGER NOT NULL,
    PRIMARY KEY (subject, token)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS vault_expires ON vault (expires);
"""

_PATIENCE_SECONDS: Final = 10.0
"""How long one process waits for another that is writing."""

_DAY_SECONDS: Final = 86_400

_lock = threading.RLock()
"""Held while a database is open. A fork waits for it: SQLite's locks do not survive one."""

os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


class Vault:
    """Keeps what tokens stand for, and puts it back. Safe for threads, processes and forks.

    Args:
        directory: The folder; made on the first write.
        ring: Makes the pseudonyms of users.
        subject_keys: The keys of data subjects.
        policy: Its ``[retention]`` says how long a value lives: as a row of the class of its type.
        environment: ``deployment.environment.name``, for which the policy may have its own retention.
        audit: Receives one event for each restore.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        directory: Path,
        ring: KeyRing,
        subject_keys: SubjectKeys,
        *,
        policy: Policy | None = None,
        environment: str = "",
        audit: AuditLog | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = directory / "vault.sqlite"
        self._ring = ring
        self._subject_keys = subject_keys
        self._policy = policy or Policy.default()
        self._environment = environment
        self._audit = audit
        self._clock = clock

    def __repr__(self) -> str:
        return f"Vault({str(self._path.parent)!r})"

    @classmethod
    def from_settings(cls, settings: Settings, *, environment: str = "", audit: AuditLog | None = None) -> Self:
        """The vault of a deployment, in its folder, with its key and its policy.

        Args:
            settings: The deployment's; `Settings.from_env` reads them.
            environment: As for the class.
            audit: As for the class.

        Raises:
            ComplianceError: The key or the policy is wrong.
        """
        ring = KeyRing.from_settings(settings)
        return cls(
            settings.directory / "vault",
            ring,
            SubjectKeys.from_settings(settings, ring),
            policy=Policy.from_settings(settings),
            environment=environment,
            audit=audit,
        )

    def put(self, user_id: str, replacements: Mapping[str, str]) -> None:
        """Keep values until they expire. What expired, of anyone, is removed.

        Args:
            user_id: Whose data it is: the id that the app knows the person by, as for `context`.
            replacements: `Redacted.replacements`.

        Raises:
            VaultError: The vault cannot be written.
            KeyRingError: The person's key cannot be read or made.
            DecryptionError: It was changed, or belongs to another key ring.
        """
        subject, now = self._pseudonym(user_id), int(self._clock())
        key = self._subject_keys.key(subject) if replacements else b""
        rows = []
        for token, value in replacements.items():
            sealed = seal(key, value.encode("utf-8", "surrogatepass"), purpose=_purpose(subject, token))
            rows.append((subject, token, sealed, now + self._days(token) * _DAY_SECONDS))
        with self._database() as database:
            database.execute("DELETE FROM vault WHERE expires <= ?", (now,))
            database.executemany("INSERT OR REPLACE INTO vault VALUES (?, ?, ?, ?)", rows)

    def restore(self, text: str, user_id: str) -> str:
        """Put the values of one person back. Tokens of others, and of what expired or was forgotten, stay.

        Args:
            text: Text with tokens, such as the model's answer to a redacted prompt.
            user_id: Whose values.

        Raises:
            VaultError: The vault cannot be read.
            KeyRingError: The person's key cannot be read.
            DecryptionError: It was changed, or belongs to another key ring.
        """
        subject = self._pseudonym(user_id)
        tokens = set(TOKEN.findall(text))
        values = self._values(subject, tokens) if tokens else {}
        if self._audit is not None:
            facts: dict[str, AttributeValue] = {
                Attr.USER_ID: subject,
                Attr.VAULT_RESTORED: len(values),
                Attr.VAULT_TOKENS: len(tokens),
            }
            self._audit.record(Event.VAULT_RESTORED, facts)
        return TOKEN.sub(lambda match: values.get(match[0], match[0]), text)

    def forget(self, user_id: str) -> None:
        """Erase what is kept of one person: the key first, which erases the values in every copy of the file, too.

        Raises:
            KeyRingError: The key cannot be destroyed.
            VaultError: The vault cannot be written; the values cannot be read any more all the same.
        """
        subject = self._pseudonym(user_id)
        self._subject_keys.destroy(subject)
        if not self._path.exists():
            return
        with self._database() as database:
            database.execute("DELETE FROM vault WHERE subject = ?", (subject,))

    def count(self, user_id: str) -> int:
        """How many values are kept of one person, whether they can be read or not.

        Raises:
            VaultError: The vault cannot be read.
        """
        if not self._path.exists():
            return 0
        with self._database() as database:
            query = "SELECT count(*) FROM vault WHERE subject = ?"
            [count] = database.execute(query, (self._pseudonym(user_id),)).fetchone()
            return int(count)

    def _pseudonym(self, user_id: str) -> str:
        """The same as in ``compliance.user.id``."""
        return self._ring.pseudonym("user", user_id)

    def _days(self, token: str) -> int:
        entity_type = token[1:].partition(":")[0]
        classification = self._policy.classify({entity_type: 1}, SECRET_TYPES)
        return self._policy.retention_days(classification, environment=self._environment)

    def _values(self, subject: str, tokens: set[str]) -> dict[str, str]:
        key = self._subject_keys.find(subject)
        if key is None or not self._path.exists():
            return {}
        now = int(self._clock())
        # A cast, since anybody may have written anything there.
        query = "SELECT CAST(sealed AS BLOB) FROM vault WHERE subject = ? AND token = ? AND expires > ?"
        with self._database() as database:
            found = {token: database.execute(query, (subject, token, now)).fetchone() for token in tokens}
        values = {}
        for token, row in found.items():
            if row is None:
                continue
            try:
                values[token] = unseal(key, row[0], purpose=_purpose(subject, token)).decode("utf-8", "surrogatepass")
            except DecryptionError as error:
                # Changed by somebody, or sealed while the person was being forgotten: it stays a token.
                health.swallow("vault.restore", error)
        return values

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """The database, for one transaction. Nothing stays open, so that any process may fork at any time."""
        try:
            with _lock:
                if not self._path.exists():
                    create_file(self._path, b"")
                with closing(sqlite3.connect(self._path, timeout=_PATIENCE_SECONDS)) as database:
                    # What is deleted is overwritten; a commit is on the disk, its folder included.
                    database.executescript(f"PRAGMA secure_delete = ON; PRAGMA synchronous = EXTRA; {_SCHEMA}")
                    with database:
                        yield database
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise VaultError(
                f"{self._path}: the vault cannot be used: {reason}",
                remedy="check the folder's permissions and the disk",
            ) from error


def _purpose(subject: str, token: str) -> bytes:
    return f"vault\x00{subject}\x00{token}".encode()
