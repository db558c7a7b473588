"""Redact spans and log records of every scope before any exporter sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.context import create_key, get_value
from opentelemetry.sdk._logs import LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, Span, SpanProcessor
from opentelemetry.sdk.util import BoundedList
from opentelemetry.trace import Link, SpanContext, Status

from otel_compliance import health
from otel_compliance.redact.attributes import FAILED, DeferredAttributes, replaced_attributes
from otel_compliance.redact.redaction import Names, Redaction, Shared
from otel_compliance.redact.redactor import Redactor
from otel_compliance.redact.structure import tombstone

TRUSTED_KEY: Final = create_key("otel-compliance-trusted")
"""Set in the context of log records that this package made of facts it redacted before; see `audit`."""


class RedactingSpanProcessor(SpanProcessor):
    """Redacts a span while it ends: name, attributes, events, links, trace state, status, resource and scope.

    The SDK calls ``_on_ending`` on all processors before it hands the ended span to any of them, so no exporter sees
    the raw span, in whatever order the processors were added. The span is immutable by then
    (opentelemetry-python#5614), so its private parts are replaced as a whole; `verify` proves at start that this
    works on the installed SDK.

    Args:
        redactor: Finds and replaces.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._names = Names()
        self._shared = Shared(redactor, self._names)

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
            redaction = Redaction(self._redactor, self._names)
            self._redact(span, redaction)
            if complete is None:
                self._redact_attributes(span, redaction)
            else:
                self._defer_attributes(span, redaction, complete)
        except Exception as error:  # noqa: BLE001 - a span that cannot be redacted is emptied
            health.swallow("redact.span", error)
            _empty(span)

    @staticmethod
    def _redact_attributes(span: Any, redaction: Redaction) -> None:
        attributes = redaction.attributes(span._attributes)
        if redaction.failed:
            attributes = {**(attributes or span._attributes), **FAILED}
        if attributes is not None:
            span._attributes = replaced_attributes(span._attributes, attributes)

    @staticmethod
    def _defer_attributes(span: Any, redaction: Redaction, complete: Callable[[], Mapping[str, Any]]) -> None:
        def redacted(original: BoundedAttributes) -> BoundedAttributes:
            attributes = redaction.attributes(original)
            attributes = {**(attributes or original), **complete()}
            # What the redaction of the span found wrong is kept: success elsewhere never overwrites it.
            return replaced_attributes(original, attributes | FAILED if redaction.failed else attributes)

        span._attributes = DeferredAttributes(span._attributes, redacted)

    def _redact(self, span: Any, redaction: Redaction) -> None:
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
        span._context = redaction.context(span._context)
        span._parent = span._parent and redaction.context(span._parent)
        span._resource = self._shared.resource(span._resource)
        scope = self._shared.scope(span._instrumentation_scope)
        if scope is not span._instrumentation_scope:
            # The second is what exporters of the first years read.
            span._instrumentation_scope, span._instrumentation_info = scope, None

    def shutdown(self) -> None:
        """Nothing is held."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing is held."""
        return True


class RedactingLogRecordProcessor(LogRecordProcessor):
    """Redacts log records: body, attributes, names, exception, resource and scope. Added before any other processor.

    Args:
        redactor: Finds and replaces.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._names = Names()
        self._shared = Shared(redactor, self._names)

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Redact one record in place."""
        record: Any = log_record.log_record
        try:
            if log_record.resource is not None:
                log_record.resource = self._shared.resource(log_record.resource)
            log_record.instrumentation_scope = self._shared.scope(log_record.instrumentation_scope)
            if record.context is not None and get_value(TRUSTED_KEY, record.context):
                return
            redaction = Redaction(self._redactor, self._names)
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
            log_record.resource, log_record.instrumentation_scope = Resource({}), None
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


def _event(redaction: Redaction, event: Event) -> Event:
    attributes = redaction.attributes(event.attributes)
    name = redaction.text(event.name)
    if attributes is None and name == event.name:
        return event
    return Event(
        name, replaced_attributes(event.attributes, attributes or dict(event.attributes or {})), event.timestamp
    )


def _link(redaction: Redaction, link: Link) -> Link:
    context, attributes = redaction.context(link.context), redaction.attributes(link.attributes)
    if attributes is None and context is link.context:
        return link
    return Link(context, replaced_attributes(link.attributes, attributes or dict(link.attributes or {})))


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
    span._context, span._parent = _without_state(span._context), _without_state(span._parent)
    span._instrumentation_scope = span._instrumentation_info = None


def _without_state(context: Any) -> Any:
    return context and SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)
