"""The front: its life, its sockets."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from otel_compliance.errors import StoreUnavailable
from otel_compliance.local.clickhouse.access import Access
from otel_compliance.local.clickhouse.execution import Execution
from otel_compliance.local.clickhouse.handler import Handler

HOST: Final = "127.0.0.1"
"""The front is for this machine: there is no encryption of the way to it."""
MAX_BODY_BYTES: Final = 256 << 20
"""Largest request, before and after decoding."""
_MAX_CONNECTIONS: Final = 128


class ClickHouseFront:
    """ClickHouse's HTTP interface over the embedded store. Use it as a context manager, while the store is open.

    Args:
        path: Folder of the store, which this process has open.
        access: Who may use it.
        port: Port to listen on; a free one when 0.
        max_body_bytes: Largest request, before and after decoding.

    Raises:
        StoreUnavailable: The port is taken.
    """

    def __init__(self, path: Path, access: Access, *, port: int = 0, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self.access = access
        self.max_body_bytes = max_body_bytes
        try:
            self._server = Server((HOST, port), Handler)
        except OSError as error:
            raise StoreUnavailable(
                f"{HOST}:{port}: the port cannot be opened: {error.strerror}", remedy="choose another one with --port"
            ) from None
        self._server.front = self
        self.execution = Execution(path)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="clickhouse-front", daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    def close(self) -> None:
        """Take no more requests, stop the statements that run, and end the connections."""
        self._server.shutdown()
        self._thread.join()
        self.execution.close()
        self._server.server_close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Server(ThreadingHTTPServer):
    """The sockets of one `ClickHouseFront`."""

    daemon_threads = True
    request_queue_size = 128
    front: ClickHouseFront

    def __init__(self, *args: Any) -> None:
        # Before the rest: a port that is taken closes the server while it is being made.
        self._connections: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, and serve it on a thread of its own. One too many is ended."""
        if len(self._connections) >= _MAX_CONNECTIONS:
            super().shutdown_request(request)
            return
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection, and end it."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def server_close(self) -> None:
        """End the connections that are still open, and then the server."""
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()
