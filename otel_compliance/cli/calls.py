"""``otel-compliance calls``, and the table of calls that the demo shows too."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from otel_compliance.cli.answer import Answer, plain_table, printable, utc
from otel_compliance.cli.session import opened_store, sql
from otel_compliance.config import Settings

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from otel_compliance.store.client import Store

Call = Mapping[str, Any]

_AGE: Final = re.compile(r"(\d{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MAX_CELL: Final = 48
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_age(text: str) -> timedelta:
    """``30m``, ``24h`` or ``7d``, as given to an option, as a `timedelta`.

    Raises:
        BadParameter: It is none.
    """
    match = _AGE.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is not an age such as 30m, 24h or 7d", param_hint="--since")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many calls at most.")]
Since = Annotated[
    str, typer.Option("--since", metavar="AGE", help="Only calls that are not older, such as 30m, 24h or 7d.")
]


def calls(limit: Limit = 20, since: Since = "") -> Answer:
    """Show the last Claude calls: who made them, what was found in them, and how they ended.

    Reads the audit log in the store, in which every call is, whether or not its trace was sampled. Users are shown as
    pseudonyms and keys as hints. The newest call is the last line.

    Example: otel-compliance calls --limit 50 --since 24h
    """
    start = datetime.now(UTC) - parse_age(since) if since else _EPOCH
    with opened_store(Settings.from_env()) as store:
        found = read_calls(store, limit=limit, since=start)
    return Answer(document={"calls": found}, view=CallsTable(found))


def read_calls(store: Store, *, limit: int, since: datetime = _EPOCH) -> list[Call]:
    """The last `limit` calls since `since`, the oldest first."""
    rows = store.query(sql("calls"), {"since": since, "limit": limit})
    return [{**row, "timestamp": utc(row["timestamp"])} for row in reversed(rows)]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the table: how to make its text, and from which width of the terminal on it is shown."""

    title: str
    text: Callable[[Call], str]
    from_width: int = 0
    style: Callable[[Call], str] = lambda _: ""
    right: bool = False
    elastic: bool = False


def short_model(model: str) -> str:
    """A model's name without the part that all share."""
    return model.removeprefix("claude-")


def _key(call: Call) -> str:
    """The end of a key's hint, which tells keys apart in the console of the provider, too."""
    return f"…{call['key_hint'][-4:]}" if call["key_hint"] else ""


def _region(call: Call) -> str:
    asked, actual = call["region_requested"], call["region_actual"]
    return actual or asked if asked in ("", actual) or not actual else f"{asked}→{actual}"


def _outcome_style(call: Call) -> str:
    return "" if call["outcome"] == "completed" else "yellow"


CLASS_STYLES: Final = {"RESTRICTED": "bold red", "CONFIDENTIAL": "yellow", "INTERNAL": "", "PUBLIC": "dim"}

_COLUMNS: Final = (
    _Column("Time", lambda call: f"{call['timestamp']:%H:%M:%S}"),
    _Column("Service", lambda call: call["service"], 130),
    _Column("Team", lambda call: call["team"]),
    _Column("User", lambda call: call["user"].partition(":")[2][:6], 106),
    _Column("Key", _key, 98),
    _Column("Model", lambda call: short_model(call["model"])),
    _Column("Class", lambda call: call["class"], style=lambda call: CLASS_STYLES.get(call["class"], "")),
    _Column("Found", lambda call: " ".join(call["found"]), elastic=True),
    _Column("Region", _region, 91, lambda call: "bold red" if call["region_violation"] else ""),
    _Column("Tokens", lambda call: f"{call['input_tokens']}/{call['output_tokens']}", 115, right=True),
    _Column("Outcome", lambda call: call["error_type"] or call["outcome"], style=_outcome_style),
)


class CallsTable:
    """Calls as a table that leaves out columns where the terminal is narrow."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self._calls = calls

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        if not self._calls:
            yield Text("No calls are recorded.")
            return
        columns = [column for column in _COLUMNS if column.from_width <= options.max_width]
        table = plain_table()
        for column in columns:
            table.add_column(column.title, no_wrap=not column.elastic, justify="right" if column.right else "left")
        for call in self._calls:
            table.add_row(*(Text(_cell(column.text(call)), style=column.style(call)) for column in columns))
        yield table
        yield Text(f"\n{_footer(self._calls)}", style="dim")


def _cell(text: str) -> str:
    """Text that fits a cell: what apps send as a model or a service may be long, and may be anything."""
    return printable(text if len(text) <= _MAX_CELL else f"{text[: _MAX_CELL - 1]}…")


def _footer(calls: Sequence[Call]) -> str:
    """How many calls, and the dates of the times above, which show only the hour."""
    first, last = calls[0]["timestamp"].date(), calls[-1]["timestamp"].date()
    days = str(first) if first == last else f"{first} to {last}"
    return f"{len(calls)} calls, {days}, times in UTC"
