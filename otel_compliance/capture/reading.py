"""Reads the bodies of answers, whole or as they come, and hands on what is in them."""

from __future__ import annotations

import time
from functools import partial
from typing import Any, Final, Protocol

from otel_compliance import health
from otel_compliance.capture.body import Body, FileBody, JsonBody, JsonLines, Opaque, ServerSentEvents
from otel_compliance.capture.call import UNINSPECTED, Call, Inspected
from otel_compliance.capture.stream import StreamAssembler, as_dict
from otel_compliance.keys import KeyRing
from otel_compliance.names import Attr

_AWS_EVENT_STREAM: Final = "application/vnd.amazon.eventstream"


class Inspector(Protocol):
    """Takes what was read: `otel_compliance.capture.recorder.Recorder`."""

    def answered(self, call: Call, body: Any) -> None:
        """Take the whole body of an answer."""

    def part_arrived(self, call: Call, part: Any) -> None:
        """Take one part of an answer that is no message."""

    def item_arrived(self, call: Call, item: Any) -> None:
        """Take one result of a batch."""


class BodyReader:
    """Reads the bodies of answers.

    Args:
        inspector: Takes what was read.
        keys: Makes the digests of files.
    """

    def __init__(self, inspector: Inspector, keys: KeyRing) -> None:
        self._inspector = inspector
        self._keys = keys

    def begin(self, call: Call) -> Body | None:
        """What reads the body of an answer whose headers are there; `None` where nothing of it may be read."""
        call.output, call.assembler = None, None
        if call.surface.secret:
            return None
        content_type = call.answer_headers.get("content-type", "")
        if content_type.startswith("text/event-stream"):
            call.assembler = StreamAssembler()
            return ServerSentEvents(partial(self.decoded, call))
        if content_type.startswith(_AWS_EVENT_STREAM):
            # Its events come from the SDK, which decodes them.
            call.assembler = StreamAssembler()
            return Opaque()
        if "jsonl" in content_type:
            call.output = Inspected()
            return JsonLines(partial(self._inspector.item_arrived, call))
        if "json" in content_type:
            call.output = UNINSPECTED
            return JsonBody(partial(self._inspector.answered, call))
        if call.surface.is_download:
            return FileBody(self._keys.digest("file"), partial(self._file, call, content_type))
        return Opaque()

    def feed(self, call: Call, chunk: bytes) -> None:
        """Take the next bytes; an answer that cannot be decoded counts as uninspected."""
        body = call.body
        if body is None:
            return
        try:
            body.feed(chunk)
        except Exception as error:  # noqa: BLE001 - the app gets its bytes all the same
            health.swallow("capture.body", error)
            call.output, call.body = UNINSPECTED, None

    def decoded(self, call: Call, event: Any) -> None:
        """Take an event; one that cannot be read makes the whole answer uninspected."""
        try:
            if not call.first_chunk_ns:
                call.first_chunk_ns = time.time_ns()
            if call.assembler is not None and not call.assembler.observe(event):
                self._inspector.part_arrived(call, as_dict(event))
        except Exception as error:  # noqa: BLE001 - the app gets its event all the same
            health.swallow("capture.event", error)
            call.output = UNINSPECTED

    def finish(self, call: Call) -> None:
        """Read what is left when the call has ended: all of an answer that the SDK read itself."""
        content, call.whole = call.whole, None
        if content is not None:
            call.body = self.begin(call)
            self.feed(call, content)
        if call.body is not None:
            call.body.end()
            if call.body.failed:
                call.output = UNINSPECTED
            # It hands on to the call, so that neither would be gone before the garbage collector comes.
            call.body = None

    @staticmethod
    def _file(call: Call, content_type: str, size: int, digest: str) -> None:
        call.response = {
            Attr.FILE_SIZE: size,
            Attr.FILE_TYPE: content_type.partition(";")[0].strip(),
            Attr.FILE_DIGEST: digest,
        }
