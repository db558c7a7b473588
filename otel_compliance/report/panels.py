"""The panel catalogue: each panel is defined once, for the Grafana board, the alerts' limit lines and the HTML report.

SQL is written with the macros of Grafana's ClickHouse datasource; `macros.expand` runs the same text elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from otel_compliance.detect.rule import rules

TIME_FILTER: Final = "$__timeFilter(Timestamp)"


def _chosen(column: str, variable: str) -> str:
    """A condition on a dashboard variable of several values.

    Percent-encoding, decoded by ClickHouse, is the one form in which no value of a variable can break out of its
    literal: neither Grafana's singlequote nor its sqlstring format escapes a backslash.
    """
    values = f"splitByChar(',', trimBoth(decodeURLComponent('${{{variable}:percentencode}}'), '{{}}'))"
    return f"$__conditionalAll({column} IN (SELECT arrayJoin({values})), ${variable})"


CALLS: Final = (
    f"{TIME_FILTER} AND EventName = 'claude.api.request' "
    f"AND {_chosen('TeamId', 'team')} AND {_chosen('GenAiRequestModel', 'model')}"
)
"""Which audit events are calls of the chosen time, teams and models."""

_LAST_BUCKET: Final = "HAVING time < $__timeInterval($__toTime)"
"""The last bucket of a range holds one instant; drawing it would show a drop that is not there."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One question, with the query that answers it.

    Attributes:
        id: Fixed number, so that links and alerts keep working.
        title: The question or the quantity.
        description: Source, what a bad value means, control, what to do.
        sql: The query, with Grafana macros.
        kind: How it is shown.
        unit: Grafana's name of the unit.
        width: Of 24 columns.
        height: In rows of the grid.
        limit: Value from which it is bad; `None` when there is no such value.
        row: Row of the board that it stands in.
    """

    id: int
    title: str
    description: str
    sql: str
    kind: Literal["stat", "series", "bars", "table"]
    unit: str = "short"
    width: int = 6
    height: int = 4
    limit: float | None = None
    row: str = "Verdicts"


def _open_findings(rule_id: str) -> str:
    condition = "$__timeFilter(DetectedAt)"
    return f"SELECT count() AS findings FROM detection_findings FINAL WHERE {condition} AND RuleId = '{rule_id}'"


def _verdicts() -> tuple[Panel, ...]:
    """One verdict for each rule."""
    return tuple(
        Panel(
            id=10 + number,
            title=rule.title,
            description=f"Findings of rule {rule.id} ({rule.severity}, {', '.join(rule.controls)}). Must be 0; "
            f"otherwise follow docs/runbooks/{rule.id}.md.",
            sql=_open_findings(rule.id),
            kind="stat",
            limit=1,
        )
        for number, rule in enumerate(rules())
    )


FRESHNESS: Final = Panel(
    id=20,
    title="Age of the newest audit event",
    description="Seconds since the last audit event was stored (CC7.2, monitoring of the monitoring). Empty tables "
    "look clean, so old data is a finding of its own: check the exporters and the spool.",
    sql=f"SELECT dateDiff('second', max(IngestedAt), $__toTime) AS age FROM otel_audit WHERE {TIME_FILTER} HAVING count() > 0",
    kind="stat",
    unit="s",
    limit=900,
)

CALLS_PER_MINUTE: Final = Panel(
    id=30,
    title="Calls per minute",
    description="Audit events per minute by team (CC7.2). A rise without a release is worth a look.",
    sql="SELECT $__timeInterval(Timestamp) AS time, TeamId AS team, count() * 60 / $__interval_s AS calls "
    f"FROM otel_audit WHERE {CALLS} GROUP BY time, team {_LAST_BUCKET} ORDER BY time, team",
    kind="series",
    unit="cpm",
    width=12,
    height=8,
    row="Rate, errors, duration",
)

ERRORS: Final = Panel(
    id=31,
    title="Share of calls that failed",
    description="Failed calls by all calls (A1.1). Rate limits and overload count; the error type is in the table.",
    sql="SELECT $__timeInterval(Timestamp) AS time, TeamId AS team, countIf(CallOutcome = 'error') / count() AS failed "
    f"FROM otel_audit WHERE {CALLS} GROUP BY time, team {_LAST_BUCKET} ORDER BY time, team",
    kind="series",
    unit="percentunit",
    width=6,
    height=8,
    row="Rate, errors, duration",
)

LATENCY: Final = Panel(
    id=32,
    title="Time to the end of the answer, 95th percentile",
    description="By model, in seconds (A1.1).",
    sql="SELECT $__timeInterval(Timestamp) AS time, GenAiRequestModel AS model, "
    "quantile(0.95)(DurationNs) / 1e9 AS seconds "
    f"FROM otel_audit WHERE {CALLS} GROUP BY time, model {_LAST_BUCKET} ORDER BY time, model",
    kind="series",
    unit="s",
    width=6,
    height=8,
    row="Rate, errors, duration",
)

CLASSES: Final = Panel(
    id=40,
    title="Calls by data class",
    description="How sensitive the content of calls was (C1.1). RESTRICTED content is not kept by the built-in policy.",
    sql=f"SELECT Classification AS class, count() AS calls FROM otel_audit WHERE {CALLS} GROUP BY class ORDER BY class LIMIT 10",
    kind="bars",
    width=6,
    height=8,
    row="What was sent",
)

ENTITIES: Final = Panel(
    id=41,
    title="Calls by what was found in them",
    description="Entity types found in prompts and answers (C1.1, GDPR Art. 5). Types only; values are never stored.",
    sql="SELECT entity, count() AS calls FROM otel_audit "
    "ARRAY JOIN arrayDistinct(arrayConcat(PiiInputTypes, PiiOutputTypes)) AS entity "
    f"WHERE {CALLS} GROUP BY entity ORDER BY calls DESC, entity LIMIT 20",
    kind="bars",
    width=6,
    height=8,
    row="What was sent",
)

TOKENS: Final = Panel(
    id=42,
    title="Tokens by team",
    description="Input and output tokens by team (A1.1). The basis of cost, and of budgets.",
    sql=f"SELECT TeamId AS team, sum(InputTokens + OutputTokens) AS tokens FROM otel_audit WHERE {CALLS} "
    "GROUP BY team ORDER BY tokens DESC, team LIMIT 20",
    kind="bars",
    width=6,
    height=8,
    row="What was sent",
)

REGIONS: Final = Panel(
    id=43,
    title="Calls by region of inference",
    description="usage.inference_geo of the answers (GDPR Chapter V, CC6.7). Empty: the answer never came.",
    sql="SELECT if(RegionActual = '', 'unknown', RegionActual) AS region, count() AS calls "
    f"FROM otel_audit WHERE {CALLS} GROUP BY region ORDER BY calls DESC, region LIMIT 10",
    kind="bars",
    width=6,
    height=8,
    row="What was sent",
)

FINDINGS: Final = Panel(
    id=50,
    title="Findings",
    description="What the rules found (CC7.2, CC7.3), newest first. The runbook says what to do.",
    sql="SELECT max(DetectedAt) AS time, Severity AS severity, RuleId AS rule, Subject AS subject, max(Value) AS value, "
    "any(TraceIds[1]) AS TraceId FROM detection_findings FINAL WHERE $__timeFilter(DetectedAt) "
    "GROUP BY severity, rule, subject ORDER BY time DESC, rule, subject LIMIT 100",
    kind="table",
    width=24,
    height=7,
    row="Who and which key",
)

KEYS: Final = Panel(
    id=51,
    title="Use of keys",
    description="Every key that was used, by keyed fingerprint and Console hint (CC6.1). A key used by two teams is shared.",
    sql="SELECT KeyId AS key, any(KeyHint) AS hint, arrayStringConcat(arraySort(groupUniqArray(toString(TeamId))), ', ') "
    "AS teams, arrayStringConcat(arraySort(groupUniqArray(toString(GenAiRequestModel))), ', ') AS models, "
    "count() AS calls, sum(InputTokens + OutputTokens) AS tokens, max(Timestamp) AS last_used "
    f"FROM otel_audit WHERE {CALLS} GROUP BY key ORDER BY calls DESC, key LIMIT 100",
    kind="table",
    width=24,
    height=7,
    row="Who and which key",
)

LAST_CALLS: Final = Panel(
    id=52,
    title="Last calls",
    description="The newest audit events (CC7.2). The trace id leads to the spans.",
    sql="SELECT Timestamp AS time, ServiceName AS service, TeamId AS team, UserId AS user, GenAiRequestModel AS model, "
    "Classification AS class, arrayStringConcat(arrayDistinct(arrayConcat(PiiInputTypes, PiiOutputTypes)), ', ') "
    "AS found, RegionActual AS region, CallOutcome AS outcome, ErrorType AS error, TraceId "
    f"FROM otel_audit WHERE {CALLS} ORDER BY time DESC, Seq DESC LIMIT 100",
    kind="table",
    width=24,
    height=9,
    row="Who and which key",
)


def panels() -> tuple[Panel, ...]:
    """All panels, in the order of the board."""
    return (
        *_verdicts(),
        FRESHNESS,
        CALLS_PER_MINUTE,
        ERRORS,
        LATENCY,
        CLASSES,
        ENTITIES,
        TOKENS,
        REGIONS,
        FINDINGS,
        KEYS,
        LAST_CALLS,
    )
