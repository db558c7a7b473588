"""Answers, as they come: read whole by the SDK, decoded by it as a stream, or read by the app later."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any, Final

from otel_compliance import health
from otel_compliance.capture.body import Body, FileBody, JsonBody, JsonLines, ServerSentEvents
from otel_compliance.capture.call import UNINSPECTED, Call, Inspected, Outcome
from otel_compliance.capture.outcome import stream_outcome
from otel_compliance.capture.recorder import Recorder
from otel_compliance.capture.stream import StreamAssembler, as_dict
from otel_compliance.names import Attr

_EXTENSION: Final = "otel_compliance.call"
"""Key in ``response.extensions``, the place that httpx keeps for such notes, under which a stream finds its call."""

_AWS_EVENT_STREAM: Final = "application/vnd.amazon.eventstream"

Failed = Callable[[Call, BaseException], None]


class Answers:
    """Watches the answers of calls.

    Args:
        recorder: Inspects and records.
        failed: Ends a call whose answer broke off.
    """

    def __init__(self, recorder: Recorder, failed: Failed) -> None:
        self._recorder = recorder
        self._failed = failed

    def arrived(self, call: Call, response: Any) -> None:
        """Take an answer whose headers are there, and whose body may be."""
        call.body_open = not response.is_closed
        if call.surface.secret:
            call.body = None
        else:
            call.body = self._body(call, response.headers.get("content-type", ""))
        if call.body_open:
            # For an app that drops the body unread, where no native span would tell.
            weakref.finalize(response, self._recorder.finish, call, Outcome.ABANDONED)
            response.extensions[_EXTENSION] = call
            self._watch(call, response)
        elif call.body is not None:
            self._feed(call, response.content)
            call.read_to_end = True

    def _body(self, call: Call, content_type: str) -> Body:
        """What watches a body of this type, and what stands for its inspection until it came."""
        if content_type.startswith("text/event-stream"):
            call.assembler = StreamAssembler()
            return ServerSentEvents(partial(self._event, call))
        if content_type.startswith(_AWS_EVENT_STREAM):
            call.assembler = StreamAssembler()
            return _Opaque()
        if "jsonl" in content_type:
            call.output = Inspected()
            return JsonLines(partial(self._recorder.item_arrived, call))
        if "json" in content_type:
            call.output = UNINSPECTED
            return JsonBody(partial(self._recorder.answered, call))
        if call.surface.is_download:
            return FileBody(self._recorder.keys.digest("file"), partial(self._file, call, content_type))
        return _Opaque()

    def _event(self, call: Call, event: Any) -> None:
        call.chunk_arrived()
        if call.assembler is not None and not call.assembler.observe(event):
            self._recorder.part_arrived(call, as_dict(event))

    def _decoded(self, call: Call, event: Any) -> None:
        """Take an event that the SDK decoded; one that cannot be read makes the whole answer uninspected."""
        try:
            self._event(call, event)
        except Exception as error:  # noqa: BLE001 - the app gets its event all the same
            health.swallow("capture.event", error)
            call.output = UNINSPECTED

    @staticmethod
    def _file(call: Call, content_type: str, size: int, digest: str) -> None:
        call.response = {
            Attr.FILE_SIZE: size,
            Attr.FILE_TYPE: content_type.partition(";")[0].strip(),
            Attr.FILE_DIGEST: digest,
        }

    def _feed(self, call: Call, chunk: bytes) -> None:
        body = call.body
        if body is None:
            return
        try:
            body.feed(chunk)
        except Exception as error:  # noqa: BLE001 - what cannot be decoded counts as uninspected
            health.swallow("capture.body", error)
            call.output, call.body = UNINSPECTED, None

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
        if call.body is None:
            chunks: Iterator[bytes] = type(response).iter_bytes(response, chunk_size)
            return chunks
        return self._observed_bytes(call, response, chunk_size)

    def _observed_bytes(self, call: Call, response: Any, chunk_size: int | None) -> Iterator[bytes]:
        chunker = _Chunker(chunk_size)
        with closing(type(response).iter_bytes(response)) as chunks:
            try:
                # All that arrived is seen before a part of it is handed on: the span may end with the last raw byte.
                for chunk in chunks:
                    self._feed(call, chunk)
                    yield from chunker.split(chunk)
            except BaseException as error:
                self._raised(call, error)
                raise
        self._read_to_end(call)
        yield from chunker.rest()

    def _aiter_bytes(self, call: Call, reference: Any, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        response = reference()
        if call.body is None:
            chunks: AsyncIterator[bytes] = type(response).aiter_bytes(response, chunk_size)
            return chunks
        return self._aobserved_bytes(call, response, chunk_size)

    async def _aobserved_bytes(self, call: Call, response: Any, chunk_size: int | None) -> AsyncIterator[bytes]:
        chunker = _Chunker(chunk_size)
        async with _AsyncClosing(type(response).aiter_bytes(response)) as chunks:
            try:
                async for chunk in chunks:
                    self._feed(call, chunk)
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
        return self._observed(events, call)

    def _observed(self, events: Any, call: Call) -> Iterator[Any]:
        with closing(events):
            try:
                for event in events:
                    self._decoded(call, event)
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
        return self._async_observed(events, call)

    async def _async_observed(self, events: Any, call: Call) -> AsyncIterator[Any]:
        async with _AsyncClosing(events):
            try:
                async for event in events:
                    self._decoded(call, event)
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
        else:
            call.closed_by_app = True
            self._failed(call, error)

    def _read_to_end(self, call: Call) -> None:
        call.read_to_end = True
        self._ended(call)

    def _ended(self, call: Call) -> None:
        with health.contained("capture.stream"):
            self._recorder.finish(call, stream_outcome(call))


class _Opaque:
    """A body that nobody here can decode: if there is any, it is uninspected. The SDK decodes that of AWS itself."""

    failed = False
    kept = 0

    def feed(self, chunk: bytes) -> None:
        """Note that there was something."""
        self.failed = self.failed or bool(chunk)

    def end(self) -> None:
        """Nothing is known of it."""


class _AsyncClosing:
    """Closes an async generator behind a block, unless the event loop does so already.

    It closes generators that are garbage by tasks of its own, an inner one perhaps before the outer one.
    """

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    async def __aenter__(self) -> Any:
        return self._generator

    async def __aexit__(self, *exc_info: object) -> None:
        if not getattr(self._generator, "ag_running", False):
            await self._generator.aclose()


class _Chunker:
    """Cuts bytes into pieces of one size, as ``iter_bytes(chunk_size)`` promises.

    Args:
        size: Bytes of a piece; `None` leaves chunks as they come.
    """

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._rest = b""

    def split(self, chunk: bytes) -> Iterator[bytes]:
        """The pieces that `chunk` completes."""
        size = self._size
        if size is None:
            yield chunk
            return
        data = self._rest + chunk
        whole = len(data) - len(data) % size
        self._rest = data[whole:]
        for start in range(0, whole, size):
            yield data[start : start + size]

    def rest(self) -> Iterator[bytes]:
        """The last, shorter piece."""
        if self._rest:
            yield self._rest


def _call_of(stream: Any) -> Call | None:
    """The call whose answer a stream reads; `None` for a stream of nobody's call, or of a mock without extensions."""
    extensions = getattr(getattr(stream, "response", None), "extensions", None)
    call = extensions.get(_EXTENSION) if isinstance(extensions, dict) else None
    return call if isinstance(call, Call) else None
