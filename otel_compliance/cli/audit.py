"""``otel-compliance audit verify``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from otel_compliance.cli.answer import Answer, ExitCode, plain_table, printable
from otel_compliance.cli.session import opened_store, sql
from otel_compliance.config import Settings
from otel_compliance.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from otel_compliance.audit import AuditEvent, Problem, VerifyReport
    from otel_compliance.store.client import Store


class Source(StrEnum):
    """Which copies of the audit log are verified."""

    FILES = "files"
    STORE = "store"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying the copies gave.

    Attributes:
        copies: The report of each copy, by its name.
        differences: Where the copies differ.
    """

    copies: dict[str, VerifyReport]
    differences: tuple[Problem, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether every copy is, and they agree."""
        return not self.differences and all(report.intact for report in self.copies.values())

    @property
    def merged(self) -> VerifyReport:
        """One report on all copies."""
        from otel_compliance.audit import VerifyReport

        largest = max(self.copies.values(), key=lambda report: report.events)
        problems = tuple(problem for _, problem in self.problems)
        return VerifyReport(largest.chains, largest.events, largest.erased, problems)

    @property
    def problems(self) -> Iterator[tuple[str, Problem]]:
        """Every problem, with the copy that it is in."""
        for name, report in self.copies.items():
            yield from ((name, problem) for problem in report.problems)
        yield from (("both", problem) for problem in self.differences)


Sources = Annotated[Source, typer.Option("--source", help="Verify the files, the copy in the store, or both.")]


def verify_command(source: Sources = Source.BOTH) -> Answer:
    """Verify the audit log: find events that were changed, removed, reordered or repeated.

    Recomputes every hash of every chain. With both copies it also compares them event by event, since one copy alone
    cannot show that all of it was rewritten, or its end cut off. An open end is named but is no failure: the process
    may be running, or was killed.

    Example: otel-compliance audit verify --source files
    """
    settings = Settings.from_env()
    if source is Source.FILES:
        verification = verify_copies(settings, None)
    else:
        with opened_store(settings) as store:
            verification = verify_copies(settings, store, files=source is Source.BOTH)
    return Answer(
        document=as_document(verification),
        view=_view(verification),
        code=ExitCode.OK if verification.intact else ExitCode.FOUND,
    )


def verify_copies(settings: Settings, store: Store | None, *, files: bool = True) -> Verification:
    """Verify the files, the copy in the store, or both.

    Args:
        settings: Say where the files are.
        store: The store, or `None` to leave its copy out.
        files: Whether to verify the files.

    Raises:
        ConfigError: The files are asked for and none are written.
        AuditError: A file or a row cannot be read.
    """
    from otel_compliance.audit import compare, from_row, verify

    copies: dict[str, VerifyReport] = {}
    written: list[AuditEvent] = []
    stored: list[AuditEvent] = []
    if files:
        written, copies["files"] = _verify_files(settings)
    if store is not None:
        stored = [from_row(row) for row in store.query(sql("audit"))]
        copies["store"] = verify(stored, ordered=False)
    if len(copies) < 2:
        return Verification(copies)
    due = _delivered(written, stored, running=_open_chains(copies["files"]))
    return Verification(copies, tuple(compare(due, stored, names=("the files", "the store"))))


def as_document(verification: Verification) -> dict[str, Any]:
    """A verification as JSON."""
    return {
        "intact": verification.intact,
        "copies": {
            name: {"chains": report.chains, "events": report.events, "erased": report.erased}
            for name, report in verification.copies.items()
        },
        "problems": [{"copy": name, **asdict(problem)} for name, problem in verification.problems],
    }


def _verify_files(settings: Settings) -> tuple[list[AuditEvent], VerifyReport]:
    from otel_compliance.audit import VerifyReport, read_chain_file, verify

    if settings.audit_log is None:
        raise ConfigError(
            "OTEL_COMPLIANCE_AUDIT_LOG is none, so there are no files to verify",
            remedy="otel-compliance audit verify --source store",
        )
    events: list[AuditEvent] = []
    malformed: list[Problem] = []
    for path in sorted(settings.audit_log.glob("*.jsonl")):
        found, problems = read_chain_file(path)
        events += found
        malformed += problems
    report = verify(events)
    return events, VerifyReport(report.chains, report.events, report.erased, (*malformed, *report.problems))


def _open_chains(report: VerifyReport) -> set[str]:
    return {problem.chain for problem in report.problems if problem.kind == "open_end"}


def _delivered(written: Sequence[AuditEvent], stored: Sequence[AuditEvent], *, running: set[str]) -> list[AuditEvent]:
    """The events of the files that the store must have: the last ones of a running process may be on their way."""
    newest = {event.chain: event.seq for event in sorted(stored, key=lambda event: event.seq)}
    return [event for event in written if event.chain not in running or event.seq <= newest.get(event.chain, -1)]


def _summary(verification: Verification) -> str:
    """One line on each copy, for a person."""
    return "\n".join(
        f"{name}: {report.events} events in {report.chains} chains"
        + (f", {report.erased} erased" if report.erased else "")
        for name, report in verification.copies.items()
    )


def _view(verification: Verification) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(_summary(verification))]
    problems = list(verification.problems)
    if problems:
        table = plain_table("Copy", "Problem", "Event", "Chain", "Detail")
        for name, problem in problems:
            table.add_row(name, problem.kind, str(problem.seq), printable(problem.chain), printable(problem.detail))
        parts += [Text(), table]
    if not verification.merged.events and verification.intact:
        parts.append(Text("\nNo audit events are recorded."))
    elif verification.intact:
        parts.append(Text("\nThe audit log is intact.", style="bold green"))
    else:
        kinds = Counter(problem.kind for _, problem in problems if problem.kind != "open_end")
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        parts.append(Text(f"\nThe audit log was tampered with or is damaged: {listed}.", style="bold red"))
    return Group(*parts)
