"""One Claude call while it runs: what is known of it so far, gathered by the hooks."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final
from weakref import finalize, ref

from opentelemetry.context import Context, create_key
from opentelemetry.trace import Span, SpanContext
from opentelemetry.util.types import AttributeValue

from otel_compliance.caller import CallerContext
from otel_compliance.capture.body import Body
from otel_compliance.capture.stream import StreamAssembler
from otel_compliance.capture.surface import Surface

CALL_KEY = create_key("otel-compliance-call")
"""Key of the running `Call` in the OpenTelemetry context. Context stays in the process; baggage would not."""


Concluded = tuple[dict[str, AttributeValue], dict[str, AttributeValue]]
"""Attributes of the span, facts of the audit event."""


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

    def plus(self, other: Inspected) -> Inspected:
        """Both together, for an answer that comes in parts; the content of parts is not kept."""
        return Inspected(counts=self.counts + other.counts, failed=self.failed or other.failed)

    def or_again(self, other: Inspected) -> Inspected:
        """Both together, where the other says much of the same again; the content of the first is kept."""
        return replace(self, counts=self.counts | other.counts, failed=self.failed or other.failed)


UNINSPECTED = Inspected(failed=True)
"""Stands until inspection succeeds, so that whatever breaks on the way there counts as a failure, not as clean."""


class Conclusion:
    """What is said of a call that ended, put together once: by the recorder's worker, or by whoever reads it before.

    It does not know the call, which has it: what refers back to itself stays until the garbage collector comes.

    Args:
        conclude: Puts it together: the attributes of the span, and the facts of the audit event. Must not raise.
        doubt: What is said when another thread is at it for too long.
    """

    __slots__ = ("_concluded", "_doubt", "_lock", "_make")

    _PATIENCE_SECONDS: Final = 10.0

    def __init__(self, conclude: Callable[[Call], Concluded], doubt: Callable[[Call], Concluded]) -> None:
        self._lock = threading.RLock()
        self._make: Callable[[Call], Concluded] | None = conclude
        self._doubt = doubt
        self._concluded: Concluded | None = None

    def get(self, call: Call) -> Concluded:
        """The attributes of the span, and the facts of the audit event. Never raises.

        Args:
            call: The call that this is the conclusion of.
        """
        if self._concluded is None and self._lock.acquire(timeout=self._PATIENCE_SECONDS):
            try:
                make, self._make = self._make, None
                if make is not None:
                    self._concluded = make(call)
            finally:
                self._lock.release()
        return self._concluded or self._doubt(call)


@dataclass(slots=True)
class Call:
    """The record of one call. The hooks fill it, and after its end the recorder reads it, once.

    Attributes:
        caller: Who is calling, as the app declared it when the call began.
        surface: The API method that it uses.
        stream: Whether the response is streamed.
        model: Model that was asked for; clouds take it out of the body.
        client: The client, until the call is recorded.
        provider: Who answers: ``anthropic``, ``aws.bedrock`` or ``gcp.vertex_ai``. Set, like the region, at the end.
        cloud_region: Region of a cloud endpoint; empty on Anthropic's own API.
        started_ns: Start in nanoseconds since the epoch.
        span: The recording span that carries the facts: the SDK's own, or ours where it has none.
        owns_span: Whether `span` is ours to end.
        watched: Whether our span processor sees the span end, and completes it then.
        span_context: Identity of the call's span, also when it was not sampled.
        request_content: The body that was sent first, as bytes: the app may change its own objects afterwards.
        further_contents: Different bodies that were sent after it, as middleware does.
        request: Facts of the request body.
        user_id: ``metadata.user_id`` of the request body.
        geos: ``inference_geo`` of each message that was asked for; `None` where it is unset.
        tools: Names of the tools that the request offers.
        blocked: Whether the policy refused to send it.
        input: Inspection of the request body.
        transport: Facts of headers: rate limits, request id, status.
        sent_headers: Headers of the request that was sent last; they hold the credential.
        answer_headers: Headers of the last answer.
        statuses: HTTP status of each attempt that was answered.
        response: Facts of the response body.
        output: Inspection of the response body.
        assembler: Puts a streamed message together; `None` for any other answer.
        body: Watches a body that the app reads later, where the SDK does not decode it as a stream.
        whole: The body of an answer that the SDK read itself, until it is inspected.
        answer: The response that the app gets, weakly.
        dropped: Ends the call when the app drops that response.
        spliced: Context of the requests that are made while the app reads; `None` but for middleware that makes some.
        running: Whether the SDK has not returned yet; no answer ends the call before.
        body_open: Whether the app still has to read the body of the answer.
        read_to_end: Whether it did, to the end.
        closed_by_app: Whether the app closed the stream before its end.
        first_chunk_ns: When the first part of a stream came, in nanoseconds since the epoch; 0 before.
        ended_ns: When it ended, in nanoseconds since the epoch; 0 while it runs.
        outcome: How it ended, once it has.
        error_type: What it failed with; empty unless it did.
        conclusion: Puts the record together, once the call has ended.
        lock: Held while the end is noted. Reentrant, since the garbage collector may end a dropped stream in the
            middle of anything.
    """

    caller: CallerContext
    surface: Surface
    stream: bool
    model: str = ""
    client: Any = field(default=None, repr=False)
    provider: str = ""
    cloud_region: str = ""
    started_ns: int = field(default_factory=time.time_ns)
    span: Span | None = field(default=None, repr=False)
    owns_span: bool = False
    watched: bool = False
    span_context: SpanContext | None = None
    request_content: bytes | None = field(default=None, repr=False)
    further_contents: list[bytes] = field(default_factory=list, repr=False)
    request: dict[str, AttributeValue] = field(default_factory=dict)
    user_id: str | None = field(default=None, repr=False)
    geos: Sequence[str | None] = ()
    tools: Sequence[str] = field(default=(), repr=False)
    blocked: bool = False
    input: Inspected | None = None
    transport: dict[str, AttributeValue] = field(default_factory=dict)
    sent_headers: Any = field(default=None, repr=False)
    answer_headers: Any = field(default=None, repr=False)
    statuses: list[int] = field(default_factory=list)
    response: Mapping[str, AttributeValue] = field(default_factory=dict)
    output: Inspected | None = None
    assembler: StreamAssembler | None = field(default=None, repr=False)
    body: Body | None = field(default=None, repr=False)
    whole: bytes | None = field(default=None, repr=False)
    answer: ref[Any] | None = field(default=None, repr=False)
    dropped: finalize[..., Any] | None = field(default=None, repr=False)
    spliced: Context | None = field(default=None, repr=False)
    running: bool = True
    body_open: bool = False
    read_to_end: bool = False
    closed_by_app: bool = False
    first_chunk_ns: int = 0
    ended_ns: int = 0
    outcome: Outcome | None = None
    error_type: str = ""
    conclusion: Conclusion | None = field(default=None, repr=False)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def kept(self) -> int:
        """Bytes of content that it keeps until it is recorded, as far as they count."""
        request = len(self.request_content or b"") + sum(map(len, self.further_contents))
        answer = self.body.kept if self.body is not None else len(self.whole or b"")
        return request + answer + (self.assembler.retained if self.assembler is not None else 0)
