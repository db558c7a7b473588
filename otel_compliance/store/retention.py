"""Prove that no row outlived its retention: the TTLs are those of the migrations, and did their work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from otel_compliance.classification import Classification
from otel_compliance.policy import Policy
from otel_compliance.store.client import Store
from otel_compliance.store.holds import Holds
from otel_compliance.store.schema import migrations

MERGE_DELAY: Final = timedelta(days=1)
"""How long a row may be overdue. ClickHouse looks for expired rows every ``merge_with_ttl_timeout``, four hours by
default, and such merges take turns."""

_PARTITION: Final = timedelta(days=31)
"""A table that drops whole parts waits for the last row of a part, which may hold a month."""

_TTL: Final = re.compile(r"\bTTL\s+(.+?)\s*(?:\bSETTINGS\b.*)?$", re.DOTALL)
_DROP_PARTS: Final = re.compile(r"\bttl_only_drop_parts\s*=\s*([01])")
_TABLE: Final = re.compile(r"\b(?:CREATE TABLE IF NOT EXISTS|ALTER TABLE)\s+(\w+)")
_COMMENT: Final = re.compile(r"--[^\n]*")


@dataclass(frozen=True, slots=True)
class Ttl:
    """How rows of a table expire.

    Attributes:
        text: The TTL as the migration or the table has it; empty when there is none.
        drops_parts: Whether only whole parts are dropped (``ttl_only_drop_parts``).
    """

    text: str
    drops_parts: bool


@dataclass(frozen=True, slots=True)
class ClassRetention:
    """The rows of a table of one class.

    Attributes:
        classification: The class; empty for rows that have none.
        rows: How many there are.
        oldest: The first of them.
        overdue: Those that should have expired, and are under no hold.
        too_long: Those that may live longer than the policy in force says for their class and environment.
    """

    classification: str
    rows: int
    oldest: datetime
    overdue: int
    too_long: int


@dataclass(frozen=True, slots=True)
class TableRetention:
    """What is found in one table.

    Attributes:
        table: Its name.
        ttl: ``as declared``, ``altered`` or ``missing``.
        drops_parts_differs: Whether ``ttl_only_drop_parts`` is not what the migrations say.
        unsettled: Rows that a hold covers and that may expire all the same, or that are held without one.
        classes: Its rows by class.
    """

    table: str
    ttl: str
    drops_parts_differs: bool
    unsettled: int
    classes: tuple[ClassRetention, ...]

    @property
    def violations(self) -> tuple[str, ...]:
        """What is wrong, for people."""
        overdue = sum(item.overdue for item in self.classes)
        too_long = sum(item.too_long for item in self.classes)
        found = {
            f"the TTL is {self.ttl}": self.ttl != "as declared",
            "ttl_only_drop_parts is altered": self.drops_parts_differs,
            f"{overdue} rows outlived their retention": bool(overdue),
            f"{too_long} rows may live longer than the policy says": bool(too_long),
            f"{self.unsettled} rows are not marked as their legal holds say": bool(self.unsettled),
        }
        return tuple(text for text, wrong in found.items() if wrong)


def declared() -> dict[str, Ttl]:
    """The TTLs that the migrations give to tables, by table."""
    found: dict[str, Ttl] = {}
    for migration in migrations():
        for statement in migration.statements():
            code = _COMMENT.sub("", statement)
            table = _TABLE.search(code)
            if table is None:
                continue
            before = found.get(table[1], Ttl("", drops_parts=False))
            drop_parts = _DROP_PARTS.search(code)
            found[table[1]] = Ttl(
                ttl[1] if (ttl := _TTL.search(code)) else before.text,
                drop_parts[1] == "1" if drop_parts else before.drops_parts,
            )
    return {table: ttl for table, ttl in found.items() if ttl.text}


def verify(store: Store, policy: Policy, *, now: datetime | None = None) -> list[TableRetention]:
    """Look at every table with a TTL. Changes nothing.

    Args:
        store: The store, migrated.
        policy: The policy in force.
        now: The moment at which rows are judged; now when left out.

    Raises:
        StoreError: The store refuses.
    """
    moment, unsettled = now or datetime.now(UTC), Holds.unsettled(store)
    return [
        _table(store, policy, table, ttl, moment, unsettled.get(table, 0)) for table, ttl in sorted(declared().items())
    ]


def enforce(store: Store) -> None:
    """Mark what is held, restore TTLs that were altered, and let everything go that is overdue.

    Raises:
        StoreError: The store refuses, or the user may not alter the tables.
    """
    Holds.apply(store)
    for table, ttl in sorted(declared().items()):
        actual = _actual(store, table)
        if actual.drops_parts != ttl.drops_parts:
            store.command(f"ALTER TABLE {table} MODIFY SETTING ttl_only_drop_parts = {int(ttl.drops_parts)}")
        if _normal(store, actual.text) != _normal(store, ttl.text):
            store.command(f"ALTER TABLE {table} MODIFY TTL {ttl.text} SETTINGS mutations_sync = 2")
        store.command(f"ALTER TABLE {table} MATERIALIZE TTL SETTINGS mutations_sync = 2")


def _table(store: Store, policy: Policy, table: str, ttl: Ttl, now: datetime, unsettled: int) -> TableRetention:
    actual, expected = _actual(store, table), _normal(store, ttl.text)
    state = "missing" if not actual.text else "as declared" if _normal(store, actual.text) == expected else "altered"
    classes = tuple(
        _classes(store, policy, table, expected, now - MERGE_DELAY - (_PARTITION if ttl.drops_parts else timedelta()))
    )
    return TableRetention(table, state, actual.drops_parts != ttl.drops_parts, unsettled, classes)


def _actual(store: Store, table: str) -> Ttl:
    """The TTL that a table has."""
    rows = store.query(
        "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
        {"table": table},
    )
    engine = rows[0]["engine_full"] if rows else ""
    drop_parts, ttl = _DROP_PARTS.search(engine), _TTL.search(engine)
    return Ttl(ttl[1] if ttl else "", drop_parts is not None and drop_parts[1] == "1")


def _normal(store: Store, ttl: str) -> str:
    """A TTL as the engine writes it, whatever its spelling."""
    if not ttl:
        return ""
    [row] = store.query(
        "SELECT formatQuerySingleLine({query:String}) AS text", {"query": f"ALTER TABLE t MODIFY TTL {ttl}"}
    )
    return str(row["text"]).removeprefix("ALTER TABLE t (MODIFY TTL ").removesuffix(")")


def _classes(store: Store, policy: Policy, table: str, ttl: str, limit: datetime) -> Iterator[ClassRetention]:
    """The rows of a table by class, judged by what the migrations declare, not by what the table has."""
    expires, _, condition = ttl.partition(" WHERE ")
    columns = _columns(store, table)
    if not columns:
        # Somebody dropped the table. That its TTL is missing is said already.
        return
    moment = next(name for name in columns if re.search(rf"\b{name}\b", expires))
    by_class: dict[str, list[dict[str, Any]]] = {}
    # Everything that is put in comes from the migrations and from names of columns.
    query = f"""
SELECT
    {_fact("Classification", columns)} AS class,
    {_fact("Environment", columns)} AS environment,
    {"RetentionDays" if "RetentionDays" in columns else "0"} AS days,
    count() AS rows,
    min(toDateTime({moment})) AS oldest,
    countIf({expires} < {{limit:DateTime}} AND ({condition or "true"})) AS overdue
FROM {table}
GROUP BY class, environment, days
"""  # noqa: S608
    for row in store.query(query, {"limit": limit.replace(microsecond=0)}):
        by_class.setdefault(row["class"], []).append(row)
    for name, rows in sorted(by_class.items()):
        yield ClassRetention(
            name,
            sum(row["rows"] for row in rows),
            min(row["oldest"] for row in rows).replace(tzinfo=UTC),
            sum(row["overdue"] for row in rows),
            sum(row["rows"] for row in rows if _too_long(policy, row)),
        )


def _columns(store: Store, table: str) -> list[str]:
    rows = store.query(
        "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String} "
        "ORDER BY position",
        {"table": table},
    )
    return [row["name"] for row in rows]


def _fact(column: str, columns: list[str]) -> str:
    """The expression of a fact: its column, or the attribute where the table has not promoted it."""
    if column in columns:
        return f"toString({column})"
    return f"LogAttributes['compliance.{column.lower()}']" if "LogAttributes" in columns else "''"


def _too_long(policy: Policy, row: dict[str, Any]) -> bool:
    """Whether rows may live longer than the policy says. It says nothing of rows without a class."""
    if row["days"] == 0 or row["class"] not in set(Classification):
        return False
    return int(row["days"]) > policy.retention_days(Classification(row["class"]), environment=row["environment"])
