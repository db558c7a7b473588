"""Numbered migrations, applied once, in order, and recorded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Final

from otel_compliance.errors import SchemaError
from otel_compliance.names import Table
from otel_compliance.store.client import Store
from otel_compliance.store.rows import Block

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
_TOKEN: Final = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.|'')*'|`[^`]*`|;", re.DOTALL)


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
        start = 0
        for token in _TOKEN.finditer(self.sql):
            if token[0] == ";":
                yield self.sql[start : token.start()].strip()
                start = token.end()
        if _TOKEN.sub("", self.sql[start:]).strip():
            yield self.sql[start:].strip()


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
        SchemaError: The store was migrated by a newer version, or an applied migration was edited since.
    """
    shipped = migrations() if shipped is None else shipped
    applied = _applied(store)
    known = {migration.version: migration for migration in shipped}
    for version, (name, checksum) in sorted(applied.items()):
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
    return [migration for migration in shipped if migration.version not in applied]


def migrate(store: Store, *, dry_run: bool = False, shipped: Sequence[Migration] | None = None) -> list[Migration]:
    """Bring the schema up to date. Safe to run twice, and by several processes at once.

    Args:
        store: The store.
        dry_run: Only say what would be applied.
        shipped: The migrations; those of this version when left out.

    Returns:
        The migrations that were, or would be, applied.

    Raises:
        SchemaError: As `pending`.
        StoreError: A statement failed; it and what follows were not recorded.
    """
    todo = pending(store, shipped)
    if dry_run or not todo:
        return todo
    store.command(_CREATE_RECORD)
    for migration in todo:
        for statement in migration.statements():
            store.command(statement)
        now = datetime.now(UTC)
        row = {"Version": migration.version, "Name": migration.name, "Checksum": migration.checksum, "AppliedAt": now}
        block = Block(Table.MIGRATIONS, {name: [value] for name, value in row.items()}, 1)
        store.insert(block, token=f"migration/{migration.version}/{migration.checksum}", types=_RECORD_TYPES)
    return todo


def _applied(store: Store) -> dict[int, tuple[str, str]]:
    """Version to (name, checksum) of what the store has."""
    exists = store.query(
        "SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'"
    )
    if not exists:
        return {}
    rows = store.query("SELECT DISTINCT Version, Name, Checksum FROM schema_migrations ORDER BY Version")
    return {int(row["Version"]): (row["Name"], row["Checksum"]) for row in rows}
