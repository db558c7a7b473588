"""The other surfaces: token counting, batches, files, models."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from otel_compliance.local.claude_api import messages
from otel_compliance.local.claude_api.script import ApiError, Reply

_MODELS: Final = ("claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5")
NOT_FOUND: Final = ApiError(404, "not found")

Answer = tuple[str, bytes]
"""(content type, body)."""


@dataclass(slots=True)
class Surfaces:
    """What the server remembers of batches and files."""

    _batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    _items: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    _files: dict[str, dict[str, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer | ApiError:
        """The answer to a request for anything but a message."""
        parts = path.partition("?")[0].strip("/").split("/")[1:]
        with self._lock:
            match method, parts:
                case "POST", ["messages", "count_tokens"]:
                    return _json({"input_tokens": messages.count_tokens(json.loads(body))})
                case _, ["messages", "batches", *rest]:
                    return self._batch(method, rest, body)
                case _, ["files", *rest]:
                    return self._file(method, rest, body, headers)
                case "GET", ["models", *rest]:
                    return _models(rest)
                case _:
                    return NOT_FOUND

    def _batch(self, method: str, rest: list[str], body: bytes) -> Answer | ApiError:
        match method, rest:
            case "POST", []:
                return self._create_batch(json.loads(body)["requests"])
            case "GET", []:
                return _page(list(self._batches.values()))
            case _, [name, *_] if name not in self._batches:
                return NOT_FOUND
            case "GET", [name, "results"]:
                lines = [json.dumps(_result(item)) for item in self._items[name]]
                return "application/x-jsonl", ("\n".join(lines) + "\n").encode()
            case "DELETE", [name]:
                del self._batches[name]
                return _json({"id": name, "type": "message_batch_deleted"})
            case ("GET", [name]) | ("POST", [name, "cancel"]):
                return _json(self._batches[name])
            case _:
                return NOT_FOUND

    def _create_batch(self, requests: list[Mapping[str, Any]]) -> Answer:
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
        return _json(self._batches[name])

    def _file(self, method: str, rest: list[str], body: bytes, headers: Mapping[str, str]) -> Answer | ApiError:
        match method, rest:
            case "POST", []:
                return self._upload(body)
            case "GET", []:
                return _page(list(self._files.values()))
            case _, [name, *_] if name not in self._files:
                return NOT_FOUND
            case "GET", [name]:
                return _json(self._files[name])
            case "GET", [name, "content"]:
                return "application/octet-stream", b"\x00" * self._files[name]["size_bytes"]
            case "DELETE", [name]:
                del self._files[name]
                return _json({"id": name, "type": "file_deleted"})
            case _:
                return NOT_FOUND

    def _upload(self, body: bytes) -> Answer:
        name = f"file_{secrets.token_hex(12)}"
        self._files[name] = {
            "id": name,
            "type": "file",
            "filename": "upload",
            "mime_type": "application/octet-stream",
            "size_bytes": len(body),
            "created_at": datetime.now(UTC).isoformat(),
            "downloadable": False,
        }
        return _json(self._files[name])


def _result(item: Mapping[str, Any]) -> dict[str, Any]:
    """The result of one item; an id that begins with the name of another outcome gets that one."""
    name = str(item["custom_id"])
    for outcome in ("errored", "canceled", "expired"):
        if name.startswith(outcome):
            error = {"type": "error", "error": {"type": "invalid_request_error", "message": "scripted error"}}
            return {"custom_id": name, "result": {"type": outcome} | ({"error": error} if outcome == "errored" else {})}
    return {"custom_id": name, "result": {"type": "succeeded", "message": messages.message(item["params"], Reply())}}


def _models(rest: list[str]) -> Answer | ApiError:
    def model(name: str) -> dict[str, Any]:
        return {"id": name, "type": "model", "display_name": name, "created_at": "2026-01-01T00:00:00Z"}

    if not rest:
        return _page([model(name) for name in _MODELS])
    return _json(model(rest[0])) if rest[0] in _MODELS else NOT_FOUND


def _page(items: list[dict[str, Any]]) -> Answer:
    first, last = (items[0]["id"], items[-1]["id"]) if items else (None, None)
    return _json({"data": items, "has_more": False, "first_id": first, "last_id": last})


def _json(document: Any) -> Answer:
    return "application/json", json.dumps(document).encode()
