"""Every surface but messages themselves: which part answers which path."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from otel_compliance.local.claude_api import agents, messages, organization, uploads
from otel_compliance.local.claude_api.answers import NOT_FOUND, Answer, document, page
from otel_compliance.local.claude_api.batches import Batches
from otel_compliance.local.claude_api.resources import Table
from otel_compliance.local.claude_api.script import Reply
from otel_compliance.local.claude_api.sessions import Sessions

_MODELS: Final = ("claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5")


class Surfaces:
    """What the server remembers of batches, files, agents and the organization.

    Args:
        next_reply: Gives the answer to a message in a session.
    """

    def __init__(self, next_reply: Callable[[Mapping[str, Any]], Reply]) -> None:
        self._changed = threading.Condition()
        self._batches = Batches()
        self._table = Table((uploads.FILES, *agents.KINDS, *organization.KINDS))
        self._sessions = Sessions(self._table, next_reply, self._changed)

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer to a request for anything but a message.

        Raises:
            ValueError: The body is malformed, as for `KeyError`, `TypeError` and `AttributeError`.
        """
        fields = uploads.decode(body, headers.get("content-type", ""))
        with self._changed:
            return self._answer(method, path.strip("/").split("/")[1:], fields)

    def close(self) -> None:
        """End the streams that wait for events."""
        self._sessions.close()

    def _answer(self, method: str, parts: Sequence[str], body: Mapping[str, Any]) -> Answer:
        match method, parts:
            case "POST", ["messages", "count_tokens"]:
                return document({"input_tokens": messages.count_tokens(body)})
            case _, ["messages", "batches", *rest]:
                return self._batches.answer(method, rest, body)
            case "GET", ["models", *rest]:
                return _models(rest)
            case "GET", ["files", name, "content"]:
                return uploads.file_content(self._table, name)
            case "GET", ["organizations", "analytics", *_]:
                return page([])
            case "GET", ["organizations", "me"]:
                return document(organization.ITSELF)
            case _, ["sessions", name, "events", *_] | ["sessions", name, "threads", _, "events" | "stream"]:
                return self._sessions.answer(method, parts[1:], body)
            case "POST", ["sessions"]:
                return self._begin(body)
            case "DELETE", ["sessions", name] if self._table.find(parts):
                self._sessions.deleted(name)
        return self._table.answer(method, parts, body)

    def _begin(self, body: Mapping[str, Any]) -> Answer:
        session = self._table.create(("sessions",), body)
        if events := body.get("initial_events"):
            self._sessions.turn(session["id"], events)
        return document(session)


def _models(rest: Sequence[str]) -> Answer:
    def model(name: str) -> dict[str, Any]:
        made = {"created_at": "2026-01-01T00:00:00Z", "lifecycle": "active"}
        return {"id": name, "type": "model", "display_name": name, **made}

    if not rest:
        return page([model(name) for name in _MODELS])
    return document(model(rest[0])) if rest[0] in _MODELS else NOT_FOUND
