"""``otel-compliance hold``: legal holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from otel_compliance.cli.answer import Answer, plain_table, printable
from otel_compliance.cli.session import opened_store
from otel_compliance.cli.trail import audit_trail
from otel_compliance.config import Settings
from otel_compliance.keys import KeyRing
from otel_compliance.names import Attr, Event

if TYPE_CHECKING:
    from rich.console import RenderableType

    from otel_compliance.store.holds import Hold

_PSEUDONYM: Final = re.compile(r"[a-z0-9]{1,16}:[a-z2-7]{16}")
_MOMENTS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]

User = Annotated[str, typer.Option("--user", help="A user's id, or the pseudonym that `calls` shows.", metavar="ID")]
Team = Annotated[str, typer.Option("--team", help="A team.", metavar="ID")]
Start = Annotated[datetime | None, typer.Option("--from", help="First moment of the rows, in UTC.", formats=_MOMENTS)]
End = Annotated[datetime | None, typer.Option("--to", help="Moment after the last row, in UTC.", formats=_MOMENTS)]
Reason = Annotated[str, typer.Option("--reason", help="Why, such as a case number. No personal data: it is stored.")]
Name = Annotated[str, typer.Argument(help="Name of the hold, from `hold list`.", show_default=False)]
Every = Annotated[bool, typer.Option("--all", help="Those that were released, too.")]


def add(reason: Reason, user: User = "", team: Team = "", start: Start = None, end: End = None) -> Answer:
    """Stop the expiry of what is recorded about a user, by a team, or in a period.

    Given together, the limits narrow the hold: it covers the rows to which all of them apply. A user's id is stored as
    its pseudonym only. Adding a hold is an audit event, which names the hold and not whom it is about.

    Rows that are delivered later are held too: at once in the embedded store, whenever a command opens it; in a server
    by `hold apply`, which is to run more often than the shortest retention.

    Example: otel-compliance hold add --team trading --from 2026-01-01 --to 2026-04-01 --reason "case 17"
    """
    from otel_compliance.store.holds import BEGINNING, END, Holds

    settings = Settings.from_env()
    pseudonym = (
        user if not user or _PSEUDONYM.fullmatch(user) else KeyRing.from_settings(settings).pseudonym("user", user)
    )
    with opened_store(settings) as store, audit_trail(settings) as trail:
        hold = Holds.add(
            store,
            user=pseudonym,
            team=team,
            rows_from=start.replace(tzinfo=UTC) if start else BEGINNING,
            rows_to=end.replace(tzinfo=UTC) if end else END,
            reason=reason,
        )
        trail.record(Event.HOLD_ADDED, _facts(hold))
    return Answer(document=_document(hold), view=_table([hold]))


def release(name: Name) -> Answer:
    """End a hold. What no other hold covers has its retention back, and expires at once if that is over.

    The register keeps the hold, and the release is an audit event.

    Example: otel-compliance hold release 20261123-0f3a9c
    """
    from otel_compliance.store.holds import Holds

    settings = Settings.from_env()
    with opened_store(settings) as store, audit_trail(settings) as trail:
        hold = Holds.release(store, name)
        trail.record(Event.HOLD_RELEASED, _facts(hold))
    return Answer(document=_document(hold), view=_table([hold]))


def list_holds(every: Every = False) -> Answer:
    """Show the holds in force.

    Example: otel-compliance hold list --all
    """
    from otel_compliance.store.holds import Holds

    with opened_store(Settings.from_env()) as store:
        found = Holds.all(store) if every else Holds.active(store)
    return Answer(document={"holds": [_document(hold) for hold in found]}, view=_table(found))


def apply() -> Answer:
    """Hold the rows that came after the holds that cover them.

    To be run by a scheduler with a ClickHouse server, more often than the shortest retention of the policy. Running it
    twice changes nothing.

    Example: otel-compliance hold apply
    """
    from rich.text import Text

    from otel_compliance.store.holds import Holds

    with opened_store(Settings.from_env()) as store:
        changed = Holds.apply(store)
    lines = [f"{rows} rows of {table} were marked as their holds say." for table, rows in changed.items()]
    return Answer(document={"changed": changed}, view=Text("\n".join(lines) or "Every row is marked as its holds say."))


def _facts(hold: Hold) -> dict[str, Any]:
    return {Attr.HOLD_NAME: hold.name, Attr.HOLD_SCOPE: hold.scope}


def _document(hold: Hold) -> dict[str, Any]:
    return {**asdict(hold), "scope": list(hold.scope)}


def _table(holds: Sequence[Hold]) -> RenderableType:
    from rich.text import Text

    if not holds:
        return Text("No hold is in force.")
    table = plain_table("name", "user", "team", "from", "to", "released", "reason")
    for hold in holds:
        period = (f"{hold.rows_from:%Y-%m-%d}", f"{hold.rows_to:%Y-%m-%d}") if "period" in hold.scope else ("-", "-")
        released = f"{hold.released_at:%Y-%m-%d}" if hold.released_at else "-"
        table.add_row(
            hold.name, hold.user or "-", printable(hold.team) or "-", *period, released, printable(hold.reason)
        )
    return table
