"""The commands that read the store, by what a user or a script sees of them."""

import json
from pathlib import Path

import pytest


def test_calls_as_json(run, recording) -> None:
    """Each call has all its facts under stable names; the oldest comes first; what was in the spool is delivered."""
    recording.call()
    recording.call(compliance_call_outcome="error", error_type="overloaded_error")
    recording.end()
    done = run("calls", "--json")
    calls = done.document["calls"]
    assert (done.code, len(calls)) == (0, 2)
    assert {name: value for name, value in calls[0].items() if name != "timestamp"} == {
        "service": "support-bot",
        "environment": "production",
        "team": "support",
        "user": "k1:abcdefghijklmnop",
        "key": "k1:keykeykeykeykeyk",
        "key_hint": "sk-ant-api03-abc...wxyz",
        "request_type": "messages.create",
        "model": "claude-haiku-5-5",
        "class": "CONFIDENTIAL",
        "found": ["EMAIL", "PHONE"],
        "redaction": "complete",
        "region_requested": "us",
        "region_actual": "us",
        "region_violation": False,
        "input_tokens": 10,
        "output_tokens": 5,
        "outcome": "completed",
        "error_type": "",
        "trace_id": "",
    }
    assert calls[0]["timestamp"].endswith("Z")
    assert calls[0]["timestamp"] < calls[1]["timestamp"]
    assert (calls[1]["outcome"], calls[1]["error_type"]) == ("error", "overloaded_error")
    store = recording.settings.store
    assert done.stderr == f"Delivered 4 rows from the spool to {store}.\n"
    assert run("calls", "--json").stderr == ""


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (80, "support  haiku-5-5  CONFIDENTIAL  EMAIL PHONE  completed"),
        (
            140,
            ("support-bot  support  abcdef  …wxyz  haiku-5-5  CONFIDENTIAL  EMAIL PHONE  us→global    10/5  completed"),
        ),
    ],
)
def test_calls_for_a_person(run, recording, columns: int, line: str) -> None:
    """A narrow terminal gets fewer columns, never broken ones; a region violation shows both regions."""
    recording.call(compliance_region_actual="global", compliance_region_violation=True)
    recording.end()
    done = run("calls", env={"COLUMNS": str(columns)})
    table = [row.rstrip() for row in done.stdout.splitlines()]
    assert table[1].split("  ", 1)[1] == line
    assert table[3].startswith("1 calls, 20")
    assert max(map(len, table)) <= columns


def test_hostile_names_do_not_steer_the_terminal(run, recording) -> None:
    """Control characters and endless names in what apps send reach neither the table nor the findings."""
    recording.call(gen_ai_request_model="\x1b]0;owned\x07" + "m" * 500, compliance_region_violation=True)
    recording.end()
    for command in ("calls", "detect"):
        done = run(command)
        assert "\x1b" not in done.stdout
        assert "\x07" not in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 120


def test_calls_are_limited(run, recording) -> None:
    """--limit keeps the newest calls, and --since leaves out older ones."""
    for number in range(3):
        recording.call(error_type=f"e{number}")
    recording.end()
    newest = run("calls", "--json", "--limit", "2").document["calls"]
    assert [call["error_type"] for call in newest] == ["e1", "e2"]
    assert len(run("calls", "--json", "--since", "1h").document["calls"]) == 3
    assert run("calls", "--json", "--since", "0s").document["calls"] == []


@pytest.mark.parametrize("age", ["yesterday", "24", "-1h", "1.5h", "99999999d"])
def test_an_age_that_is_none(run, age: str) -> None:
    """An age that is not one is a usage error that says what was expected."""
    done = run("calls", f"--since={age}")
    assert (done.code, done.stdout) == (2, "")
    assert f"'{age}' is not an age such as 30m, 24h or 7d" in done.stderr


def test_an_empty_store(run) -> None:
    """Where nothing was recorded the reading commands say so, and do not fail."""
    assert run("calls").stdout.strip() == "No calls are recorded."
    assert run("calls", "--json").document == {"calls": []}
    detected = run("detect", "--json")
    assert (detected.code, detected.document["findings"], detected.document["errors"]) == (0, [], {})
    assert detected.document["evaluated"] > 0
    verified = run("audit", "verify")
    assert (verified.code, verified.stdout.strip().splitlines()[-1]) == (0, "No audit events are recorded.")


def test_detect(run, recording) -> None:
    """Findings make the exit code 1; they name rule, severity, controls, subject and traces, and the key's hint."""
    recording.call(compliance_secret_detected=True)
    recording.end()
    done = run("detect", "--json")
    assert done.code == 1
    (finding,) = done.document["findings"]
    assert {name: finding[name] for name in ("rule", "severity", "subject", "value")} == {
        "rule": "secret_in_prompt",
        "severity": "high",
        "subject": "k1:keykeykeykeykeyk",
        "value": 1.0,
    }
    assert finding["controls"]
    assert finding["first_seen"] == finding["last_seen"]
    again = run("detect")
    assert again.code == 1
    assert "k1:keykeykeykeykeyk (sk-ant-api03-abc...wxyz) · 1 ×" in again.stdout


def test_report(run, recording, tmp_path: Path) -> None:
    """The report is one file, by default in the data folder, elsewhere with --output.

    What was found a moment ago is in it, and so is the verdict on the audit log.
    """
    recording.call(compliance_secret_detected=True)
    recording.end()
    run("detect")
    done = run("report", "--json")
    path = tmp_path / ".otel-compliance" / "report.html"
    assert (done.code, done.document) == (
        0,
        {"report": str(path), "bytes": path.stat().st_size, "since_seconds": 86400.0},
    )
    page = path.read_text()
    assert page.startswith("<!doctype html>")
    assert "intact" in page
    assert page.count("<summary>What to do</summary>") == 1
    assert run("report", "-o", "week.html", "--since", "7d").stdout.strip() == (
        f"{tmp_path}/week.html ({(tmp_path / 'week.html').stat().st_size:,} bytes)"
    )


def test_a_report_that_cannot_be_written(run, tmp_path: Path) -> None:
    """A file that cannot be written is an error that names it."""
    (tmp_path / "file").write_text("")
    done = run("report", "--output", "file/report.html")
    assert done.code == 70
    assert done.stderr == (
        "Error: file/report.html: the report cannot be written: File exists\n  → choose another file with --output\n"
    )


def test_migrate(run) -> None:
    """A dry run names what would be applied and applies nothing; the next run applies it, and the third has nothing."""
    planned = run("migrate", "--dry-run", "--json").document
    applied = run("migrate", "--json").document
    assert planned["migrations"] == applied["migrations"] != []
    assert (planned["dry_run"], applied["dry_run"]) == (True, False)
    assert run("migrate").stdout.strip().endswith(": the schema is current")


def test_build(run, tmp_path: Path) -> None:
    """Generated files are written once; --check fails on one that was edited, and changes nothing."""
    first = run("build", "--json").document
    assert first["changed"] != []
    assert run("build", "--check").code == 0
    edited = tmp_path / first["changed"][0]
    edited.write_text(edited.read_text() + "\n")
    done = run("build", "--check", "--json")
    assert (done.code, done.document) == (1, {"check": True, "changed": [first["changed"][0]]})
    assert edited.read_text().endswith("\n\n") or json.loads(edited.read_text())
