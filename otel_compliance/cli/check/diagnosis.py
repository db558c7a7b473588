"""What is wrong with this environment: one item for each thing that must hold, with the way to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from otel_compliance.config import PREFIX, Settings
from otel_compliance.errors import ComplianceError


class Status(StrEnum):
    """How an item stands. Only `FAIL` makes ``otel-compliance check`` fail."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was looked at.

    Attributes:
        name: What it is.
        status: How it stands.
        detail: What was found.
        remedy: How to mend it; empty when there is nothing to do.
    """

    name: str
    status: Status
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is diagnosed.

    Attributes:
        environ: The environment variables.
        settings: What is set, leaving out variables that are wrong.
        problems: What is wrong with the others.
    """

    environ: Mapping[str, str]
    settings: Settings
    problems: tuple[ComplianceError, ...]

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Subject:
        """Read each variable by itself, so that every wrong one is named and the rest can still be looked at."""
        problems: list[ComplianceError] = []
        usable: dict[str, str] = {}
        for name in sorted(name for name in environ if name.startswith(PREFIX)):
            try:
                Settings.from_env({name: environ[name]})
            except ComplianceError as error:
                problems.append(error)
            else:
                usable[name] = environ[name]
        return cls(environ, Settings.from_env(usable), tuple(problems))

    @property
    def production(self) -> bool:
        """Whether the OpenTelemetry resource says that this is production."""
        pairs = (pair.partition("=") for pair in self.environ.get("OTEL_RESOURCE_ATTRIBUTES", "").split(","))
        resource = {name.strip(): value.strip() for name, _, value in pairs}
        names = ("deployment.environment.name", "deployment.environment")
        return any(resource.get(name) == "production" for name in names)


Check = Callable[[Subject], Iterator[Item]]


def diagnose(environ: Mapping[str, str], checks: Mapping[str, Check]) -> list[Item]:
    """Run every check; one that breaks is a failed item, and does not stop the others."""
    subject = Subject.of(environ)
    items: list[Item] = []
    for name, check in checks.items():
        try:
            items.extend(check(subject))
        except ComplianceError as error:
            items.append(failed(name, error))
        except Exception as error:  # noqa: BLE001 - a diagnosis goes on where something is broken
            items.append(Item(name, Status.FAIL, f"could not be looked at: {type(error).__name__}"))
    return items


def failed(name: str, error: ComplianceError) -> Item:
    """The item of an error of ours."""
    return Item(name, Status.FAIL, error.problem, error.remedy)
