"""``otel-compliance verify delivery``: did everything that was accepted arrive?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from otel_compliance.cli.answer import Answer, ExitCode, plain_table, printable
from otel_compliance.cli.calls import parse_age
from otel_compliance.cli.session import opened_store
from otel_compliance.config import Settings

if TYPE_CHECKING:
    from otel_compliance.store.ledger import Hour

Since = Annotated[
    str, typer.Option("--since", metavar="AGE", help="Only hours that are not older, such as 24h, 30d or 365d.")
]
_COUNTS = ("accepted", "stored", "waiting", "quarantined", "dropped", "missing", "doubled")


def delivery(since: Since = "30d") -> Answer:
    """Verify that every row that was accepted is stored, waits, was set aside or was dropped by hand.

    Counts for each exporter and hour. Rows that retention or an erasure deleted count as stored. Run it on each machine
    that has a spool, after it was delivered: what waits on another machine counts as missing. Exits with 1 when rows
    are missing, or arrived more than once.

    Example: otel-compliance verify delivery --since 7d
    """
    from otel_compliance.store.ledger import reckon
    from otel_compliance.store.spool import Spool

    start = datetime.now(UTC) - parse_age(since)
    settings = Settings.from_env()
    spool = Spool.from_settings(settings)
    accepted = spool.ledger.totals()
    with opened_store(settings) as store:
        hours = reckon(store, spool, accepted, since=start)
    total = {name: sum(getattr(hour, name) for hour in hours) for name in _COUNTS}
    complete = not any(hour.missing or hour.doubled for hour in hours)
    return Answer(
        document={
            "complete": complete,
            "since": start,
            **total,
            "hours": [asdict(hour) | {"missing": hour.missing} for hour in hours],
        },
        view=_view(hours, total, complete=complete),
        code=ExitCode.OK if complete else ExitCode.FOUND,
    )


def _view(hours: Sequence[Hour], total: dict[str, int], *, complete: bool) -> Any:
    """The sum, and each hour of which not everything is stored once."""
    from rich.console import Group
    from rich.text import Text

    if not hours:
        return Text("Nothing was accepted in this period.")
    titles = ("hour", *_COUNTS, "exporter")
    table = plain_table(*titles, right=_COUNTS)
    for hour in hours:
        if hour.accepted != hour.stored or hour.doubled:
            counts = (str(getattr(hour, name)) for name in _COUNTS)
            table.add_row(f"{hour.hour:%Y-%m-%d %H:00}", *counts, printable(hour.exporter))
    table.add_row("all", *(str(total[name]) for name in _COUNTS), str(len({hour.exporter for hour in hours})))
    if complete:
        verdict = Text("\nEverything that was accepted is accounted for.", style="bold green")
    else:
        verdict = Text(
            f"\n{total['missing']} rows are missing, {total['doubled']} arrived more than once.", style="bold red"
        )
    return Group(table, verdict)
