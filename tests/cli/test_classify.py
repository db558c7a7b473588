"""``otel-compliance classify``, by what a user or a script sees of it."""

import json
from pathlib import Path
from typing import Any

from dirty_equals import IsStr

TEXT = "Grüße an jane.doe@example.com, SSN 123-45-6789."
EMAIL = {"type": "EMAIL", "start": 9, "end": 29, "confidence": 0.95}
SSN = {"type": "SSN", "start": 35, "end": 46, "confidence": 0.85}
REDACTED = IsStr(regex=r"Grüße an \[EMAIL:k1:[a-z2-7]{16}\], SSN \[SSN:k1:[a-z2-7]{16}\]\.")


def answers(stdout: str) -> list[Any]:
    """The lines of standard output, decoded."""
    return [json.loads(line) for line in stdout.splitlines()]


def test_each_line_is_answered_by_one(run) -> None:
    """Identifiers come back as they were, offsets are characters, order is kept, and empty lines are skipped."""
    lines = [{"id": 7, "text": TEXT}, {"id": {"doc": "b"}, "text": "nothing here"}]
    done = run("classify", "--jsonl", stdin=json.dumps(lines[0]) + "\n\n" + json.dumps(lines[1]))
    assert (done.code, done.stderr) == (0, "")
    assert answers(done.stdout) == [
        {"id": 7, "classification": "RESTRICTED", "findings": [EMAIL, SSN], "redacted": REDACTED},
        {"id": {"doc": "b"}, "classification": "INTERNAL", "findings": [], "redacted": "nothing here"},
    ]


def test_a_bad_line_is_answered_by_an_error_and_the_rest_goes_on(run) -> None:
    """What is wrong with a line names its number and what was expected, never what is in it."""
    lines = ["jane.doe@example.com", "[1]", '{"id": "a", "txt": "jane.doe@example.com"}', '{"id": "b", "text": "fine"}']
    done = run("classify", "--jsonl", stdin="\n".join(lines))
    assert done.code == 1
    assert answers(done.stdout) == [
        {"id": None, "error": "line 1: not a JSON document"},
        {"id": None, "error": 'line 2: not a JSON object with "id" and "text"'},
        {"id": "a", "error": 'line 3: the key "text" is missing or not a string'},
        {"id": "b", "classification": "INTERNAL", "findings": [], "redacted": "fine"},
    ]
    assert len(done.stderr.splitlines()) == 3
    assert "jane" not in done.stdout + done.stderr


def test_lines_that_are_almost_json(run) -> None:
    """Nesting without end, numbers that JSON does not have and bytes that are no UTF-8 cost other lines nothing."""
    lines = [
        b"[" * 100_000,
        b'{"id": NaN, "text": ""}',
        b'{"id": 1e999, "text": ""}',
        b'{"id": 4, "text": "\xff"}',
        b"\0",
    ]
    last = '{"id": 1.5, "text": "\U0001f600e\u0301\\r\\n\\ud800 jane.doe@example.com"}\r\n'.encode()
    done = run("classify", "--jsonl", stdin=b"\r\n".join([*lines, last]).decode("utf-8", "surrogateescape"))
    assert done.code == 1
    assert answers(done.stdout) == [
        *({"id": None, "error": f"line {number}: not a JSON document"} for number in range(1, 6)),
        {
            "id": 1.5,
            "classification": "CONFIDENTIAL",
            "findings": [{"type": "EMAIL", "start": 7, "end": 27, "confidence": 0.95}],
            "redacted": IsStr(regex="\U0001f600e\u0301\r\n\ud800 \\[EMAIL:k1:[a-z2-7]{16}\\]"),
        },
    ]


def test_a_text_that_cannot_be_inspected_is_restricted(run) -> None:
    """A recogniser that breaks on one text fails closed for it, and the others are answered."""
    breaking = (
        "from otel_compliance.redact.text import EmailRecognizer as R; find = R.find; "
        "R.find = lambda self, folded: 1 / 0 if b'break' in folded.ascii else find(self, folded)"
    )
    lines = ['{"id": "a", "text": "break jane.doe@example.com"}', '{"id": "b", "text": "fine"}']
    done = run("classify", "--jsonl", stdin="\n".join(lines), shim=breaking)
    assert done.code == 1
    assert answers(done.stdout) == [
        {
            "id": "a",
            "classification": "RESTRICTED",
            "findings": [],
            "redacted": "[REDACTED:failed]",
            "error": "line 1: the text could not be inspected: ZeroDivisionError",
        },
        {"id": "b", "classification": "INTERNAL", "findings": [], "redacted": "fine"},
    ]
    assert "jane" not in done.stdout + done.stderr


def test_a_file_for_a_person(run, tmp_path: Path) -> None:
    """The text stands there with a table of what was found, the class of each type, and the class of the whole."""
    (tmp_path / "letter.txt").write_text(TEXT, encoding="utf-8")
    done = run("classify", "letter.txt")
    lines = [line.rstrip() for line in done.stdout.splitlines() if line.strip()]
    assert done.code == 0
    assert lines == [
        TEXT,
        "type   found  class         example replaced by",
        IsStr(regex=r"EMAIL      1  CONFIDENTIAL  \[EMAIL:k1:[a-z2-7]{16}\]"),
        IsStr(regex=r"SSN        1  RESTRICTED    \[SSN:k1:[a-z2-7]{16}\]"),
        "Class: RESTRICTED",
    ]


def test_standard_input_as_json(run) -> None:
    """A pipe works as a file does."""
    done = run("classify", "--json", stdin=TEXT)
    assert done.document == {
        "source": "standard input",
        "classification": "RESTRICTED",
        "findings": [EMAIL, SSN],
        "redacted": REDACTED,
    }


def test_the_policy_decides(run, tmp_path: Path) -> None:
    """The policy that the environment names gives the class."""
    (tmp_path / "policy.toml").write_text('version = 1\n[classification.entities]\nEMAIL = "RESTRICTED"\n')
    done = run("classify", "--json", stdin="jane.doe@example.com", env={"OTEL_COMPLIANCE_POLICY": "policy.toml"})
    assert done.document["classification"] == "RESTRICTED"


def test_bytes_that_are_no_text(run, tmp_path: Path) -> None:
    """A file that is not UTF-8 is inspected all the same."""
    (tmp_path / "latin.txt").write_bytes("Grüße an jane.doe@example.com".encode("latin-1"))
    assert run("classify", "latin.txt", "--json").document["findings"][0]["type"] == "EMAIL"


def test_wrong_usage(run) -> None:
    """A file that is not there, and a file where lines are read from standard input, are clear errors."""
    missing, both = run("classify", "nowhere.txt"), run("classify", "--jsonl", "letter.txt")
    assert (missing.code, both.code) == (70, 2)
    assert "nowhere.txt: cannot be read: No such file or directory" in missing.stderr
    assert "--jsonl reads standard input" in both.stderr


def test_the_transforms_of_the_policy_are_shown(run, tmp_path: Path) -> None:
    """What the policy says of a type is what stands in the text and in the table."""
    rules = 'version = 1\n[transforms.entities]\nEMAIL = "drop"\nSSN = "mask"\n'
    (tmp_path / "policy.toml").write_text(rules)
    (tmp_path / "letter.txt").write_text(TEXT, encoding="utf-8")
    done = run("classify", "letter.txt", env={"OTEL_COMPLIANCE_POLICY": "policy.toml"})
    lines = [line.rstrip() for line in done.stdout.splitlines() if line.strip()]
    assert lines == [
        TEXT,
        "type   found  class         example replaced by",
        "EMAIL      1  CONFIDENTIAL  [EMAIL]",
        "SSN        1  RESTRICTED    [SSN:****]",
        "Class: RESTRICTED",
    ]
