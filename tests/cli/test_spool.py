"""``otel-compliance spool``: nothing that was set aside is lost unless somebody says so."""

from pathlib import Path
from typing import Any

import pytest
from dirty_equals import IsPositiveInt, IsStr

from otel_compliance.store.spool import Spool


@pytest.fixture
def spool(recording) -> Spool:
    """A spool with one whole segment and one damaged one set aside, and one that waits."""
    spool = Spool.from_settings(recording.settings)
    recording.call()
    whole = spool.segments()[0]
    recording.end()
    damaged = next(path for path in spool.segments() if path != whole)
    spool.quarantine(whole)
    damaged.write_bytes(b"not a header")
    spool.quarantine(damaged)
    return spool


def named(document: Any, state: str) -> list[str]:
    """Names of the segments of one state."""
    return [item["name"] for item in document["segments"] if item["state"] == state]


def test_an_empty_spool(run) -> None:
    """Nothing to say, and no error where there is no spool yet."""
    done = run("spool", "list")
    assert (done.code, done.stdout) == (0, "Nothing waits and nothing was set aside.\n")


def test_segments_are_listed(run, spool: Spool) -> None:
    """Each with its state, table, rows and size; a damaged one with what is wrong. Some set aside: exit code 1."""
    done = run("spool", "list", "--json")
    by_problem = {item["problem"]: item for item in done.document["segments"] if item["state"] == "quarantined"}
    common = {
        "name": IsStr(regex=r".+-\d{19}-\d{8}-\d+-\d+\.seg"),
        "state": "quarantined",
        "bytes": IsPositiveInt,
        "written": IsStr,
    }
    assert done.code == 1
    assert by_problem == {
        "": {**common, "table": "otel_logs", "rows": 1, "problem": ""},
        "the segment has no header": {
            **common,
            "table": "",
            "rows": 0,
            "problem": "the segment has no header",
        },
    }
    assert "the segment has no header" in run("spool", "list").stdout


def test_whole_segments_are_replayed(run, spool: Spool) -> None:
    """What can be read goes back and is delivered by the next command that reads; what is damaged stays."""
    done = run("spool", "replay", "--all", "--json")
    assert done.code == 1
    assert [item["rows"] for item in done.document["replayed"]] == [1]
    assert [item["problem"] for item in done.document["damaged"]] == ["the segment has no header"]
    assert len(spool.quarantined()) == 1
    assert run("calls", "--json").code == 0
    assert spool.segments() == []
    assert run("spool", "replay", *named(run("spool", "list", "--json").document, "quarantined")).code == 1


def test_dropping_needs_a_yes(run, spool: Spool) -> None:
    """Without --yes nothing is deleted; with it, only what was set aside."""
    asked = run("spool", "drop", "--all")
    assert asked.stdout.splitlines()[-1] == "Would drop 2 segments with 1 rows that can be read."
    assert len(spool.quarantined()) == 2
    waiting = len(spool.segments())
    assert run("spool", "drop", "--all", "--yes", "--json").document["rows"] == 1
    assert (len(spool.quarantined()), len(spool.segments())) == (0, waiting)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["replay"], 2, "name segments, or give --all"),
        (["drop", "a.seg", "--all"], 2, "name segments, or give --all"),
        (["drop", "../../etc/passwd", "--yes"], 69, "no segment of this name was set aside"),
    ],
)
def test_wrong_usage(run, arguments: list[str], code: int, message: str, tmp_path: Path) -> None:
    """Nothing named, too much named, or a name that is none: a clear error, and nothing happens."""
    done = run("spool", *arguments)
    assert (done.code, message in " ".join(done.stderr.split())) == (code, True)
