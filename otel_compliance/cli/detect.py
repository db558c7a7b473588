"""``otel-compliance detect``, and the list of findings that the demo shows too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from otel_compliance.cli.answer import Answer, ExitCode, plain_table, printable, utc
from otel_compliance.cli.session import opened_store, sql
from otel_compliance.config import Settings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from otel_compliance.detect.engine import DetectReport, Finding
    from otel_compliance.store.client import Store

_SEVERITY_STYLES: Final = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": ""}


def detect() -> Answer:
    """Run the detection rules over what was recorded, and say what they found.

    Findings, and the fact that each rule ran, are written to the store, so that "nothing was found" can be told from
    "nobody looked". Running twice adds nothing. Exits with 1 when there are findings or a rule could not run; suits a
    timer of a few minutes.

    Example: otel-compliance detect --json
    """
    from otel_compliance.detect import engine

    with opened_store(Settings.from_env()) as store:
        engine.install(store)
        report = engine.run(store)
        hints = key_hints(store)
    return Answer(
        document=as_document(report),
        view=findings_view(report, hints),
        code=ExitCode.FOUND if report.findings or report.errors else ExitCode.OK,
    )


def as_document(report: DetectReport) -> dict[str, Any]:
    """A run of the rules as JSON."""
    return {
        "evaluated": report.evaluated,
        "errors": report.errors,
        "findings": [
            {
                "id": finding.id,
                "rule": finding.rule.id,
                "title": finding.rule.title,
                "severity": finding.rule.severity,
                "controls": finding.rule.controls,
                "subject": finding.subject,
                "value": finding.value,
                "first_seen": utc(finding.first_seen),
                "last_seen": utc(finding.last_seen),
                "trace_ids": finding.trace_ids,
            }
            for finding in report.findings
        ],
    }


def key_hints(store: Store) -> dict[str, str]:
    """Fingerprint of each key to its hint, by which people know it from the provider's console."""
    return {row["key"]: row["hint"] for row in store.query(sql("keys"))}


def findings_view(report: DetectReport, hints: Mapping[str, str]) -> RenderableType:
    """The findings, each with what it means and the first thing to do.

    Args:
        report: The run of the rules.
        hints: `key_hints`.
    """
    from rich.console import Group
    from rich.text import Text

    failed = [
        Text(f"Rule {rule} could not run: {problem}", style="bold red") for rule, problem in report.errors.items()
    ]
    ran = f"{report.evaluated} rules ran"
    if not report.findings:
        return Group(*failed, Text(f"{ran} and found nothing."))
    return Group(
        *failed, _table(report.findings, hints), Text(f"\n{ran}, {len(report.findings)} findings.", style="bold")
    )


def _table(findings: Sequence[Finding], hints: Mapping[str, str]) -> RenderableType:
    from rich.text import Text

    table = plain_table("Severity", "Finding", header=False)
    for number, finding in enumerate(findings):
        rule = finding.rule
        what = Text(rule.title, style="bold")
        what.append(f"\n{_named(finding.subject, hints)} · {finding.value:g} × · ", style="not bold cyan")
        what.append(", ".join(rule.controls), style="not bold cyan")
        what.append(f"\n{rule.runbook.meaning} {rule.runbook.impact}", style="not bold")
        what.append(f"\n→ {rule.runbook.triage[0]}", style="not bold")
        if number:
            table.add_row()
        table.add_row(Text(rule.severity.upper(), style=_SEVERITY_STYLES[rule.severity]), what)
    return table


def _named(subject: str, hints: Mapping[str, str]) -> str:
    """A subject with the hints of the keys in it."""
    return printable(" ".join(f"{word} ({hints[word]})" if word in hints else word for word in subject.split(" ")))
