"""A rule: one SQL file and one TOML file with the same stem, defined once and used everywhere.

It drives the finding, the view, the panel, the alert, the runbook and its own tests.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final, Literal

from otel_compliance.errors import RuleError

COLUMNS: Final = ("subject", "value", "first_seen", "last_seen", "trace_ids")
"""What every rule returns, in this order."""

SEVERITIES: Final = ("critical", "high", "medium", "low")
CONTROLS: Final = frozenset(
    # SOC 2 trust services criteria (2017, points of focus of 2022) that a rule may give evidence for.
    {"A1.1", "A1.2", "C1.1", "C1.2", "CC6.1", "CC6.2", "CC6.3", "CC6.6", "CC6.7", "CC7.2", "CC7.3", "CC8.1", "CC9.2"}
)
_SECTIONS: Final = ("meaning", "impact", "triage", "response")
_DURATION: Final = re.compile(r"(\d+)([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Runbook:
    """What to do about a finding.

    Attributes:
        meaning: What happened, in words of the reader.
        impact: What it may lead to.
        triage: Steps that tell whether it matters.
        response: Steps that mend it.
    """

    meaning: str
    impact: str
    triage: tuple[str, ...]
    response: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One detection rule.

    Attributes:
        id: Stem of its files.
        title: One line for people.
        severity: One of `SEVERITIES`.
        controls: Controls that it gives evidence for.
        window: How much of the past one run looks at.
        lag: How late rows may arrive and still be seen.
        dedup: Within it, findings with the same subject are one.
        threshold: The rule's only parameter; what it counts is in the SQL.
        description: What it finds, and why that matters.
        blind_spots: What it does not see.
        runbook: What to do.
        cases: Tests: calls, and the findings that they must give.
        sql: A SELECT with the parameters ``from``, ``to`` and ``threshold``, returning `COLUMNS`.
    """

    id: str
    title: str
    severity: Literal["critical", "high", "medium", "low"]
    controls: tuple[str, ...]
    window: timedelta
    lag: timedelta
    dedup: timedelta
    threshold: int
    description: str
    blind_spots: tuple[str, ...]
    runbook: Runbook
    cases: tuple[Mapping[str, Any], ...]
    sql: str

    @property
    def digest(self) -> str:
        """First 16 hex digits of SHA-256 over the SQL, so that evidence names the rule as it was."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:16]

    @property
    def view(self) -> str:
        """Name of its parameterised view."""
        return f"detect_{self.id}"


def duration(text: str) -> timedelta:
    """``15m``, ``1h`` or ``7d`` as a `timedelta`.

    Raises:
        ValueError: It is none.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 15m, 1h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


@cache
def rules() -> tuple[Rule, ...]:
    """The rules that this version ships, by id.

    Raises:
        RuleError: One of them is malformed.
    """
    return load(resources.files("otel_compliance.detect").joinpath("rules"))


def load(folder: Traversable) -> tuple[Rule, ...]:
    """The rules of a folder, by id.

    Raises:
        RuleError: A rule is malformed; the message names the file and the key.
    """
    files = {file.name: file for file in folder.iterdir()}
    stems = sorted({name.rpartition(".")[0] for name in files if name.endswith((".toml", ".sql"))})
    for stem in stems:
        for suffix in ("toml", "sql"):
            if f"{stem}.{suffix}" not in files:
                raise RuleError(f"{stem}.{suffix} is missing: a rule is a .toml and a .sql of the same name")
    return tuple(_load(stem, files[f"{stem}.toml"], files[f"{stem}.sql"]) for stem in stems)


def _load(stem: str, toml: Traversable, sql: Traversable) -> Rule:
    try:
        document = tomllib.loads(toml.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"{toml.name}: not valid TOML: {error}") from None
    try:
        return _rule(stem, document, sql.read_text(encoding="utf-8"))
    except (ValueError, TypeError) as error:
        raise RuleError(f"{toml.name}: {error}") from None


def _rule(stem: str, document: dict[str, Any], sql: str) -> Rule:
    cases = tuple(document.pop("case", ()))
    known = {field.name for field in fields(Rule)} - {"sql", "cases"}
    if unknown := sorted(document.keys() - known):
        raise ValueError(f"key {unknown[0]} is not known")
    if missing := sorted(known - document.keys()):
        raise ValueError(f"key {missing[0]} is missing")
    _check(stem, document, cases, sql)
    runbook = document["runbook"]
    return Rule(
        id=stem,
        title=document["title"],
        severity=document["severity"],
        controls=tuple(document["controls"]),
        window=duration(document["window"]),
        lag=duration(document["lag"]),
        dedup=duration(document["dedup"]),
        threshold=int(document["threshold"]),
        description=document["description"],
        blind_spots=tuple(document["blind_spots"]),
        runbook=Runbook(runbook["meaning"], runbook["impact"], tuple(runbook["triage"]), tuple(runbook["response"])),
        cases=cases,
        sql=sql.strip(),
    )


def _check(stem: str, document: Mapping[str, Any], cases: tuple[Mapping[str, Any], ...], sql: str) -> None:
    if document["id"] != stem:
        raise ValueError(f"key id is {document['id']!r}: it must be the file's name, {stem!r}")
    if document["severity"] not in SEVERITIES:
        raise ValueError(f"key severity is {document['severity']!r}: expected one of {', '.join(SEVERITIES)}")
    if unknown := sorted(set(document["controls"]) - CONTROLS):
        raise ValueError(f"key controls has {unknown[0]!r}, which is no control that is known")
    if absent := [name for name in _SECTIONS if not document["runbook"].get(name)]:
        raise ValueError(f"key runbook.{absent[0]} is missing or empty")
    if not any(case["expect"] for case in cases) or all(case["expect"] for case in cases):
        raise ValueError("there must be a case that fires and a case that stays silent")
    for parameter in ("{from:", "{to:", "{threshold:"):
        if parameter not in sql:
            raise ValueError(f"the SQL does not use the parameter {parameter}…}}")
