"""The store: rows of a person are deleted, and the payload of audit events is erased, so that chains still verify."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

from otel_compliance.errors import StoreError
from otel_compliance.govern.erasure.system import Subject
from otel_compliance.names import Attr, Table
from otel_compliance.store.client import Store

_IS_SUBJECT: Final = "SHA256({column}) = unhex({{digest:String}})"
"""The statement of a mutation is kept on disk, and with it this digest in place of the pseudonym. It says the same on
every replica and after a crash, which a subquery on a table in memory does not."""

_NAMES_SUBJECT: Final = (
    "arrayExists(name -> SHA256(name) = unhex({{digest:String}}), extractAll(toString({column}), {{form:String}}))"
)
"""Likewise, of a text in which the pseudonym stands among others: each of its form is taken out and compared."""

_WAIT: Final = "SETTINGS mutations_sync = 2"
"""The mutation is done on all replicas when the statement returns."""

_KEPT: Final = (Attr.AUDIT_CHAIN_ID, Attr.AUDIT_SEQUENCE, Attr.AUDIT_PREVIOUS, Attr.AUDIT_LEAF, Attr.AUDIT_HASH)
"""What an audit event keeps: its place in the chain. Without its salt, nothing can be guessed from its leaf."""

_TEXTS: Final = ("String", "LowCardinality(String)", "Map(", "Array(")

_CLEANUP: Final = {"cleanup_delay_period": 1, "cleanup_delay_period_random_add": 0, "max_cleanup_delay_period": 1}
"""Seconds between two looks for old files. By default they are 30 to 40, and the embedded store closes before."""

_CLEANUP_SECONDS: Final = 90.0
_POLL_SECONDS: Final = 0.1


class StoreErasure:
    """Rows in ClickHouse.

    Args:
        store: The store, with everything delivered that was waiting.
        folder: Folder of the embedded store, also where another process serves it; `None` for a server.
    """

    name = "store"

    def __init__(self, store: Store, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    def erase(self, subject: Subject) -> int:
        """Delete the person's rows, and erase the payload of their audit events.

        Of the embedded store the old files are removed, too. A server removes them by itself within minutes.

        Raises:
            StoreError: The store refuses, or old files are still there.
        """
        found = self._rows(subject)
        if found:
            self._mutate(subject)
        if self._store.embedded or self._folder is not None:
            self._remove_old_files()
        return sum(found.values()) - sum(self._rows(subject).values())

    def remaining(self, subject: Subject) -> int:
        """Rows of any table in any text of which the pseudonym stands.

        Raises:
            StoreError: The store refuses, or there are copies of tables that no search reaches.
        """
        self._refuse_copies()
        return sum(self._rows(subject).values())

    def _rows(self, subject: Subject) -> dict[str, int]:
        """The number of them, by table."""
        rows: dict[str, int] = {}
        for table, columns in self._texts().items():
            found = " OR ".join(f"position(toString({column}), {{subject:String}}) > 0" for column in columns)
            [row] = self._store.query(f"SELECT count() AS n FROM {table} WHERE {found}", {"subject": subject.pseudonym})
            if row["n"]:
                rows[table] = int(row["n"])
        return rows

    def _mutate(self, subject: Subject) -> None:
        """First the rows that are about the person, which is quick; then those that mention the person elsewhere."""
        digest = {"digest": hashlib.sha256(subject.pseudonym.encode()).hexdigest()}
        for table, column in self._columns():
            self._change(table, _IS_SUBJECT.format(column=column), digest)
        version = subject.pseudonym.partition(":")[0]
        mentions = digest | {"form": f"{version}:[a-z2-7]{{16}}"}
        for table in self._rows(subject):
            condition = " OR ".join(_NAMES_SUBJECT.format(column=column) for column in self._texts()[table])
            self._change(table, condition, mentions)

    def _change(self, table: str, condition: str, parameters: dict[str, str]) -> None:
        change = _erased_event() if table == Table.AUDIT else "DELETE"
        self._store.command(f"ALTER TABLE {table} {change} WHERE {condition} {_WAIT}", parameters)

    def _refuse_copies(self) -> None:
        """Parts that were detached and snapshots hold rows from before, and no statement reads them."""
        [row] = self._store.query("SELECT count() AS n FROM system.detached_parts WHERE database = currentDatabase()")
        if row["n"]:
            raise StoreError(f"{row['n']} detached parts of tables cannot be searched: attach or drop them")
        if self._folder is not None and any(path.is_dir() for path in self._folder.glob("shadow/*")):
            raise StoreError(f"{self._folder / 'shadow'}: snapshots of tables cannot be searched: remove them")

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
        tables = self._texts().keys() & self._old_parts().keys()
        # Where another process serves the store its tables stay attached, and the engine's next look is awaited.
        with self._cleaned_often(tables) if self._store.embedded else nullcontext():
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
