"""Settings from the environment."""

from pathlib import Path

import pytest

from otel_compliance.config import VARIABLES, ContentMode, Settings, redacted_dsn
from otel_compliance.errors import ConfigError


def test_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no variable set, the layer is off, keeps no content and puts everything below one folder."""
    monkeypatch.chdir(tmp_path)
    home = tmp_path / ".otel-compliance"
    assert Settings.from_env({}) == Settings(
        enabled=False,
        strict=False,
        directory=home,
        policy=None,
        content=ContentMode.NONE,
        store=f"chdb://{home / 'store'}",
        spool=home / "spool",
        audit_log=home / "audit",
        hmac_key=None,
        hmac_key_file=home / "hmac.key",
        hmac_key_generated=True,
        subject_keys=home / "subject-keys",
    )


def test_every_variable_is_read(tmp_path: Path) -> None:
    """Each documented variable changes the setting that it documents."""
    environ = {
        "OTEL_COMPLIANCE": "on",
        "OTEL_COMPLIANCE_STRICT": "true",
        "OTEL_COMPLIANCE_DIR": str(tmp_path / "home"),
        "OTEL_COMPLIANCE_POLICY": "policy.toml",
        "OTEL_COMPLIANCE_CONTENT": "redacted",
        "OTEL_COMPLIANCE_STORE": "https://user:secret@db.example:8443/otel",
        "OTEL_COMPLIANCE_SPOOL": str(tmp_path / "spool"),
        "OTEL_COMPLIANCE_AUDIT_LOG": "none",
        "OTEL_COMPLIANCE_HMAC_KEY": "c2VjcmV0",
        "OTEL_COMPLIANCE_HMAC_KEY_FILE": str(tmp_path / "key"),
        "OTEL_COMPLIANCE_SUBJECT_KEYS": str(tmp_path / "subjects"),
    }
    assert set(environ) == {variable.name for variable in VARIABLES}
    assert Settings.from_env(environ) == Settings(
        enabled=True,
        strict=True,
        directory=tmp_path / "home",
        policy=Path("policy.toml"),
        content=ContentMode.REDACTED,
        store="https://user:secret@db.example:8443/otel",
        spool=tmp_path / "spool",
        audit_log=None,
        hmac_key="c2VjcmV0",
        hmac_key_file=tmp_path / "key",
        hmac_key_generated=False,
        subject_keys=tmp_path / "subjects",
    )


@pytest.mark.parametrize(
    ("environ", "problem", "remedy"),
    [
        (
            {"OTEL_COMPLIANCE_POLICI": "x"},
            "OTEL_COMPLIANCE_POLICI is not a variable of otel-compliance",
            "did you mean OTEL_COMPLIANCE_POLICY?",
        ),
        ({"OTEL_COMPLIANCE": "maybe"}, "OTEL_COMPLIANCE has a value that is not accepted", "set it to on or off"),
        (
            {"OTEL_COMPLIANCE_CONTENT": "all"},
            "OTEL_COMPLIANCE_CONTENT has a value that is not accepted",
            "set it to none or redacted",
        ),
        (
            {"OTEL_COMPLIANCE_STORE": "sqlite://x"},
            "OTEL_COMPLIANCE_STORE has a value that is not accepted",
            "use chdb://PATH, http://HOST:8123/DATABASE, https://HOST:8443/DATABASE or none",
        ),
    ],
)
def test_bad_values_name_the_variable_and_what_is_accepted(environ: dict[str, str], problem: str, remedy: str) -> None:
    """A wrong name or value is an error that says which variable it is and what to write instead."""
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(environ)
    assert (caught.value.problem, caught.value.remedy) == (problem, remedy)


def test_repr_hides_credentials() -> None:
    """Neither the HMAC key nor the password of the store is in the repr."""
    shown = repr(
        Settings.from_env(
            {"OTEL_COMPLIANCE_HMAC_KEY": "hunter2", "OTEL_COMPLIANCE_STORE": "http://me:hunter2@db:8123/otel"}
        )
    )
    assert "hunter2" not in shown
    assert "http://db:8123/otel" in shown


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("http://user:pa@ss@db:8123/otel?password=x", "http://db:8123/otel"),
        ("chdb:///data/store", "chdb:///data/store"),
        (None, None),
    ],
)
def test_redacted_dsn(dsn: str | None, shown: str | None) -> None:
    """A DSN in a message has no user, password or query."""
    assert redacted_dsn(dsn) == shown
