"""The demo from beginning to end, on a machine that never saw it, and once more."""

import re
import stat
from collections import Counter
from pathlib import Path

import pytest

from otel_compliance.local.claude_api import ClaudeAPI
from otel_compliance.local.demo.scenario import PLANTED, api_keys

from .conftest import Demo, run_demo

TOKEN = re.compile(r"\[([A-Z0-9_]+):k1:[a-z2-7]{16}\]")


def test_every_call_is_recorded(demo: Demo) -> None:
    """Each of the 15 calls is there once, with team, service, model, class, findings, region and outcome."""
    assert demo.code == 0
    facts = ("team", "service", "environment", "model", "class", "found", "region_actual", "outcome", "error_type")
    recorded = Counter(
        " | ".join(" ".join(call[name]) if name == "found" else call[name] for name in facts)
        for call in demo.document["calls"]
    )
    support = "support | support-bot | production | claude-haiku-5-5"
    billing = "billing | billing-bot | production | claude-sonnet-5-5"
    research = "research | review-reader | development | claude-haiku-5-5"
    assert recorded == {
        f"{support} | CONFIDENTIAL | EMAIL PHONE | us | completed | ": 2,
        f"{support} | CONFIDENTIAL | EMAIL IPV4 IPV6 | us | completed | ": 1,
        f"{support} | RESTRICTED | AWS_KEY | us | completed | ": 1,
        f"{support} | INTERNAL |  | us | completed | ": 3,
        f"{billing} | RESTRICTED | IBAN | us | completed | ": 1,
        f"{billing} | RESTRICTED | CREDIT_CARD PHONE | us | completed | ": 1,
        f"{billing} | RESTRICTED | SSN | us | completed | ": 1,
        f"{billing} | INTERNAL |  | global | completed | ": 1,
        f"{billing} | INTERNAL |  |  | error | overloaded_error": 1,
        f"{research} | CONFIDENTIAL | EMAIL PHONE | us | completed | ": 1,
        f"{research} | INTERNAL |  | us | completed | ": 1,
        "research | model-trial | development | claude-opus-5-5 | INTERNAL |  | us | completed | ": 1,
    }


def test_attempts_are_not_calls(demo: Demo) -> None:
    """A rate limit that the SDK waits out, and retries of an overloaded API, are attempts below one call each."""
    assert demo.document["http_attempts"] == {"200": 14, "429": 1, "529": 3}


def test_what_was_found(demo: Demo) -> None:
    """Calls by entity type and by class are exact, and content of RESTRICTED calls is not kept."""
    found = {row["type"]: (row["in_prompts"], row["in_answers"]) for row in demo.document["entities"]}
    assert found == {
        "EMAIL": (4, 1),
        "PHONE": (4, 1),
        "IPV4": (1, 1),
        "IPV6": (1, 0),
        "AWS_KEY": (1, 0),
        "CREDIT_CARD": (1, 0),
        "IBAN": (1, 0),
        "SSN": (1, 0),
    }
    classes = {
        row["class"]: (row["calls"], row["with_content"], row["retention_days"]) for row in demo.document["classes"]
    }
    assert classes == {
        "RESTRICTED": (4, 0, [30]),
        "CONFIDENTIAL": (4, 4, [30, 90]),
        "INTERNAL": (7, 7, [30, 400]),
    }


def test_what_the_rules_found(demo: Demo) -> None:
    """The three things that the scenario holds are found, once each, and nothing else."""
    detections = demo.document["detections"]
    key = {call["service"]: call["key"] for call in demo.document["calls"]}
    assert detections["errors"] == {}
    assert [(item["rule"], item["severity"], item["subject"], item["value"]) for item in detections["findings"]] == [
        ("region_violation", "critical", "billing-bot global", 1.0),
        ("first_seen_model", "high", f"{key['billing-bot']} claude-opus-5-5", 1.0),
        ("secret_in_prompt", "high", key["support-bot"], 1.0),
    ]
    assert key["model-trial"] == key["billing-bot"]


def test_the_audit_log_is_intact(demo: Demo) -> None:
    """One chain for each process: a call each, an opening and a closing event; both copies agree."""
    copy = {"chains": 4, "events": 15 + 2 * 4, "erased": 0}
    assert demo.document["audit"] == {"intact": True, "copies": {"files": copy, "store": copy}, "problems": []}


def test_a_user_is_one_person_across_teams(demo: Demo) -> None:
    """A customer who writes to support and to billing has one pseudonym, made by processes with the same key."""
    users = Counter((call["team"], call["user"]) for call in demo.document["calls"])
    teams: dict[str, set[str]] = {}
    for team, user in users:
        teams.setdefault(user, set()).add(team)
    assert sorted(map(sorted, teams.values())) == [
        ["billing"],
        ["billing"],
        ["billing", "support"],
        ["research"],
        ["support"],
        ["support"],
        ["support"],
    ]


def test_the_stored_prompt(demo: Demo) -> None:
    """The prompt that is shown is stored as it was sent, but for a typed token in place of each value."""
    stored = " ".join(demo.document["stored_prompt"].split())
    assert TOKEN.sub(r"<\1>", stored) == (
        "Hello, my tent came with a torn fly sheet. Please write to <EMAIL> or call <PHONE>, I am at home after six."
    )


def test_nothing_planted_is_left_anywhere(demo: Demo, canaries_in) -> None:
    """No planted value, user name or key is in any file or in what was printed; the demo's own search agrees."""
    files = [path for path in (demo.folder / ".otel-compliance" / "demo").rglob("*") if path.is_file()]
    hits = {str(path): canaries_in(path.read_bytes()) for path in files}
    assert {path: found for path, found in hits.items() if found} == {}
    assert canaries_in((demo.stdout + demo.stderr).encode()) == []
    proof = demo.document["proof"]
    assert (proof["hits"], proof["values"]) == ([], 14 + 7 + 3)
    assert proof["files"] >= len([path for path in files if path.suffix in {".jsonl", ".html", ".toml", ".key"}])
    assert proof["rows"] >= 15 + 23 + 23


def test_everything_stays_in_one_folder(demo: Demo) -> None:
    """The demo writes into its own folder below the data folder, which only the owner can enter."""
    assert [path.name for path in demo.folder.iterdir()] == [".otel-compliance"]
    data = demo.folder / ".otel-compliance"
    assert sorted(path.name for path in data.iterdir()) == ["demo", "demo.lock"]
    assert {"audit", "hmac.key", "policy.toml", "report.html", "spool", "store"} <= {
        path.name for path in (data / "demo").iterdir()
    }
    assert stat.S_IMODE((data / "demo").stat().st_mode) == 0o700
    assert list((data / "demo" / "spool").glob("*/*.seg")) == []


def test_the_report(demo: Demo) -> None:
    """The report has the three findings with what to do about them, and a chart wherever there is something to draw."""
    page = (demo.folder / ".otel-compliance" / "demo" / "report.html").read_text()
    assert page.count("<summary>What to do</summary>") == 3
    assert "No data in this period" not in page


def test_steps_are_shown_on_standard_error(demo: Demo) -> None:
    """With --json standard output is the document alone, and every step is on standard error."""
    titles = [step["title"] for step in demo.document["steps"]]
    assert len(titles) == 8
    assert [
        line.removeprefix("✓ ").rpartition(" ")[0].rpartition(" ")[0]
        for line in demo.stderr.splitlines()
        if line[:1] == "✓"
    ] == titles


def test_a_second_run(tmp_path: Path, canaries_in) -> None:
    """A second run starts clean in its own folder and touches nothing else.

    At 80 columns nothing is cut, the sent prompt is the only place with planted values, and settings of the
    surroundings change nothing.
    """
    data = tmp_path / ".otel-compliance"
    (data / "demo").mkdir(parents=True)
    (data / "demo" / "old").write_text("of an earlier run")
    (data / "spool").mkdir()
    (data / "spool" / "theirs").write_text("real data")
    done = run_demo(
        tmp_path,
        env={
            "COLUMNS": "80",
            "OTEL_COMPLIANCE_POLICY": "absent.toml",
            "OTEL_TRACES_EXPORTER": "console",
            "OTEL_SDK_DISABLED": "true",
            "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
            "HTTP_PROXY": "http://127.0.0.1:1",
        },
    )
    assert done.code == 0, done.stderr
    assert not (data / "demo" / "old").exists()
    assert (data / "spool" / "theirs").read_text() == "real data"
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert canaries_in(done.stdout.encode()) == ["(415) 555-0132", "ana.silva", "ana.silva@example.com"]
    assert canaries_in(done.stderr.encode()) == []
    for line in ("15 calls, ", "3 rules ran, 3 findings.", "0 hits.", ".otel-compliance/demo/report.html", "3 × 529"):
        assert line in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_keeping_earlier_runs(tmp_path: Path) -> None:
    """With --keep a run adds to the data of the one before."""
    assert run_demo(tmp_path, "--json").code == 0
    done = run_demo(tmp_path, "--json", "--keep")
    assert (done.code, len(done.document["calls"]), done.document["audit"]["intact"]) == (0, 30, True)


def test_live(tmp_path: Path, claude: ClaudeAPI, canaries_in) -> None:
    """--live sends short requests with the user's key to where the user's client would, and says so before."""
    key = api_keys()["support"]
    done = run_demo(tmp_path, "--json", "--live", env={"ANTHROPIC_API_KEY": key, "ANTHROPIC_BASE_URL": claude.base_url})
    assert done.code == 0, done.stderr
    assert done.stderr.startswith("Live: about 15 short requests with invented data go to http://127.0.0.1:")
    assert len(claude.requests) == len(done.document["calls"]) == 14
    assert {request.json["max_tokens"] for request in claude.requests} == {200}
    credentials = {request.headers.get("authorization") or request.headers["x-api-key"] for request in claude.requests}
    assert {credential.removeprefix("Bearer ") for credential in credentials} == {key}
    assert done.document["proof"]["hits"] == []
    assert canaries_in((done.stdout + done.stderr).encode()) == []


@pytest.mark.parametrize(
    ("arguments", "env", "shim", "code", "message"),
    [
        (
            [],
            {},
            "import sys; sys.modules['chdb'] = None",
            69,
            (
                "Error: the embedded store needs the extra [embedded], which is not installed\n"
                "  → pip install 'otel-compliance[embedded]'\n"
            ),
        ),
        (
            [],
            {},
            "import sys; sys.modules['anthropic'] = None",
            69,
            (
                "Error: the demo needs the extra [instruments], which is not installed\n"
                "  → pip install 'otel-compliance[instruments]'\n"
            ),
        ),
        (
            ["--live"],
            {},
            "",
            78,
            (
                "Error: ANTHROPIC_API_KEY is not set, which --live needs\n"
                "  → set it, or leave --live out: the demo then brings its own local Claude API\n"
            ),
        ),
        (
            [],
            {"OTEL_COMPLIANCE_DIR": "file/folder"},
            "",
            70,
            (
                "Error: FOLDER/file/folder: the folder of the demo cannot be written: Not a directory\n"
                "  → start the demo in a folder that you can write to, or set OTEL_COMPLIANCE_DIR\n"
            ),
        ),
    ],
    ids=["no engine", "no SDK", "no key", "no folder"],
)
def test_what_is_missing_is_said_before_anything_starts(tmp_path: Path, arguments, env, shim, code, message) -> None:
    """Without engine, SDK, key or folder the demo says what to do, and has not started anything."""
    (tmp_path / "file").write_text("")
    done = run_demo(tmp_path, *arguments, env=env, shim=shim)
    assert (done.code, done.stdout, done.stderr.replace(str(tmp_path), "FOLDER")) == (code, "", message)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_activation_without_effect(tmp_path: Path) -> None:
    """Where the switch has no effect the calls succeed, nothing is recorded, and the demo says so and where to look."""
    shim = (
        "import subprocess\n"
        "class Popen(subprocess.Popen):\n"
        "    def __init__(self, *args, env=None, **options):\n"
        "        env = {name: env[name] for name in env if name != 'OTEL_COMPLIANCE'}\n"
        "        super().__init__(*args, env=env, **options)\n"
        "subprocess.Popen = Popen\n"
    )
    done = run_demo(tmp_path, shim=shim)
    assert (done.code, done.stdout) == (70, "")
    assert done.stderr.endswith(
        "Error: the programs ran, but nothing was recorded: OTEL_COMPLIANCE has no effect in this Python\n"
        "  → see the line Activation of: otel-compliance check\n"
    )


def test_the_planted_values_are_in_the_tickets() -> None:
    """Every value that is searched for was really sent: a search for something else would prove nothing."""
    tickets = (Path(__file__).parents[2] / "otel_compliance/local/demo/app/tickets.toml").read_text()
    assert [value for value in PLANTED if value not in tickets] == []
