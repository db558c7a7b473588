"""How the clouds ask for messages: their paths, and the framing of their streams."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

_PREFIX: Final = re.compile(
    r"^(/anthropic|/v1/projects/[^/]+/locations/[^/]+/(workspaces/[^/]+|claudeOrganization)/invoke)(?=/v1/)"
)
"""What Foundry and Bedrock Mantle, and Google Cloud, put before the paths of the API."""
_BEDROCK: Final = re.compile(r"^/model/([^/]+)/(invoke|invoke-with-response-stream)$")
_VERTEX: Final = re.compile(
    r"^(?:/v1)?/projects/[^/]+/locations/[^/]+/publishers/anthropic/models/([^/]+):(rawPredict|streamRawPredict)$"
)
_MESSAGES: Final = "/v1/messages"
_HEADER_STRING: Final = 7
"""Type of a header's value in the AWS event stream encoding."""
_BEDROCK_EXCEPTIONS: Final[Mapping[str, str]] = {
    "invalid_request_error": "validationException",
    "rate_limit_error": "throttlingException",
    "overloaded_error": "serviceUnavailableException",
}
"""Error types of the API to those of a Bedrock stream; any other is an ``internalServerException``."""


def sse(event: Mapping[str, Any]) -> bytes:
    """An event as a server-sent event."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def aws_event(event: Mapping[str, Any]) -> bytes:
    """An event as a message of the AWS event stream encoding, as Bedrock sends it."""
    if event["type"] == "error":
        kind = _BEDROCK_EXCEPTIONS.get(event["error"]["type"], "internalServerException")
        return _aws_message({":exception-type": kind, ":message-type": "exception"}, event["error"]["message"])
    inner = base64.b64encode(json.dumps(event).encode()).decode()
    return _aws_message({":event-type": "chunk", ":message-type": "event"}, inner, key="bytes")


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes, whichever cloud it came through.

    Attributes:
        path: The path that the API itself has for it, without a query.
        fields: Fields of the request's body that the cloud has in the path instead.
        stream_type: Content type of a stream.
        frame: Makes the bytes of an event of a stream.
    """

    path: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    stream_type: str = "text/event-stream"
    frame: Callable[[Mapping[str, Any]], bytes] = sse


def route(path: str) -> Route:
    """Where a request goes.

    Args:
        path: Path as it arrived, with its query.
    """
    bare = _PREFIX.sub("", path.partition("?")[0]).rstrip("/")
    if found := _BEDROCK.match(bare):
        fields = {"model": unquote(found[1]), "stream": found[2] != "invoke"}
        return Route(_MESSAGES, fields, "application/vnd.amazon.eventstream", aws_event)
    if found := _VERTEX.match(bare):
        if found[1] == "count-tokens":
            return Route(f"{_MESSAGES}/count_tokens")
        return Route(_MESSAGES, {"model": unquote(found[1]), "stream": found[2] == "streamRawPredict"})
    return Route(bare)


def _aws_message(headers: Mapping[str, str], text: str, *, key: str = "message") -> bytes:
    """Prelude, checksum of the prelude, headers, payload, checksum of all of it."""
    packed = b"".join(_aws_header(*pair) for pair in {**headers, ":content-type": "application/json"}.items())
    payload = json.dumps({key: text}).encode()
    overhead = 16  # two lengths and two checksums, of four bytes each
    prelude = struct.pack(">II", overhead + len(packed) + len(payload), len(packed))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + packed + payload
    return message + struct.pack(">I", zlib.crc32(message))


def _aws_header(name: str, value: str) -> bytes:
    return (
        struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", _HEADER_STRING, len(value)) + value.encode()
    )
