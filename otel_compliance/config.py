"""Settings, read once from ``OTEL_COMPLIANCE_*`` variables. Unknown names are errors.

`VARIABLES` is the one list of what exists; ``docs/configuration.md`` is generated from it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from otel_compliance.errors import ConfigError

PREFIX: Final = "OTEL_COMPLIANCE"
TRUE: Final = frozenset({"on", "true", "1", "yes"})
"""Values that switch something on."""

_FALSE: Final = frozenset({"off", "false", "0", "no", ""})


class ContentMode(StrEnum):
    """Whether prompts and answers are captured. There is no mode that stores them unredacted."""

    NONE = "none"
    REDACTED = "redacted"


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: its name, accepted values, default and meaning."""

    name: str
    accepts: str
    default: str
    meaning: str


VARIABLES: Final[tuple[Variable, ...]] = (
    Variable(
        "OTEL_COMPLIANCE", "`on` `off`", "`off`", "Instrument the `anthropic` SDK in this process and its children"
    ),
    Variable(
        "OTEL_COMPLIANCE_STRICT",
        "`on` `off`",
        "`off`",
        "Refuse to start on a configuration error, instead of starting with the built-in policy and no content.",
    ),
    Variable("OTEL_COMPLIANCE_DIR", "path", "`.otel-compliance`", "Folder for everything that is written locally."),
    Variable("OTEL_COMPLIANCE_POLICY", "path of a TOML file", "built-in policy", "The policy in force."),
    Variable(
        "OTEL_COMPLIANCE_CONTENT",
        "`none` `redacted`",
        "`none`",
        "Capture prompts and answers, redacted. Raw content is never captured.",
    ),
    Variable(
        "OTEL_COMPLIANCE_STORE",
        "`chdb://PATH` `http://…` `https://…` `none`",
        "`chdb://DIR/store`",
        "Where spans and audit events are stored. `none` leaves export to the app's own exporters.",
    ),
    Variable("OTEL_COMPLIANCE_SPOOL", "path", "`DIR/spool`", "Folder of segments that wait for delivery."),
    Variable(
        "OTEL_COMPLIANCE_AUDIT_LOG",
        "path of a folder, or `none`",
        "`DIR/audit`",
        "Folder of the audit chains as JSON lines.",
    ),
    Variable(
        "OTEL_COMPLIANCE_HMAC_KEY",
        "base64, at least 32 bytes",
        "made in `DIR/hmac.key`",
        "Key of pseudonyms, tokens and fingerprints. Prefer the `_FILE` form.",
    ),
    Variable("OTEL_COMPLIANCE_HMAC_KEY_FILE", "path", "`DIR/hmac.key`", "File that holds the key."),
    Variable(
        "OTEL_COMPLIANCE_SUBJECT_KEYS",
        "path",
        "`DIR/subject-keys`",
        "Folder of the keys of data subjects, which encrypt content and the vault. Keep it out of their backups.",
    ),
)

_NAMES: Final = frozenset(variable.name for variable in VARIABLES)


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration of one process. Make it with `Settings.from_env`.

    Attributes:
        enabled: Whether `OTEL_COMPLIANCE` is on.
        strict: Whether a configuration error refuses to start.
        directory: Folder of everything that is written locally.
        policy: Policy file, or `None` for the built-in policy.
        content: Whether redacted content is captured.
        store: DSN of the store, or `None` when storing is off.
        spool: Folder of segments that wait for delivery.
        audit_log: Folder of the audit chains, or `None` when no files are written.
        hmac_key: The key as base64 text, or `None` when it is in `hmac_key_file`. Never in the repr.
        hmac_key_file: File of the key.
        hmac_key_generated: Whether a missing `hmac_key_file` may be made: only at its default place.
        subject_keys: Folder of the keys of data subjects.
    """

    enabled: bool
    strict: bool
    directory: Path
    policy: Path | None
    content: ContentMode
    store: str | None
    spool: Path
    audit_log: Path | None
    hmac_key: str | None
    hmac_key_file: Path
    hmac_key_generated: bool
    subject_keys: Path

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__slots__ if name not in ("hmac_key", "store"))
        return f"Settings({', '.join(shown)}, store={redacted_dsn(self.store)!r})"

    def with_default_key(self) -> Settings:
        """The same with the key in its default place, made if it is missing: for what must not be lost meanwhile."""
        return replace(self, hmac_key=None, hmac_key_file=self.directory / "hmac.key", hmac_key_generated=True)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings.

        Args:
            environ: The variables; those of the process when left out.

        Raises:
            ConfigError: A name is unknown, or a value is not accepted.
        """
        env = os.environ if environ is None else environ
        _refuse_unknown(env)
        directory = Path(env.get("OTEL_COMPLIANCE_DIR") or ".otel-compliance").absolute()
        policy = env.get("OTEL_COMPLIANCE_POLICY")
        audit_log = env.get("OTEL_COMPLIANCE_AUDIT_LOG") or str(directory / "audit")
        key_file = env.get("OTEL_COMPLIANCE_HMAC_KEY_FILE")
        return cls(
            enabled=_switch(env, "OTEL_COMPLIANCE"),
            strict=_switch(env, "OTEL_COMPLIANCE_STRICT"),
            directory=directory,
            policy=Path(policy) if policy else None,
            content=_content(env),
            store=_store(env, directory),
            spool=Path(env.get("OTEL_COMPLIANCE_SPOOL") or directory / "spool").absolute(),
            audit_log=None if audit_log == "none" else Path(audit_log).absolute(),
            hmac_key=env.get("OTEL_COMPLIANCE_HMAC_KEY") or None,
            hmac_key_file=Path(key_file) if key_file else directory / "hmac.key",
            hmac_key_generated=key_file is None,
            subject_keys=Path(env.get("OTEL_COMPLIANCE_SUBJECT_KEYS") or directory / "subject-keys").absolute(),
        )


def redacted_dsn(dsn: str | None) -> str | None:
    """`dsn` without its user and password, fit for messages."""
    if dsn is None:
        return None
    scheme, separator, rest = dsn.partition("://")
    authority, slash, path = rest.partition("/")
    path = path.partition("?")[0]
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"


def _refuse_unknown(env: Mapping[str, str]) -> None:
    for name in env:
        if name.startswith(PREFIX) and name not in _NAMES:
            close = difflib.get_close_matches(name, _NAMES, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(_NAMES))}"
            raise ConfigError(f"{name} is not a variable of otel-compliance", remedy=hint)


def _switch(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "").strip().lower()
    if value in TRUE:
        return True
    if value in _FALSE:
        return False
    raise ConfigError(f"{name} has a value that is not accepted", remedy="set it to on or off")


def _content(env: Mapping[str, str]) -> ContentMode:
    value = env.get("OTEL_COMPLIANCE_CONTENT", "").strip().lower() or ContentMode.NONE
    try:
        return ContentMode(value)
    except ValueError:
        raise ConfigError(
            "OTEL_COMPLIANCE_CONTENT has a value that is not accepted", remedy="set it to none or redacted"
        ) from None


def _store(env: Mapping[str, str], directory: Path) -> str | None:
    value = env.get("OTEL_COMPLIANCE_STORE", "").strip() or f"chdb://{directory / 'store'}"
    if value == "none":
        return None
    if value.startswith(("chdb://", "http://", "https://")):
        return value
    raise ConfigError(
        "OTEL_COMPLIANCE_STORE has a value that is not accepted",
        remedy="use chdb://PATH, http://HOST:8123/DATABASE, https://HOST:8443/DATABASE or none",
    )
