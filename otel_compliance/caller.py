"""Who is calling: user, team, purpose, jurisdiction and session, in a context variable of our own.

Never OpenTelemetry Baggage: the SDK's propagation would send baggage to the provider with each request.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Final, TypeVar, cast

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


_F = TypeVar("_F", bound=Callable[..., Any])

_EMPTY: Final = CallerContext()
_current: ContextVar[CallerContext] = ContextVar("otel_compliance_caller", default=_EMPTY)


def current() -> CallerContext:
    """The caller of the code that runs now; empty when the app declared none."""
    return _current.get()


class context:  # noqa: N801 - it is used like a function
    """Declare the caller for the Claude calls made inside.

    A context manager (``with`` and ``async with``) and a decorator of functions and coroutine functions. Fields left
    out keep the value of the enclosing context. Asyncio tasks inherit the context; a new thread does not, unless it is
    started with ``contextvars.copy_context().run``.

    Args:
        user_id: End user; stored only as a keyed pseudonym.
        team_id: Team that owns the call.
        purpose: Purpose of processing.
        classification: Floor of the data class, a `Classification` or its name.
        jurisdiction: ISO 3166-1 alpha-2 code of the data subject's country.
        session_id: The caller's session; stored only as a keyed pseudonym.
        source_ip: Address of the caller.

    Raises:
        ValueError: `classification` is not the name of a class.
    """

    def __init__(
        self,
        *,
        user_id: str | None = None,
        team_id: str | None = None,
        purpose: str | None = None,
        classification: Classification | str | None = None,
        jurisdiction: str | None = None,
        session_id: str | None = None,
        source_ip: str | None = None,
    ) -> None:
        given = {
            "user_id": user_id,
            "team_id": team_id,
            "purpose": purpose,
            "classification": None if classification is None else Classification(classification),
            "jurisdiction": jurisdiction,
            "session_id": session_id,
            "source_ip": source_ip,
        }
        self._given: dict[str, Any] = {name: value for name, value in given.items() if value}
        self._tokens: list[Token[CallerContext]] = []

    def __enter__(self) -> CallerContext:
        """The merged context, in force until the block ends."""
        merged = replace(_current.get(), **self._given)
        self._tokens.append(_current.set(merged))
        return merged

    def __exit__(self, *exc_info: object) -> None:
        _current.reset(self._tokens.pop())

    async def __aenter__(self) -> CallerContext:
        return self.__enter__()

    async def __aexit__(self, *exc_info: object) -> None:
        self.__exit__(*exc_info)

    def _again(self) -> context:
        """A context of its own for each call of a decorated function, which may run many times at once."""
        return context(**self._given)

    def __call__(self, function: _F) -> _F:
        """Decorate a function or a coroutine function.

        Raises:
            TypeError: `function` makes a generator: its caller would have the context between its parts.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"context() cannot decorate the generator {function.__qualname__}; declare it around the calls"
            )
        decorated: Any
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def decorated(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return await function(*args, **kwargs)

        else:

            @wraps(function)
            def decorated(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return function(*args, **kwargs)

        return cast("_F", decorated)
