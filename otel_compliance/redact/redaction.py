"""One pass over the attributes of a span, a log record or a data point; names, resources and scopes come again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, TraceState

from otel_compliance import health
from otel_compliance.redact.cut import without_cut_end
from otel_compliance.redact.fields import is_secret_field
from otel_compliance.redact.redactor import Redactor
from otel_compliance.redact.structure import SAFE_NUMBER, tombstone

_MASKED_HEADER: Final = re.compile(
    r"(?i)http\.(?:request|response)\.header\."
    r"(?:authorization|proxy[-_]authorization|x[-_]api[-_]key|cookie|set[-_]cookie|.*(?:token|secret|credential).*)"
)

_ADDRESSES: Final = frozenset(
    {
        "client.address",  # truncated by `capture`; without it a SOC cannot work
        "host.ip",
        "http.url",
        "net.peer.ip",
        "net.peer.name",
        "network.local.address",
        "network.peer.address",
        "server.address",
        "url.full",
    }
)
"""Attributes in which an IP address names infrastructure, not a person; other entities in them are redacted."""

_MAX_NAMES: Final = 4096
_MAX_NAME_CHARS: Final = 256
"""Names that are remembered, and their length; an app that makes up names must not fill the memory."""

_IP_TYPES: Final = frozenset({"IPV4", "IPV6"})
_URLS: Final = frozenset({"http.url", "url.full"})


class Names:
    """Names of attributes and spans that were found clean, and whether each names a secret. They come again."""

    def __init__(self) -> None:
        self._secret: dict[str, bool] = {}

    def get(self, name: str) -> bool | None:
        """Whether a clean name names a secret; `None` when it was not seen before."""
        return self._secret.get(name)

    def add(self, name: str) -> bool:
        """Remember a clean name."""
        secret = is_secret_field(name) or _MASKED_HEADER.fullmatch(name) is not None
        if len(self._secret) < _MAX_NAMES and len(name) <= _MAX_NAME_CHARS:
            self._secret[name] = secret
        return secret


class Redaction:
    """One pass over the attributes of one span or log record; remembers whether anything failed."""

    __slots__ = ("_names", "_redactor", "failed")

    def __init__(self, redactor: Redactor, names: Names) -> None:
        self._redactor = redactor
        self._names = names
        self.failed = False

    def attributes(self, attributes: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Redacted copies, or `None` when nothing had to change."""
        if not attributes:
            return None
        result: dict[str, Any] = {}
        changed = False
        # The items of `BoundedAttributes` are slow to walk; those of a plain copy are not.
        items = attributes.copy() if isinstance(attributes, BoundedAttributes) else attributes
        limit = getattr(attributes, "max_value_len", None)
        if limit is not None:
            items = {name: without_cut_end(value, limit) for name, value in items.items()}
            changed = items != attributes
        known, surely_clean = self._names.get, self._surely_clean
        for name, value in items.items():
            secret = known(name)
            # Most attributes: each call below takes longer than both looks.
            if secret is False and surely_clean(value):
                result[name] = value
                continue
            clean_name = name if secret is not None else self.text(name)
            if secret is None:
                secret = self._names.add(clean_name)
            redacted = tombstone("secret") if secret and value else self.value(name, value)
            changed = changed or redacted is not value or clean_name != name
            result[clean_name] = redacted
        return result if changed else None

    def value(self, name: str, value: Any) -> Any:
        """One attribute's value; the same object when it is clean."""
        if value is None or isinstance(value, bool):
            return value
        try:
            if self._surely_clean(value):
                return value
            redacted = self._redactor.redact_value(self._without_userinfo(name, value), name=name)
        except Exception as error:  # noqa: BLE001 - on any doubt the value is dropped
            health.swallow("redact.attribute", error)
            self.failed = True
            return tombstone("failed")
        self.failed = self.failed or redacted.failed
        if _equal(value, redacted.value):
            return value
        if name in _ADDRESSES and redacted.counts and not redacted.failed and set(redacted.counts) <= _IP_TYPES:
            return self._without_userinfo(name, value)
        return redacted.value

    def _surely_clean(self, value: Any) -> bool:
        """Whether a look is enough, as it is for most attributes."""
        if type(value) is str:
            # In a document the name of a field may make its value a secret.
            return not value.startswith(("{", "[")) and self._redactor.surely_clean(value)
        if type(value) is int:
            return -SAFE_NUMBER < value < SAFE_NUMBER
        if type(value) is float:
            return -SAFE_NUMBER < value < SAFE_NUMBER or not value.is_integer()
        return type(value) is tuple and all(map(self._surely_clean, value))

    def text(self, text: str) -> str:
        """One string, such as a span's name."""
        value = self.value("", text)
        return value if isinstance(value, str) else tombstone("failed")

    def context(self, context: SpanContext) -> SpanContext:
        """The context of a span or a link, without members of its trace state in whose keys something is found."""
        if not context.trace_state:
            return context
        members = [(key, self.text(value)) for key, value in context.trace_state.items() if self.text(key) == key]
        if members == list(context.trace_state.items()):
            return context
        state = TraceState(members)
        return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags, state)

    @staticmethod
    def _without_userinfo(name: str, value: Any) -> Any:
        if name not in _URLS or not isinstance(value, str) or "@" not in value:
            return value
        parts = urlsplit(value)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _equal(value: Any, redacted: Any) -> bool:
    """Whether a value and its redacted copy, in which tuples are lists, are the same."""
    if isinstance(value, list | tuple):
        return isinstance(redacted, list) and len(value) == len(redacted) and all(map(_equal, value, redacted))
    if isinstance(value, Mapping):
        return (
            isinstance(redacted, Mapping)
            and list(value) == list(redacted)
            and all(map(_equal, value.values(), redacted.values()))
        )
    return bool(value == redacted)


class Shared:
    """Resources and scopes are shared by many spans, so each is redacted once."""

    def __init__(self, redactor: Redactor, names: Names) -> None:
        self._redactor = redactor
        self._names = names
        self._resources: dict[int, tuple[Resource, Resource]] = {}
        self._scopes: dict[int, tuple[InstrumentationScope, InstrumentationScope]] = {}

    def resource(self, resource: Resource) -> Resource:
        """The redacted resource."""
        known = self._resources.get(id(resource))
        if known is not None and known[0] is resource:
            return known[1]
        redaction = Redaction(self._redactor, self._names)
        attributes, schema_url = redaction.attributes(resource.attributes), redaction.text(resource.schema_url)
        redacted = resource
        if attributes is not None or schema_url != resource.schema_url:
            redacted = Resource(resource.attributes if attributes is None else attributes, schema_url)
        _remember(self._resources, id(resource), (resource, redacted))
        return redacted

    def scope(self, scope: InstrumentationScope | None) -> InstrumentationScope | None:
        """The redacted scope."""
        if scope is None:
            return None
        known = self._scopes.get(id(scope))
        if known is not None and known[0] is scope:
            return known[1]
        redaction = Redaction(self._redactor, self._names)
        attributes = redaction.attributes(scope.attributes)
        redacted = InstrumentationScope(
            redaction.text(scope.name),
            scope.version and redaction.text(scope.version),
            scope.schema_url and redaction.text(scope.schema_url),
            scope.attributes if attributes is None else attributes,
        )
        redacted = scope if redacted == scope else redacted
        _remember(self._scopes, id(scope), (scope, redacted))
        return redacted


def _remember(memory: dict[int, Any], key: int, value: Any) -> None:
    if len(memory) >= 1024:
        memory.clear()
    memory[key] = value
