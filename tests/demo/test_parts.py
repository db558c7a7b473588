"""The demo's parts: its program, its folder, its search."""

import ast
import fcntl
import sys
from pathlib import Path

import pytest

from otel_compliance.errors import ComplianceError
from otel_compliance.keys import KeyRing, credential_hint
from otel_compliance.local.demo import proof
from otel_compliance.local.demo.apps import environment, local_api, run_together
from otel_compliance.local.demo.scenario import APP, BORROWED_KEY, DAILY, PLANTED, TICKETS, App, api_keys
from otel_compliance.local.demo.workspace import workspace
from otel_compliance.redact import Redactor
from otel_compliance.store.client import Store
from tests.support.store import audit_row, insert_calls


def test_the_program_is_ordinary() -> None:
    """The support bot imports the standard library and the SDK, nothing else: it cannot know that it is recorded."""
    tree = ast.parse(APP.read_text())
    imported = {
        alias.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    } | {str(node.module).partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported - sys.stdlib_module_names == {"anthropic"}
    assert "compliance" not in APP.read_text() + TICKETS.read_text()


def test_planted_values_are_recognised() -> None:
    """Each planted value is found as the type that the scenario gives it, in the sentence that it stands in."""
    redacted = Redactor(KeyRing(bytes(32))).redact(TICKETS.read_text())
    assert [value for value in PLANTED if value in redacted.text] == []
    assert {finding.type for finding in redacted.findings} == set(PLANTED.values())


def test_keys_are_like_real_ones() -> None:
    """Keys have the form and length of real ones, are the same in each run, and differ from each other."""
    keys = api_keys()
    assert sorted(keys) == ["billing", "research", "support"]
    assert keys == api_keys()
    assert {len(key) for key in keys.values()} == {108}
    assert len({credential_hint(key) for key in keys.values()}) == 3
    assert {app.key for app in (*DAILY, *BORROWED_KEY)} == set(keys)


def test_a_program_that_fails(tmp_path: Path) -> None:
    """A program that fails is named, with the last line that it wrote, and nothing is left running."""
    broken = App("no-such-queue", "x", "x", "x", "x")
    with local_api() as address, pytest.raises(ComplianceError) as caught:
        run_together([broken], [environment(broken, compliance={}, key="k", base_url=address)])
    assert (
        caught.value.problem == "the program of queue no-such-queue failed with exit code 1: KeyError: 'no-such-queue'"
    )


def test_only_one_demo_at_a_time(tmp_path: Path) -> None:
    """A demo that is running in the folder is not disturbed by a second one."""
    with workspace(tmp_path, keep=False) as place:
        (place.directory / "data").write_text("x")
        with (
            pytest.raises(ComplianceError, match="another demo is running in this folder"),
            workspace(tmp_path, keep=False),
        ):
            pass
        assert (place.directory / "data").exists()
    with workspace(tmp_path, keep=True) as place:
        assert (place.directory / "data").exists()
    with workspace(tmp_path, keep=False) as place:
        assert [path.name for path in place.directory.iterdir()] == ["policy.toml"]


def test_the_lock_outlives_a_crash(tmp_path: Path) -> None:
    """The lock belongs to the process, not to the file: a file left behind locks nobody out."""
    (tmp_path / "demo.lock").write_text("")
    with workspace(tmp_path, keep=False), (tmp_path / "demo.lock").open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_the_search_finds(store: Store, tmp_path: Path) -> None:
    """A value is found in a file, in a row of any table, whose files are compressed, and in what was printed.

    Also when it is written without its separators, and with slashes in it.
    """
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "leak.bin").write_bytes(b"\x00\xff4111111111111111\x00")
    (tmp_path / "clean").write_text("nothing")
    insert_calls(store, [audit_row(team="K7MDENG/bPxRfiCY")])
    found = proof.search(
        ["4111 1111 1111 1111", "K7MDENG/bPxRfiCY", "ana@example.com"],
        folder=tmp_path,
        store=store,
        texts={"what a printed": "to ana@example.com", "what b printed": "nothing"},
    )
    assert found.hits == (
        *("what a printed", "below/leak.bin"),
        *("table genai_usage_hour", "table otel_audit", "table otel_logs"),
    )
    assert (found.values, found.files, found.size) == (3, 2, 26)
    assert found.rows >= 2


def test_the_search_finds_nothing_where_nothing_is(store: Store, tmp_path: Path) -> None:
    """Where no value is there are no hits."""
    insert_calls(store, [audit_row()])
    found = proof.search(["4111 1111 1111 1111"], folder=tmp_path, store=store, texts={"a": "b"})
    assert (found.hits, found.files) == ((), 0)
