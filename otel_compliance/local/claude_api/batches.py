"""Message batches, which end as soon as they are made."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from otel_compliance.local.claude_api import messages
from otel_compliance.local.claude_api.answers import NOT_FOUND, Answer, Content, document, page
from otel_compliance.local.claude_api.script import Reply


class Batches:
    """The batches of a server."""

    def __init__(self) -> None:
        self._batches: dict[str, dict[str, Any]] = {}
        self._items: dict[str, list[Mapping[str, Any]]] = {}

    def answer(self, method: str, parts: Sequence[str], body: Mapping[str, Any]) -> Answer:
        """The answer to a request.

        Args:
            method: HTTP method.
            parts: The path below ``/v1/messages/batches``, split.
            body: The decoded body.
        """
        match method, parts:
            case "POST", []:
                return document(self._create(body["requests"]))
            case "GET", []:
                return page(list(self._batches.values()))
            case _, [name, *_] if name not in self._batches:
                return NOT_FOUND
            case "GET", [name, "results"]:
                lines = [json.dumps(_result(item)) for item in self._items[name]]
                return Content("application/x-jsonl", ("\n".join(lines) + "\n").encode())
            case "DELETE", [name]:
                del self._batches[name]
                return document({"id": name, "type": "message_batch_deleted"})
            case ("GET", [name]) | ("POST", [name, "cancel"]):
                return document(self._batches[name])
            case _:
                return NOT_FOUND

    def _create(self, requests: list[Mapping[str, Any]]) -> dict[str, Any]:
        now = datetime.now(UTC)
        name = f"msgbatch_{secrets.token_hex(12)}"
        counts = {"processing": 0, "succeeded": len(requests), "errored": 0, "canceled": 0, "expired": 0}
        self._items[name] = requests
        self._batches[name] = {
            "id": name,
            "type": "message_batch",
            "processing_status": "ended",
            "request_counts": counts,
            "created_at": now.isoformat(),
            "expires_at": (now + timedelta(days=1)).isoformat(),
            "ended_at": now.isoformat(),
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": f"/v1/messages/batches/{name}/results",
        }
        return self._batches[name]


def _result(item: Mapping[str, Any]) -> dict[str, Any]:
    """The result of one item; an id that begins with the name of another outcome gets that one."""
    name = str(item["custom_id"])
    for outcome in ("errored", "canceled", "expired"):
        if name.startswith(outcome):
            error = {"type": "error", "error": {"type": "invalid_request_error", "message": "scripted error"}}
            return {"custom_id": name, "result": {"type": outcome} | ({"error": error} if outcome == "errored" else {})}
    return {"custom_id": name, "result": {"type": "succeeded", "message": messages.message(item["params"], Reply())}}
