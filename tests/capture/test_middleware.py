"""Middleware of the app that asks again: one call, of which every request and the answer that the app gets are seen."""

import gc
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from opentelemetry import baggage
from opentelemetry.context import attach, detach
from support.observed import Observed

from otel_compliance import Policy, instrument, uninstrument
from otel_compliance.names import Attr
from otel_compliance.testing import Reply

anthropic = pytest.importorskip("anthropic", minversion="2.12", reason="earlier versions have no fallbacks")
httpx2 = pytest.importorskip("httpx2")

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "My e-mail is jane.doe@example.com"}],
}
DECLINED, SERVED = "Call 415-555-2671", "Write to bob@example.com"
FACTS = (
    Attr.CALL_OUTCOME,
    Attr.ATTEMPT_STATUSES,
    Attr.PII_INPUT_TYPES,
    Attr.PII_INPUT_COUNT,
    Attr.PII_OUTPUT_TYPES,
    Attr.FALLBACK_MODELS,
    "gen_ai.request.model",
    "gen_ai.response.model",
    "gen_ai.response.finish_reasons",
)
FELL_BACK = {
    Attr.CALL_OUTCOME: "completed",
    Attr.ATTEMPT_STATUSES: "[200,200]",
    Attr.PII_INPUT_TYPES: '["EMAIL"]',
    Attr.PII_INPUT_COUNT: "1",
    "gen_ai.request.model": "claude-sonnet-5",
    "gen_ai.response.model": "claude-opus-5",
    "gen_ai.response.finish_reasons": '["end_turn"]',
}

SPLICED = {Attr.PII_OUTPUT_TYPES: '["EMAIL","PHONE"]', Attr.FALLBACK_MODELS: "claude-sonnet-5"}


def facts(event: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an event that fallbacks have a say in."""
    return {name: event[name] for name in FACTS if name in event}


def _message(model: str) -> dict[str, Any]:
    declines = model == ASK["model"]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": DECLINED if declines else SERVED}],
        "stop_reason": "refusal" if declines else "end_turn",
        "stop_sequence": None,
        "stop_details": {"type": "refusal", "fallback_credit_token": "token-1"} if declines else None,
        "usage": {"input_tokens": 10, "output_tokens": 20},
    }


def _events(message: Mapping[str, Any]) -> bytes:
    [block] = message["content"]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": block["text"]}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")},
            "usage": {"output_tokens": 20},
        },
        {"type": "message_stop"},
    ]
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


class Api:
    """An API on which one model declines and the other serves. Keeps what it was sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def __call__(self, request: Any) -> Any:
        body = json.loads(request.content)
        self.sent.append((dict(request.headers), body))
        message = _message(body["model"])
        if body.get("stream"):
            return httpx2.Response(200, content=_events(message), headers={"content-type": "text/event-stream"})
        return httpx2.Response(200, json=message)


@pytest.fixture
def api() -> Api:
    """One for each test."""
    return Api()


def _falling_back(observed: Observed, api: Api, *, sync: bool) -> Any:
    from anthropic.lib.middleware import BetaRefusalFallbackMiddleware

    transport = httpx2.MockTransport(api)
    http_client = httpx2.Client(transport=transport) if sync else httpx2.AsyncClient(transport=transport)
    make = observed.client if sync else observed.async_client
    return make(http_client=http_client, middleware=[BetaRefusalFallbackMiddleware([{"model": "claude-opus-5"}])])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_fallbacks_of_the_sdk(any_mode: Observed, api: Api, stream: bool) -> None:
    """The call says who declined and who served; what the app reads is inspected, from whichever model it came."""
    client = _falling_back(any_mode, api, sync=True)
    if stream:
        list(client.beta.messages.create(**ASK, stream=True))
        with client.beta.messages.stream(**ASK) as helper:
            assert helper.get_final_message().model == "claude-opus-5"
    else:
        client.beta.messages.create(**ASK)
        client.beta.messages.create(**ASK)
    # Of whole answers the SDK keeps the first to itself, and marks the change of model only in what it gives the app.
    output = {Attr.PII_OUTPUT_TYPES: '["EMAIL"]'}
    assert [facts(event) for event in any_mode.events()] == [{**FELL_BACK, **(SPLICED if stream else output)}] * 2


async def test_fallbacks_of_the_async_client(any_mode: Observed, api: Api) -> None:
    """The same, async, however the stream is read."""
    client = _falling_back(any_mode, api, sync=False)
    async for _ in await client.beta.messages.create(**ASK, stream=True):
        pass
    async with client.beta.messages.with_streaming_response.create(**ASK, stream=True) as response:
        assert [line async for line in response.iter_lines() if line == "event: message_stop"]
    assert [facts(event) for event in any_mode.events()] == [{**FELL_BACK, **SPLICED}] * 2
    await client.close()


def test_a_fallback_that_is_left_early(any_mode: Observed, api: Api) -> None:
    """A spliced stream that the app closes or drops is one call like any other."""
    client = _falling_back(any_mode, api, sync=True)
    client.beta.messages.create(**ASK, stream=True).close()
    stream = client.beta.messages.create(**ASK, stream=True)
    next(stream)
    del stream
    gc.collect()
    assert any_mode.outcomes() == ["cancelled", "abandoned"]


def test_a_fallback_has_no_baggage(any_mode: Observed, api: Api) -> None:
    """Requests that are made while the app reads carry none of its baggage either, and the app keeps its own."""
    client = _falling_back(any_mode, api, sync=True)
    token = attach(baggage.set_baggage("user.email", "bob@example.com"))
    try:
        for _ in client.beta.messages.create(**ASK, stream=True):
            assert baggage.get_baggage("user.email") == "bob@example.com"
    finally:
        detach(token)
    assert [body["model"] for _, body in api.sent] == ["claude-sonnet-5", "claude-opus-5"]
    assert [headers for headers, _ in api.sent if "baggage" in headers] == []


def test_a_fallback_is_placed(claude: Any, api: Api, observed: Observed) -> None:
    """The residency rule holds for requests that are made while the app reads."""
    uninstrument()
    policy = Policy.parse('version = 1\n[residency]\nallowed = ["us"]\non_violation = "block"\ninject = "us"\n')
    instrument(policy=policy, tracer_provider=observed.tracer_provider, logger_provider=observed.logger_provider)
    list(_falling_back(observed, api, sync=True).beta.messages.create(**ASK, stream=True))
    assert [body["inference_geo"] for _, body in api.sent] == ["us", "us"]


Next = Callable[[Any], Any]


def _ask_twice(request: Any, call_next: Next) -> Any:
    call_next(request)
    gc.collect()
    return call_next(request)


def _read_then_ask_again(request: Any, call_next: Next) -> Any:
    list(call_next(request).parse())
    return call_next(request)


def _answer_for_the_api(request: Any, call_next: Next) -> Any:
    return list(call_next(request).parse())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("middleware", "found"),
    [
        (_ask_twice, '["PHONE"]'),
        (_read_then_ask_again, '["PHONE"]'),
        (_answer_for_the_api, '["EMAIL"]'),
    ],
)
def test_streams_that_middleware_takes_for_itself(
    any_mode: Observed, middleware: Callable[[Any, Next], Any], found: str
) -> None:
    """A call lasts until its last answer is read; what middleware drops or reads before does not end it."""
    any_mode.claude.enqueue(Reply(text="Write to bob@example.com"), Reply(text="Call 415-555-2671"))
    list(any_mode.client().with_middleware(middleware).messages.create(**ASK, stream=True))
    gc.collect()
    [event] = any_mode.events()
    assert (event[Attr.CALL_OUTCOME], event[Attr.PII_OUTPUT_TYPES]) == ("completed", found)


def test_each_body_is_inspected(any_mode: Observed) -> None:
    """What middleware adds to a later request is found, too, and what it sends again is not counted twice."""
    extra = [{"role": "user", "content": "and my phone is +1 415 555 2671"}]

    def ask_for_more(request: Any, call_next: Next) -> Any:
        call_next(request)
        return call_next(request.copy(body={**request.json, "messages": [*ASK["messages"], *extra]}))

    any_mode.client().with_middleware(ask_for_more).messages.create(**ASK)
    [event] = any_mode.events()
    assert (event[Attr.PII_INPUT_TYPES], event[Attr.PII_INPUT_COUNT]) == ('["EMAIL","PHONE"]', "2")
