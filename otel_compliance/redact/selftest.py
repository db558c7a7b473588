"""The canary: does redaction work on the OpenTelemetry SDK that is installed?"""

from __future__ import annotations

import secrets
from typing import Any, Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    Status,
    StatusCode,
    TraceState,
    set_span_in_context,
)

from otel_compliance.errors import RedactionError
from otel_compliance.keys import MIN_KEY_BYTES, KeyRing
from otel_compliance.redact.processors import RedactingSpanProcessor
from otel_compliance.redact.redactor import Redactor

_CANARY: Final = "canary.bird@example.com"


def verify() -> None:
    """Send a span full of canaries through a provider of our own, with exporters before and behind the redactor.

    Raises:
        RedactionError: A canary came out, or redaction broke: private parts of the SDK have changed.
    """
    try:
        exported = _export_canaries()
    except Exception as error:
        raise RedactionError(
            f"the redaction self-test failed with {type(error).__name__}",
            remedy="install a version of opentelemetry-sdk that this release supports",
        ) from error
    leaks = sorted({surface for span in exported for surface in _leaks(span)})
    if len(exported) != 2 or leaks:
        raise RedactionError(
            f"the redaction self-test found its canary in: {', '.join(leaks) or 'nothing, but spans were lost'}",
            remedy="install a version of opentelemetry-sdk that this release supports",
        )


def _export_canaries() -> tuple[ReadableSpan, ...]:
    before, behind = InMemorySpanExporter(), InMemorySpanExporter()
    provider = TracerProvider(sampler=ALWAYS_ON, resource=Resource({"host.name": _CANARY}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(before))
    provider.add_span_processor(RedactingSpanProcessor(Redactor(KeyRing(secrets.token_bytes(MIN_KEY_BYTES)))))
    provider.add_span_processor(SimpleSpanProcessor(behind))
    linked = SpanContext(1, 1, is_remote=True, trace_state=TraceState([("canary", _CANARY)]))
    tracer = provider.get_tracer(f"scope of {_CANARY}", attributes={"text": _CANARY})
    parent = set_span_in_context(NonRecordingSpan(linked))
    span = tracer.start_span(f"span of {_CANARY}", parent, links=[Link(linked, {"note": _CANARY})])
    span.set_attributes({"text": _CANARY, "list": [_CANARY]})
    span.add_event(f"event of {_CANARY}", {"text": _CANARY})
    span.set_status(Status(StatusCode.ERROR, _CANARY))
    span.end()
    return before.get_finished_spans() + behind.get_finished_spans()


def _leaks(span: ReadableSpan) -> list[str]:
    surfaces: dict[str, Any] = {
        "name": span.name,
        "attributes": dict(span.attributes or {}),
        "events": [(event.name, dict(event.attributes or {})) for event in span.events],
        "links": [(link.context, dict(link.attributes or {})) for link in span.links],
        "trace state": (span.context, span.parent),
        "status": span.status.description,
        "resource": dict(span.resource.attributes),
        "scope": span.instrumentation_scope,
    }
    return [name for name, value in surfaces.items() if _CANARY in repr(value)]
