"""Every rule fires where it must and stays silent where it must, on the real engine."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.store import NOW, ago, audit_row, insert_calls

from otel_compliance.detect.engine import evaluate, run
from otel_compliance.detect.rule import COLUMNS, Rule, load, rules
from otel_compliance.errors import RuleError
from otel_compliance.store.client import Store

CASES = [pytest.param(rule, case, id=f"{rule.id}-{case['name']}") for rule in rules() for case in rule.cases]


def seed(store: Store, calls: list[dict[str, Any]]) -> None:
    """Insert the calls of a rule's case, each ingested when it happened."""
    for call in calls:
        at = ago(call["ago"])
        row = {
            "at": at,
            "key": call.get("key", "k1:key"),
            "service": call.get("service", "support-bot"),
            "model": call.get("model", "claude-haiku-4-5"),
            "secret": call.get("secret", False),
            "input_types": ("EMAIL",) if call.get("pii") else (),
            "region": call.get("region", "us"),
            "violation": call.get("violation", False),
        }
        insert_calls(store, [audit_row(**row) for _ in range(call.get("times", 1))], ingested=at)


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_case(store: Store, rule: Rule, case: dict[str, Any]) -> None:
    """A case of a rule gives exactly the findings that it names."""
    seed(store, case["calls"])
    found = evaluate(store, rule, window_end=NOW + timedelta(seconds=1))
    assert [{"subject": item.subject, "value": item.value} for item in found] == case["expect"]
    assert all(len(item.trace_ids) == item.value for item in found)


def test_every_rule_returns_the_same_columns(store: Store) -> None:
    """The views that dashboards read exist and have the agreed columns."""
    for rule in rules():
        parameters = "from='2026-01-01 00:00:00', to='2026-01-02 00:00:00', threshold=1"
        described = store.query(f"DESCRIBE (SELECT * FROM {rule.view}({parameters}))")
        assert tuple(row["name"] for row in described) == COLUMNS


def test_a_run_is_recorded_also_when_nothing_is_found(store: Store) -> None:
    """An empty store gives no finding and one evaluation per rule: nobody can say that nobody looked."""
    report = run(store, window_end=NOW)
    assert (report.evaluated, report.findings, report.errors) == (len(rules()), (), {})
    rows = store.query("SELECT RuleId, RuleDigest, Findings, Error FROM detection_evaluations ORDER BY RuleId")
    assert rows == [{"RuleId": rule.id, "RuleDigest": rule.digest, "Findings": 0, "Error": ""} for rule in rules()]


def test_running_again_adds_no_finding(store: Store) -> None:
    """The same subject within the rule's dedup period is one finding, however often the rules run."""
    seed(store, [{"ago": "10m", "key": "k1:a", "secret": True}])
    first = run(store, window_end=NOW)
    second = run(store, window_end=NOW + timedelta(minutes=1))
    assert [item.id for item in first.findings] == [item.id for item in second.findings]
    [row] = store.query("SELECT RuleId, Severity, Controls, Subject, Value FROM detection_findings FINAL")
    assert row == {
        "RuleId": "secret_in_prompt",
        "Severity": "high",
        "Controls": ["CC6.1", "CC6.7", "C1.1"],
        "Subject": "k1:a",
        "Value": 1.0,
    }


def test_late_rows_are_seen(store: Store) -> None:
    """An event that is delivered an hour late is found by the run after its delivery."""
    insert_calls(store, [audit_row(at=ago("5h"), key="k1:late", secret=True)], ingested=ago("1m"))
    assert [item.subject for item in run(store, window_end=NOW).findings] == ["k1:late"]


def test_a_rule_that_fails_stops_no_other(store: Store) -> None:
    """An error in one rule is reported and recorded; the others run."""
    good = rules()[0]
    broken = Rule(
        **{name: getattr(good, name) for name in Rule.__slots__ if name not in ("id", "sql")},
        id="broken",
        sql="SELECT {from:DateTime64(3)}, {to:DateTime64(3)}, {threshold:UInt64} FROM no_such_table",
    )
    report = run(store, rules=[broken, good], window_end=NOW)
    assert (report.evaluated, list(report.errors)) == (1, ["broken"])
    [row] = store.query("SELECT Error FROM detection_evaluations WHERE RuleId = 'broken'")
    assert row["Error"] == report.errors["broken"]


GOOD = """
id = "r"
title = "t"
severity = "low"
controls = ["CC7.2"]
window = "1h"
lag = "1m"
dedup = "1d"
threshold = 1
description = "d"
blind_spots = []
[runbook]
meaning = "m"
impact = "i"
triage = ["t"]
response = ["r"]
[[case]]
name = "fires"
calls = []
expect = [{ subject = "s", value = 1 }]
[[case]]
name = "silent"
calls = []
expect = []
"""
SQL = "SELECT {from:DateTime64(3)}, {to:DateTime64(3)}, {threshold:UInt64}"


def test_a_rule_is_loaded_whole(tmp_path: Path) -> None:
    """A pair of files becomes one rule."""
    (tmp_path / "r.toml").write_text(GOOD)
    (tmp_path / "r.sql").write_text(SQL + "\n")
    [rule] = load(tmp_path)
    assert (rule.id, rule.window, rule.sql, rule.view) == ("r", timedelta(hours=1), SQL, "detect_r")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('id = "r"', 'id = "other"'), "r.toml: key id is 'other': it must be the file's name, 'r'"),
        (
            ('severity = "low"', 'severity = "bad"'),
            "r.toml: key severity is 'bad': expected one of critical, high, medium, low",
        ),
        (('["CC7.2"]', '["CC99"]'), "r.toml: key controls has 'CC99', which is no control that is known"),
        (('title = "t"', ""), "r.toml: key title is missing"),
        (('title = "t"', 'title = "t"\nextra = 1'), "r.toml: key extra is not known"),
        (('window = "1h"', 'window = "soon"'), "r.toml: 'soon' is not a duration such as 15m, 1h or 7d"),
        (('meaning = "m"', ""), "r.toml: key runbook.meaning is missing or empty"),
        (
            ('expect = [{ subject = "s", value = 1 }]', "expect = []"),
            "r.toml: there must be a case that fires and a case that stays silent",
        ),
        (("id =", "id"), "r.toml: not valid TOML"),
    ],
)
def test_a_malformed_rule_is_explained(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    """An error names the file, the key and what was expected."""
    (tmp_path / "r.toml").write_text(GOOD.replace(*change))
    (tmp_path / "r.sql").write_text(SQL)
    with pytest.raises(RuleError) as caught:
        load(tmp_path)
    assert caught.value.problem.startswith(message)


def test_a_half_rule_is_explained(tmp_path: Path) -> None:
    """A file without its other half is an error."""
    (tmp_path / "r.toml").write_text(GOOD)
    with pytest.raises(RuleError, match=r"r\.sql is missing"):
        load(tmp_path)
