"""``otel-compliance verify retention`` and ``otel-compliance hold``, by what a user or a script sees of them."""

import json
from pathlib import Path

import pytest
from dirty_equals import IsStr

from otel_compliance.config import Settings
from otel_compliance.keys import KeyRing


def events(tmp_path: Path, prefix: str) -> list[dict[str, object]]:
    """The events of some kind in the files of the audit log."""
    lines = [
        line for path in (tmp_path / ".otel-compliance/audit").glob("*.jsonl") for line in path.read_text().splitlines()
    ]
    return [event for event in map(json.loads, lines) if event["event"].startswith(prefix)]


def test_retention_is_verified(run, recording) -> None:
    """The document names each table with its classes; nothing wrong is exit code 0, and --enforce removes nothing."""
    recording.call(compliance_retention_days=90)
    recording.end()
    done = run("verify", "retention", "--json")
    assert (done.code, done.document["violated"], "removed" in done.document) == (0, False, False)
    tables = {table["table"]: table for table in done.document["tables"]}
    assert tables["otel_audit"] == {
        "table": "otel_audit",
        "ttl": "as declared",
        "drops_parts_differs": False,
        "unsettled": 0,
        "classes": [
            {"classification": "", "rows": 2, "oldest": IsStr, "overdue": 0, "too_long": 0},
            {"classification": "CONFIDENTIAL", "rows": 1, "oldest": IsStr, "overdue": 0, "too_long": 0},
        ],
        "violations": [],
    }
    assert run("verify", "retention").stdout.splitlines()[-1] == "Retention is kept."
    assert run("verify", "retention", "--enforce", "--json").document["removed"] == {}


def test_a_violation_is_exit_code_1(run, recording) -> None:
    """Rows that may live longer than the policy says are named and counted, and --enforce leaves them."""
    recording.call(compliance_retention_days=91)
    recording.end()
    done = run("verify", "retention", "--enforce")
    assert done.code == 1
    assert done.stdout.splitlines()[-2:] == [
        "otel_logs: 1 rows may live longer than the policy says",
        "Retention is NOT kept.",
    ]


@pytest.mark.parametrize(
    "command", [("verify", "retention"), ("hold", "list"), ("hold", "add", "--reason=x", "--team=x")]
)
def test_without_a_store(run, command: tuple[str, ...]) -> None:
    """Where storing is off, or the server does not answer, nothing is proved and nothing is held."""
    assert run(*command, env={"OTEL_COMPLIANCE_STORE": "none"}).code == 78
    done = run(*command, "--json", env={"OTEL_COMPLIANCE_STORE": "http://127.0.0.1:9"})
    assert (done.code, done.document["error"]["type"]) == (69, "StoreUnavailable")


def test_a_hold_from_add_to_release(run, recording, tmp_path: Path) -> None:
    """It is listed while in force, kept in the register afterwards, and both steps are audit events without the id."""
    ring = KeyRing.from_settings(Settings.from_env({"OTEL_COMPLIANCE_DIR": str(tmp_path / ".otel-compliance")}))
    recording.call(compliance_user_id=ring.pseudonym("user", "jane@example.com"), compliance_retention_days=90)
    recording.end()
    added = run("hold", "add", "--user", "jane@example.com", "--reason", "case 17", "--json")
    hold = added.document
    assert (added.code, hold) == (
        0,
        {
            "name": IsStr(regex=r"\d{8}-[0-9a-f]{6}"),
            "user": ring.pseudonym("user", "jane@example.com"),
            "team": "",
            "rows_from": "1970-01-01T00:00:00Z",
            "rows_to": "2100-01-01T00:00:00Z",
            "reason": "case 17",
            "created_at": IsStr,
            "released_at": None,
            "scope": ["user"],
        },
    )
    assert run("hold", "list", "--json").document == {"holds": [hold]}
    assert run("verify", "retention", "--json").code == 0
    released = run("hold", "release", hold["name"], "--json").document
    assert released == {**hold, "released_at": IsStr}
    assert run("hold", "list").stdout == "No hold is in force.\n"
    assert run("hold", "list", "--all", "--json").document == {"holds": [released]}
    facts = {"compliance.hold.name": hold["name"], "compliance.hold.scope": '["user"]'}
    assert {(event["event"], json.dumps(event["facts"])) for event in events(tmp_path, "compliance.hold")} == {
        ("compliance.hold.added", json.dumps(facts)),
        ("compliance.hold.released", json.dumps(facts)),
    }
    assert run("audit", "verify").code == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if b"jane@example.com" in path.read_bytes()]


def test_rows_that_come_later_are_held(run, recording) -> None:
    """The next command that opens the embedded store delivers and holds them; `hold apply` has nothing left to do."""
    user = "k1:abcdefghijklmnop"
    run("hold", "add", "--user", user, "--reason", "case 17")
    recording.call(compliance_retention_days=90)
    recording.end()
    assert run("verify", "retention", "--json").document["violated"] is False
    applied = run("hold", "apply", "--json")
    assert (applied.code, applied.document) == (0, {"changed": {}})


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("add", "--reason", "case 17"), 70, "a hold on everything is none"),
        (("add", "--user", "u", "--reason", ""), 70, "a hold needs a reason"),
        (("add", "--team", "t"), 2, "--reason"),
        (("add", "--from", "yesterday", "--reason", "case 17"), 2, "yesterday"),
        (("release", "no-such"), 70, "no hold no-such is in force"),
    ],
)
def test_holds_that_are_refused(run, arguments: tuple[str, ...], code: int, message: str) -> None:
    """What is wrong is said, and nothing is registered."""
    done = run("hold", *arguments)
    assert done.code == code
    assert message in done.stderr
    assert run("hold", "list", "--all", "--json").document == {"holds": []}


def test_an_erasure_waits_for_the_release(run, recording) -> None:
    """While a hold covers the person nothing is erased, and the hold is named; after its release it is."""
    recording.call(compliance_retention_days=90)
    recording.end()
    name = run("hold", "add", "--user", "jane@example.com", "--reason", "case 17", "--json").document["name"]
    done = run("erase", "--user", "jane@example.com")
    assert (done.code, done.stdout) == (70, "")
    assert f"nothing was erased: the person is under legal hold {name}" in done.stderr
    assert run("erase", "--user", "jane@example.com", "--dry-run").code == 0
    run("hold", "release", name)
    assert run("erase", "--user", "jane@example.com", "--json").document["status"] == "complete"
