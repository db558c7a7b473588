"""`otel-compliance audit verify`: what it finds, and what is no fault."""

from pathlib import Path

import pytest


def flip(lines: list[bytes]) -> list[bytes]:
    """Change one fact of the second event."""
    return [lines[0], lines[1].replace(b'"support"', b'"billing"'), *lines[2:]]


@pytest.mark.parametrize(
    ("tamper", "kinds"),
    [
        (flip, {"changed"}),
        (lambda lines: [lines[0], *lines[2:]], {"missing"}),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], {"reordered"}),
        (lambda lines: [*lines[:2], *lines[1:]], {"repeated"}),
        (lambda lines: [*lines[:1], b"not json", *lines[2:]], {"malformed", "missing"}),
    ],
)
def test_tampering_with_a_file_is_found(run, recording, tamper, kinds) -> None:
    """An event that was changed, removed, reordered, repeated or damaged is named, and the exit code is 1."""
    recording.call()
    recording.call()
    recording.end()
    path = recording.chain_file
    path.write_bytes(b"\n".join([*tamper(path.read_bytes().splitlines()), b""]))
    done = run("audit", "verify", "--source", "files", "--json")
    assert (done.code, done.document["intact"]) == (1, False)
    assert kinds <= {problem["kind"] for problem in done.document["problems"]}
    assert {problem["copy"] for problem in done.document["problems"]} == {"files"}


def test_an_intact_log(run, recording) -> None:
    """Both copies verify and agree."""
    recording.call()
    recording.end()
    done = run("audit", "verify", "--json")
    copy = {"chains": 1, "events": 3, "erased": 0}
    assert (done.code, done.document) == (
        0,
        {"intact": True, "copies": {"files": copy, "store": copy}, "problems": []},
    )
    assert run("audit", "verify").stdout.strip().endswith("The audit log is intact.")


def test_a_removed_file_is_found(run, recording) -> None:
    """A chain whose file is gone is still in the store, so comparing the copies finds it."""
    recording.call()
    recording.end()
    recording.chain_file.unlink()
    done = run("audit", "verify", "--json")
    assert done.code == 1
    assert [(problem["copy"], problem["kind"], problem["seq"]) for problem in done.document["problems"]] == [
        ("both", "missing", 0),
        ("both", "missing", 1),
        ("both", "missing", 2),
    ]


def test_a_cut_tail_is_found(run, recording) -> None:
    """Cutting off the end of a file leaves a valid chain, which only the other copy gives away."""
    recording.call()
    recording.end()
    path = recording.chain_file
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert run("audit", "verify", "--source", "files").code == 0
    done = run("audit", "verify", "--json")
    assert done.code == 1
    assert ("both", "missing") in {(problem["copy"], problem["kind"]) for problem in done.document["problems"]}


def test_a_running_process_is_no_fault(run, recording, tmp_path: Path) -> None:
    """The chain of a running process has no end yet, and its last events may not have arrived: no fault."""
    recording.call()
    run("calls")
    recording.call()
    for segment in recording.settings.spool.glob("*/*.seg"):
        segment.rename(tmp_path / "on-its-way")
    done = run("audit", "verify", "--json")
    assert (done.code, done.document["intact"]) == (0, True)
    assert {(problem["copy"], problem["kind"]) for problem in done.document["problems"]} == {
        ("files", "open_end"),
        ("store", "open_end"),
    }
    recording.end()


def test_files_need_no_engine(run, recording) -> None:
    """Verifying the files needs neither store nor engine: an auditor's machine has none."""
    recording.call()
    recording.end()
    done = run("audit", "verify", "--source", "files", shim="import sys; sys.modules['chdb'] = None")
    assert (done.code, done.stderr) == (0, "")


def test_no_files_are_written(run) -> None:
    """Where no files are written, verifying them is a configuration error that says what to do."""
    done = run("audit", "verify", env={"OTEL_COMPLIANCE_AUDIT_LOG": "none"})
    assert (done.code, done.stdout) == (78, "")
    assert done.stderr == (
        "Error: OTEL_COMPLIANCE_AUDIT_LOG is none, so there are no files to verify\n"
        "  → otel-compliance audit verify --source store\n"
    )
