"""The store: rows of a person are deleted, and the payload of audit events is erased, so that chains still verify."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from otel_compliance.govern.erasure.system import Subject
from otel_compliance.names import Attr, Table
from otel_compliance.store.client import Store
from otel_compliance.store.rows import Block

_STAGING: Final = "erasure_subjects"
_IS_SUBJECT: Final = f"IN (SELECT Subject FROM {_STAGING})"
_WAIT: Final = "SETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1"
"""The mutation is done on all replicas when the statement returns. A subquery is deterministic here: the staging table
does not change meanwhile."""

_KEPT: Final = (Attr.AUDIT_CHAIN_ID, Attr.AUDIT_SEQUENCE, Attr.AUDIT_PREVIOUS, Attr.AUDIT_LEAF, Attr.AUDIT_HASH)
"""What an audit event keeps: its place in the chain. Without its salt, nothing can be guessed from its leaf."""

_TEXTS: Final = ("String", "LowCardinality(String)", "Map(", "Array(")


class StoreErasure:
    """Rows in ClickHouse. The id stands in no statement and in no mutation file: it is read from a table in memory.

    Args:
        store: The store, with everything delivered that was waiting.
    """

    name = "store"

    def __init__(self, store: Store) -> None:
        self._store = store

    def erase(self, subject: Subject) -> int:
        """Delete the person's rows, and erase the payload of their audit events."""
        found = self.remaining(subject)
        if not found:
            return 0
        with self._staged(subject):
            for table, column in self._columns("UserId"):
                if table != Table.AUDIT:
                    self._store.command(f"ALTER TABLE {table} DELETE WHERE {column} {_IS_SUBJECT} {_WAIT}")
            user = f"LogAttributes['{Attr.USER_ID}']"
            self._store.command(f"ALTER TABLE {Table.LOGS} DELETE WHERE {user} {_IS_SUBJECT} {_WAIT}")
            self._store.command(f"ALTER TABLE {Table.FINDINGS} DELETE WHERE Subject {_IS_SUBJECT} {_WAIT}")
            kept = ", ".join(f"'{name}'" for name in _KEPT)
            self._store.command(
                f"ALTER TABLE {Table.AUDIT} UPDATE LogAttributes = mapFilter((name, value) -> name IN ({kept}), "
                f"LogAttributes), UserId = '', TraceId = '', SpanId = '', EventName = '' "
                f"WHERE UserId {_IS_SUBJECT} {_WAIT}"
            )
        return found - self.remaining(subject)

    def remaining(self, subject: Subject) -> int:
        """Rows of any table in any text of which the pseudonym stands."""
        total = 0
        for table, columns in self._texts().items():
            found = " OR ".join(f"position(toString({column}), {{subject:String}}) > 0" for column in columns)
            [row] = self._store.query(f"SELECT count() AS n FROM {table} WHERE {found}", {"subject": subject.pseudonym})
            total += int(row["n"])
        return total

    def _columns(self, name: str) -> list[tuple[str, str]]:
        """(table, column) of each table that has a column of this name."""
        rows = self._store.query(
            "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND name = {name:String} "
            "AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE "
            "'%MergeTree') ORDER BY table",
            {"name": name},
        )
        return [(row["table"], row["name"]) for row in rows]

    def _texts(self) -> dict[str, list[str]]:
        """The columns of each table that may hold text."""
        rows = self._store.query(
            "SELECT table, name, type FROM system.columns WHERE database = currentDatabase() AND table IN "
            "(SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree') "
            "ORDER BY table, position"
        )
        texts: dict[str, list[str]] = {}
        for row in rows:
            if row["type"].startswith(_TEXTS):
                texts.setdefault(row["table"], []).append(f"`{row['name']}`")
        return texts

    @contextmanager
    def _staged(self, subject: Subject) -> Iterator[None]:
        """A table in memory that holds the pseudonym, for as long as the mutations run."""
        self._store.command(f"DROP TABLE IF EXISTS {_STAGING}")
        self._store.command(f"CREATE TABLE {_STAGING} (Subject String) ENGINE = Memory")
        try:
            self._store.insert(Block(_STAGING, {"Subject": [subject.pseudonym]}, 1), types={"Subject": "String"})
            yield
        finally:
            self._store.command(f"DROP TABLE IF EXISTS {_STAGING}")
