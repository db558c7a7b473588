"""The server: its life, its script, its sockets."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from otel_compliance.local.claude_api.handler import Handler
from otel_compliance.local.claude_api.organization import ITSELF
from otel_compliance.local.claude_api.script import RecordedRequest, Reply
from otel_compliance.local.claude_api.surfaces import Surfaces


class ClaudeAPI:
    """A Claude API on the loopback interface. Use it as a context manager.

    Realistic without any script. A test may `enqueue` replies, or set a `default` that answers from the request.

    Args:
        port: Port to listen on; a free one when 0.
    """

    def __init__(self, *, port: int = 0) -> None:
        self.organization_id = ITSELF["id"]
        self.workspace_id = "wrkspc_01local"
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.api = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="claude-api", daemon=True)
        self._lock = threading.Lock()
        self._requests: list[RecordedRequest] = []
        self._replies: deque[Reply] = deque()
        self._default: Callable[[Mapping[str, Any]], Reply] = lambda _: Reply()
        self.closing = threading.Event()
        self.surfaces = Surfaces(self.next_reply)

    @property
    def base_url(self) -> str:
        """Address for the client's ``base_url``."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests that arrived so far."""
        with self._lock:
            return list(self._requests)

    def enqueue(self, *replies: Reply) -> None:
        """Answer the next messages with these, first come, first served."""
        with self._lock:
            self._replies.extend(replies)

    def default(self, answer: Callable[[Mapping[str, Any]], Reply]) -> None:
        """Answer messages for which nothing is queued with what `answer` makes of the request body."""
        self._default = answer

    def start(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop serving; stalled answers end at once."""
        self.closing.set()
        self.surfaces.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def record(self, request: RecordedRequest) -> int:
        """Remember a request; returns how many arrived so far."""
        with self._lock:
            self._requests.append(request)
            return len(self._requests)

    def next_reply(self, body: Mapping[str, Any]) -> Reply:
        """The reply to the next message."""
        with self._lock:
            if self._replies:
                return self._replies.popleft()
        return self._default(body)


class Server(ThreadingHTTPServer):
    """The sockets of one `ClaudeAPI`."""

    daemon_threads = True
    block_on_close = True
    request_queue_size = 128
    api: ClaudeAPI

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, and serve it on a thread of its own."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection, and end it."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news: tests cut connections on purpose."""

    def server_close(self) -> None:
        """End the connections that are still open, and then the server."""
        # Threads that wait for the next request of a kept connection end when the connection does.
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        super().server_close()
