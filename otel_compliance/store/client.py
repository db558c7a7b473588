"""Connect to the store: a ClickHouse server over HTTP, or the embedded engine. One interface for both."""

from __future__ import annotations

import atexit
import fcntl
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

from otel_compliance.config import redacted_dsn
from otel_compliance.errors import MissingExtra, SchemaError, StoreError, StoreUnavailable
from otel_compliance.store.rows import COLUMN_TYPES, Block

_DATABASE: Final = "otel"
_CONNECT_SECONDS: Final = 5
_UNKNOWN_TABLE: Final = "UNKNOWN_TABLE"


def connect(dsn: str) -> Store:
    """Open the store.

    Args:
        dsn: ``chdb://PATH``, ``http://USER:PASSWORD@HOST:8123/DATABASE`` or the same with ``https``.

    Raises:
        MissingExtra: The embedded engine is not installed.
        StoreUnavailable: The server cannot be reached or refuses, or another process owns the embedded store.
    """
    if dsn.startswith("chdb://"):
        return _connect_embedded(Path(dsn.removeprefix("chdb://")))
    return _connect_server(dsn)


class Store:
    """An open store. SQL never names the database: the connection does.

    Args:
        client: A client of ``clickhouse-connect``.
        lease: Ownership of the embedded store; `None` for a server.
    """

    def __init__(self, client: Any, lease: _Lease | None = None) -> None:
        self._client = client
        self._lease = lease
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def server_version(self) -> str:
        """Version of ClickHouse, such as ``26.9.2.1``."""
        return str(self._client.server_version)

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a SELECT, as mappings by column name.

        Args:
            sql: The statement, with ``{name:Type}`` for each parameter.
            parameters: Values of the parameters.

        Raises:
            SchemaError: A table does not exist: the schema was not migrated.
            StoreError: The statement failed.
        """
        with self._lock, _Translated():
            return list(self._client.query(sql, parameters=dict(parameters or {})).named_results())

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement that returns no rows.

        Raises:
            SchemaError: A table does not exist: the schema was not migrated.
            StoreError: The statement failed.
        """
        with self._lock, _Translated():
            self._client.command(sql, parameters=dict(parameters or {}))

    def insert(self, block: Block, *, token: str = "", types: Mapping[str, str] | None = None) -> None:
        """Insert rows, by column.

        Args:
            block: The rows.
            token: Of several inserts with the same token, one counts, in the table and in everything derived from it.
            types: Column types, for a table that is not one of the Collector's.

        Raises:
            SchemaError: The table does not exist.
            StoreError: The insert failed.
        """
        if block.count == 0:
            return
        column_types = types or COLUMN_TYPES[block.table]
        settings = {"async_insert": 0} | ({"insert_deduplication_token": token} if token else {})
        with self._lock, _Translated():
            self._client.insert(
                block.table,
                [block.columns[name] for name in column_types],
                column_names=list(column_types),
                column_type_names=list(column_types.values()),
                column_oriented=True,
                settings=settings,
            )

    def close(self) -> None:
        """Close the connection, and give up the embedded store."""
        self._client.close()
        if self._lease is not None:
            self._lease.release()
            self._lease = None


class _Translated:
    """A block whose errors of the client become errors of ours, without the statement and its values."""

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

        if not isinstance(error, ClickHouseError):
            return
        if isinstance(error, OperationalError):
            raise StoreUnavailable("the store does not answer", remedy="otel-compliance check") from None
        name = str(getattr(error, "name", "") or "")
        if name == _UNKNOWN_TABLE or _UNKNOWN_TABLE in str(error):
            raise SchemaError("the store has no schema yet, or an old one", remedy="otel-compliance migrate") from None
        raise StoreError(f"ClickHouse refused a statement: {name or type(error).__name__}") from error


def _connect_server(dsn: str) -> Store:
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import ClickHouseError

    parts = urlsplit(dsn)
    secure = parts.scheme == "https"
    try:
        client = clickhouse_connect.get_client(
            host=parts.hostname or "localhost",
            port=parts.port or (8443 if secure else 8123),
            username=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=parts.path.strip("/") or "default",
            secure=secure,
            connect_timeout=_CONNECT_SECONDS,
            settings={"session_timezone": "UTC"},
        )
    except ClickHouseError as error:
        raise StoreUnavailable(
            f"{redacted_dsn(dsn)}: the store cannot be reached, or refuses: {type(error).__name__}",
            remedy="check OTEL_COMPLIANCE_STORE: host, port, user, password, and that the database exists",
        ) from None
    return Store(client)


def _connect_embedded(path: Path) -> Store:
    try:
        import chdb  # noqa: F401
    except ImportError:
        raise MissingExtra("the embedded store", extra="embedded") from None
    import clickhouse_connect

    lease = _Lease.take(path.absolute())
    try:
        client = clickhouse_connect.get_client(
            interface="chdb", path=str(path.absolute()), settings={"session_timezone": "UTC"}
        )
        # The engine's own database "default" takes no materialised views that refresh; ours is an ordinary one.
        client.command(f"CREATE DATABASE IF NOT EXISTS {_DATABASE} ENGINE = Atomic")
        client.database = _DATABASE
    except Exception as error:
        lease.release()
        raise StoreUnavailable(
            f"chdb://{path}: the embedded store cannot be opened: {type(error).__name__}",
            remedy="see whether the folder is writable and was made by this version or an older one",
        ) from error
    store = Store(client, lease)
    # The engine's threads must not outlive the interpreter.
    atexit.register(_close_quietly, store)
    return store


def _close_quietly(store: Store) -> None:
    with suppress(Exception):
        store.close()


class _Lease:
    """Ownership of an embedded store: one process at a time, and in it one path."""

    _held: _Lease | None = None
    _guard = threading.Lock()

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self.users = 1

    @classmethod
    def take(cls, path: Path) -> _Lease:
        """Own `path`, or share the ownership that this process has.

        Raises:
            StoreUnavailable: Another process owns it, or this process has another store open.
        """
        with cls._guard:
            if cls._held is not None:
                if cls._held.path != path:
                    raise StoreUnavailable(
                        f"chdb://{path}: this process has chdb://{cls._held.path} open, and the engine allows one",
                        remedy="close the other store first",
                    )
                cls._held.users += 1
                return cls._held
            cls._held = cls(path, _lock_file(path))
            return cls._held

    def release(self) -> None:
        """Give up one use; the last one gives up the store."""
        with self._guard:
            self.users -= 1
            if self.users == 0:
                os.close(self._descriptor)
                _Lease._held = None


def _lock_file(path: Path) -> int:
    """Lock ``PATH.lock`` and write down who we are. The system releases it when the process ends."""
    lock = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailable(
            f"chdb://{path}: the folder cannot be written: {error.strerror}",
            remedy="point OTEL_COMPLIANCE_STORE or OTEL_COMPLIANCE_DIR at a writable folder",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(descriptor, 256).decode("utf-8", "replace").strip()
        os.close(descriptor)
        raise StoreUnavailable(
            f"chdb://{path}: the embedded store belongs to another process: {owner or 'unknown'}",
            remedy="stop that process, or wait for it; the embedded engine allows one process at a time",
        ) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"pid {os.getpid()} ({Path(sys.argv[0] or 'python').name})\n".encode())
    return descriptor
