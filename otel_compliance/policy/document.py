"""The policy document: read, merged over the built-in one, and asked."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterable, Mapping
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from otel_compliance.classification import Classification
from otel_compliance.config import ContentMode, Settings
from otel_compliance.errors import PolicyError
from otel_compliance.policy.tables import (
    ByClass,
    ClassificationTable,
    Content,
    ContentTable,
    EnvironmentTable,
    ErasureTable,
    NerTable,
    ResidencyTable,
    RetentionDays,
    Table,
    Transform,
    TransformTable,
)


class Policy(Table):
    """A validated policy. Make it with `Policy.default`, `Policy.load` or `Policy.parse`."""

    version: Literal[1]
    classification: ClassificationTable
    ner: NerTable
    transforms: TransformTable
    capture: ByClass[Content]
    residency: ResidencyTable
    retention: ByClass[RetentionDays]
    content: ContentTable
    erasure: ErasureTable
    environments: dict[str, EnvironmentTable] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _production_is_not_laxer(self) -> Self:
        """An override for production may only tighten: laxness must be visible at the top level."""
        override = self.environments.get("production")
        if override is None:
            return self
        for item in Classification:
            if override.retention is not None and override.retention[item] > self.retention[item]:
                raise ValueError(f"environments.production.retention.{item} is longer than retention.{item}")
            if override.capture is not None and (override.capture[item], self.capture[item]) == (
                ContentMode.REDACTED,
                ContentMode.NONE,
            ):
                raise ValueError(f"environments.production.capture.{item} is wider than capture.{item}")
        return self

    @classmethod
    def default(cls) -> Policy:
        """The built-in policy."""
        return _default_policy()

    @classmethod
    def load(cls, path: Path) -> Policy:
        """Read and validate a policy file.

        Keys that the file leaves out are those of the built-in policy.

        Raises:
            PolicyError: The file cannot be read, is not TOML, or breaks the schema; the message names the
                file, the line or the key, the value and what was expected.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise PolicyError(
                f"{path}: the policy file cannot be read: {reason}",
                remedy="check the path in OTEL_COMPLIANCE_POLICY and the file's permissions",
            ) from error
        return cls.parse(text, source=str(path))

    @classmethod
    def parse(cls, text: str, *, source: str = "policy") -> Policy:
        """Validate policy text.

        Args:
            text: TOML.
            source: What messages call it, usually a path.

        Raises:
            PolicyError: As `load`.
        """
        document = _toml(text, source)
        if "version" not in document:
            raise PolicyError(f"{source}: key version is missing: expected version = 1")
        try:
            return cls.model_validate(_merged(_default_document(), document))
        except ValidationError as error:
            raise PolicyError(
                "\n".join(_explain(source, problem) for problem in error.errors()),
                remedy="run `otel-compliance check` after mending the file",
            ) from None

    @classmethod
    def from_settings(cls, settings: Settings) -> Policy:
        """The policy of a process: the file that the settings name, or the built-in one.

        Raises:
            PolicyError: As `load`.
        """
        return cls.default() if settings.policy is None else cls.load(settings.policy)

    @cached_property
    def digest(self) -> str:
        """First 16 hex digits of SHA-256 over the policy's canonical JSON."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def classify(self, counts: Mapping[str, int], secret_types: Collection[str]) -> Classification:
        """The class of content in which some entities were found.

        Args:
            counts: How often each type was found.
            secret_types: Which types are credentials: they need not be listed one by one.
        """
        classes = [self.classify_type(name, count, secret_types) for name, count in counts.items()]
        return Classification.highest([self.classification.default, *classes])

    def classify_type(self, entity_type: str, count: int, secret_types: Collection[str]) -> Classification:
        """The class that so many entities of one type make, whatever else was found."""
        table = self.classification
        unlisted = table.secrets if entity_type in secret_types else table.unlisted
        listed = table.entities.get(entity_type, unlisted)
        from_counts = [item for least, item in table.counts.get(entity_type, {}).items() if count >= least]
        return Classification.highest([listed, *from_counts]) if from_counts else listed

    def transform(self, entity_type: str, secret_types: Collection[str]) -> Transform:
        """What happens to a value of some type: what the type says, else its class, else the default.

        Args:
            entity_type: The type.
            secret_types: As for `classify`.
        """
        table = self.transforms
        listed = table.entities.get(entity_type)
        if listed is not None:
            return listed
        of_class: Transform | None = getattr(table.classes, self.classify_type(entity_type, 1, secret_types).value)
        return table.default if of_class is None else of_class

    def floor(
        self, *, team_id: str | None, purpose: str | None, model: str = "", tools: Iterable[str] = ()
    ) -> Classification:
        """The lowest class that a call may have, by its team, its purpose, its model and the tools that it offers."""
        table = self.classification
        return Classification.highest(
            [
                table.teams.get(team_id or "", Classification.PUBLIC),
                table.purposes.get(purpose or "", Classification.PUBLIC),
                table.models.get(model, Classification.PUBLIC),
                *(table.tools.get(tool, Classification.PUBLIC) for tool in tools),
            ]
        )

    def captures(self, classification: Classification, *, environment: str = "") -> bool:
        """Whether redacted content of this class may be kept in this environment."""
        override = self.environments.get(environment)
        table = override.capture if override is not None and override.capture is not None else self.capture
        return table[classification] is ContentMode.REDACTED

    def retention_days(self, classification: Classification, *, environment: str = "") -> int:
        """Days that a row of this class may live in this environment."""
        override = self.environments.get(environment)
        table = override.retention if override is not None and override.retention is not None else self.retention
        return table[classification]


def _merged(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the keys of `override` put over it, tables within tables.

    Merging keeps a file that only adds a team from dropping the classes of the entities.
    """
    result = dict(base)
    for key, value in override.items():
        below = result.get(key)
        result[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


@cache
def _default_document() -> Mapping[str, Any]:
    text = resources.files("otel_compliance").joinpath("default_policy.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _default_policy() -> Policy:
    return Policy.model_validate(_default_document())


def _toml(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{source}: not valid TOML: {error}") from None


def _explain(source: str, problem: Any) -> str:
    """One validation problem as ``file: key … has value …: expected …``."""
    # "[key]" is how pydantic says that the name of a key is wrong.
    key = ".".join(str(part) for part in problem["loc"] if part != "[key]") or "(whole file)"
    if problem["type"] == "extra_forbidden":
        return f"{source}: key {key} is not known"
    if problem["type"] == "missing":
        return f"{source}: key {key} is missing"
    value = "" if isinstance(problem["input"], dict | BaseModel) else f" has value {problem['input']!r}"
    return f"{source}: key {key}{value}: {problem['msg']}"
