"""Migrations: once, in order, and never over an edited history."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from store.blocks import block
from support.store import NOW, audit_row, insert_calls

from otel_compliance.errors import SchemaError
from otel_compliance.names import Attr, GenAI
from otel_compliance.store.client import Store
from otel_compliance.store.drift import Drift, drift
from otel_compliance.store.schema import Migration, migrate, migrations, pending
from otel_compliance.store.topology import Topology


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


def test_what_was_dropped_is_made_again(scratch: Store) -> None:
    """A table without its view takes rows and feeds nothing: a migration finds that out, and mends it."""
    migrate(scratch)
    assert drift(scratch, migrations()) == Drift()
    query = scratch.query("SELECT as_select FROM system.tables WHERE name = 'otel_audit_mv' AND database = 'scratch'")
    scratch.command("DROP VIEW otel_audit_mv")
    scratch.command("DROP TABLE genai_latency_hour")
    assert drift(scratch, migrations()) == Drift(missing=("otel_audit_mv", "genai_latency_hour"))
    assert migrate(scratch, dry_run=True) == list(migrations())
    assert drift(scratch, migrations()).missing
    assert migrate(scratch) == list(migrations())
    assert drift(scratch, migrations()) == Drift()
    again = scratch.query("SELECT as_select FROM system.tables WHERE name = 'otel_audit_mv' AND database = 'scratch'")
    assert again == query
    assert scratch.query("SELECT count() AS n FROM schema_migrations") == [{"n": len(migrations())}]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("ALTER TABLE otel_audit_mv MODIFY QUERY SELECT * FROM otel_logs WHERE 0", "otel_audit_mv has another query"),
        (
            "ALTER TABLE otel_audit MODIFY SETTING non_replicated_deduplication_window = 0",
            "otel_audit does not recognise repeated inserts",
        ),
        (
            "ALTER TABLE otel_audit RESET SETTING non_replicated_deduplication_window",
            "otel_audit does not recognise repeated inserts",
        ),
        (
            "ALTER TABLE otel_traces MODIFY COLUMN StatusMessage LowCardinality(String)",
            "otel_traces has no column StatusMessage of the type String",
        ),
        (
            "ALTER TABLE otel_traces RENAME COLUMN TraceState TO State",
            "otel_traces has no column TraceState of the type String",
        ),
    ],
)
def test_what_was_altered_is_named(scratch: Store, statement: str, problem: str) -> None:
    """What the engine takes without a word would be missing from what is derived, or count twice."""
    migrate(scratch)
    scratch.command(statement)
    assert drift(scratch, migrations()) == Drift(altered=(problem,))


def test_repeated_inserts_are_recognised_after_the_next_start(store: Store) -> None:
    """By views that the same process made, too: what it inserted is repeated after a crash, by the next process."""
    rows = block("0001", table="otel_logs", LogAttributes=[{Attr.AUDIT_CHAIN_ID: "c", Attr.AUDIT_SEQUENCE: "1"}])
    tables = ("otel_logs", "otel_audit")
    store.insert(rows, token="token")
    for view in store.query("SELECT name FROM system.tables WHERE database = 'otel' AND engine = 'MaterializedView'"):
        store.command(f"DETACH TABLE {view['name']} SYNC")
        store.command(f"ATTACH TABLE {view['name']}")
    store.insert(rows, token="token")
    assert [store.query(f"SELECT count() AS n FROM {table}") for table in tables] == [[{"n": 1}], [{"n": 1}]]


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


def test_a_gap_in_the_history_is_refused(scratch: Store) -> None:
    """A store that has a later migration without an earlier one was tampered with, and is not touched."""
    migrate(scratch, shipped=[FIRST, SECOND])
    scratch.command("ALTER TABLE schema_migrations DELETE WHERE Version = 1 SETTINGS mutations_sync = 2")
    with pytest.raises(SchemaError, match=r"has migration 0002_two\.sql, but lacks migration 0001"):
        pending(scratch, [FIRST, SECOND])


def test_two_at_once_migrate_once(scratch: Store) -> None:
    """Threads that migrate the same store at the same time do not disturb each other, and record each file once."""
    gate = threading.Barrier(3)
    failures: list[Exception] = []

    def run() -> None:
        gate.wait()
        try:
            migrate(scratch)
        except Exception as error:  # noqa: BLE001 - a thread reports what it met
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, pending(scratch)) == ([], [])
    assert [row["Version"] for row in scratch.query("SELECT Version FROM schema_migrations ORDER BY Version")] == [
        migration.version for migration in migrations()
    ]


def test_statements_are_split_outside_of_quotes_and_comments() -> None:
    """A semicolon in a text, a name or a comment ends nothing, and what is only a comment is no statement."""
    sql = """
-- one; it's a comment
SELECT ';', 'it''s;', '\\';', `a;b`, "c;d" /* ; ' */ ;
;
SELECT 2 -- the end;
;
/* nothing; */
"""
    assert list(Migration(1, "0001_x.sql", sql).statements()) == [
        "-- one; it's a comment\nSELECT ';', 'it''s;', '\\';', `a;b`, \"c;d\" /* ; ' */",
        "SELECT 2 -- the end;",
    ]


def test_shipped_statements_may_run_twice() -> None:
    """Two processes may apply the same migration at once, so each statement makes what is missing, or sets a value.

    What one removes, it makes again itself.
    """
    harmless = r"(CREATE (TABLE|(MATERIALIZED )?VIEW)|ALTER TABLE \w+ ADD COLUMN) IF NOT EXISTS \w+"
    removal = re.compile(r"(ALTER TABLE \w+) DROP COLUMN IF EXISTS (\w+)$")
    setting = r"ALTER TABLE \w+ MODIFY (TTL|SETTING|COLUMN|QUERY) \w+"
    for migration in migrations():
        for statement in migration.statements():
            code = "\n".join(line for line in statement.splitlines() if not line.startswith("--"))
            if removed := removal.match(code):
                assert f"{removed[1]} ADD COLUMN IF NOT EXISTS {removed[2]} " in migration.sql
            else:
                assert re.match(f"{harmless}|{setting}", code), (migration.name, code[:80])


def test_every_table_recognises_repeated_inserts(store: Store) -> None:
    """Each table, and so each target of a view, has a deduplication window; without one a retry counts twice there."""
    tables = store.query(
        "SELECT name, create_table_query AS ddl FROM system.tables "
        "WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    )
    assert [row["name"] for row in tables if "non_replicated_deduplication_window = 10000" not in row["ddl"]] == []


@pytest.mark.parametrize(("table", "source"), [("otel_traces", "SpanAttributes"), ("otel_audit", "LogAttributes")])
def test_texts_are_promoted_by_an_expression_that_other_tools_know(store: Store, table: str, source: str) -> None:
    """A promoted text has exactly the expression that ClickStack rewrites to the column, with a name of ours."""
    known = {str(name) for names in (Attr, GenAI) for name in names} | {"error.type"}
    rows = store.query(
        "SELECT name, type, default_expression AS text FROM system.columns "
        "WHERE database = currentDatabase() AND table = {table:String} AND default_kind = 'DEFAULT'",
        {"table": table},
    )
    promoted = {row["name"]: row for row in rows if source in row["text"]}
    assert len(promoted) > 20
    for row in promoted.values():
        names = re.findall(rf"{source}\['([^']+)'\]", row["text"])
        assert set(names) <= known
        if row["type"] in ("String", "LowCardinality(String)"):
            assert row["text"] == f"{source}['{names[0]}']"


def test_promoted_columns_hold_what_the_span_says(store: Store) -> None:
    """Each promoted column gets its value, and its neutral value when the attribute is missing."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": "7",
        "gen_ai.usage.cache_write.input_tokens": "9",
        "compliance.pii.detected": "true",
        "compliance.pii.input.types": '["EMAIL"]',
        "compliance.region.violation": "false",
        "compliance.key.id": "k1:x",
    }
    store.insert(block("full", "bare", SpanAttributes=[attributes, {}]))
    columns = "GenAiOperation, InputTokens, CacheWriteTokens, PiiDetected, PiiInputTypes, RegionViolation, KeyId"
    assert [tuple(row.values()) for row in store.query(f"SELECT {columns} FROM otel_traces ORDER BY SpanName")] == [
        ("", 0, 0, False, [], False, ""),
        ("chat", 7, 9, True, ["EMAIL"], False, "k1:x"),
    ]


@pytest.mark.parametrize(
    ("topology", "engine", "window"),
    [
        (Topology.NODE, "AggregatingMergeTree", "non_replicated_deduplication_window = 10000"),
        (
            Topology.CLUSTER,
            "ReplicatedAggregatingMergeTree",
            "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800",
        ),
        (
            Topology.CLOUD,
            "SharedAggregatingMergeTree",
            "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800",
        ),
    ],
)
def test_topologies_differ_in_names_alone(topology: Topology, engine: str, window: str) -> None:
    """One node, a cluster and the cloud have the same files: only engines and the window are named otherwise."""
    statement = (
        "CREATE TABLE t (a UInt8)\nENGINE = AggregatingMergeTree\nORDER BY a\n"
        "SETTINGS non_replicated_deduplication_window = 10000"
    )
    assert topology.rendered(statement) == f"CREATE TABLE t (a UInt8)\nENGINE = {engine}\nORDER BY a\nSETTINGS {window}"


def test_every_table_is_rendered_for_a_cluster() -> None:
    """No migration has an engine or a window that the renderer does not know."""
    rendered = "\n".join(
        Topology.CLUSTER.rendered(item) for migration in migrations() for item in migration.statements()
    )
    assert not re.findall(r"ENGINE = (?!Replicated)\w+", rendered)
    assert "non_replicated" not in rendered
    assert rendered.count("ENGINE = Replicated") == rendered.count("replicated_deduplication_window_seconds")
