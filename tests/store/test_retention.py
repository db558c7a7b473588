"""The proof that nothing outlives its retention finds each way in which it could."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.store import NOW, ago, audit_row, insert_calls

from otel_compliance.policy import Policy
from otel_compliance.store.client import Store
from otel_compliance.store.holds import Holds
from otel_compliance.store.retention import ClassRetention, TableRetention, Ttl, declared, enforce, verify


@pytest.fixture(autouse=True)
def _declared_again(store: Store) -> Iterator[None]:
    """Whatever a test does to the TTLs, the next one finds them as they are declared."""
    yield
    enforce(store)


def found(store: Store, **policy: Any) -> dict[str, TableRetention]:
    """What is found in each table, with the built-in policy."""
    return {table.table: table for table in verify(store, Policy.default(), now=NOW)}


def row(*, days: int, age: str, classification: str = "INTERNAL", user: str = "k1:user") -> dict[str, Any]:
    """One event of some age that may live `days`."""
    item = audit_row(at=ago(age), classification=classification)
    item["LogAttributes"] |= {"compliance.retention.days": str(days), "compliance.user.id": user}
    return item


def test_what_the_migrations_declare() -> None:
    """The TTL of each table is read from the migrations, the last one that sets it winning."""
    ttls = declared()
    expires = "toDateTime(if(toYear(Timestamp) < 2000, IngestedAt, Timestamp)) + INTERVAL 7 YEAR"
    assert ttls["otel_audit"] == Ttl(f"{expires} DELETE WHERE NOT LegalHold", False)
    assert ttls["otel_traces_trace_id_ts"] == Ttl("Start + INTERVAL 3650 DAY", True)
    assert set(ttls) >= {"otel_traces", "otel_logs", "detection_findings", "detection_evaluations"}
    assert not {"legal_holds", "genai_first_seen", "schema_migrations"} & set(ttls)


def test_rows_of_a_clock_that_was_not_set_live_as_long_as_others(store: Store) -> None:
    """What a machine recorded in 1970 counts from when it was stored, so that it neither goes at once nor stays."""
    unset = [audit_row(at=datetime.fromtimestamp(number, UTC)) for number in range(3)]
    insert_calls(store, unset)
    insert_calls(store, [audit_row(at=datetime.fromtimestamp(9, UTC))], ingested=ago("500d"))
    enforce(store)
    assert store.query("SELECT count() AS n FROM otel_logs") == [{"n": 3}]
    assert store.query("SELECT count() AS n FROM otel_audit") == [{"n": 4}]
    assert [table.violations for table in found(store).values() if table.table in ("otel_logs", "otel_audit")] == [
        ()
    ] * 2


def test_retention_that_is_kept(store: Store) -> None:
    """With each class comes its number of rows and the oldest of them; rows without a class are counted apart."""
    insert_calls(
        store, [row(days=400, age="3d"), row(days=400, age="9d"), row(days=30, age="2d", classification="RESTRICTED")]
    )
    bare = row(days=400, age="1d")
    del bare["LogAttributes"]["compliance.classification"]
    insert_calls(store, [bare])
    tables = found(store)
    assert [table.violations for table in tables.values()] == [()] * len(tables)
    assert tables["otel_logs"].classes == (
        ClassRetention("", 1, ago("1d"), 0, 0),
        ClassRetention("INTERNAL", 2, ago("9d"), 0, 0),
        ClassRetention("RESTRICTED", 1, ago("2d"), 0, 0),
    )
    assert tables["otel_traces"].classes == ()


def test_a_removed_ttl(store: Store) -> None:
    """A table whose TTL somebody removed, and what outlived its retention there; --enforce brings both in order."""
    store.command("ALTER TABLE otel_logs REMOVE TTL")
    insert_calls(store, [row(days=30, age="40d"), row(days=400, age="40d")])
    table = found(store)["otel_logs"]
    assert (table.ttl, table.classes) == ("missing", (ClassRetention("INTERNAL", 2, ago("40d"), 1, 0),))
    assert table.violations == ("the TTL is missing", "1 rows outlived their retention")
    enforce(store)
    table = found(store)["otel_logs"]
    assert (table.violations, table.classes) == ((), (ClassRetention("INTERNAL", 1, ago("40d"), 0, 0),))


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        ("MODIFY TTL toDateTime(Timestamp) + INTERVAL 20 YEAR", "the TTL is altered"),
        ("MODIFY TTL toDateTime(Timestamp) + toIntervalDay(RetentionDays) DELETE", "the TTL is altered"),
        ("MODIFY SETTING ttl_only_drop_parts = 1", "ttl_only_drop_parts is altered"),
    ],
)
def test_an_altered_ttl(store: Store, change: str, violation: str) -> None:
    """A TTL that is longer, does not heed holds, or drops whole parts only is found and restored."""
    store.command(f"ALTER TABLE otel_logs {change}")
    assert found(store)["otel_logs"].violations == (violation,)
    enforce(store)
    assert found(store)["otel_logs"].violations == ()


def test_a_ttl_in_other_words(store: Store) -> None:
    """The same TTL, spelled otherwise, is as declared."""
    store.command(
        "ALTER TABLE otel_logs MODIFY TTL toDateTime(if(toYear(Timestamp)<2000, IngestedAt, Timestamp))  "
        "+  INTERVAL RetentionDays DAY WHERE NOT LegalHold"
    )
    assert found(store)["otel_logs"].ttl == "as declared"


def test_rows_wait_for_a_merge(store: Store) -> None:
    """A row is overdue only when the delay of merges has passed, too."""
    store.command("ALTER TABLE otel_logs REMOVE TTL")
    insert_calls(store, [audit_row(at=NOW - timedelta(days=30, hours=hours)) for hours in (23, 25)])
    store.command(
        "ALTER TABLE otel_logs UPDATE RetentionDays = 30 WHERE 1 SETTINGS mutations_sync = 2",
    )
    assert [item.overdue for item in found(store)["otel_logs"].classes] == [1]


def test_rows_that_may_live_too_long(store: Store) -> None:
    """Compared with the policy in force, by class and environment; --enforce does not shorten them."""
    restricted = row(days=31, age="2d", classification="RESTRICTED")
    development = row(days=400, age="2d")
    development["LogAttributes"]["compliance.environment"] = "development"
    insert_calls(
        store, [restricted, development, row(days=400, age="2d"), row(days=900, age="2d", classification="made up")]
    )
    policy = Policy.parse(
        "version = 1\n[environments.development]\nretention = {PUBLIC=7, INTERNAL=7, CONFIDENTIAL=7, RESTRICTED=7}"
    )
    enforce(store)
    [table] = [table for table in verify(store, policy, now=NOW) if table.table == "otel_logs"]
    assert table.classes == (
        ClassRetention("INTERNAL", 2, ago("2d"), 0, 1),
        ClassRetention("RESTRICTED", 1, ago("2d"), 0, 1),
        ClassRetention("made up", 1, ago("2d"), 0, 0),
    )
    assert table.violations == ("2 rows may live longer than the policy says",)


def test_held_rows_are_not_overdue(store: Store) -> None:
    """A row under a hold may be older than its retention; one that its hold does not protect yet is a violation."""
    store.command("ALTER TABLE otel_logs REMOVE TTL")
    insert_calls(store, [row(days=30, age="40d", user="k1:held"), row(days=30, age="40d", user="k1:free")])
    Holds.add(store, user="k1:held", reason="case 17")
    insert_calls(store, [row(days=30, age="2d", user="k1:held")])
    table = found(store)["otel_logs"]
    assert (table.unsettled, [item.overdue for item in table.classes]) == (1, [1])
    enforce(store)
    assert found(store)["otel_logs"].violations == ()
    assert store.query("SELECT UserId AS user, count() AS rows FROM otel_logs GROUP BY user") == [
        {"user": "k1:held", "rows": 2}
    ]
