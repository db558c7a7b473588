"""Connect to the store: a ClickHouse server over HTTP, or the embedded engine. One interface for both."""

from __future__ import annotations

import atexit
import secrets
import struct
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO, Final, Self
from urllib.parse import unquote, urlsplit
from weakref import WeakSet

from otel_compliance.config import redacted_dsn
from otel_compliance.errors import MissingExtra, SchemaError, StoreError, StoreUnavailable
from otel_compliance.store import engine
from otel_compliance.store.lease import Lease, not_opened
from otel_compliance.store.quiet import quiet
from otel_compliance.store.rows import COLUMN_TYPES, Block

DATABASE: Final = "otel"
"""Database of the embedded store."""

_CONNECT_SECONDS: Final = 5
_PIECE_BYTES: Final = 1 << 16
_SETTINGS: Final = {"session_timezone": "UTC"}
_INSERT_SETTINGS: Final = {
    # An insert has succeeded when it is on disk, not when it is in a buffer of the server.
    "async_insert": 0,
    # A repeated insert is recognised in the targets of materialised views, too. The default before version 26.
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    # A batch with wrong clocks in it may span any number of days. The default of 100 would refuse it for good.
    "max_partitions_per_insert_block": 0,
}
_SCHEMA_ERRORS: Final = ("UNKNOWN_TABLE", "NO_SUCH_COLUMN_IN_TABLE", "THERE_IS_NO_COLUMN")
_REFUSED_LOGIN: Final = {
    "AUTHENTICATION_FAILED": "user or password is wrong",
    "REQUIRED_PASSWORD": "a password is needed",
    "WRONG_PASSWORD": "user or password is wrong",
    "UNKNOWN_USER": "user or password is wrong",
    "UNKNOWN_DATABASE": "the database does not exist",
    "ACCESS_DENIED": "the user may not use the database",
}


def connect(dsn: str) -> Store:
    """Open the store.

    Args:
        dsn: ``chdb://PATH``, ``http://USER:PASSWORD@HOST:8123/DATABASE`` or the same with ``https``.

    Raises:
        MissingExtra: The embedded engine is not installed.
        StoreUnavailable: The server cannot be reached or refuses, or another process owns the embedded store.
    """
    import clickhouse_connect  # noqa: F401 - `quiet` covers what is there

    with quiet():
        if dsn.startswith("chdb://"):
            return _connect_embedded(Path(dsn.removeprefix("chdb://")))
        return _connect_server(dsn)


class Store:
    """An open store. SQL never names the database: the connection does.

    Args:
        client: A client of ``clickhouse-connect``.
        lease: Ownership of the embedded store; `None` for a server.
    """

    def __init__(self, client: Any, lease: Lease | None = None) -> None:
        self._client = client
        self._lease = lease
        self._lock = threading.Lock()
        self._closed = False
        _open_stores.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def embedded(self) -> bool:
        """Whether the engine runs in this process, and no longer than it."""
        return self._lease is not None

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
        with self._used():
            return list(self._client.query(sql, parameters=dict(parameters or {})).named_results())

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement that returns no rows.

        Raises:
            SchemaError: A table does not exist: the schema was not migrated.
            StoreError: The statement failed.
        """
        with self._used():
            self._client.command(sql, parameters=dict(parameters or {}))

    def insert(self, block: Block, *, token: str = "", types: Mapping[str, str] | None = None) -> None:
        """Insert rows, by column.

        Args:
            block: The rows.
            token: Of several inserts with the same token, one counts, in the table and in everything derived from it.
            types: Column types, for a table that is not one of the Collector's.

        Raises:
            SchemaError: The table does not exist, or lacks a column.
            StoreUnavailable: The store does not answer.
            StoreError: The store refuses the insert.
            ValueError: The rows do not fit the columns' types.
        """
        if block.count == 0:
            return
        column_types = types or COLUMN_TYPES[block.table]
        settings = _INSERT_SETTINGS | ({"insert_deduplication_token": token} if token else {})
        with self._used(), _values_are_to_blame(), self._private_files():
            self._client.insert(
                block.table,
                [block.columns[name] for name in column_types],
                column_names=list(column_types),
                column_type_names=list(column_types.values()),
                column_oriented=True,
                settings=settings,
            )

    def close(self) -> None:
        """Close the connection, and give up the embedded store. Waits for a statement that is under way."""
        if self._lease is not None and not self._lease.ours:
            return
        with self._lock:
            if not self._closed:
                self._closed = True
                self._client.close()
                if self._lease is not None:
                    self._lease.release()

    @contextmanager
    def stream(
        self, sql: str, output_format: str, parameters: Mapping[str, Any] | None = None
    ) -> Iterator[Iterator[bytes]]:
        """The result of a SELECT as bytes, in pieces. The store does nothing else until the block is left.

        Args:
            sql: The statement, with ``{name:Type}`` for each parameter, without FORMAT.
            output_format: A format of ClickHouse, such as ``JSONEachRow``. The embedded engine streams those without
                header and footer, and writes Parquet to a private file first; any other is held in memory.
            parameters: Values of the parameters.

        Raises:
            SchemaError: A table does not exist: the schema was not migrated.
            StoreError: The statement failed, at once or in the middle of its result.
        """
        given = dict(parameters or {})
        with self._owned():
            if self._lease is not None and output_format == "Parquet":
                with self._written(sql, output_format, given) as file:
                    yield _pieces(file)
                return
            with _translated():
                source = self._client.raw_stream(sql, parameters=given, fmt=output_format)
            with closing(source):
                yield _pieces(source)

    @contextmanager
    def _written(self, sql: str, output_format: str, parameters: dict[str, Any]) -> Iterator[BinaryIO]:
        """A result that the embedded engine wrote to a file, since its client would hold it in memory."""
        assert self._lease is not None
        path = self._lease.private_files / f"{secrets.token_hex(8)}.export"
        quoted = str(path).replace("\\", "\\\\").replace("'", "\\'")
        try:
            with _translated():
                self._client.command(f"{sql}\nINTO OUTFILE '{quoted}' FORMAT {output_format}", parameters=parameters)
            with path.open("rb") as file:
                yield file
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def _used(self) -> Iterator[None]:
        """A use of the client, by one thread at a time, whose errors become ours."""
        with self._owned(), _translated():
            yield

    @contextmanager
    def _owned(self) -> Iterator[None]:
        """The client, for one thread at a time."""
        if self._lease is not None and not self._lease.ours:
            raise StoreUnavailable(
                "the embedded store was opened before this process was forked, and hangs in it",
                remedy="open the store in the process that uses it",
            )
        with self._lock, quiet():
            if self._closed:
                raise StoreUnavailable("the store was closed", remedy="open it again")
            yield

    @contextmanager
    def _private_files(self) -> Iterator[None]:
        """An insert into the embedded store. The client passes rows to the engine through a temporary file."""
        if self._lease is None:
            yield
            return
        # The client leaves the place to the standard library, which has it for the whole process: one at a time.
        with self._lease.inserting:
            before, tempfile.tempdir = tempfile.tempdir, str(self._lease.private_files)
            try:
                yield
            finally:
                tempfile.tempdir = before


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    """What is read from `source`. Errors of whoever takes the pieces are not taken for errors of the store."""
    while True:
        with _translated():
            piece = source.read(_PIECE_BYTES)
        if not piece:
            return
        yield piece


@contextmanager
def _translated() -> Iterator[None]:
    """A block whose errors of the client become errors of ours, without the statement and its values."""
    from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

    try:
        yield
    except OperationalError:
        raise StoreUnavailable("the store does not answer", remedy="otel-compliance check") from None
    except ClickHouseError as error:
        name = _name(error)
        if name in _SCHEMA_ERRORS:
            raise SchemaError(
                f"the store has no schema yet, or not that of this version ({name})", remedy="otel-compliance migrate"
            ) from None
        raise StoreError(f"ClickHouse refused a statement: {name}") from None
    except OSError as error:
        raise StoreUnavailable(
            f"the store cannot be used: {error.strerror or type(error).__name__}", remedy="otel-compliance check"
        ) from None


@contextmanager
def _values_are_to_blame() -> Iterator[None]:
    """A block that converts rows, whose errors of conversion become a `ValueError` that does not quote them."""
    from clickhouse_connect.driver.exceptions import DataError

    try:
        yield
    except (DataError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, struct.error) as error:
        raise ValueError(f"the rows do not fit the columns' types: {type(error).__name__}") from None


def _name(error: Exception) -> str:
    """ClickHouse's name of an error, such as ``UNKNOWN_TABLE``."""
    return str(getattr(error, "name", None) or type(error).__name__)


def _connect_server(dsn: str) -> Store:
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import ClickHouseError

    try:
        client = clickhouse_connect.get_client(**_address(dsn))
    except ClickHouseError as error:
        why = _REFUSED_LOGIN.get(_name(error), _name(error))
        raise StoreUnavailable(
            f"{redacted_dsn(dsn)}: the store cannot be reached, or refuses: {why}",
            remedy="check OTEL_COMPLIANCE_STORE: host, port, user, password, and that the database exists",
        ) from None
    return Store(client)


def _address(dsn: str) -> dict[str, Any]:
    """The arguments for ``get_client``."""
    try:
        parts = urlsplit(dsn)
        port, host = parts.port, parts.hostname
    except ValueError:
        # The message of the standard library quotes what it takes for the port: part of a password with a slash.
        raise StoreUnavailable(
            "the address in OTEL_COMPLIANCE_STORE cannot be read",
            remedy="use http://USER:PASSWORD@HOST:8123/DATABASE, with / @ : in a password written as %2F %40 %3A",
        ) from None
    secure = parts.scheme == "https"
    return {
        "host": host or "localhost",
        "port": port or (8443 if secure else 8123),
        "username": unquote(parts.username or "default"),
        "password": unquote(parts.password or ""),
        "database": parts.path.strip("/") or "default",
        "secure": secure,
        "connect_timeout": _CONNECT_SECONDS,
        # A session is locked by a query that the server still runs after its client gave up.
        "autogenerate_session_id": False,
        "settings": _SETTINGS,
    }


def _connect_embedded(path: Path) -> Store:
    try:
        import chdb  # noqa: F401 - only to see whether it is installed
    except ImportError:
        raise MissingExtra("the embedded store", extra="embedded") from None
    lease = Lease.take(path.absolute())
    try:
        client = _embedded_client(lease)
    except Exception as error:
        lease.release()
        raise not_opened(lease.path, error) from error
    # Last registered is first called: before the handlers that client and engine registered when they were loaded.
    atexit.unregister(_close_all)
    atexit.register(_close_all)
    return Store(client, lease)


def _embedded_client(lease: Lease) -> Any:
    import clickhouse_connect

    client = clickhouse_connect.get_client(
        interface="chdb", path=str(lease.path), settings=_SETTINGS, chdb_options=engine.options(lease.path)
    )
    try:
        # The engine's own database "default" takes no materialised views that refresh; ours is an ordinary one.
        client.command(f"CREATE DATABASE IF NOT EXISTS {DATABASE} ENGINE = Atomic")
        client.database = DATABASE
        lease.prepare()
    except BaseException:
        client.close()
        raise
    return client


_open_stores: WeakSet[Store] = WeakSet()


def _close_all() -> None:
    """The engine's threads must not outlive the interpreter: without this it sometimes dies of a segmentation fault."""
    for store in list(_open_stores):
        with suppress(Exception):
            store.close()
