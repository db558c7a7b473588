"""One Claude call while it runs: what is known of it so far, gathered by the hooks."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from opentelemetry.context import create_key
from opentelemetry.trace import Span, SpanContext
from opentelemetry.util.types import AttributeValue

from otel_compliance.caller import CallerContext
from otel_compliance.capture.stream import StreamAssembler

CALL_KEY = create_key("otel-compliance-call")
"""Key of the running `Call` in the OpenTelemetry context. Context stays in the process; baggage would not."""


class Outcome(StrEnum):
    """How a call ended."""

    COMPLETED = "completed"
    ERROR = "error"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Inspected:
    """What inspection of the input or the output gave.

    Attributes:
        counts: Findings by entity type.
        content: The redacted content, or `None` when it is not captured.
        failed: Whether anything could not be inspected, so that it was replaced whole.
    """

    counts: Counter[str] = field(default_factory=Counter)
    content: Any = field(default=None, repr=False)
    failed: bool = False


UNINSPECTED = Inspected(failed=True)
"""Stands until inspection succeeds, so that whatever breaks on the way there counts as a failure, not as clean."""


@dataclass(slots=True)
class Call:
    """The record of one call. The hooks fill it; `Recorder.finish` reads it, once.

    Attributes:
        caller: Who is calling, as the app declared it when the call began.
        request_type: API method, such as ``messages.create``.
        stream: Whether the response is streamed.
        started_ns: Start in nanoseconds since the epoch.
        span: The recording span that carries the facts: the SDK's own, or ours where it has none.
        owns_span: Whether `span` is ours to end.
        span_context: Identity of the call's span, also when it was not sampled.
        request: Facts of the request body.
        input: Inspection of the request body.
        transport: Facts of headers: credential, rate limits, request id, status.
        response: Facts of the response body.
        output: Inspection of the response body.
        assembler: Puts a streamed response together.
        body_open: Whether the app still has to read the body of the answer.
        closed_by_app: Whether the app closed the stream before its end.
        finishing: Whether `Recorder.finish` has begun.
        attributes: What `Recorder.finish` made of it all; empty while the call runs.
        lock: Held while the call is finished. Reentrant, since the garbage collector may end a dropped stream
            in the middle of anything.
    """

    caller: CallerContext
    request_type: str
    stream: bool
    started_ns: int = field(default_factory=time.time_ns)
    span: Span | None = field(default=None, repr=False)
    owns_span: bool = False
    span_context: SpanContext | None = None
    request: Mapping[str, AttributeValue] = field(default_factory=dict)
    user_id: str | None = field(default=None, repr=False)
    input: Inspected | None = None
    transport: dict[str, AttributeValue] = field(default_factory=dict)
    response: Mapping[str, AttributeValue] = field(default_factory=dict)
    output: Inspected | None = None
    assembler: StreamAssembler = field(default_factory=StreamAssembler, repr=False)
    body_open: bool = False
    closed_by_app: bool = False
    finishing: bool = False
    attributes: dict[str, AttributeValue] = field(default_factory=dict, repr=False)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
