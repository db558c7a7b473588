"""Runbooks in Markdown, from the rules."""

from __future__ import annotations

from otel_compliance.detect.rule import Rule

_HEARTBEAT = """\
# The audit log is silent

Severity: high. Controls: CC7.2.

No audit event was stored for 15 minutes.

## Meaning

Either nobody called Claude, or events do not reach the store.

## Impact

While the log is silent, nothing is detected. An empty dashboard looks clean.

## Triage

1. Is there traffic? Ask the teams, or look at the provider's usage report.
2. Run `otel-compliance check` on a host of an instrumented service: is the store reachable, does the spool grow?

## Response

1. Mend the way to the store. What waits in the spool is delivered afterwards; nothing is lost.
2. Compare the chains in the files with the store: `otel-compliance audit verify`.
3. Note the gap and its reason as evidence for the period.
"""


def runbook(rule: Rule) -> str:
    """The runbook of one rule."""
    book = rule.runbook
    sections = [
        f"# {rule.title}",
        f"Rule: `{rule.id}`. Severity: {rule.severity}. Controls: {', '.join(rule.controls)}.",
        rule.description,
        "## Meaning",
        book.meaning,
        "## Impact",
        book.impact,
        "## Triage",
        _numbered(book.triage),
        "## Response",
        _numbered(book.response),
        "## What this rule does not see",
        "\n".join(f"- {item}" for item in rule.blind_spots),
        "## The query",
        f"```sql\n{rule.sql}\n```",
    ]
    return "\n\n".join(sections) + "\n"


def heartbeat_runbook() -> str:
    """The runbook of the heartbeat alert."""
    return _HEARTBEAT


def _numbered(steps: tuple[str, ...]) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
