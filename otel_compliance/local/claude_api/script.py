"""What a test may script: replies, errors, delays, dropped connections."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

ERROR_TYPES: Final[Mapping[int, str]] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
"""HTTP status to the ``error.type`` of the API's error envelope."""


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error instead of an answer.

    Attributes:
        status: HTTP status, one of `ERROR_TYPES`.
        message: The error's message.
        retry_after: Seconds in the header ``retry-after``; `None` sends none.
        after_events: In a stream, events that are sent before the error, as an ``error`` event; `None` fails the
            request itself.
        headers: Further headers; they replace those of the same name.
    """

    status: int
    message: str = "scripted error"
    retry_after: float | None = None
    after_events: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drop:
    """A connection that is cut.

    Attributes:
        after_events: In a stream, events that are sent before the cut; `None` cuts before any answer.
    """

    after_events: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer to ``POST /v1/messages``, or to a message in a session, which takes only the text.

    Attributes:
        text: Text of the answer; made up when `content` is given, too, or neither is.
        content: Content blocks of the answer, instead of `text`: text, thinking, tool_use.
        stop_reason: Why it stops; derived when `None`.
        inference_geo: ``usage.inference_geo``; what was requested, or ``global``, when `None`.
        usage: Fields that replace those of the made-up usage.
        headers: Headers that are added or replaced.
        delay: Seconds before the answer begins.
        event_delay: Seconds before each event of a stream.
        fault: An error or a cut connection.
    """

    text: str | None = None
    content: Sequence[Mapping[str, Any]] | None = None
    stop_reason: str | None = None
    inference_geo: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    event_delay: float = 0.0
    fault: ApiError | Drop | None = None


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request as it arrived.

    Attributes:
        method: HTTP method.
        path: Path with query.
        headers: Headers, with names in lower case.
        body: The raw body.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The decoded body; `None` when it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None
