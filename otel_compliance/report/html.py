"""One self-contained page: no scripts, no requests, the same bytes for the same data."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from importlib import resources
from typing import Any, Final

from otel_compliance.audit import VerifyReport
from otel_compliance.detect.rule import Rule, rules
from otel_compliance.report import panels as catalogue
from otel_compliance.report.macros import Window, expand
from otel_compliance.report.panels import Panel
from otel_compliance.report.svg import bar_chart, empty, line_chart, number_text
from otel_compliance.store.client import Store

_BUCKETS: Final = 60
"""About how many buckets a chart over the whole period has."""

_NOTHING_FOUND: Final = '<div class="card"><p class="empty">The rules found nothing in this period.</p></div>'
_FOOTER: Final = (
    "<footer>Values of personal data are not in this report, and not in the store: only types, counts and keyed "
    "pseudonyms. Each figure has its query below it, and the hash of the rows that the query gave.</footer>"
)
_POLICIES: Final = (
    "SELECT DISTINCT PolicyDigest AS digest FROM otel_audit "
    f"WHERE {catalogue.TIME_FILTER} AND PolicyDigest != '' ORDER BY digest LIMIT 10"
)

Rows = list[dict[str, Any]]


def render(
    store: Store,
    *,
    generated_at: datetime,
    since: timedelta = timedelta(days=1),
    audit: VerifyReport | None = None,
) -> str:
    """The report on a period, as HTML.

    Args:
        store: The store, migrated.
        generated_at: End of the period, and the time that the report shows.
        since: Length of the period.
        audit: Result of the verification of the audit chains; `None` says that none was made.

    Raises:
        StoreError: A query failed.
    """
    start = generated_at - since
    bucket = max(60, round(since.total_seconds() / _BUCKETS / 60) * 60)
    page = _Page(store, Window(start=start, end=generated_at, interval_s=bucket))
    body = "".join(
        (
            f"<header><h1>Claude compliance report</h1><p>{_period(start, generated_at)}{page.policy()}</p></header>",
            _section("Verdicts", f'<div class="grid">{page.verdicts()}{_audit_tile(audit)}</div>'),
            _section("Findings", page.findings()),
            _section("What was sent", page.charts("What was sent")),
            _section("Rate, errors, duration", page.charts("Rate, errors, duration")),
            _section("Keys", page.table(catalogue.KEYS)),
            _section("Last calls", page.table(catalogue.LAST_CALLS)),
            _FOOTER,
        )
    )
    style = resources.files("otel_compliance.report").joinpath("report.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Claude compliance report</title><style>{style}</style></head><body><main>{body}</main></body></html>\n"
    )


class _Page:
    """The parts of the page that need data."""

    def __init__(self, store: Store, window: Window) -> None:
        self._store = store
        self._window = window
        # Series leave the bucket of the end out, which on a live board is only just beginning: here it has ended.
        rest = window.interval_s - window.end.timestamp() % window.interval_s
        self._whole_buckets = replace(window, end=window.end + timedelta(seconds=rest))

    def policy(self) -> str:
        """The digests of the policies that were in force."""
        digests = [row["digest"] for row in self._store.query(expand(_POLICIES, self._window))]
        return f" · policy {', '.join(f'<code>{escape(item)}</code>' for item in digests)}" if digests else ""

    def verdicts(self) -> str:
        """A tile for each number that must not be bad."""
        return "".join(self._tile(panel) for panel in catalogue.panels() if panel.kind == "stat")

    def findings(self) -> str:
        """Each finding with what it means and what to do."""
        rows, details = self._run(catalogue.FINDINGS)
        by_id = {rule.id: rule for rule in rules()}
        found = "".join(_finding(row, by_id[row["rule"]]) for row in rows if row["rule"] in by_id)
        return (found or _NOTHING_FOUND) + details

    def charts(self, row: str) -> str:
        """The charts of one row of the board."""
        cards = (self._chart(panel) for panel in catalogue.panels() if panel.row == row)
        return f'<div class="charts">{"".join(cards)}</div>'

    def table(self, panel: Panel) -> str:
        """A panel's rows as a table."""
        rows, details = self._run(panel)
        return f'<div class="card"><p class="note">{escape(panel.description)}</p>{_table(rows)}{details}</div>'

    def _tile(self, panel: Panel) -> str:
        rows, details = self._run(panel)
        value = next(iter(rows[0].values())) if rows else None
        bad = value is None or (panel.limit is not None and value >= panel.limit)
        shown = "–" if value is None else number_text(value) + (" s" if panel.unit == "s" else "")
        verdict = "no data" if value is None else "look into it" if bad else "fine"
        return (
            f'<div class="card tile{" bad" if bad else ""}"><h3>{escape(panel.title)}</h3><b>{shown}</b>'
            f'<span class="verdict">{verdict}</span>{details}</div>'
        )

    def _chart(self, panel: Panel) -> str:
        rows, details = self._run(panel)
        drawn = _line_chart(panel, rows) if panel.kind == "series" else _bar_chart(panel, rows)
        note = f'<p class="note">{escape(panel.description)}</p>'
        return f'<div class="card"><h3>{escape(panel.title)}</h3>{note}{drawn}{details}</div>'

    def _run(self, panel: Panel) -> tuple[Rows, str]:
        """(the rows of a panel, its query and their hash as a folded block)."""
        sql = expand(panel.sql, self._whole_buckets if panel.kind == "series" else self._window)
        rows = self._store.query(sql)
        digest = hashlib.sha256(json.dumps(rows, default=str, sort_keys=True).encode()).hexdigest()
        rest = f"<pre>{escape(sql)}</pre><p>{len(rows)} rows, SHA-256 <code>{digest}</code></p>"
        return rows, f"<details><summary>Query and hash</summary>{rest}</details>"


def _line_chart(panel: Panel, rows: Rows) -> str:
    """Rows of (time, name, value) as lines."""
    series: defaultdict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for row in rows:
        time, name, value = row.values()
        series[str(name)].append((time, float(value)))
    return line_chart(panel.title, series)


def _bar_chart(panel: Panel, rows: Rows) -> str:
    """Rows of (name, value) as bars."""
    return bar_chart(panel.title, [(str(name), float(value)) for name, value in (row.values() for row in rows)])


def _finding(row: dict[str, Any], rule: Rule) -> str:
    steps = "".join(f"<li>{escape(step)}</li>" for step in (*rule.runbook.triage, *rule.runbook.response))
    return (
        f'<div class="card finding"><span class="badge">{escape(rule.severity)}</span> '
        f'<span class="note">{escape(", ".join(rule.controls))} · {_cell(row["time"])}</span>'
        f"<h3>{escape(rule.title)}</h3>"
        f"<p><code>{escape(str(row['subject']))}</code> · {number_text(row['value'])} × · "
        f"trace <code>{escape(str(row['TraceId']) or 'not traced')}</code></p>"
        f"<p>{escape(rule.runbook.meaning)} {escape(rule.runbook.impact)}</p>"
        f"<details open><summary>What to do</summary><ol>{steps}</ol></details></div>"
    )


def _audit_tile(audit: VerifyReport | None) -> str:
    if audit is None:
        return (
            '<div class="card tile bad"><h3>Audit chain</h3><b>–</b><span class="verdict">not verified</span>'
            '<p class="note">otel-compliance audit verify</p></div>'
        )
    verdict = "intact" if audit.intact else f"{len(audit.problems)} problems"
    return (
        f'<div class="card tile{"" if audit.intact else " bad"}"><h3>Audit chain</h3><b>{audit.events:,}</b>'
        f'<span class="verdict">{verdict}</span><p class="note">events in {audit.chains} chains</p></div>'
    )


def _table(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return empty()
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in rows[0])
    lines = "".join("<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row.values()) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return number_text(value) if isinstance(value, int | float) else escape(str(value))


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _period(start: datetime, end: datetime) -> str:
    return f"{start.astimezone(UTC):%Y-%m-%d %H:%M} to {end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
