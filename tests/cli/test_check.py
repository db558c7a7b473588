"""`otel-compliance check`: every fault has an item that names it and says how to mend it."""

import base64
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from otel_compliance.cli.check import software, storage
from otel_compliance.cli.check.diagnosis import Item, Subject, diagnose
from otel_compliance.store import client, drift, schema

KEY = base64.b64encode(bytes(32)).decode()

WITHOUT_CHDB = "import sys; sys.modules['chdb'] = None"

FAKE_VERSION = """
import importlib.metadata as metadata
real = metadata.version
def version(package):
    if package != "anthropic":
        return real(package)
    if {version!r} is None:
        raise metadata.PackageNotFoundError(package)
    return {version!r}
metadata.version = version
"""


def items(document: Any) -> dict[str, dict[str, str]]:
    """The items of a check by name; of several with one name the last."""
    return {item["name"]: item for item in document["items"]}


def test_a_good_environment_passes(run) -> None:
    """Where all is well every item is ok, the exit code is 0, and nothing is made."""
    done = run("check", "--json")
    assert (done.code, done.stderr) == (0, "")
    assert done.document["ok"] is True
    assert {item["name"]: item["status"] for item in done.document["items"]} == dict.fromkeys(
        [
            "Python",
            "otel-compliance",
            "Activation",
            "anthropic SDK",
            "OpenTelemetry SDK",
            "Redaction self-test",
            "Redaction engine",
            "Other instrumentations",
            "Settings",
            "Policy",
            "HMAC key",
            "Spool",
            "Audit log",
            "Store",
        ],
        "ok",
    )


def test_check_changes_nothing(run, tmp_path: Path) -> None:
    """A check of an environment that was never used leaves no file behind."""
    run("check")
    assert list(tmp_path.iterdir()) == []


def test_every_wrong_variable_is_named(run) -> None:
    """Each variable is looked at by itself, so two mistakes give two items; values are not repeated."""
    done = run(
        "check",
        "--json",
        env={"OTEL_COMPLIANCE_CONTENT": "hunter2", "OTEL_COMPLIANCE_POLICE": "x", "OTEL_COMPLIANCE_STORE": "none"},
    )
    assert done.code == 1
    assert [(item["detail"], item["remedy"]) for item in done.document["items"] if item["name"] == "Settings"] == [
        ("OTEL_COMPLIANCE_CONTENT has a value that is not accepted", "set it to none or redacted"),
        ("OTEL_COMPLIANCE_POLICE is not a variable of otel-compliance", "did you mean OTEL_COMPLIANCE_POLICY?"),
    ]
    assert "hunter2" not in done.stdout + done.stderr
    assert items(done.document)["Store"]["detail"].startswith("none:")


def test_a_broken_policy_names_file_and_key(run, tmp_path: Path) -> None:
    """The item of the policy names the file, the key, the value and what was expected."""
    (tmp_path / "p.toml").write_text("version = 1\n[retention]\nPUBLIC = 0\n")
    done = run("check", "--json", env={"OTEL_COMPLIANCE_POLICY": "p.toml"})
    assert done.code == 1
    assert items(done.document)["Policy"] == {
        "name": "Policy",
        "status": "fail",
        "detail": "p.toml: key retention.PUBLIC has value 0: Input should be greater than or equal to 1",
        "remedy": "run `otel-compliance check` after mending the file",
    }


@pytest.mark.parametrize(
    ("variables", "file", "expected"),
    [
        ({}, None, ("ok", "it will be made by the first call, generated on this machine")),
        ({}, (KEY, 0o600), ("ok", "DIR/hmac.key, generated on this machine")),
        ({}, (KEY, 0o644), ("fail", "DIR/hmac.key can be read by other users")),
        ({}, ("not base64!", 0o600), ("fail", "DIR/hmac.key does not hold base64 text")),
        (
            {"OTEL_COMPLIANCE_HMAC_KEY_FILE": "k"},
            None,
            ("fail", "k: the HMAC key file cannot be read: No such file or directory"),
        ),
        ({"OTEL_COMPLIANCE_HMAC_KEY": KEY}, None, ("warn", "from the variable OTEL_COMPLIANCE_HMAC_KEY")),
        ({"OTEL_COMPLIANCE_HMAC_KEY": "c2hvcnQ="}, None, ("fail", "the HMAC key has 5 bytes; at least 32 are needed")),
        (
            {"OTEL_RESOURCE_ATTRIBUTES": "a=b,deployment.environment.name=production"},
            (KEY, 0o600),
            (
                "warn",
                (
                    "DIR/hmac.key, generated on this machine: other machines have other keys, so pseudonyms do not "
                    "match across them"
                ),
            ),
        ),
    ],
)
def test_the_key(run, tmp_path: Path, variables, file, expected) -> None:
    """The key must be readable, strong, private, and in production not one that this machine made for itself."""
    folder = tmp_path / ".otel-compliance"
    if file is not None:
        folder.mkdir()
        (folder / "hmac.key").write_text(file[0])
        (folder / "hmac.key").chmod(file[1])
    done = run("check", "--json", env=variables)
    item = items(done.document)["HMAC key"]
    assert (item["status"], item["detail"].replace(str(folder), "DIR")) == expected
    assert (item["remedy"] == "") is (item["status"] == "ok")
    assert done.code == (1 if item["status"] == "fail" else 0)
    assert KEY not in done.stdout


@pytest.mark.parametrize(
    ("version", "status", "detail"),
    [
        (None, "fail", "not installed: nothing to capture"),
        ("0.99.0", "warn", "0.99.0, older than 0.125, the oldest version that this release was tested with"),
        ("1.2.0", "warn", "1.2.0, makes no spans of its own; ours stand in"),
        ("1.14.0", "ok", "1.14.0, makes spans of its own, which are completed"),
        ("3.0.0", "warn", "3.0.0, newer than the versions that this release was tested with"),
    ],
)
def test_the_sdk(run, version, status, detail) -> None:
    """An SDK that is absent fails; one without native spans, or that is untested, is a warning."""
    done = run("check", "--json", shim=FAKE_VERSION.format(version=version))
    item = items(done.document)["anthropic SDK"]
    assert (item["status"], item["detail"]) == (status, detail)
    assert done.code == (1 if status == "fail" else 0)


@pytest.mark.parametrize(
    ("variable", "name"), [("OTEL_COMPLIANCE_SPOOL", "Spool"), ("OTEL_COMPLIANCE_AUDIT_LOG", "Audit log")]
)
def test_a_folder_that_cannot_be_written(run, tmp_path: Path, variable: str, name: str) -> None:
    """A spool or audit folder in which nothing can be written fails, and the item names the variable."""
    (tmp_path / "file").write_text("")
    done = run("check", "--json", env={variable: str(tmp_path / "file" / "folder")})
    assert done.code == 1
    assert items(done.document)[name] == {
        "name": name,
        "status": "fail",
        "detail": f"{tmp_path}/file cannot be written: Not a directory",
        "remedy": f"make the folder writable, or set {variable}",
    }


def test_the_engine_is_missing(run) -> None:
    """Without chdb the embedded store fails, and the item says what to install."""
    done = run("check", "--json", shim=WITHOUT_CHDB)
    assert done.code == 1
    assert items(done.document)["Store"] == {
        "name": "Store",
        "status": "fail",
        "detail": "the embedded store needs the extra [embedded], which is not installed",
        "remedy": "pip install 'otel-compliance[embedded]'",
    }


def test_the_store_is_unreachable(run) -> None:
    """A server that does not answer fails; user and password of its address are not shown."""
    done = run("check", "--json", env={"OTEL_COMPLIANCE_STORE": "http://me:hunter2@127.0.0.1:1/x"})
    item = items(done.document)["Store"]
    assert (done.code, item["status"]) == (1, "fail")
    assert item["detail"].startswith("http://127.0.0.1:1/x: the store cannot be reached")
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        (
            "http://ch:8123/x",
            ("fail", "http://ch:8123/x, ClickHouse 26.9, lacks 2 migrations", "otel-compliance migrate"),
        ),
        (
            "chdb://.",
            ("ok", "chdb://., ClickHouse 26.9, 2 migrations are applied by the next command that reads it", ""),
        ),
    ],
)
def test_the_schema_is_behind(monkeypatch: pytest.MonkeyPatch, dsn: str, expected: tuple[str, str, str]) -> None:
    """Migrations that a server lacks are a failure, as nobody applies them unasked; the embedded store mends itself."""
    monkeypatch.setattr(client, "connect", lambda _: nullcontext(SimpleNamespace(server_version="26.9")))
    monkeypatch.setattr(schema, "pending", lambda _: ["one", "two"])
    (item,) = storage.store(Subject.of({"OTEL_COMPLIANCE_STORE": dsn}))
    assert (item.status, item.detail, item.remedy) == expected


def test_a_schema_that_somebody_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing from the tables is named, and so is what would make their rows wrong without an error."""
    monkeypatch.setattr(client, "connect", lambda _: nullcontext(SimpleNamespace(server_version="26.9")))
    monkeypatch.setattr(schema, "pending", lambda _: [])
    monkeypatch.setattr(drift, "drift", lambda *_: drift.Drift(("a_mv", "b"), ("c has another query",)))
    missing, altered = storage.store(Subject.of({"OTEL_COMPLIANCE_STORE": "http://ch:8123/x"}))
    where = "http://ch:8123/x, ClickHouse 26.9"
    assert (missing.status, missing.detail) == ("fail", f"{where}, lacks a_mv, b, which somebody dropped")
    assert (altered.status, altered.detail) == ("warn", f"{where}, was altered: c has another query")


def test_a_check_that_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that itself breaks is a failed item that names only the error's type, and the others go on."""

    def broken(subject: Subject) -> Iterator[Item]:
        raise RuntimeError("ana@example.com")

    items = diagnose({}, {"Broken": broken, "Python": software.python})
    assert [(item.name, item.status) for item in items] == [("Broken", "fail"), ("Python", "ok")]
    assert items[0].detail == "could not be looked at: RuntimeError"


def test_activation_is_not_installed(run) -> None:
    """Where the switch has no effect although it is on, that fails: nothing would be recorded, silently."""
    shim = (
        "import sys, subprocess; real = subprocess.run\nsubprocess.run = lambda a, **k: real([a[0], '-S', *a[1:]], **k)"
    )
    assert items(run("check", "--json", shim=shim).document)["Activation"]["status"] == "warn"
    done = run("check", "--json", shim=shim, env={"OTEL_COMPLIANCE": "on"})
    assert (done.code, items(done.document)["Activation"]["status"]) == (1, "fail")


def test_another_instrumentation(run, tmp_path: Path) -> None:
    """An installed instrumentation of the same SDK is named, with what it does to the spans."""
    info = tmp_path / "shim" / "opentelemetry_instrumentation_anthropic-9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: opentelemetry-instrumentation-anthropic\nVersion: 9\n")
    (info / "entry_points.txt").write_text("[opentelemetry_instrumentor]\nanthropic = x:Y\n")
    done = run("check", "--json", shim="pass")
    item = items(done.document)["Other instrumentations"]
    assert (done.code, item["status"]) == (0, "warn")
    assert item["detail"].startswith("opentelemetry-instrumentation-anthropic also instruments the anthropic SDK")


def test_for_a_person(run) -> None:
    """Without --json each item is a line, remedies stand below, and there are no escape sequences in a pipe."""
    done = run("check", env={"OTEL_COMPLIANCE": "perhaps"})
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert f"ok    Python                  {sys.version.split()[0]}, {sys.executable}" in lines
    start = lines.index("fail  Settings                OTEL_COMPLIANCE has a value that is not accepted")
    assert lines[start + 1] == "                              → set it to on or off"
    assert lines[-1] == "1 failed, 0 to look at."
    assert "\x1b" not in done.stdout
