"""``otel-compliance erase``."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dirty_equals import IsStr

from otel_compliance.keys import KeyRing


@pytest.fixture
def calls(recording: Any) -> Any:
    """Two calls of one person and one of another, in a chain that has ended."""
    ring = KeyRing.from_settings(recording.settings)
    for user in ("user-17", "user-17", "user-18"):
        recording.call(compliance_user_id=ring.pseudonym("user", user))
    recording.end()
    return recording


def test_a_person_is_erased(run: Callable[..., Any], calls: Any, tmp_path: Path) -> None:
    """The id is read from standard input; what was found is erased everywhere, and a certificate says so."""
    before = run("erase", "--user", "-", "--dry-run", "--json", stdin="user-17\n")
    assert before.document == {
        "dry_run": True,
        "systems": {"subject key": 0, "vault": 0, "audit files": 2, "spool": 0, "store": 4},
    }
    done = run("erase", "--user", "-", "--json", stdin="user-17\n")
    assert done.code == 0, done.stderr
    systems = {item["system"]: (item["erased"], item["remaining"], item["error"]) for item in done.document["systems"]}
    assert systems == {
        "subject key": (0, 0, ""),
        "vault": (0, 0, ""),
        "audit files": (2, 0, ""),
        "spool": (0, 0, ""),
        "store": (4, 0, ""),
    }
    document = done.document
    certificate = Path(document.pop("certificate"))
    assert document == json.loads(certificate.read_text())
    assert document["status"] == "complete"
    assert document["subject_digest"] == IsStr(regex=r"k1:[a-z2-7]{16}")
    assert stat.S_IMODE(certificate.stat().st_mode) == 0o600
    assert "user-17" not in done.stdout + done.stderr


def test_after_an_erasure_the_chains_verify_and_the_erasure_is_in_them(run: Callable[..., Any], calls: Any) -> None:
    """Files and store still agree, with two events erased, and the certificate's digest is an audit event."""
    erasure = run("erase", "--user", "user-17", "--json").document
    verified = run("audit", "verify", "--json")
    assert (verified.code, verified.document["problems"]) == (0, [])
    assert {name: copy["erased"] for name, copy in verified.document["copies"].items()} == {"files": 2, "store": 2}
    folder = calls.settings.audit_log
    events = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    [event] = [event["facts"] for event in events if event["event"] == "compliance.erasure"]
    assert event == {
        "compliance.erasure.id": erasure["erasure_id"],
        "compliance.erasure.status": "complete",
        "compliance.erasure.subject": erasure["subject_digest"],
        "compliance.erasure.systems": '["subject key","vault","audit files","spool","store"]',
        "compliance.erasure.counts": "[0,0,2,0,4]",
        "compliance.erasure.started": erasure["started"],
        "compliance.erasure.finished": erasure["finished"],
        "compliance.policy.digest": erasure["policy_digest"],
    }
    assert run("erase", "--user", "user-17", "--dry-run", "--json").document["systems"] == dict.fromkeys(
        ("subject key", "vault", "audit files", "spool", "store"), 0
    )


def test_a_failing_system_makes_the_exit_code_1(run: Callable[..., Any], calls: Any, tmp_path: Path) -> None:
    """An erasure that is incomplete says so, names the system, and can be run again."""
    policy = tmp_path / "policy.toml"
    policy.write_text(
        'version = 1\n[erasure.systems]\nlogs = { kind = "sql", url_env = "LOGS_URL", table = "t", column = "c" }\n'
    )
    env = {"OTEL_COMPLIANCE_POLICY": str(policy), "LOGS_URL": "sqlite:////no/such/folder/x.db"}
    done = run("erase", "--user", "user-17", env=env)
    assert done.code == 1
    assert "OperationalError" in done.stdout
    assert "The erasure is INCOMPLETE" in done.stdout
    again = run("erase", "--user", "user-17", env={**env, "LOGS_URL": ""})
    assert again.code == 78
    assert "LOGS_URL is not set" in again.stderr
    assert run("erase", "--user", "user-17").code == 0


def test_an_empty_id_is_a_usage_error(run: Callable[..., Any]) -> None:
    """Nothing is erased for nobody."""
    done = run("erase", "--user", "-", stdin="\n")
    assert (done.code, done.stdout) == (2, "")
    assert "the id of the person is empty" in done.stderr
