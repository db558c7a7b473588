"""What a surface answers with: a document, a page of documents, bytes, or an event stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from otel_compliance.local.claude_api.script import ApiError

NOT_FOUND: Final = ApiError(404, "not found")


@dataclass(frozen=True, slots=True)
class Content:
    """A whole body.

    Attributes:
        content_type: Its media type.
        body: Its bytes.
    """

    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class EventStream:
    """Server-sent events, of which the last is followed by the end of the body.

    Attributes:
        events: The events; the iterator waits for those that have not happened yet.
    """

    events: Iterator[Mapping[str, Any]]


Answer = Content | EventStream | ApiError
"""What the server sends."""


def document(value: Mapping[str, Any]) -> Content:
    """A JSON document."""
    return Content("application/json", json.dumps(value).encode())


def page(items: Sequence[Mapping[str, Any]]) -> Content:
    """All items as the one page that there is. It serves clients that page by ids, and those that page by cursor."""
    first, last = (items[0].get("id"), items[-1].get("id")) if items else (None, None)
    return document({"data": items, "has_more": False, "first_id": first, "last_id": last, "next_page": None})


def now() -> str:
    """The time, as the API writes it."""
    return datetime.now(UTC).isoformat()
