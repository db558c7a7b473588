"""Migrations: once, in order, and never over an edited history."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from support.store import NOW, audit_row, insert_calls

from otel_compliance.errors import SchemaError
from otel_compliance.store.client import Store
from otel_compliance.store.schema import Migration, migrate, migrations, pending


@pytest.fixture
def scratch(embedded: Store) -> Iterator[Store]:
    """An empty database of the embedded store."""
    embedded.command("CREATE DATABASE scratch ENGINE = Atomic")
    embedded._client.database = "scratch"
    yield embedded
    embedded._client.database = "otel"
    embedded.command("DROP DATABASE scratch SYNC")


FIRST = Migration(
    1, "0001_one.sql", "CREATE TABLE IF NOT EXISTS one (a String) ENGINE = MergeTree ORDER BY a;\n-- end;"
)
SECOND = Migration(2, "0002_two.sql", "INSERT INTO one VALUES ('a;b'), ('it''s'); /* ; */ INSERT INTO one VALUES ('c')")


def test_migrations_are_applied_once(scratch: Store) -> None:
    """A first run applies everything in order, a second nothing, and a dry run only tells."""
    assert migrate(scratch, dry_run=True, shipped=[FIRST, SECOND]) == [FIRST, SECOND]
    assert pending(scratch, [FIRST, SECOND]) == [FIRST, SECOND]
    assert migrate(scratch, shipped=[FIRST]) == [FIRST]
    assert migrate(scratch, shipped=[FIRST, SECOND]) == [SECOND]
    assert migrate(scratch, shipped=[FIRST, SECOND]) == []
    assert [row["a"] for row in scratch.query("SELECT a FROM one ORDER BY a")] == ["a;b", "c", "it's"]


def test_the_shipped_schema_applies_to_an_empty_database(scratch: Store) -> None:
    """All shipped migrations run, and running them again changes nothing."""
    assert migrate(scratch) == list(migrations())
    assert migrate(scratch) == []


def test_an_edited_migration_is_refused(scratch: Store) -> None:
    """History that was changed after it was applied is an error that names the file."""
    migrate(scratch, shipped=[FIRST])
    edited = Migration(1, FIRST.name, FIRST.sql + " ")
    with pytest.raises(SchemaError, match=r"0001_one\.sql was edited"):
        migrate(scratch, shipped=[edited, SECOND])


def test_a_newer_store_is_refused(scratch: Store) -> None:
    """A store that a newer version migrated is not touched."""
    migrate(scratch, shipped=[FIRST, SECOND])
    with pytest.raises(SchemaError, match=r"0002_two\.sql, which this version does not know"):
        migrate(scratch, shipped=[FIRST])


def test_a_failed_migration_is_not_recorded(scratch: Store) -> None:
    """What failed is tried again by the next run."""
    broken = Migration(2, "0002_two.sql", "SELECT no_such_function()")
    with pytest.raises(Exception, match="refused"):
        migrate(scratch, shipped=[FIRST, broken])
    assert migrate(scratch, shipped=[FIRST, SECOND]) == [SECOND]


def test_collector_columns_come_first_and_are_complete(store: Store) -> None:
    """The tables begin with the columns that the Collector's exporter inserts, and logs have no TimestampTime."""
    from otel_compliance.store.rows import COLUMN_TYPES

    for table, columns in COLUMN_TYPES.items():
        described = {row["name"]: row["type"] for row in store.query(f"DESCRIBE TABLE {table}")}
        assert list(described)[: len(columns)] == list(columns)
        assert {name: described[name] for name in columns} == columns
        assert "TimestampTime" not in described


def test_rows_expire_by_their_own_retention(store: Store) -> None:
    """Of two rows of the same day, the one with 30 days is gone after 40, the one with 400 is not."""
    old = datetime.now(UTC) - timedelta(days=40)
    rows = [audit_row(at=old, team=team) for team in ("short", "long")]
    rows[0]["LogAttributes"]["compliance.retention.days"] = "30"
    insert_calls(store, rows)
    store.command("OPTIMIZE TABLE otel_logs FINAL")
    assert store.query("SELECT LogAttributes['compliance.team.id'] AS team FROM otel_logs") == [{"team": "long"}]
    assert store.query("SELECT count() AS n FROM otel_audit") == [{"n": 2}]


def test_audit_events_are_derived_with_typed_columns(store: Store) -> None:
    """An audit event in the logs becomes a typed row, and its key's first use is remembered."""
    insert_calls(store, [audit_row(input_types=("EMAIL", "SSN"), secret=True, tokens=10)])
    [row] = store.query("SELECT * FROM otel_audit")
    assert (row["TeamId"], row["KeyId"], row["SecretDetected"], row["PiiInputTypes"], row["InputTokens"]) == (
        "support",
        "k1:key",
        True,
        ["EMAIL", "SSN"],
        10,
    )
    [seen] = store.query("SELECT Value, Calls, FirstSeen FROM genai_first_seen WHERE Dimension = 'model'")
    assert (seen["Value"], seen["Calls"], seen["FirstSeen"].replace(tzinfo=UTC)) == ("claude-haiku-4-5", 1, NOW)
