"""Events of the sessions of managed agents: sent, listed, streamed."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from otel_compliance.local.claude_api import messages
from otel_compliance.local.claude_api.answers import NOT_FOUND, Answer, EventStream, document, now, page
from otel_compliance.local.claude_api.resources import Table
from otel_compliance.local.claude_api.script import Reply

Event = dict[str, Any]


class Sessions:
    """What happens in sessions.

    Each request that sends events is one turn of the agent, over at once: it ends with the session idle.

    Args:
        table: Holds the sessions.
        next_reply: Gives the answer to a message of the user; its text becomes the agent's message.
        changed: Guards the state, and tells waiting streams of a change.
    """

    def __init__(
        self, table: Table, next_reply: Callable[[Mapping[str, Any]], Reply], changed: threading.Condition
    ) -> None:
        self._table = table
        self._next_reply = next_reply
        self._changed = changed
        self._logs: dict[str, list[Event]] = {}
        self._streamed: dict[str, int] = {}
        self._closed = False

    def answer(self, method: str, parts: Sequence[str], body: Mapping[str, Any]) -> Answer:
        """The answer to a request about the events of a session.

        Args:
            method: HTTP method.
            parts: The path below ``/v1/sessions``, split.
            body: The decoded body.
        """
        if self._table.find(("sessions", parts[0])) is None:
            return NOT_FOUND
        log = self._logs.setdefault(parts[0], [])
        match method, parts:
            case "POST", [name, "events"]:
                return document({"data": self.turn(name, body["events"])})
            case "GET", [_, "events"] | [_, "threads", _, "events"]:
                return page(log)
            case "GET", [name, "events", "stream"] | [name, "threads", _, "stream"]:
                return EventStream(self._stream(name, log))
            case _:
                return NOT_FOUND

    def turn(self, name: str, sent: Sequence[Mapping[str, Any]]) -> list[Event]:
        """Take events from the user, and answer them; returns the user's events as the session has them."""
        taken = [_event(**event) for event in sent]
        answers = [event for given in taken if given["type"] == "user.message" for event in self._message(name, given)]
        idle = _event("session.status_idle", stop_reason={"type": "end_turn"})
        self._append(name, [*taken, _event("session.status_running"), *answers, idle])
        return taken

    def deleted(self, name: str) -> None:
        """Tell streams of a session that it is gone."""
        self._append(name, [_event("session.deleted")])

    def close(self) -> None:
        """End the streams that wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _append(self, name: str, events: list[Event]) -> None:
        self._logs.setdefault(name, []).extend(events)
        self._changed.notify_all()

    def _message(self, name: str, given: Event) -> Iterator[Event]:
        session = self._table.rows(("sessions",))[name]
        body = {
            "model": session["agent"]["model"]["id"],
            "system": session["agent"]["system"],
            "messages": [{"role": "user", "content": given["content"]}],
        }
        whole = messages.message(body, self._next_reply(body))
        counted = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        usage = {field: whole["usage"][field] for field in counted}
        for field in counted[:3]:
            session["usage"][field] += usage[field]
        start = _event("span.model_request_start")
        yield start
        yield _event("agent.message", content=[block for block in whole["content"] if block["type"] == "text"])
        yield _event("span.model_request_end", model_request_start_id=start["id"], model_usage=usage, is_error=False)

    def _stream(self, name: str, log: list[Event]) -> Iterator[Event]:
        """The events since the last stream of the session; waits for a turn if there are none, and ends with it.

        So it does not matter whether a client sends events before or after it opens the stream.
        """
        start = self._streamed.get(name, 0)
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(log) > start)
            fresh = log[start:]
            self._streamed[name] = len(log)
        yield from fresh


def _event(type: str, **fields: Any) -> Event:  # noqa: A002 - the name is the API's
    return {"id": f"sevt_{secrets.token_hex(12)}", "type": type, "processed_at": now(), **fields}
