"""Run the rules. Findings and every run are written to the store."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from otel_compliance.detect.rule import Rule
from otel_compliance.detect.rule import rules as shipped_rules
from otel_compliance.errors import StoreError
from otel_compliance.names import Table
from otel_compliance.store.client import Store
from otel_compliance.store.rows import Block

_FINDING_TYPES: Final = {
    "FindingId": "String",
    "RuleId": "String",
    "RuleDigest": "String",
    "Severity": "String",
    "Controls": "Array(String)",
    "WindowStart": "DateTime64(3)",
    "WindowEnd": "DateTime64(3)",
    "Subject": "String",
    "Value": "Float64",
    "FirstSeen": "DateTime64(9)",
    "LastSeen": "DateTime64(9)",
    "TraceIds": "Array(String)",
    "DetectedAt": "DateTime64(3)",
}
_EVALUATION_TYPES: Final = {
    "RuleId": "String",
    "RuleDigest": "String",
    "WindowStart": "DateTime64(3)",
    "WindowEnd": "DateTime64(3)",
    "EvaluatedAt": "DateTime64(3)",
    "Findings": "UInt32",
    "DurationMs": "UInt32",
    "Error": "String",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of one rule.

    Attributes:
        id: The same for the same subject within the rule's `dedup`.
        rule: The rule.
        subject: What it is about, such as a key's fingerprint; never content.
        value: What the rule counts.
        first_seen: First event of it in the window.
        last_seen: Last event of it in the window.
        trace_ids: Up to ten traces.
    """

    id: str
    rule: Rule
    subject: str
    value: float
    first_seen: datetime
    last_seen: datetime
    trace_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DetectReport:
    """What a run of the rules gave.

    Attributes:
        evaluated: Number of rules that ran.
        findings: Findings, the most severe first.
        errors: Rule id to the reason why it did not run.
    """

    evaluated: int
    findings: tuple[Finding, ...]
    errors: dict[str, str]


def install(store: Store, wanted: Sequence[Rule] | None = None) -> None:
    """Create the parameterised view of each rule, which dashboards read."""
    for rule in shipped_rules() if wanted is None else wanted:
        store.command(f"CREATE OR REPLACE VIEW {rule.view} AS\n{rule.sql}")


def run(store: Store, *, rules: Sequence[Rule] | None = None, window_end: datetime | None = None) -> DetectReport:
    """Run the rules over their windows and write what they find. Running twice adds nothing.

    Args:
        store: The store, migrated.
        rules: The rules; those of this version when left out.
        window_end: End of the windows, in UTC; now when left out.

    Raises:
        StoreError: The findings cannot be written. A rule that fails is reported, not raised.
    """
    chosen = shipped_rules() if rules is None else rules
    end = window_end or datetime.now(UTC)
    findings: list[Finding] = []
    errors: dict[str, str] = {}
    evaluations: list[tuple[Any, ...]] = []
    for rule in chosen:
        started = time.monotonic()
        found: list[Finding] = []
        try:
            found = evaluate(store, rule, window_end=end)
        except StoreError as error:
            errors[rule.id] = error.problem
        milliseconds = round(1000 * (time.monotonic() - started))
        window = (end - rule.window - rule.lag, end)
        evaluations.append((rule.id, rule.digest, *window, end, len(found), milliseconds, errors.get(rule.id, "")))
        findings += found
    _write(store, Table.FINDINGS, _FINDING_TYPES, [_row(finding, end) for finding in findings])
    _write(store, Table.EVALUATIONS, _EVALUATION_TYPES, evaluations)
    order = ("critical", "high", "medium", "low")
    ranked = sorted(
        findings, key=lambda finding: (order.index(finding.rule.severity), finding.rule.id, finding.subject)
    )
    return DetectReport(len(chosen) - len(errors), tuple(ranked), errors)


def evaluate(store: Store, rule: Rule, *, window_end: datetime) -> list[Finding]:
    """The findings of one rule. Writes nothing.

    Raises:
        StoreError: The rule's query failed.
    """
    parameters = {
        "from": _moment(window_end - rule.window - rule.lag),
        "to": _moment(window_end),
        "threshold": rule.threshold,
    }
    bucket = int(window_end.timestamp() // rule.dedup.total_seconds())
    return [
        Finding(
            id=hashlib.sha256(f"{rule.id}\n{row['subject']}\n{bucket}".encode()).hexdigest()[:32],
            rule=rule,
            subject=row["subject"],
            value=row["value"],
            first_seen=row["first_seen"],
            last_seen=row["last_seen"],
            trace_ids=tuple(trace_id for trace_id in row["trace_ids"] if trace_id),
        )
        for row in store.query(rule.sql, parameters)
    ]


def _moment(moment: datetime) -> str:
    """A moment as ClickHouse reads it in a session in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _row(finding: Finding, end: datetime) -> tuple[Any, ...]:
    rule = finding.rule
    return (
        finding.id,
        rule.id,
        rule.digest,
        rule.severity,
        list(rule.controls),
        end - rule.window - rule.lag,
        end,
        finding.subject,
        finding.value,
        finding.first_seen,
        finding.last_seen,
        list(finding.trace_ids),
        end,
    )


def _write(store: Store, table: Table, types: dict[str, str], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        columns = dict(zip(types, map(list, zip(*rows, strict=True)), strict=True))
        store.insert(Block(table.value, columns, len(rows)), types=types)
