"""Legal holds: what they cover does not expire, and what they no longer cover does."""

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from store.blocks import block
from support.store import audit_row, insert_calls

from otel_compliance.errors import HoldError
from otel_compliance.store.client import Store
from otel_compliance.store.holds import BEGINNING, END, Hold, Holds

TABLES = ("otel_traces", "otel_logs", "otel_audit")


def rows(user: str, *, team: str = "support", left: timedelta = timedelta(days=20)) -> dict[str, Any]:
    """One event of a user that expires after `left`, with a retention of 30 days."""
    row = audit_row(at=datetime.now(UTC) - timedelta(days=30) + left, team=team)
    row["LogAttributes"] |= {"compliance.user.id": user, "compliance.retention.days": "30"}
    return row


def users(store: Store, table: str = "otel_logs") -> list[str]:
    """Whose rows are left in a table."""
    return [row["user"] for row in store.query(f"SELECT UserId AS user FROM {table} ORDER BY user")]


def held(store: Store, table: str = "otel_logs") -> list[str]:
    """Whose rows are held."""
    return [row["user"] for row in store.query(f"SELECT UserId AS user FROM {table} WHERE LegalHold ORDER BY user")]


def until_expired(store: Store) -> None:
    """Wait until the clock of the engine is past the retention of every row."""
    query = "SELECT countIf(toDateTime(Timestamp) + toIntervalDay(RetentionDays) >= now()) AS alive FROM otel_logs"
    deadline = time.monotonic() + 60
    while store.query(query)[0]["alive"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_held_row_outlives_its_retention(store: Store) -> None:
    """Of two rows whose retention ends, the held one stays, whatever merges; once released it goes, too."""
    soon = timedelta(seconds=4)
    insert_calls(store, [rows("k1:held", left=soon), rows("k1:free", left=soon)])
    hold = Holds.add(store, user="k1:held", reason="case 17")
    until_expired(store)
    for statement in (
        "OPTIMIZE TABLE otel_logs FINAL",
        "ALTER TABLE otel_logs MATERIALIZE TTL SETTINGS mutations_sync=2",
    ):
        store.command(statement)
        assert users(store) == ["k1:held"]
    assert store.query("SELECT RetentionDays AS days FROM otel_logs") == [{"days": 30}]
    Holds.release(store, hold.name)
    store.command("OPTIMIZE TABLE otel_logs FINAL")
    assert users(store) == []


def test_a_row_that_is_overdue_already_can_be_held(store: Store) -> None:
    """Where every row of a part has expired and no merge came yet, marking some of them does not drop the part."""
    store.command("SYSTEM STOP TTL MERGES otel_logs")
    try:
        insert_calls(store, [rows("k1:held", left=-timedelta(days=3)), rows("k1:free", left=-timedelta(days=3))])
        Holds.add(store, user="k1:held", reason="case 17")
        assert held(store) == ["k1:held"]
    finally:
        store.command("SYSTEM START TTL MERGES otel_logs")
    store.command("OPTIMIZE TABLE otel_logs FINAL")
    assert users(store) == ["k1:held"]


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ({"user": "k1:a"}, ["k1:a", "k1:a"]),
        ({"team": "legal"}, ["k1:a", "k1:b"]),
        ({"user": "k1:a", "team": "legal"}, ["k1:a"]),
        ({"rows_from": datetime.now(UTC) - timedelta(days=11)}, ["k1:a", "k1:c"]),
        ({"team": "support", "rows_to": datetime.now(UTC) - timedelta(days=11)}, []),
    ],
)
def test_what_a_hold_covers(store: Store, scope: dict[str, Any], covered: list[str]) -> None:
    """The rows to which all of user, team and period apply, in the logs and in what is derived from them."""
    recent = timedelta(days=20)
    insert_calls(store, [rows("k1:a", left=recent), rows("k1:c", left=recent)])
    insert_calls(store, [rows(user, team="legal", left=timedelta(days=10)) for user in ("k1:a", "k1:b")])
    Holds.add(store, reason="case 17", **scope)
    assert (held(store), held(store, "otel_audit")) == (covered, covered)


def test_spans_are_held(store: Store) -> None:
    """The spans of the user, too."""
    attributes = [{"compliance.user.id": "k1:held"}, {"compliance.user.id": "k1:free"}]
    store.insert(block("one", "two", SpanAttributes=attributes))
    Holds.add(store, user="k1:held", reason="case 17")
    assert held(store, "otel_traces") == ["k1:held"]


def test_content_is_held_with_its_call(store: Store) -> None:
    """Content names its user, but no team: it is held with the audit event of its span, and released with it."""
    held_row, free_row = rows("k1:held", team="legal"), rows("k1:free")
    insert_calls(store, [held_row, free_row])
    for row in (held_row, free_row):
        columns = "Timestamp, TraceId, SpanId, UserId, RetentionDays"
        values = f"now64(9) - INTERVAL 1 DAY, '{row['TraceId']}', '{row['SpanId']}', 'k1:{row['TraceId'][-1]}', 30"
        store.command(f"INSERT INTO genai_content ({columns}) SELECT {values}")
    hold = Holds.add(store, team="legal", reason="case 17")
    query = "SELECT TraceId AS trace FROM genai_content WHERE LegalHold"
    assert store.query(query) == [{"trace": held_row["TraceId"]}]
    Holds.release(store, hold.name)
    assert (store.query(query), held(store, "otel_audit")) == ([], [])


def test_later_rows_are_held_by_the_next_apply(store: Store) -> None:
    """A row that comes after the hold is found as not settled, and marked; a second time there is nothing to do."""
    Holds.add(store, user="k1:held", reason="case 17")
    insert_calls(store, [rows("k1:held"), rows("k1:free")])
    assert held(store) == []
    assert Holds.unsettled(store) == Holds.apply(store) == {"otel_audit": 1, "otel_logs": 1}
    assert (held(store), Holds.apply(store)) == (["k1:held"], {})


def test_a_release_leaves_what_another_hold_covers(store: Store) -> None:
    """Only rows without any hold have their retention back, and the register remembers both holds."""
    insert_calls(store, [rows("k1:a", team="legal"), rows("k1:b", team="legal")])
    team = Holds.add(store, team="legal", reason="case 17")
    user = Holds.add(store, user="k1:a", reason="case 18")
    assert held(store) == ["k1:a", "k1:b"]
    released = Holds.release(store, team.name)
    assert (held(store), Holds.active(store)) == (["k1:a"], [user])
    assert sorted(Holds.all(store), key=lambda hold: hold.reason) == [released, user]
    assert released.released_at is not None


def test_the_holds_that_cover_a_subject(store: Store) -> None:
    """Those that name it, before there is a row of it, and those of teams and periods that cover a row of it."""
    insert_calls(store, [rows("k1:a", team="legal")])
    named = Holds.add(store, user="k1:b", reason="case 17")
    team = Holds.add(store, team="legal", reason="case 18")
    Holds.add(store, team="legal", rows_to=BEGINNING + timedelta(days=1), reason="case 19")
    released = Holds.add(store, user="k1:a", reason="case 20")
    Holds.release(store, released.name)
    covering = {subject: Holds.covering(store, subject) for subject in ("k1:a", "k1:b", "k1:c")}
    assert covering == {"k1:a": [team], "k1:b": [named], "k1:c": []}
    assert (team.scope, team.rows_from, team.rows_to) == (("team",), BEGINNING, END)


@pytest.mark.parametrize(
    ("scope", "problem"),
    [
        ({"reason": "case 17"}, "a hold on everything is none"),
        ({"user": "k1:a", "reason": " "}, "a hold needs a reason"),
        ({"team": "legal", "rows_from": END, "reason": "case 17"}, "the period of the hold has no moment in it"),
    ],
)
def test_a_hold_that_is_none(store: Store, scope: dict[str, Any], problem: str) -> None:
    """It is refused, and nothing is registered."""
    with pytest.raises(HoldError, match=problem):
        Holds.add(store, **scope)
    assert Holds.all(store) == []


def test_a_release_of_no_hold(store: Store) -> None:
    """A name that is unknown, or released already, is an error that names it."""
    hold = Holds.add(store, user="k1:a", reason="case 17")
    Holds.release(store, hold.name)
    for name in (hold.name, "no-such"):
        with pytest.raises(HoldError, match=f"no hold {name} is in force"):
            Holds.release(store, name)


def test_the_log_of_mutations_names_no_subject(store: Store) -> None:
    """What the engine keeps of an update names neither user nor team."""
    insert_calls(store, [rows("k1:secretsubject", team="secretteam")])
    Holds.add(store, user="k1:secretsubject", team="secretteam", reason="case 17")
    commands = [row["command"] for row in store.query("SELECT command FROM system.mutations")]
    assert commands
    assert not [text for text in commands if "secret" in text]
    folder = Path(store._lease.path)
    logs = subprocess.run(["find", folder, "-name", "mutation_*.txt"], capture_output=True, text=True, check=True)
    assert not [path for path in logs.stdout.split() if "secret" in Path(path).read_text()]


def test_a_hold_equals_itself() -> None:
    """A hold is a value: what limits it is said by name."""
    assert Hold("h", user="k1:a", rows_to=END - timedelta(days=1)).scope == ("user", "period")
