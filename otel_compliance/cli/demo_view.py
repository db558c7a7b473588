"""What the demo tells a newcomer at its end, in the order in which questions come up."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from otel_compliance.cli.answer import plain_table
from otel_compliance.cli.calls import CLASS_STYLES, CallsTable
from otel_compliance.cli.detect import findings_view
from otel_compliance.local.demo.scenario import PLANTED

if TYPE_CHECKING:
    from otel_compliance.cli.demo import Outcome
    from otel_compliance.local.demo.facts import Prompt

_TOKEN: Final = re.compile(r"\[[A-Z0-9_]+:k\d+:[a-z2-7]+\]")
_SIDE_BY_SIDE: Final = 100
"""Columns from which on two panels stand beside each other."""


def farewell(outcome: Outcome) -> RenderableType:
    """Everything, from the calls to what to do next."""
    return Group(*_sections(outcome))


def _sections(outcome: Outcome) -> Iterator[RenderableType]:
    yield _heading("What was called")
    yield CallsTable(outcome.calls)
    yield _note(_attempts(outcome))
    yield _heading("What was found and redacted")
    yield _entities(outcome)
    yield _heading("What is kept, by class")
    yield _classes(outcome)
    if outcome.prompt is not None:
        yield _heading("One prompt")
        yield _Sides(outcome.prompt)
    yield _heading("What the rules found")
    yield findings_view(outcome.detections, outcome.key_hints)
    yield _heading("Can it be trusted?")
    yield _trust(outcome)
    yield _heading("Where everything is, and what to do next")
    yield _next(outcome)


def _attempts(outcome: Outcome) -> str:
    """What happened below the calls: one call may take several attempts."""
    refused = [f"{count} × {status}" for status, count in outcome.attempts.items() if not status.startswith("2")]
    retried = f", of which {', '.join(refused)} (the SDK tries again by itself)" if refused else ""
    return f"They took {sum(outcome.attempts.values())} HTTP attempts{retried}."


def _heading(title: str) -> RenderableType:
    return Group(Text(), Rule(Text(title, style="bold"), align="left", style="cyan"))


def _note(text: str) -> Text:
    return Text(text, style="dim")


def _entities(outcome: Outcome) -> RenderableType:
    table = plain_table(
        "Type", "Calls with it in the prompt", "in the answer", right=("Calls with it in the prompt", "in the answer")
    )
    for row in outcome.entities:
        table.add_row(row["type"], _count(row["in_prompts"]), _count(row["in_answers"]))
    return table


def _count(number: int) -> str:
    return str(number) if number else "–"


def _classes(outcome: Outcome) -> RenderableType:
    table = plain_table(
        "Class", "Calls", "Values found", "Content kept", "Days kept", right=("Calls", "Values found", "Days kept")
    )
    for row in outcome.classes:
        days = " or ".join(map(str, row["retention_days"]))
        kept = "redacted" if row["with_content"] else "no content"
        style = CLASS_STYLES.get(row["class"], "")
        table.add_row(Text(row["class"], style=style), str(row["calls"]), str(row["values"]), kept, days)
    return table


class _Sides:
    """The prompt as it was sent and as it is stored, side by side where there is room."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        prompt = self._prompt
        sent = Text(f"user: {prompt.user}\n\n{_flowing(prompt.sent)}")
        sent.highlight_words([*PLANTED, prompt.user], style="bold red")
        stored = Text(f"user: {prompt.stored_user}\n\n{_flowing(prompt.stored)}")
        stored.highlight_regex(_TOKEN, style="bold green")
        stored.highlight_words([prompt.stored_user], style="bold green")
        left = Panel(sent, title="as the program sent it", title_align="left", border_style="red")
        right = Panel(stored, title="as it is stored", title_align="left", border_style="green")
        if options.max_width < _SIDE_BY_SIDE:
            yield from (left, right)
        else:
            grid = Table.grid(expand=True, padding=(0, 1))
            grid.add_column(ratio=1)
            grid.add_column(ratio=1)
            grid.add_row(left, right)
            yield grid
        yield _note("The same value always gives the same token, so it can be counted and joined without being seen.")


def _flowing(text: str) -> str:
    """A text without the line breaks of its source, so that it fills the panel."""
    return " ".join(text.split())


def _trust(outcome: Outcome) -> RenderableType:
    proof, audit = outcome.proof, outcome.verification
    lines = Table.grid(padding=(0, 2, 0, 0))
    lines.add_column(no_wrap=True)
    lines.add_column()
    lines.add_row(
        _verdict(audit.intact),
        f"Audit log: {audit.merged.events} events in {audit.merged.chains} hash chains; the files and the copy in the "
        "store verify and agree.",
    )
    searched = (
        f"{proof.values} values that were sent (personal data, user names, the keys themselves) were searched for in "
        f"{proof.files:,} files ({proof.size / 1e6:.1f} MB), {proof.rows:,} rows and everything the programs printed: "
        f"{len(proof.hits)} hits."
    )
    lines.add_row(_verdict(not proof.hits), searched)
    for hit in proof.hits:
        lines.add_row("", Text(hit, style="bold red"))
    return lines


def _verdict(good: bool) -> Text:
    return Text("✓", style="bold green") if good else Text("✗", style="bold red")


def _next(outcome: Outcome) -> RenderableType:
    folder, report = (_short(path) for path in (outcome.workspace.directory, outcome.workspace.report))
    places = Table.grid(padding=(0, 2, 0, 0))
    for name, place, meaning in (
        ("Report", report, "open it in a browser"),
        ("Data", f"{folder}/store", "ClickHouse's own format"),
        ("Audit log", f"{folder}/audit", "JSON lines, one file for each process"),
        ("Policy", f"{folder}/policy.toml", "what is sensitive, kept, and allowed"),
        ("Grafana", "dashboards/", "board and alert rules"),
    ):
        places.add_row(name, Text(place, style="bold"), Text(meaning, style="dim"))
    ours, python = _command(), _short(Path(sys.executable))
    steps = (
        ("See each call with all its facts:", f"OTEL_COMPLIANCE_DIR={folder} {ours} calls --json"),
        (
            "Change a digit in a file of the audit log, and see it found:",
            f"OTEL_COMPLIANCE_DIR={folder} {ours} audit verify",
        ),
        ("Record an app of yours, into .otel-compliance:", f"OTEL_COMPLIANCE=on {python} your_app.py"),
    )
    return Group(places, *(Text(f"\n{why}\n").append(f"  {command}", style="bold") for why, command in steps))


def _command() -> str:
    """How this command is called here: by its name, unless it is not on the path, as under make."""
    return "otel-compliance" if shutil.which("otel-compliance") else _short(Path(sys.argv[0]))


def _short(path: Path) -> str:
    """A path as short as it can be typed here."""
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)
