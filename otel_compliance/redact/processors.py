"""Redact spans and log records of every scope before any exporter sees them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.context import create_key, get_value
from opentelemetry.sdk._logs import LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, Span, SpanProcessor
from opentelemetry.sdk.util import BoundedList
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, Status

from otel_compliance import health
from otel_compliance.redact.attributes import FAILED, DeferredAttributes, replaced_attributes
from otel_compliance.redact.redactor import Redactor
from otel_compliance.redact.structure import SAFE_NUMBER, is_secret_field, tombstone

TRUSTED_KEY: Final = create_key("otel-compliance-trusted")
"""Set in the context of log records that this package made of facts it redacted before; see `audit`."""

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
"""Attribute names that are remembered; an app that makes up names must not fill the memory."""

_IP_TYPES: Final = frozenset({"IPV4", "IPV6"})
_URLS: Final = frozenset({"http.url", "url.full"})


class _Names:
    """Names of attributes and spans that were found clean, and whether each names a secret. They come again."""

    def __init__(self) -> None:
        self._secret: dict[str, bool] = {}

    def get(self, name: str) -> bool | None:
        """Whether a clean name names a secret; `None` when it was not seen before."""
        return self._secret.get(name)

    def add(self, name: str) -> bool:
        """Remember a clean name."""
        secret = is_secret_field(name) or _MASKED_HEADER.fullmatch(name) is not None
        if len(self._secret) < _MAX_NAMES:
            self._secret[name] = secret
        return secret


class _Redaction:
    """One pass over the attributes of one span or log record; remembers whether anything failed."""

    __slots__ = ("_names", "_redactor", "failed")

    def __init__(self, redactor: Redactor, names: _Names) -> None:
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
        if value is None or isinstance(value, bool | float):
            return value
        try:
            if self._surely_clean(value):
                return value
            redacted = self._redactor.redact_value(self._without_userinfo(name, value))
        except Exception as error:  # noqa: BLE001 - on any doubt the value is dropped
            health.swallow("redact.attribute", error)
            self.failed = True
            return tombstone("failed")
        self.failed = self.failed or redacted.failed
        if not redacted.counts and not redacted.failed and not isinstance(value, str | bytes):
            return value
        if name in _ADDRESSES and not redacted.failed and set(redacted.counts) <= _IP_TYPES:
            return self._without_userinfo(name, value)
        return value if redacted.value == value else redacted.value

    def _surely_clean(self, value: Any) -> bool:
        """Whether a look is enough, as it is for most attributes."""
        if type(value) is str:
            # In a document the name of a field may make its value a secret.
            return not value.startswith(("{", "[")) and self._redactor.surely_clean(value)
        if type(value) is int:
            return -SAFE_NUMBER < value < SAFE_NUMBER
        return type(value) is tuple and all(map(self._surely_clean, value))

    def text(self, text: str) -> str:
        """One string, such as a span's name."""
        value = self.value("", text)
        return value if isinstance(value, str) else tombstone("failed")

    @staticmethod
    def _without_userinfo(name: str, value: Any) -> Any:
        if name not in _URLS or not isinstance(value, str) or "@" not in value:
            return value
        parts = urlsplit(value)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class _Shared:
    """Resources and scopes are shared by many spans, so each is redacted once."""

    def __init__(self, redactor: Redactor, names: _Names) -> None:
        self._redactor = redactor
        self._names = names
        self._resources: dict[int, tuple[Resource, Resource]] = {}
        self._scopes: dict[int, tuple[InstrumentationScope, InstrumentationScope]] = {}

    def resource(self, resource: Resource) -> Resource:
        """The redacted resource."""
        known = self._resources.get(id(resource))
        if known is not None and known[0] is resource:
            return known[1]
        attributes = _Redaction(self._redactor, self._names).attributes(resource.attributes)
        redacted = resource if attributes is None else Resource(attributes, resource.schema_url)
        _remember(self._resources, id(resource), (resource, redacted))
        return redacted

    def scope(self, scope: InstrumentationScope | None) -> InstrumentationScope | None:
        """The redacted scope."""
        if scope is None or not scope.attributes:
            return scope
        known = self._scopes.get(id(scope))
        if known is not None and known[0] is scope:
            return known[1]
        attributes = _Redaction(self._redactor, self._names).attributes(scope.attributes)
        redacted = (
            scope
            if attributes is None
            else InstrumentationScope(scope.name, scope.version, scope.schema_url, attributes)
        )
        _remember(self._scopes, id(scope), (scope, redacted))
        return redacted


def _remember(memory: dict[int, Any], key: int, value: Any) -> None:
    if len(memory) >= 1024:
        memory.clear()
    memory[key] = value


class RedactingSpanProcessor(SpanProcessor):
    """Redacts a span while it ends: name, attributes, events, links, status, resource and scope.

    The SDK calls ``_on_ending`` on all processors before it hands the ended span to any of them, so no exporter sees
    the raw span, in whatever order the processors were added. The span is immutable by then
    (opentelemetry-python#5614), so its private parts are replaced as a whole; `verify` proves at start that this
    works on the installed SDK.

    Args:
        redactor: Finds and replaces.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._names = _Names()
        self._shared = _Shared(redactor, self._names)

    def _on_ending(self, span: Span) -> None:
        self.redact(span)

    def redact(self, span: Span, complete: Callable[[], Mapping[str, Any]] | None = None) -> None:
        """Redact a span that is ending. Never raises.

        Args:
            span: The span.
            complete: Makes attributes to add. With it, the span's attributes are redacted and completed only when
                somebody reads them, so that the thread that ends the span need not wait.
        """
        try:
            redaction = _Redaction(self._redactor, self._names)
            self._redact(span, redaction)
            if complete is None:
                self._redact_attributes(span, redaction)
            else:
                self._defer_attributes(span, redaction, complete)
        except Exception as error:  # noqa: BLE001 - a span that cannot be redacted is emptied
            health.swallow("redact.span", error)
            _empty(span)

    @staticmethod
    def _redact_attributes(span: Any, redaction: _Redaction) -> None:
        attributes = redaction.attributes(span._attributes)
        if redaction.failed:
            attributes = {**(attributes or span._attributes), **FAILED}
        if attributes is not None:
            span._attributes = replaced_attributes(span._attributes, attributes)

    @staticmethod
    def _defer_attributes(span: Any, redaction: _Redaction, complete: Callable[[], Mapping[str, Any]]) -> None:
        def redacted(original: BoundedAttributes) -> BoundedAttributes:
            attributes = redaction.attributes(original)
            attributes = {**(attributes or original), **complete()}
            # What the redaction of the span found wrong is kept: success elsewhere never overwrites it.
            return replaced_attributes(original, attributes | FAILED if redaction.failed else attributes)

        span._attributes = DeferredAttributes(span._attributes, redacted)

    def _redact(self, span: Any, redaction: _Redaction) -> None:
        if self._names.get(span._name) is None:
            span._name = redaction.text(span._name)
            if not redaction.failed:
                self._names.add(span._name)
        if span._events:
            span._events = _bounded_list(span._events, [_event(redaction, item) for item in span._events])
        if span._links:
            span._links = _bounded_list(span._links, [_link(redaction, item) for item in span._links])
        if span._status.description:
            span._status = Status(span._status.status_code, redaction.text(span._status.description))
        span._resource = self._shared.resource(span._resource)
        span._instrumentation_scope = self._shared.scope(span._instrumentation_scope)

    def shutdown(self) -> None:
        """Nothing is held."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing is held."""
        return True


class RedactingLogRecordProcessor(LogRecordProcessor):
    """Redacts log records: body, attributes, names, exception, resource. Added before any exporting processor.

    Args:
        redactor: Finds and replaces.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._names = _Names()
        self._shared = _Shared(redactor, self._names)

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Redact one record in place."""
        record: Any = log_record.log_record
        try:
            if log_record.resource is not None:
                log_record.resource = self._shared.resource(log_record.resource)
            if record.context is not None and get_value(TRUSTED_KEY, record.context):
                return
            redaction = _Redaction(self._redactor, self._names)
            record.body = redaction.value("", record.body)
            _clean_fields(record, redaction.text)
            attributes = redaction.attributes(record.attributes)
            if attributes is not None or redaction.failed:
                attributes = attributes or dict(record.attributes or {})
                record.attributes = attributes | (FAILED if redaction.failed else {})
        except Exception as error:  # noqa: BLE001 - a record that cannot be redacted is emptied
            health.swallow("redact.log", error)
            record.body = tombstone("failed")
            record.attributes = dict(FAILED)
            _clean_fields(record, lambda _: tombstone("failed"))

    def shutdown(self) -> None:
        """Nothing is held."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing is held."""
        return True


def _clean_fields(record: Any, clean: Callable[[str], str]) -> None:
    """The fields of a log record besides body and attributes. An exception stands in the attributes already."""
    if record.event_name:
        record.event_name = clean(record.event_name)
    if record.severity_text:
        record.severity_text = clean(record.severity_text)
    record.exception = None


def _event(redaction: _Redaction, event: Event) -> Event:
    attributes = redaction.attributes(event.attributes)
    name = redaction.text(event.name)
    if attributes is None and name == event.name:
        return event
    return Event(
        name, replaced_attributes(event.attributes, attributes or dict(event.attributes or {})), event.timestamp
    )


def _link(redaction: _Redaction, link: Link) -> Link:
    attributes = redaction.attributes(link.attributes)
    return link if attributes is None else Link(link.context, replaced_attributes(link.attributes, attributes))


def _bounded_list(original: Any, items: list[Any]) -> Any:
    """A list of redacted `items` that remembers how many the original had dropped. It never grows again."""
    replaced: Any = BoundedList.from_seq(len(items), items)
    replaced.dropped = getattr(original, "dropped", 0)
    return replaced


def _empty(span: Any) -> None:
    """Drop everything that may hold content."""
    span._name = tombstone("failed")
    span._attributes = BoundedAttributes(attributes=dict(FAILED))
    span._events = BoundedList(None)
    span._links = BoundedList(None)
    span._status = Status(span._status.status_code)
    span._resource = Resource({})
