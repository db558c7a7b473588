"""The policy: one strict TOML file that says what is sensitive, what is kept, where and for how long.

With no file the built-in ``default_policy.toml`` is in force. The digest of the policy in force is
stamped on every span and audit event, so an auditor knows which one it was.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from otel_compliance.classification import Classification
from otel_compliance.config import ContentMode, Settings
from otel_compliance.errors import PolicyError

InferenceGeo = Literal["global", "us"]
"""Values of ``inference_geo`` on Anthropic's own API. There is no EU region on that route."""

_T = TypeVar("_T")

_MAX_RETENTION_DAYS: Final = 3650
RetentionDays = Annotated[int, Field(ge=1, le=_MAX_RETENTION_DAYS)]


class Transform(StrEnum):
    """What happens to a value that is found."""

    TOKEN = "token"  # noqa: S105 - a name
    """A keyed token, the same for the same value: records can be joined, and the values restored."""

    MASK = "mask"
    """Stars, with the last four digits of a number by which people know an account."""

    DROP = "drop"
    """The type alone."""

    HASH = "hash"
    """A keyed hash, the same within one text alone: the key is thrown away, so that nobody can test a guess."""


class _Table(BaseModel):
    """A table of the policy file: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _ByClass(_Table, Generic[_T]):
    """One value for each data class."""

    PUBLIC: _T
    INTERNAL: _T
    CONFIDENTIAL: _T
    RESTRICTED: _T

    def __getitem__(self, classification: Classification) -> _T:
        value: _T = getattr(self, classification.value)
        return value


# A class may be given by its name, which is what TOML holds.
_Class = Annotated[Classification, Field(strict=False)]
_Content = Annotated[ContentMode, Field(strict=False)]
_Transform = Annotated[Transform, Field(strict=False)]
_EntityType = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,31}$")]


# Keys of TOML are text.
_Count = Annotated[int, Field(ge=2, strict=False)]


class ClassificationTable(_Table):
    """``[classification]``: from findings, team, purpose, model and tools to a class."""

    default: _Class = Classification.INTERNAL
    unlisted: _Class = Classification.CONFIDENTIAL
    secrets: _Class = Classification.RESTRICTED
    files: _Class = Classification.CONFIDENTIAL
    entities: dict[str, _Class] = Field(default_factory=dict)
    counts: dict[str, dict[_Count, _Class]] = Field(default_factory=dict)
    teams: dict[str, _Class] = Field(default_factory=dict)
    purposes: dict[str, _Class] = Field(default_factory=dict)
    models: dict[str, _Class] = Field(default_factory=dict)
    tools: dict[str, _Class] = Field(default_factory=dict)


class ResidencyTable(_Table):
    """``[residency]``: where inference may run, and what is done about a request that would run elsewhere."""

    allowed: tuple[InferenceGeo, ...] = Field(default=(), strict=False)
    allowed_cloud_regions: tuple[str, ...] = Field(default=(), strict=False)
    inject: InferenceGeo | Literal[""] = ""
    on_violation: Literal["observe", "block"] = "observe"

    @model_validator(mode="after")
    def _injects_what_is_allowed(self) -> Self:
        if self.inject and self.allowed and self.inject not in self.allowed:
            raise ValueError(f"inject is {self.inject!r}, which allowed does not list")
        return self

    def violated(self, geos: Iterable[str], *, cloud_region: str = "") -> bool:
        """Whether a call broke the rule.

        Args:
            geos: What is known of ``inference_geo``: as requested, and as answered in ``usage``.
            cloud_region: Region of the cloud endpoint; empty on Anthropic's own API.
        """
        outside = bool(self.allowed) and any(geo not in self.allowed for geo in geos)
        return outside or self._cloud_region_violated(cloud_region)

    def refuses(self, geos: Iterable[str | None], *, cloud_region: str = "") -> str:
        """Why a request must not be sent; empty when it may be, as always unless ``on_violation`` is ``block``.

        Args:
            geos: ``inference_geo`` of each message of the request, `None` where it is unset: the workspace's default
                decides then, which nobody here knows.
            cloud_region: Region of the cloud endpoint; empty on Anthropic's own API.
        """
        if self.on_violation != "block":
            return ""
        if self._cloud_region_violated(cloud_region):
            return f"the endpoint's region is {cloud_region}; residency.allowed_cloud_regions does not list it"
        if cloud_region or not self.allowed:
            return ""
        for geo in geos:
            if geo is None:
                return "the request leaves inference_geo unset, so the workspace's default would decide"
            if geo not in self.allowed:
                return "the request's inference_geo is not in residency.allowed"
        return ""

    def _cloud_region_violated(self, region: str) -> bool:
        return bool(region and self.allowed_cloud_regions) and region not in self.allowed_cloud_regions


class ClassTransforms(_Table):
    """``[transforms.classes]``: what happens to entities of a class."""

    PUBLIC: _Transform | None = None
    INTERNAL: _Transform | None = None
    CONFIDENTIAL: _Transform | None = None
    RESTRICTED: _Transform | None = None


class TransformTable(_Table):
    """``[transforms]``: what happens to a value that is found: by its type, else by the type's class."""

    default: _Transform = Transform.TOKEN
    tenant: Annotated[str, Field(max_length=128)] = ""
    classes: ClassTransforms = Field(default_factory=ClassTransforms)
    entities: dict[_EntityType, _Transform] = Field(default_factory=dict)

    @property
    def names(self) -> set[Transform]:
        """The transforms that the table names anywhere."""
        of_classes = (getattr(self.classes, item.value) for item in Classification)
        return {self.default, *self.entities.values(), *(item for item in of_classes if item is not None)}


class ContentTable(_Table):
    """``[content]``: redacted content that is kept, apart from the metadata of its call."""

    retention_days: RetentionDays


class NerTable(_Table):
    """``[ner]``: names of people, organisations and places."""

    pipeline: str = ""


class SqlSystem(_Table):
    """``[erasure.systems.NAME]`` with ``kind = "sql"``: a table whose rows belong to users."""

    kind: Literal["sql"]
    url_env: str
    table: str
    column: str
    db_schema: str | None = Field(default=None, alias="schema")


def _names_the_user(pattern: str) -> str:
    if "{user}" not in pattern:
        raise ValueError("the pattern has no {user}, so it would match the keys of everybody")
    return pattern


class RedisSystem(_Table):
    """``[erasure.systems.NAME]`` with ``kind = "redis"``: keys that belong to users."""

    kind: Literal["redis"]
    url_env: str
    patterns: tuple[Annotated[str, AfterValidator(_names_the_user)], ...] = Field(min_length=1, strict=False)


class ErasureTable(_Table):
    """``[erasure]``: systems of the apps in which `otel-compliance erase` erases, too."""

    systems: dict[str, Annotated[SqlSystem | RedisSystem, Field(discriminator="kind")]] = Field(default_factory=dict)


class EnvironmentTable(_Table):
    """``[environments.NAME]``: what replaces the top-level tables in that environment."""

    capture: _ByClass[_Content] | None = None
    retention: _ByClass[RetentionDays] | None = None


class Policy(_Table):
    """A validated policy. Make it with `Policy.default`, `Policy.load` or `Policy.parse`."""

    version: Literal[1]
    classification: ClassificationTable
    ner: NerTable
    transforms: TransformTable
    capture: _ByClass[_Content]
    residency: ResidencyTable
    retention: _ByClass[RetentionDays]
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
