"""Every way to make a call and every way for it to end: one span, one audit event, the right outcome."""

import asyncio
import gc
import json
import logging
from typing import Any

import anthropic
import pytest
from dirty_equals import IsPositiveInt, IsStr
from support.observed import API_KEY, Observed

from otel_compliance import context
from otel_compliance.testing import ApiError, Drop, Reply

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "My e-mail is jane.doe@example.com"}],
    "metadata": {"user_id": "user-17"},
}


def test_a_call_carries_every_fact(observed: Observed) -> None:
    """The SDK's own span is completed with every attribute that a message can have, and nothing else is made."""
    observed.claude.enqueue(
        Reply(text="Call +1 415 555 2671", inference_geo="us", usage={"cache_read_input_tokens": 3})
    )
    with context(session_id="s-1", purpose="support", jurisdiction="DE", source_ip="203.0.113.77"):
        observed.client().messages.create(**ASK)
    [span] = observed.spans()
    ours = {name: value for name, value in span.items() if name.startswith(("compliance.", "client."))}
    assert ours == {
        "client.address": "203.0.113.0",
        "compliance.action": "redact",
        "compliance.call.duration": IsPositiveInt,
        "compliance.call.outcome": "completed",
        "compliance.classification": "CONFIDENTIAL",
        "compliance.classification.source": "content",
        "compliance.hipaa.eligible": True,
        "compliance.jurisdiction": "DE",
        "compliance.key.hint": "sk-ant-api03-kkk...igAA",
        "compliance.key.id": IsStr(regex=r"k1:[a-z2-7]{16}"),
        "compliance.pii.detected": True,
        "compliance.pii.input.count": 1,
        "compliance.pii.input.types": ("EMAIL",),
        "compliance.pii.output.count": 1,
        "compliance.pii.output.types": ("PHONE",),
        "compliance.policy.digest": IsStr(regex=r"[0-9a-f]{16}"),
        "compliance.purpose": "support",
        "compliance.ratelimit.requests.limit": 4000,
        "compliance.ratelimit.requests.remaining": 3999,
        "compliance.ratelimit.tokens.limit": 400_000,
        "compliance.ratelimit.tokens.remaining": 399_000,
        "compliance.redaction.count": 2,
        "compliance.redaction.status": "complete",
        "compliance.region.actual": "us",
        "compliance.region.violation": False,
        "compliance.request.type": "messages.create",
        "compliance.retention.days": 90,
        "compliance.secret.detected": False,
        "compliance.session.id": IsStr(regex=r"k1:[a-z2-7]{16}"),
        "compliance.team.id": "support",
        "compliance.user.id": IsStr(regex=r"k1:[a-z2-7]{16}"),
        "compliance.zdr.eligible": True,
    }
    assert span["gen_ai.input.messages"] == IsStr(
        regex=r'\[\{"role":"user","parts":\[\{"type":"text","content":"My e-mail is \[EMAIL:k1:[a-z2-7]{16}\]"\}\]\}\]'
    )
    assert span["gen_ai.output.messages"] == IsStr(
        regex=r'\[\{"role":"assistant","parts":\[\{"type":"text","content":"Call \[PHONE:k1:[a-z2-7]{16}\]"\}\],'
        r'"finish_reason":"end_turn"\}\]'
    )


def test_the_audit_event_has_the_facts_without_content(observed: Observed) -> None:
    """The event of a call says the same as its span and more, but never has content, not even redacted."""
    observed.client().messages.create(**ASK, inference_geo="us")
    [span], [event] = observed.spans(), observed.events()
    shared = {name for name in span if name.startswith("compliance.")}
    assert {name: event[name] for name in shared if isinstance(event[name], str)} == {
        name: str(span[name]).lower() if isinstance(span[name], bool) else str(span[name])
        for name in shared
        if not isinstance(span[name], tuple)
    } | {name: '["EMAIL"]' if span[name] else "[]" for name in shared if isinstance(span[name], tuple)}
    assert event["gen_ai.request.model"] == "claude-sonnet-5"
    assert event["compliance.region.requested"] == "us"
    assert event["anthropic.request.id"] == "req_local00000001"
    assert event["compliance.audit.sequence"] == 1
    assert not [name for name in event if "messages" in name or "instructions" in name]


def test_input_tokens_include_cached_ones(any_mode: Observed) -> None:
    """The conventions' input count is uncached plus read from and written to the cache."""
    usage = {"input_tokens": 10, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 3, "output_tokens": 5}
    any_mode.claude.enqueue(Reply(usage=usage), Reply(usage=usage))
    client = any_mode.client()
    client.messages.create(**ASK)
    with client.messages.stream(**ASK) as stream:
        stream.get_final_message()
    assert [
        (
            event["gen_ai.usage.input_tokens"],
            event["gen_ai.usage.output_tokens"],
            event["gen_ai.usage.cache_read.input_tokens"],
        )
        for event in any_mode.events()
    ] == [("15", "5", "2")] * 2


def test_every_way_to_call_gives_one_record(any_mode: Observed) -> None:
    """Plain, streamed, by helper, raw, raw stream, streaming response, user middleware, raw post: one record each."""
    client = any_mode.client()
    client.messages.create(**ASK)
    list(client.messages.create(**ASK, stream=True))
    with client.messages.stream(**ASK) as stream:
        stream.get_final_message()
    client.messages.with_raw_response.create(**ASK).parse()
    list(client.messages.with_raw_response.create(**ASK, stream=True).parse())
    with client.messages.with_streaming_response.create(**ASK, stream=True) as response:
        list(response.parse())
    client.with_middleware(lambda request, call_next: call_next(request)).messages.create(**ASK)
    client.beta.messages.create(**ASK)
    client.post("/v1/messages", body=ASK, cast_to=object)
    assert any_mode.outcomes() == ["completed"] * 9
    assert [event["compliance.pii.input.types"] for event in any_mode.events()] == ['["EMAIL"]'] * 9


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        (ApiError(429, retry_after=0), "rate_limit_error"),
        (ApiError(529), "overloaded_error"),
        (ApiError(400), "invalid_request_error"),
        (Drop(), "connection_error"),
    ],
)
def test_a_failed_call_is_recorded_and_raised_unchanged(any_mode: Observed, fault: Any, error_type: str) -> None:
    """The app gets the SDK's own exception; the record has its type, the input's findings and no message."""
    any_mode.claude.enqueue(Reply(fault=fault))
    with pytest.raises(anthropic.APIError) as caught:
        any_mode.client().messages.create(**ASK)
    assert caught.type.__module__.startswith("anthropic")
    [event] = any_mode.events()
    assert (event["compliance.call.outcome"], event["error.type"]) == ("error", error_type)
    assert event["compliance.pii.input.types"] == '["EMAIL"]'


def test_a_retry_is_one_call(any_mode: Observed) -> None:
    """Attempts of one call are one record, and the request is inspected once."""
    any_mode.claude.enqueue(Reply(fault=ApiError(529)), Reply())
    any_mode.client(max_retries=2).messages.create(**ASK)
    assert any_mode.outcomes() == ["completed"]
    assert any_mode.events()[0]["compliance.pii.input.count"] == "1"


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [(ApiError(529, after_events=4), "overloaded_error"), (Drop(after_events=4), "connection_error")],
)
def test_a_stream_that_fails_is_an_error(any_mode: Observed, fault: Any, error_type: str) -> None:
    """An error event or a cut connection in the middle of a stream ends the call as an error."""
    any_mode.claude.enqueue(Reply(fault=fault))
    with pytest.raises(Exception, match=r"overloaded|peer closed|incomplete"):
        list(any_mode.client().messages.create(**ASK, stream=True))
    [event] = any_mode.events()
    assert (event["compliance.call.outcome"], event["error.type"]) == ("error", error_type)


def _close_early(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ASK) as stream:
        next(iter(stream.text_stream))


def _close_without_reading(client: anthropic.Anthropic) -> None:
    client.messages.create(**ASK, stream=True).close()


def _drop_after_one_event(client: anthropic.Anthropic) -> None:
    stream = client.messages.create(**ASK, stream=True)
    next(iter(stream))


def _drop_without_reading(client: anthropic.Anthropic) -> None:
    client.messages.create(**ASK, stream=True)


def _raise_in_the_consumer(client: anthropic.Anthropic) -> None:
    with pytest.raises(ZeroDivisionError), client.messages.stream(**ASK) as stream:
        for _ in stream:
            raise ZeroDivisionError


# The SDK leaves the socket of a dropped stream to the garbage collector, which warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("leave", "outcome"),
    [
        (_close_early, "cancelled"),
        (_close_without_reading, "cancelled"),
        (_drop_after_one_event, "abandoned"),
        (_drop_without_reading, "abandoned"),
        (_raise_in_the_consumer, "cancelled"),
    ],
)
def test_a_stream_that_is_left_early(any_mode: Observed, leave: Any, outcome: str) -> None:
    """However the app leaves a stream, it is one record, and the placeholder count is not reported as real."""
    leave(any_mode.client())
    gc.collect()
    [event] = any_mode.events()
    assert (event["compliance.call.outcome"], event["compliance.usage.complete"]) == (outcome, "false")
    assert "gen_ai.usage.output_tokens" not in event


def test_a_complete_stream_is_inspected_as_a_whole(any_mode: Observed) -> None:
    """A value that is split over many events of a stream is found."""
    any_mode.claude.enqueue(Reply(text="You can write to the address john.smith.the.third@example.com at any time."))
    list(any_mode.client().messages.create(**ASK, stream=True))
    [event] = any_mode.events()
    assert event["compliance.pii.output.types"] == '["EMAIL"]'
    assert event["compliance.usage.complete"] == "true"


async def test_async_calls(any_mode: Observed) -> None:
    """The async client is captured the same way."""
    client = any_mode.async_client()
    await client.messages.create(**ASK)
    async with client.messages.stream(**ASK) as stream:
        await stream.get_final_message()
    async for _ in await client.messages.create(**ASK, stream=True):
        pass
    await asyncio.gather(*(client.messages.create(**ASK) for _ in range(20)))
    assert any_mode.outcomes() == ["completed"] * 23
    await client.close()


async def test_a_cancelled_task(any_mode: Observed) -> None:
    """A task that is cancelled while it waits for the answer is a cancelled call, and stays cancelled."""
    any_mode.claude.enqueue(Reply(delay=3600))
    client = any_mode.async_client()
    task = asyncio.create_task(client.messages.create(**ASK))
    while not any_mode.claude.requests:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert any_mode.outcomes() == ["cancelled"]
    await client.close()


def test_generators_reach_the_api_intact(any_mode: Observed) -> None:
    """One-shot iterators in the request are read once, by the SDK."""
    any_mode.client().messages.create(**{**ASK, "messages": (message for message in ASK["messages"])})
    assert any_mode.claude.requests[0].json["messages"] == ASK["messages"]
    assert any_mode.events()[0]["compliance.pii.input.types"] == '["EMAIL"]'


def test_the_same_key_has_the_same_identity(any_mode: Observed) -> None:
    """The fingerprint tells keys apart and is stable, however the key is sent."""
    any_mode.client().messages.create(**ASK)
    any_mode.client(api_key=None, auth_token=API_KEY).messages.create(**ASK)
    any_mode.client(api_key=API_KEY[::-1]).messages.create(**ASK)
    first, second, third = (event["compliance.key.id"] for event in any_mode.events())
    assert first == second != third


def test_nothing_of_the_caller_reaches_the_wire(any_mode: Observed) -> None:
    """Neither our context nor the app's own baggage is sent to the provider; the app keeps its baggage."""
    from opentelemetry import baggage
    from opentelemetry.context import attach, detach

    token = attach(baggage.set_baggage("user.email", "bob@example.com"))
    try:
        with context(user_id="caller-secret", team_id="team-secret"):
            any_mode.client().messages.create(**ASK)
        assert baggage.get_baggage("user.email") == "bob@example.com"
    finally:
        detach(token)
    [request] = any_mode.claude.requests
    sent = repr(dict(request.headers)) + request.body.decode()
    assert "baggage" not in request.headers
    assert "caller-secret" not in sent
    assert "team-secret" not in sent
    assert "bob" not in sent


def test_what_the_app_says_of_itself_is_redacted(observed: Observed) -> None:
    """Personal data in a model's name, a team or a purpose does not get into spans or audit events."""
    with context(team_id="jane.doe@example.com", purpose="call 415-555-2671", jurisdiction="203.0.113.77"):
        observed.client().messages.create(**{**ASK, "model": "tuned-for-jane.doe@example.com"})
    [span], [event] = observed.spans(), observed.events()
    ours = {name: value for name, value in span.items() if name.startswith("compliance.")}
    assert not [value for value in ("jane.doe", "415-555", "203.0.113") if value in repr((ours, event))]
    assert event["compliance.team.id"].startswith("[EMAIL:k1:")


def test_the_callers_class_is_a_floor(observed: Observed) -> None:
    """The highest of content, caller and policy wins, and its source is recorded."""
    harmless = {**ASK, "messages": [{"role": "user", "content": "Hello"}]}
    client = observed.client()
    client.messages.create(**harmless)
    with context(classification="RESTRICTED"):
        client.messages.create(**ASK)
    with context(classification="PUBLIC"):
        client.messages.create(**ASK)
    assert [
        (event["compliance.classification"], event["compliance.classification.source"]) for event in observed.events()
    ] == [("INTERNAL", "policy"), ("RESTRICTED", "context"), ("CONFIDENTIAL", "content")]


@pytest.fixture
def _short_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "200")


@pytest.mark.usefixtures("_short_values")
def test_content_is_cut_behind_redaction_and_stays_json(any_mode: Observed) -> None:
    """Under a limit of the SDK content is shortened, not broken; where a value is cut, its token goes, too."""
    question = "Please " * 20 + "write to jane.doe@example.com now. " + "Soon, " * 100
    any_mode.claude.enqueue(Reply(text="To jane.doe@example.com: " + "fine, " * 100))
    any_mode.client().messages.create(**{**ASK, "messages": [{"role": "user", "content": question}] * 9})
    for span in any_mode.spans():
        asked, answered = (json.loads(span[f"gen_ai.{side}.messages"]) for side in ("input", "output"))
        assert [item["role"] for item in asked] == ["user"] * len(asked) != []
        assert answered[0]["parts"][0]["content"] == IsStr(regex=r"To \[EMAIL:k1:[a-z2-7]{16}\]: fine, .*…\[cut\]")
        assert len(span["gen_ai.input.messages"]) <= 200 >= len(span["gen_ai.output.messages"])
        assert "jane" not in str(span)


def test_restricted_content_is_not_kept(observed: Observed) -> None:
    """By the built-in policy a RESTRICTED prompt leaves facts and no content, redacted or not."""
    observed.client().messages.create(**{**ASK, "messages": [{"role": "user", "content": "My SSN is 123-45-6789"}]})
    [span] = observed.spans()
    assert (span["compliance.classification"], span["compliance.retention.days"]) == ("RESTRICTED", 30)
    assert not [name for name in span if name in ("gen_ai.input.messages", "gen_ai.output.messages")]


def test_the_answer_is_the_apps(observed: Observed) -> None:
    """What the app gets is what the API sent: redaction is for records, not for traffic."""
    observed.claude.enqueue(Reply(text="Write to jane.doe@example.com"))
    message = observed.client().messages.create(**ASK)
    assert message.content[0].text == "Write to jane.doe@example.com"
    assert observed.claude.requests[0].json["messages"] == ASK["messages"]


@pytest.mark.breaks
@pytest.mark.parametrize("part", ["request_facts", "response_facts"])
def test_what_breaks_before_inspection_counts_as_a_failure(
    observed: Observed, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """Content that was never inspected is RESTRICTED, not clean."""
    from otel_compliance.capture import messages, request

    def broken(*args: Any) -> Any:
        raise LookupError("jane.doe@example.com")

    monkeypatch.setattr(request if part == "request_facts" else messages, part, broken)
    assert observed.client().messages.create(**ASK).stop_reason == "end_turn"
    [event] = observed.events()
    assert (event["compliance.classification"], event["compliance.redaction.status"]) == ("RESTRICTED", "failed")


@pytest.mark.breaks
def test_a_record_that_cannot_be_made_is_not_the_apps_problem(
    observed: Observed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If inspection breaks, the call succeeds, its class is RESTRICTED and it says that redaction failed."""
    from otel_compliance import health
    from otel_compliance.redact import Redactor

    def broken(*args: Any, **options: Any) -> None:
        raise LookupError("jane.doe@example.com")

    monkeypatch.setattr(Redactor, "redact", broken)
    assert observed.client().messages.create(**ASK).stop_reason == "end_turn"
    [event] = observed.events()
    assert (event["compliance.classification"], event["compliance.redaction.status"]) == ("RESTRICTED", "failed")
    assert health.swallowed()["redact.value", "LookupError"] >= 1


def test_debug_logs_of_the_sdk_hold_no_prompts(any_mode: Observed, caplog: pytest.LogCaptureFixture) -> None:
    """With ANTHROPIC_LOG=debug the app's logs say that there was a request, and not what was in it."""
    with caplog.at_level(logging.DEBUG, logger="anthropic"):
        any_mode.client().messages.create(**ASK)
    messages = [record.getMessage() for record in caplog.records if record.name == "anthropic._base_client"]
    assert "Request options: [WITHHELD]" in messages
    assert "jane.doe" not in caplog.text


@pytest.mark.breaks
def test_an_event_that_cannot_be_read_is_not_clean(any_mode: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    """If one event of a stream breaks the assembly, the app reads on, and the answer counts as uninspected."""
    from otel_compliance.capture.stream import StreamAssembler

    observe = StreamAssembler.observe

    def broken(self: StreamAssembler, event: Any) -> bool:
        if event.type == "content_block_delta":
            raise LookupError("jane.doe@example.com")
        return observe(self, event)

    monkeypatch.setattr(StreamAssembler, "observe", broken)
    with any_mode.client().messages.stream(**ASK) as stream:
        assert stream.get_final_message().stop_reason == "end_turn"
    [event] = any_mode.events()
    assert (event["compliance.classification"], event["compliance.redaction.status"]) == ("RESTRICTED", "failed")
