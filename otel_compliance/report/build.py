"""Write every generated file, or check that those in the tree are up to date."""

from __future__ import annotations

from pathlib import Path

from otel_compliance.detect.rule import rules
from otel_compliance.errors import MissingExtra
from otel_compliance.report import reference
from otel_compliance.report.runbooks import heartbeat_runbook, runbook


def generated() -> dict[str, str]:
    """Path, relative to the project, to content.

    Raises:
        MissingExtra: `grafana-foundation-sdk` is not installed.
    """
    try:
        from otel_compliance.report.alerts import alert_rules_yaml, dashboards_yaml, datasource_yaml
        from otel_compliance.report.grafana import dashboard_json
    except ImportError:
        raise MissingExtra("generating dashboards", extra="dashboards") from None
    provisioning = "dashboards/provisioning"
    return {
        "dashboards/cc7_2_overview.json": dashboard_json(),
        f"{provisioning}/alerting/rules.yaml": alert_rules_yaml(),
        f"{provisioning}/dashboards/otel-compliance.yaml": dashboards_yaml(),
        f"{provisioning}/datasources/clickhouse.yaml": datasource_yaml(),
        **{f"docs/runbooks/{rule.id}.md": runbook(rule) for rule in rules()},
        "docs/runbooks/audit_heartbeat.md": heartbeat_runbook(),
        **reference.pages(),
    }


def build(root: Path, *, check: bool) -> list[Path]:
    """Write the generated files below `root`.

    Args:
        root: The project.
        check: Write nothing.

    Returns:
        The files that were, or with `check` would be, changed.

    Raises:
        MissingExtra: `grafana-foundation-sdk` is not installed.
    """
    changed: list[Path] = []
    for name, content in generated().items():
        path = root / name
        if path.is_file() and path.read_text(encoding="utf-8") == content:
            continue
        changed.append(path)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    return changed
