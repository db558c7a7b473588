"""Every query of the board, its variables and its alerts runs on the real engine, in the shape that Grafana needs."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.store import NOW

from otel_compliance.detect.rule import rules
from otel_compliance.report.alerts import alert_rules_yaml
from otel_compliance.report.build import build, generated
from otel_compliance.report.grafana import UID, dashboard_json
from otel_compliance.report.macros import Window, expand
from otel_compliance.report.panels import Panel, panels
from otel_compliance.store.client import Store

ROOT = Path(__file__).parents[2]
WINDOW = Window(NOW - timedelta(days=1), NOW + timedelta(seconds=1), 600)
PANELS = [pytest.param(panel, id=panel.title) for panel in panels()]


def check_shape(panel: Panel, rows: list[dict[str, Any]]) -> None:
    """What the plugin asks of a result of this kind."""
    if panel.kind == "series":
        times = [next(iter(row.values())) for row in rows]
        assert times == sorted(times)
        keys = [tuple(row.values())[:2] for row in rows]
        assert len(keys) == len(set(keys))
    if panel.kind == "stat":
        assert len(rows) <= 1
    for row in rows:
        assert all(value == value for value in row.values()), "NaN"


@pytest.mark.parametrize("panel", PANELS)
def test_panels_answer(busy: Store, panel: Panel) -> None:
    """With data every panel has rows, in the shape of its kind."""
    rows = busy.query(expand(panel.sql, WINDOW))
    assert rows
    check_shape(panel, rows)


@pytest.mark.parametrize("panel", PANELS)
def test_panels_answer_without_data(store: Store, panel: Panel) -> None:
    """On an empty store every panel runs and shows nothing, or zero."""
    check_shape(panel, store.query(expand(panel.sql, WINDOW)))


@pytest.mark.parametrize(
    "hostile", ["support", "x') OR (1=1", "x\\') OR 1=1 --", "a\\", "$__timeFilter(1)", "%27", "'"]
)
def test_variables_cannot_break_out(busy: Store, hostile: str) -> None:
    """A value of a dashboard variable selects that value and nothing else, whatever is in it."""
    panel = next(panel for panel in panels() if panel.title == "Tokens by team")
    window = Window(WINDOW.start, WINDOW.end, 600, {"team": (hostile,)})
    teams = [row["team"] for row in busy.query(expand(panel.sql, window))]
    assert teams == [team for team in ("support",) if team == hostile]


def test_the_board_is_fit_for_provisioning() -> None:
    """Fixed ids, described panels with units, no overlap, no hidden links, every macro known."""
    board = json.loads(dashboard_json())
    assert (board["uid"], board["editable"], board["timezone"], board["schemaVersion"]) == (UID, False, "utc", 42)
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    cells = [
        (panel["gridPos"]["x"] + dx, panel["gridPos"]["y"] + dy)
        for panel in board["panels"]
        for dx in range(panel["gridPos"]["w"])
        for dy in range(panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    for panel in (item for item in board["panels"] if item["type"] != "row"):
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"][0]["datasource"]["uid"] == "${datasource}"
        assert panel["targets"][0]["pluginVersion"] == "4.20.0"
    assert all("placement" not in item for item in board["annotations"]["list"])


def test_variables_and_annotations_run(busy: Store) -> None:
    """The queries of variables and annotations run, bounded in time and rows."""
    board = json.loads(dashboard_json())
    queries = [item["query"]["rawSql"] for item in board["templating"]["list"] if item["type"] == "query"]
    queries += [item["target"]["rawSql"] for item in board["annotations"]["list"] if "target" in item]
    assert len(queries) == 3
    for sql in queries:
        assert "LIMIT" in sql
        assert busy.query(expand(sql, WINDOW))


def alerts() -> list[dict[str, Any]]:
    """The alert rules as the file has them."""
    [group] = yaml.safe_load(alert_rules_yaml())["groups"]
    return list(group["rules"])


def fires(store: Store, alert: dict[str, Any]) -> bool | None:
    """Evaluate an alert by Grafana's rules: `None` is no data."""
    query, threshold = (item["model"] for item in alert["data"])
    span = alert["data"][0]["relativeTimeRange"]["from"]
    rows = store.query(expand(query["rawSql"], Window(NOW - timedelta(seconds=span), NOW + timedelta(seconds=1))))
    if not rows:
        return None
    labels = [tuple(value for value in row.values() if isinstance(value, str)) for row in rows]
    assert len(labels) == len(set(labels)), "two rows with equal labels are an error in Grafana"
    evaluator = threshold["conditions"][0]["evaluator"]
    for row in rows:
        [number] = [value for value in row.values() if not isinstance(value, str)]
        if number > evaluator["params"][0] if evaluator["type"] == "gt" else number < evaluator["params"][0]:
            return True
    return False


@pytest.mark.parametrize("alert", [pytest.param(item, id=item["uid"]) for item in alerts()])
def test_alerts(busy: Store, alert: dict[str, Any]) -> None:
    """Each alert links to its panel and runbook; a finding fires it, and silence fires only the heartbeat."""
    panel_ids = {panel["id"] for panel in json.loads(dashboard_json())["panels"]}
    assert (alert["dashboardUid"], alert["panelId"] in panel_ids) == (UID, True)
    assert alert["annotations"]["runbook_url"].rpartition("/")[2] in {
        path.name for path in (ROOT / "docs/runbooks").iterdir()
    }
    assert alert["data"][0]["model"]["intervalMs"] == 60000
    heartbeat = alert["uid"] == "otelc-audit-heartbeat"
    assert fires(busy, alert) is not heartbeat
    for table in ("detection_findings", "otel_audit"):
        busy.command(f"TRUNCATE TABLE {table}")
    assert fires(busy, alert) is (True if heartbeat else None)
    assert alert["noDataState"] == ("Alerting" if heartbeat else "OK")


def test_every_rule_has_an_alert() -> None:
    """No rule is without an alert."""
    assert {alert["labels"]["rule"] for alert in alerts()} == {rule.id for rule in rules()} | {"audit_heartbeat"}


def test_generated_files_are_up_to_date() -> None:
    """What is committed is what the code generates; ``otel-compliance build`` mends it."""
    assert build(ROOT, check=True) == []


def test_build_writes_only_what_changed(tmp_path: Path) -> None:
    """A first build writes everything, a second nothing, and a check never writes."""
    assert len(build(tmp_path, check=True)) == len(generated())
    assert list(tmp_path.iterdir()) == []
    assert len(build(tmp_path, check=False)) == len(generated())
    assert build(tmp_path, check=False) == []


@pytest.mark.parametrize("sql", ["SELECT $__nothing", "SELECT ${absent:percentencode}", "$__conditionalAll(a, $b"])
def test_unknown_macros_are_errors(sql: str) -> None:
    """A macro that the datasource does not have is found here, not in Grafana."""
    with pytest.raises(ValueError, match=r"known|match"):
        expand(sql, WINDOW)
