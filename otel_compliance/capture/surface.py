"""Which part of the API a call belongs to, and what may be read of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry.util.types import AttributeValue

from otel_compliance.names import Attr

_STATIC_SEGMENT: Final = re.compile(r"[a-z][a-z_]{0,40}|v\d{1,2}")
"""A path segment that names a resource. Anything else may be an id or even content, and is left out."""

_VERSION: Final = "v1"
"""First segment of the API's own paths."""

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{2,127}")
_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")

_SECRET_RESOURCES: Final = ("vaults", "tunnels", "webhooks")
"""Resources whose requests or answers carry credentials, tokens or signing secrets: only metadata is recorded."""

_ORGANIZATION: Final = ("organization", "organizations")


@dataclass(frozen=True, slots=True)
class Surface:
    """The API method that a call uses.

    Attributes:
        request_type: Such as ``messages.create``, or ``POST /v1/things/{id}`` for a path without a method in the SDK.
        secret: Whether bodies hold credentials, so that nothing of them is read.
        resource: For a change to the organization, the kind of resource, such as ``api_keys``; else empty.
        action: What such a change does, such as ``update``; else empty.
        target: Ids in the path of such a change; empty where there are none.
    """

    request_type: str
    secret: bool = False
    resource: str = ""
    action: str = ""
    target: str = ""

    @staticmethod
    @lru_cache(maxsize=256)
    def of(*, span_name: str | None, method: str, url: str) -> Surface:
        """The surface of a request.

        Args:
            span_name: Name that the SDK gives the call's span, where it has one.
            method: HTTP method.
            url: Whole URL of the request, or its path.
        """
        verb = method.upper()
        path = _api_path(url)
        ids = [item for item in path if not _STATIC_SEGMENT.fullmatch(item)]
        if span_name:
            names = span_name.removeprefix("anthropic.").split(".")
            request_type, action = ".".join(names), names[-1]
            names = names[:-1]
        else:
            names = [item for item in path[1:] if item not in ids]
            request_type, action = _raw_request_type(verb, path), verb.lower()
        is_admin = bool(names) and names[0] in _ORGANIZATION and verb != "GET"
        return Surface(
            request_type=request_type,
            secret=any(name in _SECRET_RESOURCES for name in names),
            resource=".".join(names[1:]) if is_admin else "",
            action=action if is_admin else "",
            target="/".join(item for item in ids if _IDENTIFIER.fullmatch(item)) if is_admin else "",
        )

    @property
    def is_message(self) -> bool:
        """Whether the call asks for a message, so that it has ``inference_geo`` and the conventions' content."""
        return self.request_type == "messages.create"

    @property
    def is_download(self) -> bool:
        """Whether the answer is a file."""
        return self.request_type.endswith((".download", "/content"))

    @property
    def is_batch(self) -> bool:
        """Whether the call creates a batch of messages."""
        return self.request_type == "messages.batches.create"

    @property
    def is_session(self) -> bool:
        """Whether the call begins a session of a managed agent, whose model it may replace."""
        return self.request_type == "sessions.create"

    @property
    def is_agent(self) -> bool:
        """Whether the call may say which model a managed agent uses, and so where it runs."""
        return self.is_session or self.request_type in ("agents.create", "agents.update")

    @property
    def is_placed(self) -> bool:
        """Whether the call may say where inference runs."""
        return self.is_message or self.is_batch or self.is_agent


def admin_facts(surface: Surface, body: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """What a change to the organization set: names of fields, never their values, but for status and role."""
    if not surface.resource:
        return {}
    facts: dict[str, AttributeValue] = {
        Attr.ADMIN_RESOURCE: surface.resource,
        Attr.ADMIN_ACTION: surface.action,
        Attr.ADMIN_FIELDS: tuple(sorted(str(name) for name in body if _FIELD.fullmatch(str(name)))),
    }
    if surface.target:
        facts[Attr.ADMIN_TARGET] = surface.target
    for name in ("status", "role"):
        if isinstance(value := body.get(name), str) and _FIELD.fullmatch(value):
            facts[Attr.ADMIN_STATUS] = value
            break
    return facts


def created_target(surface: Surface, body: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """The id of what a change to the organization created, from the answer."""
    created = body.get("id")
    if surface.resource and not surface.target and isinstance(created, str) and _IDENTIFIER.fullmatch(created):
        return {Attr.ADMIN_TARGET: created}
    return {}


_METHODS: Final[Mapping[str, str]] = {
    "POST /v1/messages": "messages.create",
    "POST /v1/messages/count_tokens": "messages.count_tokens",
    "POST /v1/messages/batches": "messages.batches.create",
    "GET /v1/messages/batches": "messages.batches.list",
    "GET /v1/messages/batches/{id}": "messages.batches.retrieve",
    "GET /v1/messages/batches/{id}/results": "messages.batches.results",
    "POST /v1/messages/batches/{id}/cancel": "messages.batches.cancel",
    "DELETE /v1/messages/batches/{id}": "messages.batches.delete",
    "POST /v1/agents": "agents.create",
    "POST /v1/agents/{id}": "agents.update",
    "POST /v1/sessions": "sessions.create",
    "POST /v1/files": "files.upload",
    "GET /v1/files": "files.list",
    "GET /v1/files/{id}": "files.retrieve_metadata",
    "GET /v1/files/{id}/content": "files.download",
    "DELETE /v1/files/{id}": "files.delete",
    "GET /v1/models": "models.list",
    "GET /v1/models/{id}": "models.retrieve",
}
"""Paths to the SDK's names, for versions that do not name their methods, and for apps that call paths themselves."""


def _api_path(url: str) -> list[str]:
    """The segments of a URL's path, without what a gateway puts before the API's own."""
    path = urlsplit(url).path.strip("/").split("/")
    before = max((number for number, segment in enumerate(path[:-1]) if segment == _VERSION), default=0)
    return path[before:]


def _raw_request_type(verb: str, path: list[str]) -> str:
    template = f"{verb} /{'/'.join(item if _STATIC_SEGMENT.fullmatch(item) else '{id}' for item in path)}"
    return _METHODS.get(template, template)
