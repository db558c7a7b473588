"""The caller of an ASGI app: Starlette, FastAPI, Django, Quart and others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

from otel_compliance import health
from otel_compliance.caller import context
from otel_compliance.middleware.request import CallerMiddleware

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]

_WHERE: Final = "middleware.asgi"
_REQUESTS: Final = frozenset({"http", "websocket"})


class ComplianceASGIMiddleware(CallerMiddleware[ASGIApp]):
    """Declares the caller of each HTTP request and WebSocket connection. Arguments as in `CallerMiddleware`.

    Tasks that the app starts, and functions that its framework runs in threads, have the same caller.
    """

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        with self._declared(scope):
            await self._app(scope, receive, send)

    @contextmanager
    def _declared(self, scope: Message) -> Iterator[None]:
        """The caller is declared inside; when that fails, the app is served without."""
        entered = None
        with health.contained(_WHERE):
            if scope["type"] in _REQUESTS:
                declaration = context(**self._caller_of(scope))
                declaration.__enter__()
                entered = declaration
        try:
            yield
        finally:
            # A server that drops a coroutine may close it in another context, which cannot be reset from there.
            with health.contained(_WHERE):
                if entered is not None:
                    entered.__exit__(None, None, None)

    def _caller_of(self, scope: Message) -> Mapping[str, str]:
        def values(name: str) -> list[bytes]:
            wanted = name.encode("latin-1")
            return [value for header, value in scope["headers"] if header.lower() == wanted]

        client = scope.get("client")
        return self._read_caller(values, client[0] if client else None)
