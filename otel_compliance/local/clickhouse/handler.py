"""One connection: reading requests, and answering them in ClickHouse's way."""

from __future__ import annotations

import json
import socket
import time
import uuid
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from otel_compliance import health
from otel_compliance.local.clickhouse import hello
from otel_compliance.local.clickhouse.compression import decode, encode
from otel_compliance.local.clickhouse.exceptions import ServerException, access_denied, bad_request, too_large
from otel_compliance.local.clickhouse.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_compliance.local.clickhouse.access import User
    from otel_compliance.local.clickhouse.execution import Result
    from otel_compliance.local.clickhouse.server import Server

_MAX_LINE_BYTES: Final = 1024
_LINGER_SECONDS: Final = 2.0
_LINGER_BYTES: Final = 16 << 20
_COUNTS: Final = (
    "read_rows",
    "read_bytes",
    "written_rows",
    "written_bytes",
    "total_rows_to_read",
    "result_rows",
    "result_bytes",
)


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server_version = hello.NAME
    sys_version = ""
    timeout = 30
    # Small packets of one answer would wait for the acknowledgement of each other: 40 ms for every statement.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Answer a request of any method that is served."""
        self._started = time.monotonic_ns()
        self._body_read = not (self.headers.get("Content-Length") or self.headers.get("Transfer-Encoding"))
        try:
            self._refuse_pages()
            if urlsplit(self.path).path == "/ping":
                self._send(HTTPStatus.OK, b"Ok.\n")
            else:
                self._serve()
        except ServerException as error:
            self._send_error(error)
        except (ConnectionError, TimeoutError, EOFError):
            # The client went away in the middle of its request; there is nobody to answer.
            self.close_connection = True
        except Exception as error:  # noqa: BLE001 - a fault of ours must not leave the client without an answer
            health.swallow("local.clickhouse", error)
            self._send_error(ServerException(1001, "STD_EXCEPTION", type(error).__name__))

    do_POST = do_GET  # noqa: N815 - the names are http.server's

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Nothing is logged: statements hold values."""

    def handle_expect_100(self) -> bool:
        """Tell a client that waits for it to send the body, at once."""
        expected = super().handle_expect_100()
        self.wfile.flush()
        return expected

    def _refuse_pages(self) -> None:
        """Refuse what a page of another site sends: a browser adds credentials that it was given once by itself."""
        site, origin = self.headers.get("Sec-Fetch-Site", "none"), self.headers.get("Origin", self.server.front.url)
        if site not in ("none", "same-origin") or origin != self.server.front.url:
            raise access_denied("Pages of other sites are not served")

    def _serve(self) -> None:
        front = self.server.front
        # Who has no token makes us read nothing more.
        user = front.access.authenticate(self.headers)  # type: ignore[arg-type] # case-insensitive, which Mapping is not
        address = urlsplit(self.path)
        if address.path != "/":
            raise ServerException(48, "NOT_IMPLEMENTED", "There is only / and /ping")
        request = Request.read(self.command, address.query, self.headers.get("Content-Type", ""), self._body())
        if not request.text:
            self._send(HTTPStatus.OK, b"Ok.\n")
        elif hello.is_hello(request):
            execution = front.execution
            block = hello.answer(execution.version, execution.timezone)
            self._send(HTTPStatus.OK, block, {"X-ClickHouse-Format": "Native"})
        else:
            self._run(request, user)

    def _run(self, request: Request, user: User) -> None:
        result = self.server.front.execution.run(request, user)
        headers = {
            "X-ClickHouse-Query-Id": self._query_id(request),
            "X-ClickHouse-Summary": self._summary(result),
        }
        if result.row_format:
            headers["X-ClickHouse-Format"] = result.row_format
        encoding, body = "", result.body
        if request.transport.get("enable_http_compression", "1") != "0":
            encoding, body = encode(self.headers.get("Accept-Encoding", ""), body)
        if encoding:
            headers["Content-Encoding"] = encoding
        self._send(HTTPStatus.OK, body, headers)

    @staticmethod
    def _query_id(request: Request) -> str:
        """The client's id of the statement. What would end the header is none."""
        chosen = request.transport.get("query_id", "")
        return chosen if chosen.isascii() and chosen.isprintable() and chosen else str(uuid.uuid4())

    def _summary(self, result: Result) -> str:
        counts = {name: result.summary.get(name, 0) for name in _COUNTS}
        counts["elapsed_ns"] = time.monotonic_ns() - self._started
        return json.dumps({name: str(value) for name, value in counts.items()})

    def _body(self) -> bytes:
        """The body, whole and decoded.

        Raises:
            ServerException: It is malformed, or too large.
            EOFError: The client went away before its end: what arrived is not run.
        """
        limit = self.server.front.max_body_bytes
        length, transfer = self.headers.get("Content-Length"), self.headers.get("Transfer-Encoding", "").lower()
        if len(self.headers.get_all("Content-Length", []) + self.headers.get_all("Transfer-Encoding", [])) > 1:
            raise bad_request("The length of the body is not clear")
        if transfer:
            if transfer != "chunked":
                raise bad_request("The length of the body is not clear")
            body = self._chunks(limit)
        else:
            body = self._exactly(_number(length or "0", 10, limit))
        self._body_read = True
        return decode(self.headers.get("Content-Encoding", ""), body, limit=limit)

    def _chunks(self, limit: int) -> bytes:
        body = bytearray()
        while size := _number(self._line().partition(b";")[0].decode("latin-1").strip(), 16, limit):
            if len(body) + size > limit:
                raise too_large(limit)
            body += self._exactly(size)
            if self._line().strip():
                raise bad_request("A chunk of the body has no end")
        while self._line().strip():
            continue  # trailers, which nobody needs
        return bytes(body)

    def _line(self) -> bytes:
        line = self.rfile.readline(_MAX_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise EOFError
        return line

    def _exactly(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def _send_error(self, error: ServerException) -> None:
        headers = {"X-ClickHouse-Exception-Code": str(error.code)}
        if error.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Basic realm="otel-compliance"'
        self._send(error.status, f"{error} (version {self.server.front.execution.version})\n".encode(), headers)

    def _linger(self) -> None:
        """Read what the client still sends: a connection that is ended before that takes the answer with it."""
        until, left = time.monotonic() + _LINGER_SECONDS, _LINGER_BYTES
        try:
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER_SECONDS)
            while left > 0 and time.monotonic() < until and (piece := self.connection.recv(1 << 16)):
                left -= len(piece)
        except OSError:
            return

    def _send(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        every = {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-ClickHouse-Server-Display-Name": hello.NAME,
            "X-ClickHouse-Timezone": self.server.front.execution.timezone,
        }
        if not self._body_read:
            # What is left of the request would be taken for the next one.
            every["Connection"] = "close"
        try:
            self.send_response(status)
            for name, value in {**every, **(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except (ConnectionError, TimeoutError):
            self.close_connection = True
            return
        if not self._body_read:
            self._linger()


def _number(text: str, base: int, limit: int) -> int:
    """A length of HTTP: digits and nothing else, which `int` alone is not content with."""
    if not text or not all(char in "0123456789abcdefABCDEF"[: base if base == 10 else None] for char in text):
        raise bad_request("The length of the body is no number")
    if len(text) > 16 or int(text, base) > limit:
        raise too_large(limit)
    return int(text, base)
