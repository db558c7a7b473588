"""Who sent a request is the caller of what is done to serve it, and of nothing else."""

import asyncio
import contextlib
import contextvars
import io
import json
import socketserver
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from http.client import HTTPConnection
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.validate import validator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from otel_compliance import ComplianceASGIMiddleware, ComplianceWSGIMiddleware, context, health
from otel_compliance.caller import CallerContext, current

Header = tuple[str, str]
Ask = Callable[..., tuple[int, str]]

HEADERS: dict[str, Any] = {
    "user_header": "X-User",
    "team_header": "X-Team",
    "session_header": "X-Session",
    "purpose_header": "X-Purpose",
    "jurisdiction_header": "X-Country",
}
ALL: list[Header] = [
    ("X-User", "jane"),
    ("X-Team", "support"),
    ("X-Session", "s1"),
    ("X-Purpose", "ticket"),
    ("X-Country", "DE"),
]


def seen() -> dict[str, Any]:
    """The fields of the current caller that are set."""
    return {name: value for name, value in asdict(current()).items() if value is not None}


def ask_at(port: int) -> Ask:
    """A client of the server at `port`: (status, body) of one request."""

    def ask(path: str = "/", headers: list[Header] | None = None) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.putrequest("GET", path)
            for name, value in headers or []:
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    return ask


# --- servers ---


async def who(request: Request) -> JSONResponse:
    await asyncio.sleep(0.01)
    return JSONResponse(seen())


def who_in_a_thread(request: Request) -> JSONResponse:
    return JSONResponse(seen())


async def stream(request: Request) -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        for _ in range(3):
            await asyncio.sleep(0.005)
            yield f"{current().user_id}\n"

    return StreamingResponse(chunks())


async def broken(request: Request) -> JSONResponse:
    raise LookupError("the app's own")


@contextlib.contextmanager
def asgi(**options: Any) -> Iterator[Ask]:
    """A Starlette app on uvicorn, behind the middleware."""
    routes = [Route("/", who), Route("/thread", who_in_a_thread), Route("/stream", stream), Route("/broken", broken)]
    app = Starlette(routes=routes)
    app.add_middleware(ComplianceASGIMiddleware, **options)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, ws="none", lifespan="on", log_level="critical", proxy_headers=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        # The server tells nobody when it listens; its flag is all there is.
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield ask_at(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(10)


def wsgi_app(environ: Any, start_response: Any) -> Any:
    path = environ["PATH_INFO"]
    if path == "/broken":
        raise LookupError("the app's own")
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/stream":
        return (f"{current().user_id}\n".encode() for _ in range(3))
    return [json.dumps(seen()).encode()]


class QuietHandler(WSGIRequestHandler):
    """A handler that does not write to standard error."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass

    def get_stderr(self) -> Any:
        return io.StringIO()


class ReusingServer(WSGIServer):
    """One thread serves all requests, one after the other, as a worker does. What it has after each is kept."""

    left_over: list[CallerContext]

    def process_request(self, request: Any, client_address: Any) -> None:
        super().process_request(request, client_address)
        self.left_over.append(current())


class ThreadedServer(socketserver.ThreadingMixIn, WSGIServer):
    """One thread for each request."""

    daemon_threads = True


@contextlib.contextmanager
def serve_wsgi(app: Any, server_class: type[WSGIServer] = ThreadedServer) -> Iterator[tuple[Ask, Any]]:
    """(a client, the server) of a WSGI app."""
    with server_class(("127.0.0.1", 0), QuietHandler) as server:
        server.set_app(app)
        server.left_over = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield ask_at(server.server_address[1]), server
        finally:
            server.shutdown()
            thread.join(10)


@contextlib.contextmanager
def wsgi(**options: Any) -> Iterator[Ask]:
    """A WSGI app on wsgiref, behind the middleware."""
    with serve_wsgi(ComplianceWSGIMiddleware(wsgi_app, **options)) as (ask, _):
        yield ask


@pytest.fixture(params=[asgi, wsgi])
def served(request: pytest.FixtureRequest) -> Callable[..., contextlib.AbstractContextManager[Ask]]:
    """Both interfaces."""
    return request.param  # type: ignore[no-any-return]


# --- both interfaces ---


def test_named_headers_and_the_peer_are_the_caller(served: Any) -> None:
    """Each header fills its field; the address is that of the socket."""
    with served(**HEADERS) as ask:
        assert json.loads(ask("/", ALL)[1]) == {
            "user_id": "jane",
            "team_id": "support",
            "session_id": "s1",
            "purpose": "ticket",
            "jurisdiction": "DE",
            "source_ip": "127.0.0.1",
        }


def test_no_header_is_believed_unless_it_is_named(served: Any) -> None:
    """Anybody can send headers, so by default none counts, and neither does X-Forwarded-For."""
    with served() as ask:
        assert json.loads(ask("/", [*ALL, ("X-Forwarded-For", "203.0.113.9")])[1]) == {"source_ip": "127.0.0.1"}


def test_names_of_headers_have_no_case(served: Any) -> None:
    """As HTTP says."""
    with served(user_header="x-USER") as ask:
        assert json.loads(ask("/", [("X-uSeR", "jane")])[1])["user_id"] == "jane"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x" * 256, "x" * 256),
        ("x" * 257, None),
        ("", None),
        ("   ", None),
        ("a\tb", None),
        ("a\x7fb", None),
        ("\tjane ", "jane"),
        ("Jürgen".encode().decode("latin-1"), "Jürgen"),
        ("J\xfcrgen", "Jürgen"),
        ("evil\u202eeman".encode().decode("latin-1"), None),
    ],
)
def test_values_that_no_gateway_sets_are_ignored(served: Any, value: str, expected: str | None) -> None:
    """Long ones and those with control characters; UTF-8 and Latin-1 are both read."""
    with served(user_header="X-User", team_header="X-Team") as ask:
        status, body = ask("/", [("X-User", value), ("X-Team", "support")])
    assert (status, json.loads(body).get("user_id"), json.loads(body)["team_id"]) == (200, expected, "support")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (1, ["203.0.113.9"], "203.0.113.9"),
        (1, ["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        (2, ["6.6.6.6, 203.0.113.9, 10.0.0.1"], "203.0.113.9"),
        (2, ["6.6.6.6, 203.0.113.9", "10.0.0.1"], "203.0.113.9"),
        (1, ["203.0.113.9:4711"], "203.0.113.9"),
        (1, ["[2001:db8::1]:4711"], "2001:db8::1"),
        (1, ["2001:DB8:0::1"], "2001:db8::1"),
        (1, ["::ffff:203.0.113.9"], "203.0.113.9"),
        (1, ["fe80::1%eth0"], "fe80::1"),
        (1, ["fe80::1%jane.doe@example.com"], "fe80::1"),
        (1, ["unknown"], "127.0.0.1"),
        (1, [""], "127.0.0.1"),
        (1, [], "127.0.0.1"),
        (3, ["6.6.6.6, 203.0.113.9"], "127.0.0.1"),
        (0, ["203.0.113.9"], "127.0.0.1"),
    ],
)
def test_only_entries_of_trusted_proxies_count(served: Any, proxies: int, forwarded: list[str], expected: str) -> None:
    """The address is the entry that many from the right: what stands left of it, the client may have made up."""
    with served(trusted_proxies=proxies) as ask:
        body = ask("/", [("X-Forwarded-For", value) for value in forwarded])[1]
    assert json.loads(body) == {"source_ip": expected}


def test_concurrent_requests_do_not_mix(served: Any) -> None:
    """Each of many requests at once has its own user, in each chunk of a stream."""
    users = [f"user-{number}" for number in range(40)]
    with served(user_header="X-User") as ask, ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda user: ask("/stream", [("X-User", user)])[1], users))
        plain = list(pool.map(lambda user: json.loads(ask("/", [("X-User", user)])[1])["user_id"], users))
    assert bodies == [f"{user}\n" * 3 for user in users]
    assert plain == users


def test_an_error_of_the_app_is_the_apps(served: Any) -> None:
    """It passes as it was, and the next request has a caller of its own."""
    before = health.swallowed()
    with served(user_header="X-User") as ask:
        assert ask("/broken", [("X-User", "jane")])[0] == 500
        assert json.loads(ask("/")[1]) == {"source_ip": "127.0.0.1"}
    assert health.swallowed() == before


def test_a_count_below_zero_is_refused() -> None:
    """It is a programming error, and shows when the app is built."""
    with pytest.raises(ValueError, match="trusted_proxies"):
        ComplianceASGIMiddleware(None, trusted_proxies=-1)  # type: ignore[arg-type]


# --- ASGI ---


def test_functions_that_run_in_threads_have_the_caller() -> None:
    """Starlette runs endpoints that are no coroutines in worker threads."""
    with asgi(user_header="X-User") as ask:
        assert json.loads(ask("/thread", [("X-User", "jane")])[1])["user_id"] == "jane"


@pytest.mark.parametrize("value", ["jane\x1f", "\x1cjane", "jane\x85"])
def test_control_characters_at_the_ends_count(value: str) -> None:
    """They are not white space to be taken off. WSGI is asked without a server, since that of wsgiref strips them."""
    with asgi(user_header="X-User") as ask:
        assert json.loads(ask("/", [("X-User", value)])[1]) == {"source_ip": "127.0.0.1"}
    body: Any = ComplianceWSGIMiddleware(wsgi_app, user_header="X-User")(environ(HTTP_X_USER=value), start_response)
    assert json.loads(body[0]) == {"source_ip": "203.0.113.9"}


def test_a_header_that_came_twice_is_ignored() -> None:
    """One of the two may be the client's own."""
    with asgi(user_header="X-User") as ask:
        assert json.loads(ask("/", [("X-User", "mallory"), ("X-User", "jane")])[1]) == {"source_ip": "127.0.0.1"}


async def call_asgi(scope: dict[str, Any]) -> dict[str, Any]:
    """What an app sees when the middleware is called with `scope`."""
    found: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append(seen())

    with context(purpose="outer"):
        await ComplianceASGIMiddleware(app, user_header="X-User")(scope, None, None)  # type: ignore[arg-type]
        assert current() == CallerContext(purpose="outer")
    return found[0]


async def test_websockets_have_a_caller_and_the_lifespan_has_none() -> None:
    """A connection has one caller as long as it lasts; the start of the app is no request."""
    request = {"headers": [(b"x-user", b"jane")], "client": ("203.0.113.9", 4711)}
    declared = {"user_id": "jane", "source_ip": "203.0.113.9", "purpose": "outer"}
    assert await call_asgi({"type": "websocket", **request}) == declared
    assert await call_asgi({"type": "lifespan", **request}) == {"purpose": "outer"}


@pytest.mark.parametrize("client", [None, ("/run/app.sock", 0), ("", 0)])
async def test_a_peer_without_address_has_none(client: Any) -> None:
    """As behind a Unix socket."""
    assert await call_asgi({"type": "http", "headers": [], "client": client}) == {"purpose": "outer"}


@pytest.mark.parametrize("scope", [{}, {"type": "http"}, {"type": "http", "headers": [(b"name",)]}])
async def test_a_scope_that_cannot_be_read_is_served_without_a_caller(scope: dict[str, Any]) -> None:
    """An error of ours is counted and does not reach the app."""
    before = sum(health.swallowed().values())
    assert await call_asgi(scope) == {"purpose": "outer"}
    assert sum(health.swallowed().values()) == before + 1


def test_a_connection_that_is_dropped_from_elsewhere_ends_quietly() -> None:
    """A coroutine may be closed in another context than it ran in, where the caller cannot be reset."""

    class Never:
        def __await__(self) -> Iterator[None]:
            yield

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Never()

    before = sum(health.swallowed().values())
    scope: dict[str, Any] = {"type": "http", "headers": [], "client": ("203.0.113.9", 4711)}
    connection = ComplianceASGIMiddleware(app)(scope, None, None)  # type: ignore[arg-type]
    contextvars.copy_context().run(connection.send, None)
    contextvars.copy_context().run(connection.close)
    assert sum(health.swallowed().values()) == before + 1
    assert current() == CallerContext()


# --- WSGI ---


def environ(**headers: str) -> dict[str, Any]:
    """A request's environ with these further entries."""
    from wsgiref.util import setup_testing_defaults

    result: dict[str, Any] = {
        "REMOTE_ADDR": "203.0.113.9",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        **headers,
    }
    setup_testing_defaults(result)
    return result


def start_response(*args: Any) -> Any:
    """A server that takes whatever it is told."""
    return lambda data: None


class Body:
    """A body that is iterated and closed, and says what each step saw."""

    def __init__(self) -> None:
        self.steps: list[str | None] = []

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(2):
            self.steps.append(current().user_id)
            with context(purpose="inner"):
                yield b"x"
                self.steps.append(current().purpose)

    def close(self) -> None:
        self.steps.append(f"closed for {current().user_id}")


def test_the_body_has_the_caller_and_the_thread_has_not() -> None:
    """Chunks and the end see the caller, and what the app declares stays; between them the thread is as it was."""
    body = Body()
    with context(team_id="server"):
        wrapped: Any = ComplianceWSGIMiddleware(lambda *_: body, user_header="X-User")(
            environ(HTTP_X_USER="jane"), start_response
        )
        assert current() == CallerContext(team_id="server")
        for chunk in wrapped:
            assert (chunk, current()) == (b"x", CallerContext(team_id="server"))
        wrapped.close()
        assert current() == CallerContext(team_id="server")
    assert body.steps == ["jane", "inner", "jane", "inner", "closed for jane"]


def test_a_worker_thread_keeps_nothing_for_the_next_request() -> None:
    """One thread serves a stream, an error and a plain request; after each it has no caller."""
    app = ComplianceWSGIMiddleware(wsgi_app, user_header="X-User")
    with serve_wsgi(app, ReusingServer) as (ask, server):
        assert ask("/stream", [("X-User", "jane")]) == (200, "jane\n" * 3)
        assert ask("/broken", [("X-User", "jane")])[0] == 500
        assert json.loads(ask("/")[1]) == {"source_ip": "127.0.0.1"}
        assert ask("/stream") == (200, "None\n" * 3)
    assert server.left_over == [CallerContext()] * 4


@pytest.mark.parametrize("path", ["/", "/stream"])
def test_both_sides_keep_to_the_protocol(path: str) -> None:
    """The standard library's validator finds no fault on either side of the middleware."""
    wrapped: Any = validator(ComplianceWSGIMiddleware(validator(wsgi_app)))  # type: ignore[arg-type]
    body = wrapped(environ(REQUEST_METHOD="GET", PATH_INFO=path), start_response)
    assert len(list(body)) == (3 if path == "/stream" else 1)
    body.close()


def test_lengths_stay_as_they_are() -> None:
    """A body in memory and a file stay themselves, one with a length keeps it, and one without gets none."""

    class Sized(Body):
        def __len__(self) -> int:
            return 2

    class FileWrapper(Body):
        pass

    def served_as(body: Any) -> Any:
        given = environ() | {"wsgi.file_wrapper": FileWrapper}
        return ComplianceWSGIMiddleware(lambda *_: body)(given, start_response)

    chunks, file = [b"x"], FileWrapper()
    assert served_as(chunks) is chunks
    assert served_as(file) is file
    assert len(served_as(Sized())) == 2
    assert not hasattr(served_as(Body()), "__len__")


def test_a_body_that_cannot_be_closed_is_left_alone() -> None:
    """Not every iterable has `close`."""
    body: Any = ComplianceWSGIMiddleware(lambda *_: iter([b"x"]))(environ(), start_response)
    assert list(body) == [b"x"]
    body.close()


def test_errors_of_a_stream_and_their_information_pass() -> None:
    """An app that fails in a stream tells the server with `exc_info`, and raises what it raised."""
    told: list[Any] = []
    error = RuntimeError("the app's own")

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        yield b"x"
        try:
            raise error
        except RuntimeError:
            import sys

            start_response("500 Oops", [], sys.exc_info())
            raise

    def server(status: str, headers: Any, exc_info: Any = None) -> Any:
        told.append((status, exc_info[1]))

    body = iter(ComplianceWSGIMiddleware(app)(environ(), server))
    assert next(body) == b"x"
    with pytest.raises(RuntimeError) as raised:
        next(body)
    assert raised.value is error
    assert raised.value.__context__ is None
    assert told == [("500 Oops", error)]


def test_a_request_that_cannot_be_read_is_served_without_a_caller() -> None:
    """A server that breaks the protocol does not break the app through us."""
    before = sum(health.swallowed().values())
    app = ComplianceWSGIMiddleware(wsgi_app, user_header="X-User")
    assert app(environ(HTTP_X_USER="\N{SNOWMAN}"), start_response) == [b"{}"]
    assert sum(health.swallowed().values()) == before + 1


def test_a_body_closed_by_another_thread_is_closed_all_the_same() -> None:
    """A server may close a body that is busy; the context is taken then, so it is closed without."""
    in_step, closed = threading.Event(), threading.Event()

    class Busy(Body):
        def __iter__(self) -> Iterator[bytes]:
            in_step.set()
            assert closed.wait(10)
            yield b"x"

        def close(self) -> None:
            super().close()
            closed.set()

    busy = Busy()
    body: Any = ComplianceWSGIMiddleware(lambda *_: busy, user_header="X-User")(
        environ(HTTP_X_USER="jane"), start_response
    )
    with ThreadPoolExecutor(1) as pool:
        chunks = pool.submit(lambda: list(body))
        assert in_step.wait(10)
        body.close()
        assert chunks.result(10) == [b"x"]
    assert busy.steps == ["closed for None"]
