"""What is kept of a stream: every kind of content, and no more than a bound."""

import gc
import json
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any

import anthropic
import pytest
from packaging.version import Version
from support.observed import NATIVE_SPANS, Observed

from otel_compliance.names import Attr

httpx2 = pytest.importorskip("httpx2", reason="the transport in memory is of version 1 and later")

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "Hello"}],
}
START: dict[str, Any] = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
}
END: list[dict[str, Any]] = [
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 9},
    },
    {"type": "message_stop"},
]
CITATION = {
    "type": "char_location",
    "cited_text": "bob@example.com",
    "document_index": 0,
    "document_title": None,
    "start_char_index": 0,
    "end_char_index": 15,
}


def _client(observed: Observed, events: Iterable[dict[str, Any]]) -> anthropic.Anthropic:
    """A client whose API answers with these events, made one by one."""

    def body() -> Iterator[bytes]:
        for event in events:
            yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()

    def answer(_: Any) -> Any:
        return httpx2.Response(200, content=body(), headers={"content-type": "text/event-stream"})

    return observed.client(http_client=httpx2.Client(transport=httpx2.MockTransport(answer)))


def _block(block: dict[str, Any], *deltas: dict[str, Any], index: int = 0) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


@pytest.mark.parametrize(
    "events",
    [
        _block({"type": "text", "text": "Write to bob@exa"}, {"type": "text_delta", "text": "mple.com"}),
        _block(
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "bob@example.com"},
        ),
        _block({"type": "text", "text": ""}, {"type": "citations_delta", "citation": CITATION}),
        _block({"type": "compaction", "content": None}, {"type": "compaction_delta", "content": "bob@example.com"}),
        _block({"type": "new_thing"}, {"type": "new_delta", "thing": "bob@example.com"}),
        [{"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta", "text": "bob@example.com"}}],
        pytest.param(
            [{"type": "new_event", "thing": "bob@example.com"}],
            marks=pytest.mark.skipif(
                Version(anthropic.__version__) < Version("2.12"), reason="earlier versions give the app no such event"
            ),
        ),
    ],
    ids=["text", "thinking", "citation", "compaction", "new delta", "delta without a start", "new event"],
)
def test_every_kind_of_content_is_inspected(any_mode: Observed, events: list[dict[str, Any]]) -> None:
    """A value is found wherever it stands in a stream, also in what this release does not know."""
    list(_client(any_mode, [START, *events, *END]).beta.messages.create(**ASK, stream=True))
    [event] = any_mode.events()
    assert (event[Attr.PII_OUTPUT_TYPES], event[Attr.USAGE_COMPLETE]) == ('["EMAIL"]', "true")


@pytest.mark.parametrize(
    "events",
    [
        _block({"type": "text", "text": ""}, *({"type": "text_delta", "text": "x" * 1024},) * 1025),
        [event for index in range(1025) for event in _block({"type": "text", "text": "x" * 1024}, index=index)],
        _block({"type": "text", "text": ""}, *({"type": "new_delta", "thing": "x" * 1024},) * 1025),
    ],
    ids=["text", "blocks", "new deltas"],
)
def test_a_longer_answer_than_is_kept_fails_closed(any_mode: Observed, events: list[dict[str, Any]]) -> None:
    """Beyond the bound nothing is kept, whatever the answer consists of, and it counts as uninspected."""
    list(_client(any_mode, [START, *events, *END]).beta.messages.create(**ASK, stream=True))
    [event] = any_mode.events()
    assert (event[Attr.CLASSIFICATION], event[Attr.REDACTION_STATUS]) == ("RESTRICTED", "failed")
    assert event["gen_ai.usage.output_tokens"] == "9"


def _kept(observed: Observed, pieces: int, delta: dict[str, Any] | None) -> int:
    """Bytes that are held at the end of a stream, while it is still open."""
    inside = _block({"type": "text", "text": ""}, *[delta] * pieces) if delta else [{"type": "ping"}] * pieces
    stream = _client(observed, [START, *inside, *END]).messages.create(**ASK, stream=True)
    next(stream)
    gc.collect()
    tracemalloc.start()
    try:
        for event in stream:
            if event.type == "message_delta":
                gc.collect()
                return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        stream.close()
    raise AssertionError("the stream had no end")


def test_the_memory_of_a_stream(observed: Observed) -> None:
    """A hundred times as many events take the memory of their text and nothing else."""
    observed.client_options = {"open_telemetry": False} if NATIVE_SPANS else {}
    text = {"type": "text_delta", "text": "four"}
    _kept(observed, 200, text)
    few, many = _kept(observed, 200, text), _kept(observed, 20_000, text)
    assert many - few < 1.5 * 4 * 20_000
    few, many = _kept(observed, 200, None), _kept(observed, 20_000, None)
    assert many - few < 10_000
