"""Erase one person from every system, search again, and say what was done."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from opentelemetry.util.types import AttributeValue

from otel_compliance import health
from otel_compliance.errors import ComplianceError
from otel_compliance.govern.erasure.system import ErasureSystem, Subject
from otel_compliance.names import Attr

ATTEMPTS: Final = 3
_BACKOFF_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one system.

    Attributes:
        system: Its name.
        erased: Records erased, in all attempts.
        remaining: Records that a search finds afterwards; `None` when it could not be searched.
        attempts: How often it was tried.
        error: Why it failed the last time; empty when it did not. Never content.
    """

    system: str
    erased: int
    remaining: int | None
    attempts: int
    error: str = ""

    @property
    def complete(self) -> bool:
        """Whether nothing is left, as far as a search tells."""
        return not self.error and self.remaining == 0


@dataclass(frozen=True, slots=True)
class Certificate:
    """Evidence of an erasure. It does not say who was erased, but to whoever holds the key and the id.

    Attributes:
        erasure_id: A random id.
        subject_digest: Keyed digest of the person's id, under a purpose of its own, so that it joins with nothing.
        policy_digest: The policy in force.
        started: When it began, in UTC.
        finished: When it ended.
        outcomes: What became of each system.
    """

    erasure_id: str
    subject_digest: str
    policy_digest: str
    started: datetime
    finished: datetime
    outcomes: tuple[Outcome, ...]

    @property
    def complete(self) -> bool:
        """Whether every system was erased and searched. One that failed makes the whole erasure incomplete."""
        return all(outcome.complete for outcome in self.outcomes)

    def document(self) -> dict[str, Any]:
        """The certificate as JSON."""
        return {
            "erasure_id": self.erasure_id,
            "status": "complete" if self.complete else "incomplete",
            "subject_digest": self.subject_digest,
            "policy_digest": self.policy_digest,
            "started": self.started.isoformat(),
            "finished": self.finished.isoformat(),
            "systems": [asdict(outcome) for outcome in self.outcomes],
        }

    def facts(self) -> Mapping[str, AttributeValue]:
        """The certificate as facts of an audit event."""
        return {
            Attr.ERASURE_ID: self.erasure_id,
            Attr.ERASURE_STATUS: "complete" if self.complete else "incomplete",
            Attr.ERASURE_SUBJECT: self.subject_digest,
            Attr.ERASURE_SYSTEMS: tuple(outcome.system for outcome in self.outcomes),
            Attr.ERASURE_COUNTS: tuple(outcome.erased for outcome in self.outcomes),
            Attr.ERASURE_STARTED: self.started.isoformat(),
            Attr.ERASURE_FINISHED: self.finished.isoformat(),
            Attr.POLICY_DIGEST: self.policy_digest,
        }


def erase(
    subject: Subject,
    systems: Sequence[ErasureSystem],
    *,
    subject_digest: str,
    policy_digest: str,
    sleep: Callable[[float], None] = time.sleep,
) -> Certificate:
    """Erase one person from each system, in order, whatever becomes of the others. Never raises for a system.

    Args:
        subject: Whose data.
        systems: The systems; those whose erasure makes copies elsewhere unreadable come first.
        subject_digest: What the certificate calls the person.
        policy_digest: The policy in force.
        sleep: Waits between attempts.
    """
    started = datetime.now(UTC)
    outcomes = tuple(_attempted(system, subject, sleep) for system in systems)
    return Certificate(secrets.token_hex(8), subject_digest, policy_digest, started, datetime.now(UTC), outcomes)


def _attempted(system: ErasureSystem, subject: Subject, sleep: Callable[[float], None]) -> Outcome:
    erased, error = 0, ""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            erased += system.erase(subject)
            remaining = system.remaining(subject)
        except Exception as problem:  # noqa: BLE001 - a failing system is reported, and does not stop the others
            health.swallow(f"erasure.{type(system).__name__}", problem)
            error, remaining = _reason(problem), None
        else:
            error = f"{remaining} records are still found" if remaining else ""
        if not error or attempt == ATTEMPTS:
            break
        sleep(_BACKOFF_SECONDS * 2 ** (attempt - 1))
    return Outcome(system.name, erased, remaining, attempt, error)


def _reason(problem: Exception) -> str:
    """Why a system failed. Messages of others may quote the id, so that only our own are shown."""
    return problem.problem if isinstance(problem, ComplianceError) else type(problem).__name__
