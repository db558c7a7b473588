"""Answers, as they come: read whole by the SDK, decoded by it as a stream, or read by the app later."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any, Final

from opentelemetry.context import Context

from otel_compliance import health
from otel_compliance.capture.body import Chunker
from otel_compliance.capture.call import UNINSPECTED, Call, Outcome
from otel_compliance.capture.iteration import AsyncClosing, async_in_context, in_context
from otel_compliance.capture.outcome import stream_outcome
from otel_compliance.capture.recorder import Recorder

_EXTENSION: Final = "otel_compliance.call"
"""Key in ``response.extensions``, the place that httpx keeps for such notes, under which a stream finds its call."""

Failed = Callable[[Call, BaseException], None]


class Answers:
    """Watches the answers of calls.

    Args:
        recorder: Inspects and records.
        failed: Ends a call whose answer broke off.
    """

    def __init__(self, recorder: Recorder, failed: Failed) -> None:
        self._recorder = recorder
        self._reader = recorder.reader
        self._failed = failed

    def arrived(self, call: Call, response: Any) -> None:
        """Take an answer whose headers are there, and whose body may be. Of several, the last one counts."""
        if call.dropped is not None:
            call.dropped.detach()
        call.answer = weakref.ref(response)
        call.body, call.whole = None, None
        call.body_open = not response.is_closed
        call.read_to_end = not call.body_open
        call.closed_by_app = False
        if call.body_open:
            call.body = self._reader.begin(call)
            # For an app that drops the body unread, where no native span would tell.
            call.dropped = weakref.finalize(response, self._dropped, call)
            response.extensions[_EXTENSION] = call
            self._watch(call, response)
        elif not call.surface.secret:
            # Stands until the worker has read the body.
            call.output, call.whole = UNINSPECTED, response.content

    def returned(self, call: Call, result: Any, context: Context) -> None:
        """Take what a client with middleware gives its app, which need not be what the API answered.

        The SDK's own middleware for fallbacks joins several answers to one, and asks for the next while the app reads.

        Args:
            call: The call.
            result: What the app gets.
            context: What requests that are made while the app reads belong to.
        """
        response = getattr(result, "response", None) or getattr(result, "http_response", None)
        if response is None or call.answer is None or response is call.answer():
            return
        call.answer_headers = response.headers
        self.arrived(call, response)
        call.spliced = context

    def _dropped(self, call: Call) -> None:
        if not call.running:
            self._recorder.finish(call, Outcome.ABANDONED)

    # A body that the app reads: the response's own way to read it is replaced, on this one response.

    def _watch(self, call: Call, response: Any) -> None:
        # Only a weak reference, since a cycle would leave a dropped response to the garbage collector.
        reference = weakref.ref(response)
        if hasattr(response, "iter_bytes"):
            response.iter_bytes = partial(self._iter_bytes, call, reference)
        if hasattr(response, "aiter_bytes"):
            response.aiter_bytes = partial(self._aiter_bytes, call, reference)

    def _iter_bytes(self, call: Call, reference: Any, chunk_size: int | None = None) -> Iterator[bytes]:
        response = reference()
        if call.body is None or not _is_answer(call, response):
            chunks: Iterator[bytes] = type(response).iter_bytes(response, chunk_size)
            return chunks
        return self._observed_bytes(call, response, chunk_size)

    def _observed_bytes(self, call: Call, response: Any, chunk_size: int | None) -> Iterator[bytes]:
        chunker = Chunker(chunk_size)
        with closing(_within(call, type(response).iter_bytes(response))) as chunks:
            try:
                # All that arrived is seen before a part of it is handed on: the span may end with the last raw byte.
                for chunk in chunks:
                    self._reader.feed(call, chunk)
                    yield from chunker.split(chunk)
            except BaseException as error:
                self._raised(call, error)
                raise
        self._read_to_end(call)
        yield from chunker.rest()

    def _aiter_bytes(self, call: Call, reference: Any, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        response = reference()
        if call.body is None or not _is_answer(call, response):
            chunks: AsyncIterator[bytes] = type(response).aiter_bytes(response, chunk_size)
            return chunks
        return self._aobserved_bytes(call, response, chunk_size)

    async def _aobserved_bytes(self, call: Call, response: Any, chunk_size: int | None) -> AsyncIterator[bytes]:
        chunker = Chunker(chunk_size)
        async with AsyncClosing(_async_within(call, type(response).aiter_bytes(response))) as chunks:
            try:
                async for chunk in chunks:
                    self._reader.feed(call, chunk)
                    for piece in chunker.split(chunk):
                        yield piece
            except BaseException as error:
                self._raised(call, error)
                raise
        self._read_to_end(call)
        for piece in chunker.rest():
            yield piece

    # Streams that the SDK decodes: every event is seen, and every way to end.

    def stream(self, wrapped: Any, stream: Any, args: Any, kwargs: Any) -> Any:
        """Around ``Stream.__stream__``."""
        events = wrapped(*args, **kwargs)
        call = _call_of(stream)
        if call is None:
            return events
        call.body = None
        return self._observed(_within(call, events), call)

    def _observed(self, events: Any, call: Call) -> Iterator[Any]:
        with closing(events):
            try:
                for event in events:
                    self._reader.decoded(call, event)
                    yield event
            except BaseException as error:
                self._raised(call, error)
                raise
        self._read_to_end(call)

    def async_stream(self, wrapped: Any, stream: Any, args: Any, kwargs: Any) -> Any:
        """Around ``AsyncStream.__stream__``."""
        events = wrapped(*args, **kwargs)
        call = _call_of(stream)
        if call is None:
            return events
        call.body = None
        return self._async_observed(_async_within(call, events), call)

    async def _async_observed(self, events: Any, call: Call) -> AsyncIterator[Any]:
        async with AsyncClosing(events):
            try:
                async for event in events:
                    self._reader.decoded(call, event)
                    yield event
            except BaseException as error:
                self._raised(call, error)
                raise
        self._read_to_end(call)

    def close(self, wrapped: Any, stream: Any, args: Any, kwargs: Any) -> Any:
        """Around ``Stream.close`` and ``AsyncStream.close``."""
        call = _call_of(stream)
        if call is not None:
            call.closed_by_app = True
            self._ended(call)
        return wrapped(*args, **kwargs)

    def _raised(self, call: Call, error: BaseException) -> None:
        if isinstance(error, GeneratorExit):
            self._ended(call)
        elif not call.running:
            call.closed_by_app = True
            self._failed(call, error)

    def _read_to_end(self, call: Call) -> None:
        call.read_to_end = True
        self._ended(call)

    def _ended(self, call: Call) -> None:
        # Middleware may read one answer and give the app another.
        if not call.running:
            with health.contained("capture.stream"):
                self._recorder.finish(call, stream_outcome(call))


def _call_of(stream: Any) -> Call | None:
    """The call whose answer a stream reads; `None` for a stream of nobody's call, or of a mock without extensions."""
    response = getattr(stream, "response", None)
    extensions = getattr(response, "extensions", None)
    call = extensions.get(_EXTENSION) if isinstance(extensions, dict) else None
    return call if isinstance(call, Call) and _is_answer(call, response) else None


def _is_answer(call: Call, response: Any) -> bool:
    """Whether the app gets this answer of the call; that before a fallback is for the middleware alone."""
    return call.answer is not None and call.answer() is response


def _within(call: Call, generator: Any) -> Any:
    return generator if call.spliced is None else in_context(call.spliced, generator)


def _async_within(call: Call, generator: Any) -> Any:
    return generator if call.spliced is None else async_in_context(call.spliced, generator)
