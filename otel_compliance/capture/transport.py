"""Facts of an HTTP exchange: which credential was really sent, rate limits, ids, how it failed."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.util.types import AttributeValue

from otel_compliance.errors import PolicyViolation
from otel_compliance.keys import KeyRing, credential_hint
from otel_compliance.names import Anthropic, Attr

_RATE_LIMITS: Final[Mapping[str, str]] = {
    "anthropic-ratelimit-requests-limit": Attr.RATELIMIT_REQUESTS_LIMIT,
    "anthropic-ratelimit-requests-remaining": Attr.RATELIMIT_REQUESTS_REMAINING,
    "anthropic-ratelimit-tokens-limit": Attr.RATELIMIT_TOKENS_LIMIT,
    "anthropic-ratelimit-tokens-remaining": Attr.RATELIMIT_TOKENS_REMAINING,
}

IDENTITY_HEADERS: Final[Mapping[str, str]] = {
    "request-id": Anthropic.REQUEST_ID,
    "anthropic-organization-id": Anthropic.ORGANIZATION_ID,
    "anthropic-workspace-id": Anthropic.WORKSPACE_ID,
}
"""Response header to the SDK's name for it."""

_IDENTITIES: Final = frozenset(IDENTITY_HEADERS.values())
_RESPONSE_HEADERS: Final[Mapping[bytes, str]] = {
    header.encode(): name for header, name in {**IDENTITY_HEADERS, **_RATE_LIMITS}.items()
}

_AWS_ACCESS_KEY: Final = re.compile(r"AWS4-[A-Z0-9-]+ Credential=([A-Z0-9]{8,128})/")
"""Start of a Signature Version 4 header: the signature is another for each request, the access key id is not."""

_SECONDS: Final = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
_JWT: Final = re.compile(r"[A-Za-z0-9_-]{8,}\.([A-Za-z0-9_-]{8,8192})\.[A-Za-z0-9_-]+")


def credential_facts(headers: Any, keys: KeyRing, *, principal: str = "") -> dict[str, AttributeValue]:
    """Fingerprint and hint of the credential in the headers of a request that was really sent.

    The SDK sends a key as ``X-Api-Key`` before version 2 and as ``Authorization: Bearer`` since. What rotates is known
    by what does not: an AWS signature by its access key id, a token by whom it stands for.

    Args:
        headers: Of the request, as httpx has them.
        keys: Makes the fingerprint.
        principal: Who the client's tokens stand for; empty for a static credential.
    """
    credential = _sent_credential(headers)
    if not credential:
        return {}
    identity = _aws_access_key(credential) or principal or _subject(credential) or credential
    facts: dict[str, AttributeValue] = {Attr.KEY_ID: keys.fingerprint(identity)}
    if identity is credential and (hint := credential_hint(credential)):
        facts[Attr.KEY_HINT] = hint
    return facts


def _sent_credential(headers: Any) -> str:
    """The credential in the headers of a request; empty when there is none."""
    found = ""
    for name, value in headers.raw:
        match name.lower():
            case b"x-api-key" if value:
                return str(value, "latin-1")
            case b"authorization":
                found = str(value, "latin-1").removeprefix("Bearer ")
    return found


def _aws_access_key(credential: str) -> str:
    match = _AWS_ACCESS_KEY.match(credential)
    return match[1] if match else ""


def _subject(credential: str) -> str:
    """Issuer and subject of a JSON Web Token (RFC 7519), unverified: enough to tell principals apart."""
    # Where there is no dot, the pattern would look for one behind each character.
    match = _JWT.fullmatch(credential) if "." in credential else None
    if match is None:
        return ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)))
        return f"{claims['iss']} {claims['sub']}"
    except (ValueError, KeyError, TypeError):
        return ""


def response_header_facts(headers: Any) -> dict[str, AttributeValue]:
    """Ids and rate limits in the headers of an HTTP response, as httpx has them."""
    facts: dict[str, AttributeValue] = {}
    # One pass over the raw pairs: each look-up in the headers of httpx walks all of them.
    for raw_name, raw_value in headers.raw:
        name = _RESPONSE_HEADERS.get(raw_name.lower())
        if name is None:
            continue
        value = raw_value.decode("latin-1")
        if name in _IDENTITIES:
            facts[name] = value
        elif value.isdecimal():
            facts[name] = int(value)
    return facts


def retry_after_seconds(response: Any) -> float | None:
    """What a refusal asks to wait, where it says so in seconds (RFC 9110 section 10.2.3)."""
    value = response.headers.get("retry-after", "")
    return float(value) if _SECONDS.fullmatch(value) else None


def error_type(error: BaseException) -> str:
    """``error.type`` of a failed call: the API's error type, else the HTTP status, else what failed in the client."""
    if isinstance(error, PolicyViolation):
        return "policy_violation"
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
