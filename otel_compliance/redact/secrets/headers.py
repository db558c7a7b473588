"""Credentials in headers of HTTP: Authorization (RFC 9110 section 11.6.2), Cookie and Set-Cookie (RFC 6265)."""

from __future__ import annotations

import re
from typing import Final

from otel_compliance.redact.recognize import Finding
from otel_compliance.redact.secrets.values import is_code, is_placeholder, is_word

_AUTHORIZATION: Final = re.compile(
    rb"[>\s\"'`*bBfF]{0,6}(?:(?i:(bearer|basic|digest|token|apikey|api-key|ssws|key|negotiate|hawk|genie-?key|splunk)"
    rb"|aws4-hmac-sha256[^\"'\r\n]{0,300}?signature=)[ =]{0,2})?"
    rb"([A-Za-z0-9+/._~\-|:]{8,8000}+={0,2})"
)
_COOKIES: Final = re.compile(
    rb"[>\s\"'`*]{0,4}([\w.\-$%]{1,64}+=[^\s;,\"'<>\x82]{1,4096}+(?:; ?[\w.\-$%]{1,64}+=[^\s;,\"'<>\x82]{1,4096}+)*+)"
)
_ATTRIBUTES: Final = re.compile(rb"(?i); ?(?:expires|max-age|domain|path|samesite|priority)=")
_PREFERENCES: Final = re.compile(
    rb"(?i)(?:(?:theme|mode|lang(?:uage)?|locale|country|currency|tz|timezone|consent|cookie[_\-]?consent)"
    rb"=[\w%.+/\-]{1,24}+(?:; ?|\Z))+"
)
"""What a page looks like is no secret."""

_TYPES: Final = {b"basic": "BASIC_AUTH", b"bearer": "BEARER_TOKEN"}


def authorization(data: bytes, at: int) -> Finding | None:
    """The credentials of the header whose value begins at an offset."""
    match = _AUTHORIZATION.match(data, at)
    if match is None or is_placeholder(match[2]):
        return None
    scheme = (match[1] or b"").lower()
    if not scheme and is_code(data[match.start(2) : match.end(2) + 1]):
        return None
    # Behind a scheme stand letters in any order, but hardly all of them small.
    if is_word(match[2]) and (not scheme or match[2][1:].islower()):
        return None
    return Finding(_TYPES.get(scheme, "AUTHORIZATION"), *match.span(2), 0.95)


def cookies(data: bytes, at: int) -> Finding | None:
    """The cookies of the header whose value begins at an offset, without the attributes of ``Set-Cookie``."""
    match = _COOKIES.match(data, at)
    if match is None:
        return None
    start, end = match.span(1)
    attribute = _ATTRIBUTES.search(data, start, end)
    end = attribute.start() if attribute else end
    return None if _PREFERENCES.fullmatch(data, start, end) else Finding("SESSION_COOKIE", start, end, 0.9)
