"""The caller of a WSGI app: Flask, Django, Pyramid and others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, copy_context
from typing import Any, Final, ParamSpec, TypeVar
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from otel_compliance import health
from otel_compliance.caller import context
from otel_compliance.middleware.request import CallerMiddleware

P = ParamSpec("P")
T = TypeVar("T")

_WHERE: Final = "middleware.wsgi"


class ComplianceWSGIMiddleware(CallerMiddleware[WSGIApplication]):
    """Declares the caller of each request, until its body is closed. Arguments as in `CallerMiddleware`.

    WSGI servers make one name of ``X-User`` and ``X_User``, and one value of a header that came twice. Servers or
    gateways should drop names with underscores, as gunicorn and nginx do.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        steps = None
        with health.contained(_WHERE):
            steps = _Steps(self._context_of(environ))
        if steps is None:
            return self._app(environ, start_response)
        body = steps.run(self._app, environ, start_response)
        return body if _is_at_hand(body, environ) else _wrapped(body, steps)

    def _context_of(self, environ: WSGIEnvironment) -> Context:
        """A copy of the current context with the caller in it; the current one stays as it is."""

        def values(name: str) -> list[bytes]:
            value = environ.get("HTTP_" + name.upper().replace("-", "_"))
            return [] if value is None else [value.encode("latin-1")]

        with context(**self._read_caller(values, environ.get("REMOTE_ADDR"))):
            return copy_context()


class _Steps:
    """Runs the app, each chunk of its body and its end in one context, which the server's thread never sees.

    One for all of them, since the app may hold a context manager open from one chunk to the next.
    """

    def __init__(self, request_context: Context) -> None:
        self._context = request_context

    def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` in the request's context."""
        begun = False

        def begin() -> T:
            nonlocal begun
            begun = True
            return function(*args, **kwargs)

        try:
            return self._context.run(begin)
        except RuntimeError as error:
            if begun:
                raise
            # Another thread is in it, such as one that closes the body of a request that takes too long.
            health.swallow(_WHERE, error)
        return function(*args, **kwargs)


class _Body:
    """An app's body, each of whose steps runs in the request's context."""

    def __init__(self, body: Iterable[bytes], steps: _Steps) -> None:
        self._body = body
        self._steps = steps

    def __iter__(self) -> Iterator[bytes]:
        iterator = self._steps.run(iter, self._body)
        while True:
            try:
                chunk = self._steps.run(next, iterator)
            except StopIteration:
                return
            yield chunk

    def close(self) -> None:
        """Close the app's body, if it can be closed."""
        close = getattr(self._body, "close", None)
        if close is not None:
            self._steps.run(close)


class _SizedBody(_Body):
    """A body of known length. Servers take the length of a body of one chunk for ``Content-Length``."""

    _body: Any

    def __len__(self) -> int:
        return len(self._body)


def _wrapped(body: Iterable[bytes], steps: _Steps) -> _Body:
    return (_SizedBody if hasattr(body, "__len__") else _Body)(body, steps)


def _is_at_hand(body: Iterable[bytes], environ: WSGIEnvironment) -> bool:
    """Whether no code of the app runs while the body is read: chunks in memory, or a file that the server sends."""
    file_wrapper = environ.get("wsgi.file_wrapper")
    return type(body) in (list, tuple) or (isinstance(file_wrapper, type) and isinstance(body, file_wrapper))
