"""Facts of an HTTP exchange: which credential was really sent, rate limits, ids, the surface that was called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.util.types import AttributeValue

from otel_compliance.keys import KeyRing, credential_hint
from otel_compliance.names import Attr

_RATE_LIMITS: Final[Mapping[str, str]] = {
    "anthropic-ratelimit-requests-limit": Attr.RATELIMIT_REQUESTS_LIMIT,
    "anthropic-ratelimit-requests-remaining": Attr.RATELIMIT_REQUESTS_REMAINING,
    "anthropic-ratelimit-tokens-limit": Attr.RATELIMIT_TOKENS_LIMIT,
    "anthropic-ratelimit-tokens-remaining": Attr.RATELIMIT_TOKENS_REMAINING,
}

IDENTITY_HEADERS: Final[Mapping[str, str]] = {
    "request-id": "anthropic.request.id",
    "anthropic-organization-id": "anthropic.organization.id",
    "anthropic-workspace-id": "anthropic.workspace.id",
}
"""Response header to the SDK's name for it."""

_STATIC_SEGMENT: Final = re.compile(r"[a-z][a-z_]{0,40}|v\d{1,2}")
"""A path segment that names a resource. Anything else may be an id or even content, and is left out."""


def request_type(*, span_name: str | None, method: str, url: str) -> str:
    """The API method of a call, such as ``messages.create``, of low cardinality.

    Args:
        span_name: Name that the SDK gives the call's span, where it has one.
        method: HTTP method.
        url: Path of the request, relative or not.
    """
    if span_name:
        return span_name.removeprefix("anthropic.")
    path = url.partition("?")[0].strip("/")
    if method.upper() == "POST" and path.endswith("v1/messages"):
        return "messages.create"
    segments = (item if _STATIC_SEGMENT.fullmatch(item) else "{id}" for item in path.split("/"))
    return f"{method.upper()} /{'/'.join(segments)}"


def credential_facts(headers: Mapping[str, str], keys: KeyRing) -> dict[str, AttributeValue]:
    """Fingerprint and hint of the credential in the headers of a request that was really sent.

    The SDK sends a key as ``X-Api-Key`` before version 2 and as ``Authorization: Bearer`` since.
    """
    credential = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
    if not credential:
        return {}
    facts: dict[str, AttributeValue] = {Attr.KEY_ID: keys.fingerprint(credential)}
    if hint := credential_hint(credential):
        facts[Attr.KEY_HINT] = hint
    return facts


def response_header_facts(response: Any) -> dict[str, AttributeValue]:
    """Status, ids and rate limits of an HTTP response."""
    facts: dict[str, AttributeValue] = {"http.response.status_code": response.status_code}
    headers = response.headers
    for header, name in IDENTITY_HEADERS.items():
        if value := headers.get(header):
            facts[name] = value
    for header, name in _RATE_LIMITS.items():
        if (value := headers.get(header, "")).isdecimal():
            facts[name] = int(value)
    return facts


def error_type(error: BaseException) -> str:
    """``error.type`` of a failed call: the API's error type, else the HTTP status, else what failed in the client."""
    names = {cls.__name__ for cls in type(error).__mro__}
    if names & {"APITimeoutError", "TimeoutException"}:
        return "client_timeout_error"
    if names & {"APIConnectionError", "TransportError"}:
        return "connection_error"
    status = getattr(error, "status_code", None)
    body_type = _body_error_type(getattr(error, "body", None))
    if body_type:
        return body_type
    return str(status) if isinstance(status, int) and status >= 400 else "client_error"


def _body_error_type(body: object) -> str:
    """``error.type`` of the API's error envelope; never its message, which may quote content."""
    error = body.get("error") if isinstance(body, Mapping) else None
    kind = error.get("type") if isinstance(error, Mapping) else None
    return kind if isinstance(kind, str) and re.fullmatch(r"[a-z_]{3,64}", kind) else ""
