"""Legal holds: rows that must outlive their retention, because somebody may ask for them in court.

The register is the table ``legal_holds``. Rows that a hold in force covers have ``LegalHold`` set, and the TTL of their
tables passes over such rows. They keep their ``RetentionDays``: a release restores what would have been.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from otel_compliance.errors import HoldError
from otel_compliance.names import Table
from otel_compliance.store.client import Store
from otel_compliance.store.queries import statement
from otel_compliance.store.rows import Block

TABLES: Final = (Table.AUDIT, Table.TRACES, Table.LOGS, Table.CONTENT)
"""The tables whose rows can be held: those that say whom a row is about. A row is held with the audit event of its
span, too: content, for example, does not say whose team's it is. So audit events come first."""

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
END: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Bounds of a hold without any. No row is outside of them: times are clamped when they are stored."""

_TYPES: Final = {
    "Name": "String",
    "UserId": "String",
    "TeamId": "String",
    "RowsFrom": "DateTime64(3)",
    "RowsTo": "DateTime64(3)",
    "Reason": "String",
    "CreatedAt": "DateTime64(3)",
    "ReleasedAt": "DateTime64(3)",
}


@dataclass(frozen=True, slots=True)
class Hold:
    """One legal hold. It covers the rows to which all of user, team and period apply.

    Attributes:
        name: How it is called, in the audit log too.
        user: Pseudonym of a user, as `KeyRing.pseudonym` makes it; empty for all.
        team: A team; empty for all.
        rows_from: The first moment of its rows.
        rows_to: The moment that is after its rows.
        reason: Why, in words without personal data.
        created_at: When it was added.
        released_at: When it was released; `None` while it is in force.
    """

    name: str
    user: str = ""
    team: str = ""
    rows_from: datetime = BEGINNING
    rows_to: datetime = END
    reason: str = ""
    created_at: datetime = BEGINNING
    released_at: datetime | None = None

    @property
    def scope(self) -> tuple[str, ...]:
        """What limits it, by name: ``user``, ``team``, ``period``."""
        limits = {
            "user": bool(self.user),
            "team": bool(self.team),
            "period": (self.rows_from, self.rows_to) != (BEGINNING, END),
        }
        return tuple(name for name, limited in limits.items() if limited)


class Holds:
    """The register of a store, and its effect on the store's rows."""

    @staticmethod
    def add(
        store: Store,
        *,
        user: str = "",
        team: str = "",
        rows_from: datetime = BEGINNING,
        rows_to: datetime = END,
        reason: str,
    ) -> Hold:
        """Put a hold in force. When this returns, no row that it covers expires.

        Args:
            store: The store, migrated.
            user: Pseudonym of a user.
            team: A team.
            rows_from: The first moment of the rows.
            rows_to: The moment that is after them.
            reason: Why, in words without personal data.

        Raises:
            HoldError: It would cover every row, no row, or gives no reason.
            StoreError: The store refuses. The hold may be in the register; `apply` makes it effective.
        """
        now = datetime.now(UTC).replace(microsecond=0)
        hold = Hold(f"{now:%Y%m%d}-{secrets.token_hex(3)}", user, team, rows_from, rows_to, reason.strip(), now)
        if not hold.scope:
            raise HoldError("a hold on everything is none", remedy="name a user, a team or a period")
        if not hold.rows_from < hold.rows_to:
            raise HoldError("the period of the hold has no moment in it", remedy="give an end that is after its start")
        if not hold.reason:
            raise HoldError("a hold needs a reason", remedy="give a case number, for example")
        _write(store, hold)
        Holds.apply(store)
        return hold

    @staticmethod
    def release(store: Store, name: str) -> Hold:
        """End a hold. Rows that no other hold covers have their retention back, and expire if it is over.

        Raises:
            HoldError: No hold of this name is in force.
            StoreError: The store refuses. `apply` completes a release that is in the register.
        """
        found = next((hold for hold in Holds.active(store) if hold.name == name), None)
        if found is None:
            raise HoldError(f"no hold {name} is in force", remedy="see the names with: otel-compliance hold list")
        released = replace(found, released_at=datetime.now(UTC).replace(microsecond=0))
        _write(store, released)
        Holds.apply(store)
        return released

    @staticmethod
    def all(store: Store) -> list[Hold]:
        """Every hold that there ever was, the oldest first."""
        return [_hold(row) for row in store.query(statement("holds"))]

    @staticmethod
    def active(store: Store) -> list[Hold]:
        """The holds in force, the oldest first."""
        return [hold for hold in Holds.all(store) if hold.released_at is None]

    @staticmethod
    def covering(store: Store, subject: str) -> list[Hold]:
        """The holds in force that forbid to erase a subject.

        Args:
            store: The store, migrated.
            subject: A pseudonym.
        """
        names = {row["name"] for row in store.query(statement("covering"), {"subject": subject})}
        return [hold for hold in Holds.active(store) if hold.name in names]

    @staticmethod
    def unsettled(store: Store) -> dict[str, int]:
        """Rows by table that are covered and not marked as held, or the other way round."""
        counts = {table.value: _unsettled(store, table) for table in TABLES}
        return {table: rows for table, rows in counts.items() if rows}

    @staticmethod
    def apply(store: Store) -> dict[str, int]:
        """Mark the rows that holds cover, and those alone. Rows that came after a hold need this, too.

        The mutation names no subject: it reads the register, so nothing of it stays in the log of mutations.

        Returns:
            Rows that were changed, by table.

        Raises:
            StoreError: The store refuses, or the user may not alter the tables.
        """
        changed: dict[str, int] = {}
        for table in TABLES:
            if rows := _unsettled(store, table):
                store.command(statement("settle"), _place(table))
                changed[table.value] = rows
        return changed


def _unsettled(store: Store, table: Table) -> int:
    return int(store.query(statement("unsettled"), _place(table))[0]["rows"])


def _place(table: Table) -> dict[str, Any]:
    """Which table, and whether its rows are held with their audit events."""
    return {"table": table.value, "linked": table is not Table.AUDIT}


def _hold(row: dict[str, Any]) -> Hold:
    moments = {name: row[name].replace(tzinfo=UTC) for name in ("rows_from", "rows_to", "created_at", "released_at")}
    released = moments.pop("released_at")
    return Hold(**{**row, **moments, "released_at": None if released == BEGINNING else released})


def _write(store: Store, hold: Hold) -> None:
    released = hold.released_at or BEGINNING
    row = (hold.name, hold.user, hold.team, hold.rows_from, hold.rows_to, hold.reason, hold.created_at, released)
    columns = {name: [value] for name, value in zip(_TYPES, row, strict=True)}
    store.insert(Block(Table.HOLDS, columns, 1), types=_TYPES)
