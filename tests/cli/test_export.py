"""``otel-compliance export``: what comes out, what is refused, and what is left behind when it fails."""

import csv
import io
import json
import os
import stat
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cli.conftest import COMMAND
from dirty_equals import IsInt, IsList, IsStr

# Required by OCSF 1.8: base_event.json, application/api_activity.json, findings/finding.json, and of their objects
# metadata.json, product.json, api.json, finding_info.json, ai_model.json, in github.com/ocsf/ocsf-schema.
BASE = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}
REQUIRED = {
    6003: BASE | {"actor", "api", "src_endpoint"},
    2004: BASE | {"finding_info"},
}
REQUIRED_OF_OBJECTS = {
    "metadata": {"product", "version"},
    "api": {"operation"},
    "finding_info": {"uid", "title"},
    "ai_model": {"ai_provider", "name"},
}
AT_LEAST_ONE = {
    "actor": {"process", "user", "iam_role", "invoked_by", "session", "app_name", "app_uid"},
    "src_endpoint": {"ip", "uid", "name", "hostname", "svc_name", "instance_uid", "interface_uid", "domain"},
    "message_context": {"application", "service"},
}


def lines(text: str) -> list[dict[str, object]]:
    """JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def conforms(event: dict) -> None:
    """Fail unless an event has what OCSF requires of its class."""
    assert not REQUIRED[event["class_uid"]] - set(event)
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["category_uid"] == event["class_uid"] // 1000
    for name, required in REQUIRED_OF_OBJECTS.items():
        assert name not in event or not required - set(event[name])
    for name, some in AT_LEAST_ONE.items():
        assert name not in event or some & set(event[name])
    assert event["metadata"]["product"]["name"]


@pytest.fixture
def recorded(recording):
    """Three calls: of two teams, one of which has a name that a spreadsheet would calculate."""
    recording.call(client_address="203.0.113.7", compliance_call_duration=250_000_000)
    recording.call(compliance_team_id="=1+1", compliance_call_outcome="error", error_type="overloaded_error")
    recording.call(compliance_team_id="legal", compliance_region_violation=True, compliance_request_type="files.delete")
    recording.end()
    return recording


def test_json_lines(run, recorded) -> None:
    """Each call is a line with the chosen columns in order, on standard output and nothing else."""
    done = run("export", "--format", "jsonl", "--columns", "TeamId, CallOutcome,Timestamp")
    rows = sorted(lines(done.stdout), key=lambda row: row["TeamId"])
    assert (done.code, rows) == (
        0,
        [
            {"TeamId": "=1+1", "CallOutcome": "error", "Timestamp": IsStr(regex=r"\d{4}-\d\d-\d\dT[\d:.]+Z")},
            {"TeamId": "legal", "CallOutcome": "completed", "Timestamp": IsStr},
            {"TeamId": "support", "CallOutcome": "completed", "Timestamp": IsStr},
        ],
    )
    assert list(rows[0]) == ["TeamId", "CallOutcome", "Timestamp"]


def test_formulas_are_neutralised_in_csv(run, recorded) -> None:
    """A text that begins like a formula gets an apostrophe; numbers and everything else stay as they are."""
    done = run("export", "--format", "csv", "--columns", "TeamId,InputTokens,ErrorType")
    table = list(csv.reader(io.StringIO(done.stdout)))
    assert table[0] == ["TeamId", "InputTokens", "ErrorType"]
    assert sorted(table[1:]) == [["'=1+1", "10", "overloaded_error"], ["legal", "10", ""], ["support", "10", ""]]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t=", "\r@", "  =", "＝", "＠", "\u00a0=", "\u200b=", "\x0b="])
def test_every_beginning_of_a_formula(run, recording, begin: str) -> None:
    """Whatever a spreadsheet may take for a formula, behind blanks and in full-width characters, too."""
    recording.call(compliance_team_id=f"{begin}cmd|' /C calc'!A0")
    recording.end()
    done = run("export", "--format", "csv", "--columns", "TeamId")
    printed = begin.replace("\r", "\n")  # as text is read from a process
    assert list(csv.reader(io.StringIO(done.stdout, newline="")))[1] == [f"'{printed}cmd|' /C calc'!A0"]


def test_parquet(run, recorded, tmp_path: Path) -> None:
    """The file has the engine's types, is for its owner alone, and nothing is left beside it."""
    done = run("export", "--format", "parquet", "--table", "audit", "--output", "out/audit.parquet")
    assert done.code == 70
    (tmp_path / "out").mkdir()
    done = run("export", "--format", "parquet", "--table", "audit", "--output", "out/audit.parquet", "--json")
    path = tmp_path / "out/audit.parquet"
    assert (done.code, done.document) == (0, {"file": str(path), "bytes": path.stat().st_size})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    table = pq.read_table(path)
    assert (table.num_rows, str(table.schema.field("InputTokens").type)) == (5, "uint32")
    assert not list((tmp_path / ".otel-compliance/store/inserts").iterdir())


@pytest.mark.parametrize(
    ("where", "teams"),
    [
        ("TeamId = 'legal'", ["legal"]),
        ("TeamId IN ('legal', 'support') AND NOT RegionViolation", ["support"]),
        ("has(PiiInputTypes, 'EMAIL') AND ErrorType LIKE '%over%'", ["=1+1"]),
        ("LogAttributes['compliance.team.id'] = 'legal' -- a comment", ["legal"]),
        ("Timestamp < now() - INTERVAL 1 DAY", []),
        ("1 = 0 OR TeamId = 'legal'", ["legal"]),
    ],
)
def test_conditions(run, recorded, where: str, teams: list[str]) -> None:
    """A condition filters; no row at all is an empty answer and no error."""
    done = run("export", "--format", "jsonl", "--columns", "TeamId", "--where", where)
    assert (done.code, sorted(row["TeamId"] for row in lines(done.stdout))) == (0, teams)


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("TeamId = = 1", "it is not an expression"),
        ("'", "it is not an expression"),
        ("1) OR (1", "it is not an expression"),
        ("1; DROP TABLE otel_audit", "it has a semicolon or a null character"),
        ("1 UNION ALL SELECT 1", "it is more than one expression"),
        ("1 FROM otel_logs", "it is more than one expression"),
        ("1 INTO OUTFILE 'stolen'", "it is more than one expression"),
        ("1 SETTINGS readonly = 0", "it is more than one expression"),
        ("1 LIMIT 1", "it is more than one expression"),
        ("1, 2", "it is more than one expression"),
        ("TeamId IN (SELECT TeamId FROM otel_traces)", "it has a part that does not filter (Subquery)"),
        ("TeamId IN otel_traces", "there is no column otel_traces"),
        ("nosuch = 1", "there is no column nosuch"),
        ("* = 1", "it has a part that does not filter (Asterisk)"),
        ("COLUMNS('.*')", "it has a part that does not filter (ColumnsRegexpMatcher)"),
        ("file('/etc/passwd') = ''", "the function file may not be used"),
        ("dictGet('d', 'a', 1) = 1", "the function dictGet may not be used"),
        ("getSetting('max_threads') = 1", "the function getSetting may not be used"),
        ("sleep(3) = 0", "the function sleep may not be used"),
        ("@@max_threads = 1", "the function globalVariable may not be used"),
    ],
)
def test_conditions_that_do_more_than_filter(run, recorded, tmp_path: Path, where: str, reason: str) -> None:
    """They are refused with the reason, no row is given, no file is written, and the table is as it was."""
    done = run("export", "--format", "jsonl", "--where", where, "--output", "rows.jsonl")
    assert (done.code, done.stdout) == (70, "")
    assert f"--where is refused: {reason}" in done.stderr
    assert not list(tmp_path.glob("*.jsonl*")) + list(tmp_path.rglob("stolen"))


def test_a_column_that_does_not_exist(run, recorded) -> None:
    """It is named, with those that exist."""
    done = run("export", "--format", "csv", "--columns", "TeamId,`x`")
    assert (done.code, done.stdout) == (70, "")
    assert "otel_audit has no column `x`" in done.stderr


def test_a_period(run, recorded) -> None:
    """By date, by moment and by age; what is none of them is a usage error."""
    common = ("export", "--format", "jsonl", "--columns", "TeamId")
    assert len(lines(run(*common, "--since", "1h").stdout)) == 3
    assert run(*common, "--since", "2020-01-01", "--until", "2020-02-01T12:00+02:00").stdout == ""
    assert len(lines(run(*common, "--since", "0001-01-01", "--until", "9999-12-31").stdout)) == 3
    for text in ("yesterday", "999999d"):
        done = run(*common, "--since", text)
        assert (done.code, done.stdout) == (2, "")
        assert "neither a moment such as 2026-11-01T12:00 nor an age such as 7d" in " ".join(
            done.stderr.replace("│", "").split()
        )


def test_an_empty_store(run) -> None:
    """Every format of nothing is valid: no lines, the header alone, a file with the schema."""
    assert run("export", "--format", "jsonl").stdout == run("export", "--format", "ocsf").stdout == ""
    assert run("export", "--format", "csv", "--columns", "TeamId").stdout == '"TeamId"\n'
    for table in ("calls", "spans", "logs", "audit", "findings"):
        assert run("export", "--format", "parquet", "--table", table, "-o", f"{table}.parquet").code == 0


def test_an_existing_file_is_kept(run, recorded, tmp_path: Path) -> None:
    """Only --force replaces it, and with whole content."""
    (tmp_path / "calls.csv").write_text("mine")
    done = run("export", "--format", "csv", "-o", "calls.csv")
    assert (done.code, (tmp_path / "calls.csv").read_text()) == (70, "mine")
    assert "calls.csv exists" in done.stderr
    failed = run("export", "--format", "csv", "-o", "calls.csv", "--force", "--where", "nosuch")
    assert (failed.code, (tmp_path / "calls.csv").read_text()) == (70, "mine")
    assert run("export", "--format", "csv", "-o", "calls.csv", "--force").code == 0
    assert (tmp_path / "calls.csv").read_text().startswith('"Timestamp",')


def test_a_failure_in_the_middle(run, recorded, tmp_path: Path) -> None:
    """The store fails after the first rows: nothing of the file is left."""
    done = run("export", "--format", "jsonl", "--where", "toDateTime(TeamId) > now()", "-o", "calls.jsonl")
    assert done.code == 69
    assert not [path for path in tmp_path.iterdir() if "calls.jsonl" in path.name]


def test_a_full_disk(run, recorded) -> None:
    """A target that cannot be written is an error that names it."""
    done = run("export", "--format", "csv", "-o", "/proc/calls.csv")
    assert (done.code, "/proc/calls.csv: the export cannot be written" in done.stderr) == (70, True)


@pytest.mark.parametrize("wanted", ["jsonl", "csv", "parquet", "ocsf"])
def test_a_reader_that_has_enough(tmp_path: Path, environ, recorded, run, wanted: str) -> None:
    """A pipe that is closed early ends the export without a word."""
    assert run("calls", "--json").code == 0
    reading, writing = os.pipe()
    os.close(reading)
    command = [*COMMAND, "export", "--format", wanted]
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_huge_values(run, recording) -> None:
    """Values of a megabyte pass through the pieces in which rows are read."""
    for number in range(3):
        recording.call(compliance_purpose=f"{number}" + "ü" * (1 << 19))
    recording.end()
    done = run("export", "--format", "jsonl", "--columns", "LogAttributes")
    purposes = sorted(row["LogAttributes"]["compliance.purpose"] for row in lines(done.stdout))
    assert purposes == [f"{number}" + "ü" * (1 << 19) for number in range(3)]
    events = lines(run("export", "--format", "ocsf").stdout)
    assert [event["class_uid"] for event in events] == [6003, 6003, 6003]


@pytest.mark.parametrize("arguments", [("--table", "logs"), ("--columns", "TeamId")])
def test_what_ocsf_has_no_place_for(run, arguments: tuple[str, ...]) -> None:
    """Spans, logs and chosen columns have no class of OCSF: a usage error."""
    done = run("export", "--format", "ocsf", *arguments)
    assert (done.code, "OCSF is of calls or findings" in done.stderr) == (2, True)


def test_without_a_store(run) -> None:
    """A server that does not answer is exit code 69, and no file is made."""
    done = run("export", "--format", "csv", "-o", "x.csv", env={"OTEL_COMPLIANCE_STORE": "http://127.0.0.1:9"})
    assert done.code == 69


def test_calls_as_ocsf(run, recorded) -> None:
    """A call is an API Activity with what OCSF requires; what OCSF has no name for is in `unmapped`."""
    events = {event["status"] + event["api"]["operation"]: event for event in lines(run("export", "-f", "ocsf").stdout)}
    for event in events.values():
        conforms(event)
    assert events["completedmessages.create"] == {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 6,
        "category_name": "Application Activity",
        "class_uid": 6003,
        "class_name": "API Activity",
        "type_uid": 600301,
        "type_name": "API Activity: Create",
        "time": IsInt(gt=1_700_000_000_000),
        "duration": 250,
        "severity_id": 1,
        "status_id": 1,
        "status": "completed",
        "metadata": {
            "version": "1.8.0",
            "product": {"name": "otel-compliance", "version": IsStr},
            "uid": IsStr(regex=r".+/1"),
            "log_name": "claude.api.request",
            "profiles": ["ai_operation"],
            "sequence": 1,
        },
        "actor": {
            "user": {"uid": "k1:abcdefghijklmnop", "groups": [{"name": "support"}]},
            "app_name": "support-bot",
        },
        "api": {"operation": "messages.create", "service": {"name": "Claude API"}},
        "src_endpoint": {"svc_name": "support-bot", "ip": "203.0.113.7"},
        "ai_model": {"ai_provider": "anthropic", "name": "claude-haiku-5-5"},
        "message_context": {
            "application": {"name": "support-bot"},
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
        },
        "unmapped": {
            "compliance.classification": "CONFIDENTIAL",
            "compliance.pii.input.types": ["EMAIL", "PHONE"],
            "compliance.pii.output.types": ["EMAIL"],
            "compliance.secret.detected": False,
            "compliance.region.requested": "us",
            "compliance.region.actual": "us",
            "compliance.region.violation": False,
            "compliance.redaction.status": "complete",
            "compliance.team.id": "support",
            "compliance.key.id": "k1:keykeykeykeykeyk",
            "compliance.key.hint": "sk-ant-api03-abc...wxyz",
            "compliance.environment": "production",
            "compliance.audit.hash": IsStr(regex=r"[0-9a-f]{64}"),
        },
    }
    failed, deleted = events["errormessages.create"], events["completedfiles.delete"]
    assert (failed["status_id"], failed["status_detail"], failed["api"]["response"]) == (
        2,
        "overloaded_error",
        {"error": "overloaded_error"},
    )
    assert (deleted["activity_id"], deleted["type_uid"], deleted["severity_id"]) == (4, 600304, 3)


def test_findings_as_ocsf(run, recording) -> None:
    """A finding is a Detection Finding with what OCSF requires."""
    recording.call(compliance_secret_detected=True)
    recording.end()
    assert run("detect").code == 1
    [event] = lines(run("export", "--format", "ocsf", "--table", "findings").stdout)
    conforms(event)
    moment = IsInt(gt=1_700_000_000_000)
    assert event == {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200401,
        "type_name": "Detection Finding: Create",
        "time": moment,
        "start_time": moment,
        "end_time": moment,
        "severity_id": IsInt(ge=2, le=5),
        "severity": IsStr,
        "status_id": 1,
        "status": "New",
        "is_alert": True,
        "metadata": {
            "version": "1.8.0",
            "product": {"name": "otel-compliance", "version": IsStr},
            "uid": IsStr,
            "log_name": "detection_findings",
        },
        "finding_info": {
            "uid": event["metadata"]["uid"],
            "title": IsStr,
            "first_seen_time": moment,
            "last_seen_time": moment,
            "analytic": {"uid": "secret_in_prompt", "version": IsStr, "type_id": 1, "type": "Rule"},
        },
        "resources": [{"uid": IsStr}],
        "unmapped": {"controls": IsList(length=...), "value": 1},
    }
