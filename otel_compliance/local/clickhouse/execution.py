"""Runs statements in the embedded engine, each on a handle of its own or on that of its session."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from otel_compliance.local.clickhouse.access import User
from otel_compliance.local.clickhouse.exceptions import ServerException
from otel_compliance.local.clickhouse.request import Request
from otel_compliance.local.clickhouse.screening import RETURNS_ROWS, screen
from otel_compliance.local.clickhouse.sessions import Sessions
from otel_compliance.local.clickhouse.statement import Statement
from otel_compliance.store import engine
from otel_compliance.store.client import DATABASE

_MAX_STATEMENTS: Final = 16
"""Statements that run at a time; one more waits for a while."""
_WAIT_SECONDS: Final = 10.0
_DASHBOARDS_SECONDS: Final = 60
"""How long a statement of a dashboard may run: the ``queryTimeout`` of Grafana's datasource."""
_DASHBOARDS_SETTINGS: Final = frozenset({"max_execution_time", "session_timezone"})
_DASHBOARDS_LIMITS: Final = {"max_result_bytes": str(64 << 20), "max_memory_usage": str(2 << 30), "readonly": "1"}
"""What one statement of a dashboard may take. A result is held as a whole in this process, which delivers, too."""
_CHUNK_BYTES: Final = 1 << 20
_DEFAULT_FORMAT: Final = "TabSeparated"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a statement.

    Attributes:
        body: The rows, in `row_format`.
        row_format: Their format; empty for a statement that returns none.
        summary: Counts for ``X-ClickHouse-Summary``.
    """

    body: bytes = field(repr=False)
    row_format: str
    summary: Mapping[str, int]


class Execution:
    """The embedded engine, as the front uses it.

    Args:
        path: Folder of the store, which this process has open.

    Attributes:
        version: Version of ClickHouse.
        timezone: Time zone of the engine.
    """

    def __init__(self, path: Path) -> None:
        self._open_handle = partial(engine.open_handle, path)
        self._sessions = Sessions(self._open_handle)
        self._slots = threading.BoundedSemaphore(_MAX_STATEMENTS)
        self._closed = False
        self.version, self.timezone = _column(self._open_handle, "SELECT arrayJoin([version(), timezone()])")
        self._formats = frozenset(_column(self._open_handle, "SELECT name FROM system.formats WHERE is_output"))

    def run(self, request: Request, user: User) -> Result:
        """Run the statement of a request.

        Raises:
            ServerException: It is refused, or fails.
        """
        # A dashboard has no state to keep: what it could keep is what it must not change.
        session = "" if user.read_only else request.transport.get("session_id", "")
        must_exist = request.transport.get("session_check", "0") == "1"
        with (
            self._slot(),
            self._sessions.use(session, seconds=request.session_seconds, must_exist=must_exist) as handle,
            _translated(),
        ):
            handle.query(f"USE {_database(request)}")
            statement = Statement.parse(handle, request.text)
            screen(statement, user, parameters=request.parameters, changes=request.changes)
            with _settings(handle, _settings_of(request, user), lasting=not session):
                return self._run(handle, statement, request)

    def close(self) -> None:
        """Stop what runs, wait for its end, and close the handles."""
        self._closed = True
        handle = self._open_handle()
        handle.query("KILL QUERY WHERE query_id != queryID() ASYNC")
        handle.close()
        for _ in range(_MAX_STATEMENTS):
            self._slots.acquire()
        self._sessions.close()

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=_WAIT_SECONDS):
            raise ServerException(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many statements run")
        try:
            if self._closed:
                raise ServerException(236, "ABORTED", "The store is being closed")
            yield
        finally:
            self._slots.release()

    def _run(self, handle: Any, statement: Statement, request: Request) -> Result:
        if statement.row_format:
            return _insert(handle, statement)
        row_format = statement.output_format or request.transport.get("default_format", _DEFAULT_FORMAT)
        if row_format not in self._formats:
            raise ServerException(73, "UNKNOWN_FORMAT", "Unknown format")
        result = handle.query(statement.sql, row_format, params=dict(request.parameters))
        # The counts are read before the handle is closed: the result points into it.
        if statement.kind not in RETURNS_ROWS:
            return Result(b"", "", {"written_rows": result.rows_read(), "written_bytes": result.bytes_read()})
        body = result.bytes() or b""
        read = {"read_rows": result.storage_rows_read(), "read_bytes": result.storage_bytes_read()}
        return Result(body, row_format, {**read, "result_rows": result.rows_read(), "result_bytes": len(body)})


def _insert(handle: Any, statement: Statement) -> Result:
    with handle.send_insert(statement.sql, statement.row_format) as stream:
        for start in range(0, len(statement.rows), _CHUNK_BYTES):
            stream.append(statement.rows[start : start + _CHUNK_BYTES])
        written = stream.finish()
    return Result(b"", "", {"written_rows": written.rows_written, "written_bytes": written.bytes_written})


def _database(request: Request) -> str:
    """The database of a request. The engine's own, which is the default elsewhere, takes names of files as tables."""
    name = request.transport.get("database", "") or "default"
    if name not in ("default", DATABASE):
        raise ServerException(81, "UNKNOWN_DATABASE", f"The database is {DATABASE}")
    return DATABASE


def _settings_of(request: Request, user: User) -> dict[str, str]:
    """The settings of a request, for a dashboard only those that its driver cannot do without.

    Raises:
        ServerException: One may not be changed.
    """
    settings = dict(request.settings)
    if not user.read_only:
        if "readonly" in settings:
            raise ServerException(164, "READONLY", "The setting readonly is not changed")
        return settings
    if refused := sorted(settings.keys() - _DASHBOARDS_SETTINGS):
        raise ServerException(164, "READONLY", f"Cannot modify '{refused[0]}' setting in readonly mode")
    asked = settings.get("max_execution_time", "")
    seconds = int(asked) if asked.isascii() and asked.isdigit() else 0
    settings["max_execution_time"] = str(min(seconds or _DASHBOARDS_SECONDS, _DASHBOARDS_SECONDS))
    return settings | _DASHBOARDS_LIMITS


@contextmanager
def _settings(handle: Any, settings: Mapping[str, str], *, lasting: bool) -> Iterator[None]:
    """Settings for one statement, taken back afterwards unless the handle is not used again."""
    before = {} if lasting or not settings else _values(handle, settings)
    if settings:
        handle.query(f"SET {', '.join(f'{name} = {_quoted(value)}' for name, value in settings.items())}")
    try:
        yield
    finally:
        if before:
            handle.query(f"SET {', '.join(f'{name} = {value}' for name, value in before.items())}")


def _values(handle: Any, settings: Mapping[str, str]) -> dict[str, str]:
    """The values of settings as SQL. They are text that a client chose: unquoted they would run as statements."""
    names = ", ".join(_quoted(name) for name in settings)
    sql = f"SELECT name, changed, value FROM system.settings WHERE name IN ({names})"  # noqa: S608 - names of settings
    rows = map(json.loads, handle.query(sql, "JSONCompactEachRow").bytes().splitlines())
    return {name: _quoted(value) if changed else "DEFAULT" for name, changed, value in rows}


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _column(open_handle: Any, sql: str) -> list[str]:
    handle = open_handle()
    try:
        return str(handle.query(sql, "TSVRaw").bytes().decode()).splitlines()
    finally:
        handle.close()


@contextmanager
def _translated() -> Iterator[None]:
    """A block whose errors of the engine become ClickHouse's."""
    try:
        yield
    except ServerException:
        raise
    except Exception as error:  # noqa: BLE001 - the engine raises several kinds, and a request must get an answer
        raise ServerException.of_engine(error) from None
