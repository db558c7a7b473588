"""Grafana's alert rules, one for each detection rule and one that the audit log is alive, as provisioning files."""

from __future__ import annotations

from typing import Any, Final

import yaml

from otel_compliance.detect.rule import Rule, rules
from otel_compliance.report.clickhouse_query import PLUGIN_ID, ClickHouseQuery, Format
from otel_compliance.report.grafana import UID
from otel_compliance.report.panels import FRESHNESS, panels

DATASOURCE_UID: Final = "otelc-clickhouse"
"""Alert rules need a literal uid: dashboard variables do not exist for them."""

RUNBOOKS: Final = "https://github.com/otel-compliance/otel-compliance/blob/main/docs/runbooks"
_FOLDER: Final = "otel-compliance"
_INTERVAL_SECONDS: Final = 60
_WINDOW_SECONDS: Final = 3600
_SILENCE_SECONDS: Final = 900


def alert_rules_yaml() -> str:
    """The file ``provisioning/alerting/rules.yaml``."""
    group = {
        "orgId": 1,
        "name": "otelc-cc72",
        "folder": _FOLDER,
        "interval": f"{_INTERVAL_SECONDS}s",
        "rules": [*(_finding_alert(rule) for rule in rules()), _heartbeat_alert()],
    }
    return _yaml({"apiVersion": 1, "groups": [group]})


def datasource_yaml() -> str:
    """The file ``provisioning/datasources/clickhouse.yaml``."""
    otel = {"defaultDatabase": "otel", "otelEnabled": True, "otelVersion": "latest"}
    traces = {**otel, "defaultTable": "otel_traces", "durationUnit": "nanoseconds"}
    source = {
        "name": "otel-compliance",
        "uid": DATASOURCE_UID,
        "type": PLUGIN_ID,
        "jsonData": {
            "host": "clickhouse",
            "port": 8123,
            "protocol": "http",
            "username": "grafana_reader",
            "defaultDatabase": "otel",
            "queryTimeout": "60",
            "enableMapKeysDiscovery": False,
            "logs": {**otel, "defaultTable": "otel_logs"},
            "traces": {**traces, "traceTimestampTableSuffix": "_trace_id_ts"},
        },
        "secureJsonData": {"password": "$CH_GRAFANA_PASSWORD"},
    }
    return _yaml({"apiVersion": 1, "datasources": [source]})


def dashboards_yaml() -> str:
    """The file ``provisioning/dashboards/otel-compliance.yaml``."""
    provider = {
        "name": "otel-compliance",
        "orgId": 1,
        "folder": _FOLDER,
        "type": "file",
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": "/var/lib/grafana/dashboards/otel-compliance"},
    }
    return _yaml({"apiVersion": 1, "providers": [provider]})


def _finding_alert(rule: Rule) -> dict[str, Any]:
    """Fires for each subject of a finding: a row of the result is an instance, its texts are the labels."""
    sql = (
        "SELECT Subject AS subject, count() AS findings FROM detection_findings FINAL "
        f"WHERE $__timeFilter(DetectedAt) AND RuleId = '{rule.id}' GROUP BY subject ORDER BY subject LIMIT 100"
    )
    panel_id = next(panel.id for panel in panels() if panel.title == rule.title)
    return _alert(
        uid=f"otelc-{rule.id.replace('_', '-')}",
        title=rule.title,
        sql=sql,
        evaluator={"type": "gt", "params": [0]},
        window=_WINDOW_SECONDS,
        no_data="OK",
        panel_id=panel_id,
        labels={"severity": rule.severity, "controls": " ".join(rule.controls), "rule": rule.id},
        annotations={
            "summary": rule.title,
            "description": "{{ $labels.subject }}: {{ $values.A.Value }} findings in the last hour",
            "runbook_url": f"{RUNBOOKS}/{rule.id}.md",
        },
    )


def _heartbeat_alert() -> dict[str, Any]:
    """Fires when no audit event arrives: an empty store looks clean."""
    return _alert(
        uid="otelc-audit-heartbeat",
        title="The audit log is silent",
        sql="SELECT count() AS events FROM otel_audit WHERE $__timeFilter(IngestedAt)",
        evaluator={"type": "lt", "params": [1]},
        window=_SILENCE_SECONDS,
        no_data="Alerting",
        panel_id=FRESHNESS.id,
        labels={"severity": "high", "controls": "CC7.2", "rule": "audit_heartbeat"},
        annotations={
            "summary": "No audit event was stored for 15 minutes",
            "description": "Either nobody called Claude, or the exporters are broken: run otel-compliance check.",
            "runbook_url": f"{RUNBOOKS}/audit_heartbeat.md",
        },
    )


def _alert(
    *,
    uid: str,
    title: str,
    sql: str,
    evaluator: dict[str, Any],
    window: int,
    no_data: str,
    panel_id: int,
    labels: dict[str, str],
    annotations: dict[str, str],
) -> dict[str, Any]:
    span = {"from": window, "to": 0}
    # Grafana's default of 1000 would make buckets of one second.
    extra = {"intervalMs": 1000 * _INTERVAL_SECONDS, "maxDataPoints": 43200}
    query = ClickHouseQuery(sql, format=Format.TABLE, extra=extra).to_json()
    query["datasource"] = {"type": PLUGIN_ID, "uid": DATASOURCE_UID}
    threshold = {
        "refId": "C",
        "type": "threshold",
        "expression": "A",
        "datasource": {"type": "__expr__", "uid": "__expr__"},
        "conditions": [{"evaluator": evaluator}],
    }
    return {
        "uid": uid,
        "title": title,
        "condition": "C",
        "for": "0s",
        "keepFiringFor": "15m",
        "noDataState": no_data,
        "execErrState": "Error",
        "dashboardUid": UID,
        "panelId": panel_id,
        "labels": {**labels, "service": "otel-compliance"},
        "annotations": annotations,
        "data": [
            {"refId": "A", "datasourceUid": DATASOURCE_UID, "relativeTimeRange": span, "model": query},
            {"refId": "C", "datasourceUid": "__expr__", "relativeTimeRange": span, "model": threshold},
        ],
    }


def _yaml(document: dict[str, Any]) -> str:
    return str(yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True))
