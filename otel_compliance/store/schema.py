"""Numbered migrations, applied once, in order, and recorded."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Final

from otel_compliance.errors import SchemaError
from otel_compliance.names import Table
from otel_compliance.store.client import Store
from otel_compliance.store.drift import drift
from otel_compliance.store.rows import Block
from otel_compliance.store.topology import Topology

_FILE_NAME: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_RECORD_TYPES: Final = {
    "Version": "UInt32",
    "Name": "String",
    "Checksum": "String",
    "AppliedAt": "DateTime64(3)",
}
_CREATE_RECORD: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    Version UInt32, Name String, Checksum String, AppliedAt DateTime64(3)
) ENGINE = MergeTree ORDER BY Version SETTINGS non_replicated_deduplication_window = 10000
"""
_CHANGED_VIEW: Final = re.compile(r"(?:--[^\n]*\n|\s)*ALTER TABLE (\w+) MODIFY QUERY\b")
_one_at_a_time = threading.Lock()
"""Of this process: a view is away while it is loaded anew."""

_TOKEN: Final = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|;""", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file.

    Attributes:
        version: Its number, from 1, without gaps.
        name: Its file name.
        sql: Its text.
    """

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def statements(self) -> Iterator[str]:
        """The statements, split at semicolons outside of quotes and comments."""
        cuts = [token.span() for token in _TOKEN.finditer(self.sql) if token[0] == ";"]
        starts = [0, *(end for _, end in cuts)]
        ends = [*(start for start, _ in cuts), len(self.sql)]
        for start, end in zip(starts, ends, strict=True):
            statement = self.sql[start:end].strip()
            if _TOKEN.sub(lambda token: "" if token["comment"] else token[0], statement).strip():
                yield statement


def migrations() -> tuple[Migration, ...]:
    """The migrations that this version ships, in order.

    Raises:
        SchemaError: A number is missing or taken twice.
    """
    files = sorted(resources.files("otel_compliance.store").joinpath("sql").iterdir(), key=lambda file: file.name)
    found = [
        Migration(int(match[1]), file.name, file.read_text(encoding="utf-8"))
        for file in files
        if (match := _FILE_NAME.fullmatch(file.name))
    ]
    for expected, migration in enumerate(found, 1):
        if migration.version != expected:
            raise SchemaError(f"{migration.name}: migration {expected:04d} is expected here")
    return tuple(found)


def pending(store: Store, shipped: Sequence[Migration] | None = None) -> list[Migration]:
    """The migrations that the store lacks. Changes nothing.

    Raises:
        SchemaError: The store was migrated by a newer version, or what it has applied was edited or has gaps.
    """
    shipped = migrations() if shipped is None else shipped
    known = {migration.version: migration for migration in shipped}
    applied = _applied(store)
    for expected, (version, name, checksum) in enumerate(applied, 1):
        migration = known.get(version)
        if migration is None:
            raise SchemaError(
                f"the store has migration {name}, which this version does not know",
                remedy="use the version of otel-compliance that migrated the store, or a newer one",
            )
        if migration.checksum != checksum:
            raise SchemaError(
                f"{migration.name} was edited after it was applied",
                remedy="restore the file, and put the change into a new migration",
            )
        if version != expected:
            raise SchemaError(
                f"the store has migration {name}, but lacks migration {expected:04d}",
                remedy="restore schema_migrations from a backup: its rows were changed by hand",
            )
    return list(shipped[len(applied) :])


def migrate(
    store: Store,
    *,
    topology: Topology = Topology.NODE,
    dry_run: bool = False,
    shipped: Sequence[Migration] | None = None,
) -> list[Migration]:
    """Bring the schema up to date. Safe to run twice, and by several processes at once.

    ClickHouse has no transactions over DDL, so each statement of a migration must do no harm when it runs again. That
    also brings back tables and views that somebody dropped: then every migration runs again.

    Args:
        store: The store.
        topology: Where the tables are to live. The same for every migration of a store.
        dry_run: Only say what would be applied.
        shipped: The migrations; those of this version when left out.

    Returns:
        The migrations that were, or would be, applied, those that run again included.

    Raises:
        SchemaError: As `pending`.
        StoreError: A statement failed; its migration and what follows were not recorded.
    """
    shipped = migrations() if shipped is None else shipped
    todo = pending(store, shipped)
    if drift(store, shipped[: len(shipped) - len(todo)]).missing:
        todo = list(shipped)
    if dry_run or not todo:
        return todo
    with _one_at_a_time:
        _apply(store, topology, todo)
    return todo


def _apply(store: Store, topology: Topology, todo: Sequence[Migration]) -> None:
    store.command(topology.rendered(_CREATE_RECORD))
    for migration in todo:
        for statement in migration.statements():
            store.command(topology.rendered(statement))
            if store.embedded and (changed := _CHANGED_VIEW.match(statement)):
                _load_anew(store, changed[1])
        now = datetime.now(UTC)
        row = {"Version": migration.version, "Name": migration.name, "Checksum": migration.checksum, "AppliedAt": now}
        block = Block(Table.MIGRATIONS, {name: [value] for name, value in row.items()}, 1)
        store.insert(block, token=f"migration/{migration.version}/{migration.checksum}", types=_RECORD_TYPES)


def _load_anew(store: Store, view: str) -> None:
    """Load a view again whose query was changed.

    Until then the engine derives other tokens for what the view passes on than after the next start of the process. A
    delivery that is repeated after that would count twice in everything behind the view. A server starts rarely, and
    its tables stay attached.
    """
    store.command(f"DETACH TABLE {view} SYNC")
    store.command(f"ATTACH TABLE {view}")


def _applied(store: Store) -> list[tuple[int, str, str]]:
    """Version, name and checksum of what the store has, in order."""
    exists = store.query(
        "SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'"
    )
    if not exists:
        return []
    rows = store.query("SELECT DISTINCT Version, Name, Checksum FROM schema_migrations ORDER BY Version")
    return [(int(row["Version"]), row["Name"], row["Checksum"]) for row in rows]
