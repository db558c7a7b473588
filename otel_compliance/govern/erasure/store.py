"""The store: rows of a person are deleted, and the payload of audit events is erased, so that chains still verify."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from otel_compliance.errors import StoreError
from otel_compliance.govern.erasure.system import Subject
from otel_compliance.names import Attr, Table
from otel_compliance.store.client import Store

_IS_SUBJECT: Final = "SHA256({column}) = unhex({{digest:String}})"
"""The statement of a mutation is kept on disk, and with it this digest in place of the pseudonym. It says the same on
every replica and after a crash, which a subquery on a table in memory does not."""

_WAIT: Final = "SETTINGS mutations_sync = 2"
"""The mutation is done on all replicas when the statement returns."""

_KEPT: Final = (Attr.AUDIT_CHAIN_ID, Attr.AUDIT_SEQUENCE, Attr.AUDIT_PREVIOUS, Attr.AUDIT_LEAF, Attr.AUDIT_HASH)
"""What an audit event keeps: its place in the chain. Without its salt, nothing can be guessed from its leaf."""

_TEXTS: Final = ("String", "LowCardinality(String)", "Map(", "Array(")

_CLEANUP: Final = {"cleanup_delay_period": 1, "cleanup_delay_period_random_add": 0, "max_cleanup_delay_period": 1}
"""Seconds between two looks for old files. By default they are 30 to 40, and the embedded store closes before."""

_CLEANUP_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1


class StoreErasure:
    """Rows in ClickHouse.

    Args:
        store: The store, with everything delivered that was waiting.
    """

    name = "store"

    def __init__(self, store: Store) -> None:
        self._store = store

    def erase(self, subject: Subject) -> int:
        """Delete the person's rows, and erase the payload of their audit events.

        Of the embedded store the old files are removed, too. A server removes them by itself within minutes.

        Raises:
            StoreError: The store refuses, or old files are still there.
        """
        found = self.remaining(subject)
        if found:
            self._mutate(subject)
        if self._store.embedded:
            self._remove_old_files()
        return found - self.remaining(subject)

    def remaining(self, subject: Subject) -> int:
        """Rows of any table in any text of which the pseudonym stands."""
        total = 0
        for table, columns in self._texts().items():
            found = " OR ".join(f"position(toString({column}), {{subject:String}}) > 0" for column in columns)
            [row] = self._store.query(f"SELECT count() AS n FROM {table} WHERE {found}", {"subject": subject.pseudonym})
            total += int(row["n"])
        return total

    def _mutate(self, subject: Subject) -> None:
        digest = {"digest": hashlib.sha256(subject.pseudonym.encode()).hexdigest()}
        for table, column in self._columns():
            condition = _IS_SUBJECT.format(column=column)
            change = _erased_event() if table == Table.AUDIT else "DELETE"
            self._store.command(f"ALTER TABLE {table} {change} WHERE {condition} {_WAIT}", digest)

    def _columns(self) -> list[tuple[str, str]]:
        """(table, column) of each table that says whom a row is about."""
        rows = self._store.query(
            "SELECT table, name FROM system.columns WHERE database = currentDatabase() "
            "AND (name = 'UserId' OR table = {findings:String} AND name = 'Subject') "
            "AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE "
            "'%MergeTree') ORDER BY table",
            {"findings": Table.FINDINGS.value},
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

    def _remove_old_files(self) -> None:
        """Wait until what mutations replaced, which holds the deleted rows, is gone from the disk."""
        tables = {table for table, _ in self._columns()} & self._old_parts().keys()
        with self._cleaned_often(tables):
            deadline = time.monotonic() + _CLEANUP_SECONDS
            while tables & self._old_parts().keys():
                if time.monotonic() > deadline:
                    raise StoreError("old files with deleted rows are still on the disk")
                time.sleep(_POLL_SECONDS)

    @contextmanager
    def _cleaned_often(self, tables: set[str]) -> Iterator[None]:
        """Tables whose old files the engine removes at once, for the length of a block."""
        try:
            for table in tables:
                settings = ", ".join(f"{name} = {seconds}" for name, seconds in _CLEANUP.items())
                self._store.command(f"ALTER TABLE {table} MODIFY SETTING {settings}")
                self._attached_anew(table)
            yield
        finally:
            for table in tables:
                self._store.command(f"ALTER TABLE {table} RESET SETTING {', '.join(_CLEANUP)}")

    def _attached_anew(self, table: str) -> None:
        """The engine is asleep until its next look, by the old setting. Attaching the table begins a new round."""
        self._store.command(f"DETACH TABLE {table} SYNC")
        self._store.command(f"ATTACH TABLE {table}")

    def _old_parts(self) -> dict[str, int]:
        """Number of replaced parts that are still on the disk, by table."""
        rows = self._store.query(
            "SELECT table, count() AS n FROM system.parts WHERE database = currentDatabase() AND NOT active "
            "GROUP BY table"
        )
        return {row["table"]: int(row["n"]) for row in rows}


def _erased_event() -> str:
    kept = ", ".join(f"'{name}'" for name in _KEPT)
    return (
        f"UPDATE LogAttributes = mapFilter((name, value) -> name IN ({kept}), LogAttributes), "
        "UserId = '', TraceId = '', SpanId = '', EventName = ''"
    )
