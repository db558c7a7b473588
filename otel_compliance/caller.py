"""Who is calling: user, team, purpose, jurisdiction and session, in a context variable of our own.

Never OpenTelemetry Baggage: the SDK's propagation would send baggage to the provider with each request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from otel_compliance.classification import Classification


@dataclass(frozen=True, slots=True)
class CallerContext:
    """What the app declared about the caller. Every field is optional.

    Attributes:
        user_id: End user; stored only as a keyed pseudonym.
        team_id: Team that owns the call.
        purpose: Purpose of processing (GDPR Art. 5(1)(b)).
        classification: Floor of the data class; content may raise it, never lower it.
        jurisdiction: ISO 3166-1 alpha-2 code of the data subject's country.
        session_id: The caller's session; stored only as a keyed pseudonym.
        source_ip: Address of the caller.
    """

    user_id: str | None = None
    team_id: str | None = None
    purpose: str | None = None
    classification: Classification | None = None
    jurisdiction: str | None = None
    session_id: str | None = None
    source_ip: str | None = None


_EMPTY: Final = CallerContext()
_current: ContextVar[CallerContext] = ContextVar("otel_compliance_caller", default=_EMPTY)


def current() -> CallerContext:
    """The caller of the code that runs now; empty when the app declared none."""
    return _current.get()


@contextmanager
def context(
    *,
    user_id: str | None = None,
    team_id: str | None = None,
    purpose: str | None = None,
    classification: Classification | str | None = None,
    jurisdiction: str | None = None,
    session_id: str | None = None,
    source_ip: str | None = None,
) -> Iterator[CallerContext]:
    """Declare the caller for the Claude calls made inside, as a context manager or a decorator.

    Fields left out keep the value of the enclosing context. Asyncio tasks inherit the context; a new
    thread does not, unless it is started with ``contextvars.copy_context().run``.

    Args:
        user_id: End user; stored only as a keyed pseudonym.
        team_id: Team that owns the call.
        purpose: Purpose of processing.
        classification: Floor of the data class, a `Classification` or its name.
        jurisdiction: ISO 3166-1 alpha-2 code of the data subject's country.
        session_id: The caller's session; stored only as a keyed pseudonym.
        source_ip: Address of the caller.

    Yields:
        The merged context.

    Raises:
        ValueError: `classification` is not the name of a class.
    """
    outer = _current.get()
    merged = CallerContext(
        user_id=user_id or outer.user_id,
        team_id=team_id or outer.team_id,
        purpose=purpose or outer.purpose,
        classification=outer.classification if classification is None else Classification(classification),
        jurisdiction=jurisdiction or outer.jurisdiction,
        session_id=session_id or outer.session_id,
        source_ip=source_ip or outer.source_ip,
    )
    token = _current.set(merged)
    try:
        yield merged
    finally:
        _current.reset(token)
