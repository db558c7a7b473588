"""The tables of a policy file, each validated strictly: unknown keys and wrong types are errors."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from otel_compliance.classification import Classification
from otel_compliance.config import ContentMode

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


class Table(BaseModel):
    """A table of the policy file: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ByClass(Table, Generic[_T]):
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
Content = Annotated[ContentMode, Field(strict=False)]
_Transform = Annotated[Transform, Field(strict=False)]
_EntityType = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,31}$")]


# Keys of TOML are text.
_Count = Annotated[int, Field(ge=2, strict=False)]


class ClassificationTable(Table):
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


class ResidencyTable(Table):
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


class ClassTransforms(Table):
    """``[transforms.classes]``: what happens to entities of a class."""

    PUBLIC: _Transform | None = None
    INTERNAL: _Transform | None = None
    CONFIDENTIAL: _Transform | None = None
    RESTRICTED: _Transform | None = None


class TransformTable(Table):
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


class ContentTable(Table):
    """``[content]``: redacted content that is kept, apart from the metadata of its call."""

    retention_days: RetentionDays


class NerTable(Table):
    """``[ner]``: names of people, organisations and places."""

    pipeline: str = ""


class SqlSystem(Table):
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


class RedisSystem(Table):
    """``[erasure.systems.NAME]`` with ``kind = "redis"``: keys that belong to users."""

    kind: Literal["redis"]
    url_env: str
    patterns: tuple[Annotated[str, AfterValidator(_names_the_user)], ...] = Field(min_length=1, strict=False)


class ErasureTable(Table):
    """``[erasure]``: systems of the apps in which `otel-compliance erase` erases, too."""

    systems: dict[str, Annotated[SqlSystem | RedisSystem, Field(discriminator="kind")]] = Field(default_factory=dict)


class EnvironmentTable(Table):
    """``[environments.NAME]``: what replaces the top-level tables in that environment."""

    capture: ByClass[Content] | None = None
    retention: ByClass[RetentionDays] | None = None
