"""Sessions: handles of the engine that outlive a request, with their settings and temporary tables."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from otel_compliance.local.clickhouse.exceptions import ServerException

_MAX_SESSIONS: Final = 256


@dataclass(slots=True)
class _Session:
    """A handle, whether a statement uses it, and until when it is kept (monotonic seconds)."""

    handle: Any
    busy: bool
    until: float


class Sessions:
    """The sessions of the writer. A session runs one statement at a time.

    Args:
        open_handle: Opens a handle of the engine.
    """

    def __init__(self, open_handle: Callable[[], Any]) -> None:
        self._open_handle = open_handle
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()

    @contextmanager
    def use(self, name: str, *, seconds: float, must_exist: bool) -> Iterator[Any]:
        """The handle of a session for one statement.

        Args:
            name: Name of the session; new for each statement, and gone after it, when empty.
            seconds: How long it is kept afterwards.
            must_exist: Whether a new one is an error.

        Raises:
            ServerException: The session is in use or unknown, or as many as there may be are in use.
        """
        session = self._take(name, must_exist=must_exist)
        try:
            yield session.handle
        finally:
            self._give_back(name, session, seconds)

    def close(self) -> None:
        """Close the sessions. No statement may be under way."""
        with self._lock:
            for session in self._sessions.values():
                session.handle.close()
            self._sessions.clear()

    def _take(self, name: str, *, must_exist: bool) -> _Session:
        if not name:
            return _Session(self._open_handle(), busy=True, until=0)
        with self._lock:
            self._expire()
            session = self._sessions.get(name)
            if session is None and must_exist:
                raise ServerException(372, "SESSION_NOT_FOUND", "The session is not found, or has expired")
            if session is None:
                self._make_room()
                session = self._sessions[name] = _Session(self._open_handle(), busy=False, until=0)
            if session.busy:
                raise ServerException(373, "SESSION_IS_LOCKED", "The session runs another statement")
            session.busy = True
            return session

    def _make_room(self) -> None:
        """Give up the idle session that would expire first: clients open one each, and leave it behind."""
        if len(self._sessions) < _MAX_SESSIONS:
            return
        idle = [(session.until, name) for name, session in self._sessions.items() if not session.busy]
        if not idle:
            raise ServerException(700, "USER_SESSION_LIMIT_EXCEEDED", f"{_MAX_SESSIONS} sessions are in use")
        self._sessions.pop(min(idle)[1]).handle.close()

    def _give_back(self, name: str, session: _Session, seconds: float) -> None:
        if not name:
            session.handle.close()
            return
        with self._lock:
            session.busy, session.until = False, time.monotonic() + seconds

    def _expire(self) -> None:
        now = time.monotonic()
        for name, session in list(self._sessions.items()):
            if not session.busy and session.until < now:
                del self._sessions[name]
                session.handle.close()
