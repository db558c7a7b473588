"""One connection: reading requests, dispatch, headers, faults."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final

from otel_compliance.local.claude_api import clouds, messages
from otel_compliance.local.claude_api.answers import Answer, Content, EventStream
from otel_compliance.local.claude_api.script import ERROR_TYPES, ApiError, Drop, RecordedRequest, Reply

if TYPE_CHECKING:
    from otel_compliance.local.claude_api.server import Server

_REQUESTS_LIMIT: Final = 4000
_TOKENS_LIMIT: Final = 400_000
_MAX_BODY_BYTES: Final = 32 << 20
"""Largest request of the Messages API."""
_LAST_CHUNK: Final = b"0\r\n\r\n"


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Answer a request of any method."""
        self._handle()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names are http.server's

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Nothing is logged: requests hold content."""

    def _handle(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self._read_body(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._number = self.server.api.record(RecordedRequest(self.command, self.path, headers, body))
        if not (headers.get("x-api-key") or headers.get("authorization")):
            self._send_error(ApiError(401, "a credential is required"))
        elif length > _MAX_BODY_BYTES:
            self._send_error(ApiError(413, "the request is too large"))
        elif self.command == "POST" and (route := clouds.route(self.path)).path == "/v1/messages":
            self._messages(route, body)
        else:
            self._surface(clouds.route(self.path).path, body, headers)

    def _read_body(self, length: int) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(length)
        body = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _surface(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        answer: Answer
        try:
            answer = self.server.api.surfaces.answer(self.command, path, body, headers)
        except (ValueError, KeyError, TypeError, AttributeError):
            answer = ApiError(400, "the body is malformed")
        match answer:
            case ApiError():
                self._send_error(answer)
            case EventStream():
                self._begin_stream("text/event-stream", {})
                for event in answer.events:
                    self._chunk(clouds.sse(event))
                self.wfile.write(_LAST_CHUNK)
            case Content():
                self._send(200, answer.content_type, answer.body)

    def _messages(self, route: clouds.Route, body: bytes) -> None:
        try:
            document = json.loads(body) | route.fields
            missing = [name for name in ("model", "max_tokens", "messages") if name not in document]
        except (ValueError, TypeError):
            self._send_error(ApiError(400, "the body is not JSON"))
            return
        if missing:
            self._send_error(ApiError(400, f"{missing[0]}: Field required"))
            return
        reply = self.server.api.next_reply(document)
        if self.server.api.closing.wait(reply.delay) and reply.delay:
            self.close_connection = True
            return
        match reply.fault:
            case ApiError(after_events=None) as error:
                self._send_error(error)
            case Drop(after_events=None):
                self._cut()
            case _ if document.get("stream"):
                self._stream(route, document, reply)
            case _:
                whole = json.dumps(messages.message(document, reply)).encode()
                self._send(200, "application/json", whole, reply.headers)

    def _stream(self, route: clouds.Route, document: Mapping[str, Any], reply: Reply) -> None:
        self._begin_stream(route.stream_type, reply.headers)
        for event in self._scripted_events(document, reply):
            if event is None:
                self._cut()
                return
            if self.server.api.closing.wait(reply.event_delay) and reply.event_delay:
                self.close_connection = True
                return
            self._chunk(route.frame(event))
        self.wfile.write(_LAST_CHUNK)

    def _begin_stream(self, content_type: str, headers: Mapping[str, str]) -> None:
        self.send_response(200)
        self._send_headers({"content-type": content_type, "transfer-encoding": "chunked", **headers})
        self.wfile.flush()

    def _scripted_events(self, document: Mapping[str, Any], reply: Reply) -> Iterator[dict[str, Any] | None]:
        """The events, up to a scripted fault; `None` cuts the connection."""
        fault = reply.fault
        for number, event in enumerate(messages.events(document, reply)):
            if fault is not None and fault.after_events == number:
                yield self._error_body(fault) if isinstance(fault, ApiError) else None
                return
            yield event

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _send(self, status: int, content_type: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self._send_headers({"content-type": content_type, "content-length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def _send_error(self, error: ApiError) -> None:
        wait = {} if error.retry_after is None else {"retry-after": f"{error.retry_after:g}"}
        body = json.dumps(self._error_body(error)).encode()
        self._send(error.status, "application/json", body, {**wait, **error.headers})

    def _error_body(self, error: ApiError) -> dict[str, Any]:
        envelope = {"type": ERROR_TYPES[error.status], "message": error.message}
        return {"type": "error", "error": envelope, "request_id": self._request_id()}

    def _request_id(self) -> str:
        return f"req_local{self._number:08d}"

    def _send_headers(self, headers: Mapping[str, str]) -> None:
        api = self.server.api
        remaining = {"requests": _REQUESTS_LIMIT - self._number, "tokens": _TOKENS_LIMIT - 1000 * self._number}
        limits = {"requests": _REQUESTS_LIMIT, "tokens": _TOKENS_LIMIT}
        every = {
            "request-id": self._request_id(),
            "anthropic-organization-id": api.organization_id,
            "anthropic-workspace-id": api.workspace_id,
            "x-served-by": secrets.token_hex(4),
        }
        for kind, limit in limits.items():
            for name in (kind,) if kind == "requests" else ("tokens", "input-tokens", "output-tokens"):
                every[f"anthropic-ratelimit-{name}-limit"] = str(limit)
                every[f"anthropic-ratelimit-{name}-remaining"] = str(max(0, remaining[kind]))
                every[f"anthropic-ratelimit-{name}-reset"] = "2030-01-01T00:00:00Z"
        for name, value in {**every, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _cut(self) -> None:
        """End the connection without an answer, or in the middle of one."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
