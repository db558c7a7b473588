"""The ways to call Claude and the ways for a call to end, each with what its record must say.

Each scenario runs with the real SDK against a local API, sync and async, and in each of three situations: the SDK makes
the span, this package makes it, or the call is not sampled. docs/coverage.md is generated from this table.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import anthropic
import pytest
from packaging.version import Version

from otel_compliance.testing import ApiError, Drop, Reply

SDK = Version(anthropic.__version__)
ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "My e-mail is jane.doe@example.com"}],
}
STREAM: dict[str, Any] = {**ASK, "stream": True}
USAGE = {"input_tokens": 10, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 3, "output_tokens": 5}
ANSWER = Reply(text="Call +1 415 555 2671", usage=USAGE, inference_geo="us")
PLAIN: Mapping[str, str] = {
    "anthropic.organization.id": "org_01local",
    "anthropic.response.service_tier": "standard",
    "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": "0",
    "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": "0",
    "anthropic.workspace.id": "wrkspc_01local",
    "compliance.action": "redact",
    "compliance.call.outcome": "completed",
    "compliance.classification": "CONFIDENTIAL",
    "compliance.classification.source": "content",
    "compliance.hipaa.eligible": "true",
    "compliance.key.hint": "sk-ant-api03-kkk...igAA",
    "compliance.pii.detected": "true",
    "compliance.pii.input.count": "1",
    "compliance.pii.input.types": '["EMAIL"]',
    "compliance.pii.output.count": "1",
    "compliance.pii.output.types": '["PHONE"]',
    "compliance.redaction.count": "2",
    "compliance.redaction.status": "complete",
    "compliance.region.actual": "us",
    "compliance.region.violation": "false",
    "compliance.request.type": "messages.create",
    "compliance.retention.days": "90",
    "compliance.secret.detected": "false",
    "compliance.team.id": "support",
    "compliance.zdr.eligible": "true",
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.max_tokens": "64",
    "gen_ai.request.model": "claude-sonnet-5",
    "gen_ai.response.finish_reasons": '["end_turn"]',
    "gen_ai.response.model": "claude-sonnet-5",
    "gen_ai.usage.cache_read.input_tokens": "2",
    "gen_ai.usage.cache_write.input_tokens": "3",
    "gen_ai.usage.input_tokens": "15",
    "gen_ai.usage.output_tokens": "5",
    "http.response.status_code": "200",
}
"""Every fact of `messages.create`, but for ids, hashes and durations."""

Facts = Mapping[str, str | None]

STREAMED: Facts = {"gen_ai.request.stream": "true", "compliance.usage.complete": "true"}
UNREAD: Facts = {
    "compliance.pii.output.types": "[]",
    "compliance.pii.output.count": "0",
    "compliance.redaction.count": "1",
}
CUT: Facts = {
    **UNREAD,
    "gen_ai.request.stream": "true",
    "compliance.usage.complete": "false",
    "gen_ai.usage.output_tokens": None,
    "gen_ai.response.finish_reasons": None,
}
"""A stream that did not end: the placeholder count of its first event is no count."""

_OF_MESSAGES = (
    "gen_ai.usage.",
    "gen_ai.response.",
    "anthropic.usage.",
    "anthropic.response.",
    "compliance.region.actual",
)
WITHOUT_MESSAGE: Facts = {**UNREAD, **{name: None for name in PLAIN if name.startswith(_OF_MESSAGES)}}
CANCELLED: Facts = {"compliance.call.outcome": "cancelled"}
ABANDONED: Facts = {"compliance.call.outcome": "abandoned"}
UNREAD_STREAM: Facts = {**CUT, **WITHOUT_MESSAGE}
FAILED: Facts = {**WITHOUT_MESSAGE, "compliance.call.outcome": "error"}
NO_ANSWER: Facts = {
    **WITHOUT_MESSAGE,
    **dict.fromkeys(("http.response.status_code", "anthropic.organization.id", "anthropic.workspace.id")),
}


@dataclass(frozen=True)
class Scenario:
    """One way to call, or to end a call.

    Attributes:
        name: What it is, for a reader of docs/coverage.md.
        sync: Makes the call with a sync client; `None` where only an async client can.
        asynchronous: Makes it with an async client.
        replies: What the API answers.
        facts: Facts that differ from `PLAIN`; `None` for one that must be absent.
        since: Oldest version of the SDK that has it.
    """

    name: str
    sync: Callable[[Any], None] | None
    asynchronous: Callable[[Any], Awaitable[None]]
    facts: Facts = field(default_factory=dict)
    replies: Sequence[Reply] = (ANSWER,)
    since: str = "0.125.0"

    def __str__(self) -> str:
        return self.name

    @property
    def expected(self) -> dict[str, str]:
        """The facts of its audit event."""
        return {name: value for name, value in {**PLAIN, **self.facts}.items() if value is not None}

    @property
    def available(self) -> bool:
        """Whether the installed SDK has it."""
        return Version(self.since) <= SDK


def _create(client: Any) -> None:
    client.messages.create(**ASK)


async def _acreate(client: Any) -> None:
    await client.messages.create(**ASK)


def _read(client: Any) -> None:
    list(client.messages.create(**STREAM))


async def _aread(client: Any) -> None:
    async for _ in await client.messages.create(**STREAM):
        pass


def _with(client: Any) -> None:
    with client.messages.create(**STREAM) as stream:
        for _ in stream:
            pass


async def _awith(client: Any) -> None:
    async with await client.messages.create(**STREAM) as stream:
        async for _ in stream:
            pass


def _helper(client: Any) -> None:
    with client.messages.stream(**ASK) as stream:
        assert stream.get_final_text() == ANSWER.text


async def _ahelper(client: Any) -> None:
    async with client.messages.stream(**ASK) as stream:
        assert await stream.get_final_text() == ANSWER.text


def _break(client: Any) -> None:
    with client.messages.stream(**ASK) as stream:
        for _ in stream.text_stream:
            break


async def _abreak(client: Any) -> None:
    async with client.messages.stream(**ASK) as stream:
        async for _ in stream.text_stream:
            break


def _close(client: Any) -> None:
    client.messages.create(**STREAM).close()


async def _aclose(client: Any) -> None:
    await (await client.messages.create(**STREAM)).close()


def _drop(client: Any) -> None:
    stream = client.messages.create(**STREAM)
    next(iter(stream))
    del stream
    gc.collect()


async def _adrop(client: Any) -> None:
    stream = await client.messages.create(**STREAM)
    await stream.__anext__()
    del stream
    gc.collect()
    await asyncio.sleep(0.05)
    gc.collect()


def _never_iterate(client: Any) -> None:
    client.messages.create(**STREAM)
    gc.collect()


async def _anever_iterate(client: Any) -> None:
    await client.messages.create(**STREAM)
    gc.collect()


def _raise(client: Any) -> None:
    with pytest.raises(ZeroDivisionError), client.messages.stream(**ASK) as stream:
        for _ in stream.text_stream:
            raise ZeroDivisionError


async def _araise(client: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        async with client.messages.stream(**ASK) as stream:
            async for _ in stream.text_stream:
                raise ZeroDivisionError


def _generator(client: Any) -> None:
    def answer() -> Any:
        with client.messages.stream(**ASK) as stream:
            yield from stream.text_stream

    pieces = answer()
    next(pieces)
    pieces.close()


async def _agenerator(client: Any) -> None:
    async def answer() -> Any:
        async with client.messages.stream(**ASK) as stream:
            async for piece in stream.text_stream:
                yield piece

    pieces = answer()
    await pieces.__anext__()
    await pieces.aclose()


def _fail(call: Callable[[Any], None]) -> Callable[[Any], None]:
    def run(client: Any) -> None:
        with pytest.raises(Exception, match=r"overloaded|Overloaded|scripted|peer closed|incomplete|onnection"):
            call(client)

    return run


def _afail(call: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    async def run(client: Any) -> None:
        with pytest.raises(Exception, match=r"overloaded|Overloaded|scripted|peer closed|incomplete|onnection"):
            await call(client)

    return run


def _time_out(client: Any) -> None:
    with pytest.raises(anthropic.APITimeoutError):
        client.messages.create(**ASK, timeout=0.05)


async def _atime_out(client: Any) -> None:
    with pytest.raises(anthropic.APITimeoutError):
        await client.messages.create(**ASK, timeout=0.05)


async def _cancel(client: Any) -> None:
    task = asyncio.create_task(client.messages.create(**ASK))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _cancel_stream(client: Any) -> None:
    arrived = asyncio.Event()

    async def read() -> None:
        async with client.messages.stream(**ASK) as stream:
            async for _ in stream:
                arrived.set()

    task = asyncio.create_task(read())
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def _retry(client: Any) -> None:
    client.with_options(max_retries=2).messages.create(**ASK)


async def _aretry(client: Any) -> None:
    await client.with_options(max_retries=2).messages.create(**ASK)


def _parse(client: Any) -> None:
    client.messages.parse(**ASK)


async def _aparse(client: Any) -> None:
    await client.messages.parse(**ASK)


def _raw(client: Any) -> None:
    assert client.messages.with_raw_response.create(**ASK).parse().content[0].text == ANSWER.text


async def _araw(client: Any) -> None:
    response = await client.messages.with_raw_response.create(**ASK)
    parsed = response.parse()
    message = await parsed if asyncio.iscoroutine(parsed) else parsed
    assert message.content[0].text == ANSWER.text


def _raw_stream(client: Any) -> None:
    list(client.messages.with_raw_response.create(**STREAM).parse())


async def _araw_stream(client: Any) -> None:
    parsed = (await client.messages.with_raw_response.create(**STREAM)).parse()
    async for _ in await parsed if asyncio.iscoroutine(parsed) else parsed:
        pass


def _streaming_response(client: Any) -> None:
    with client.messages.with_streaming_response.create(**ASK) as response:
        assert response.json()["content"][0]["text"] == ANSWER.text


async def _astreaming_response(client: Any) -> None:
    async with client.messages.with_streaming_response.create(**ASK) as response:
        assert (await response.json())["content"][0]["text"] == ANSWER.text


def _streaming_response_unread(client: Any) -> None:
    with client.messages.with_streaming_response.create(**ASK):
        pass
    gc.collect()


async def _astreaming_response_unread(client: Any) -> None:
    async with client.messages.with_streaming_response.create(**ASK):
        pass
    gc.collect()


def _streaming_response_events(client: Any) -> None:
    with client.messages.with_streaming_response.create(**STREAM) as response:
        list(response.parse())


async def _astreaming_response_events(client: Any) -> None:
    async with client.messages.with_streaming_response.create(**STREAM) as response:
        async for _ in await response.parse():
            pass


def _lines(client: Any) -> None:
    with client.messages.with_streaming_response.create(**STREAM) as response:
        assert [line for line in response.iter_lines() if line == "event: message_stop"]


async def _alines(client: Any) -> None:
    async with client.messages.with_streaming_response.create(**STREAM) as response:
        assert [line async for line in response.iter_lines() if line == "event: message_stop"]


def _beta(client: Any) -> None:
    client.beta.messages.create(**ASK)


async def _abeta(client: Any) -> None:
    await client.beta.messages.create(**ASK)


def _beta_stream(client: Any) -> None:
    with client.beta.messages.stream(**ASK) as stream:
        stream.get_final_message()


async def _abeta_stream(client: Any) -> None:
    async with client.beta.messages.stream(**ASK) as stream:
        await stream.get_final_message()


def _one_shot(client: Any) -> None:
    client.messages.create(**{**ASK, "messages": (message for message in ASK["messages"])})


async def _aone_shot(client: Any) -> None:
    await client.messages.create(**{**ASK, "messages": (message for message in ASK["messages"])})


def _post(client: Any) -> None:
    client.post("/v1/messages", body=ASK, cast_to=object)


async def _apost(client: Any) -> None:
    await client.post("/v1/messages", body=ASK, cast_to=object)


def _middleware(client: Any) -> None:
    client.with_middleware(lambda request, call_next: call_next(request)).messages.create(**ASK)


async def _amiddleware(client: Any) -> None:
    async def pass_on(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    await client.with_middleware(pass_on).messages.create(**ASK)


def _count(client: Any) -> None:
    client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])


async def _acount(client: Any) -> None:
    await client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])


SCENARIOS = (
    Scenario("`messages.create`", _create, _acreate),
    Scenario("`create(stream=True)`, read to the end", _read, _aread, STREAMED),
    Scenario("`with create(stream=True)`", _with, _awith, STREAMED),
    Scenario("`messages.stream`", _helper, _ahelper, STREAMED),
    Scenario("`messages.stream`, left by `break`", _break, _abreak, {**CUT, **CANCELLED}),
    Scenario("`create(stream=True).close()`", _close, _aclose, {**UNREAD_STREAM, **CANCELLED}),
    Scenario("stream dropped after an event", _drop, _adrop, {**CUT, **ABANDONED}),
    Scenario("stream never iterated", _never_iterate, _anever_iterate, {**UNREAD_STREAM, **ABANDONED}),
    Scenario("exception in the app's loop over a stream", _raise, _araise, {**CUT, **CANCELLED}),
    Scenario("generator closed around a stream", _generator, _agenerator, {**CUT, **CANCELLED}),
    Scenario(
        "connection cut in a stream",
        _fail(_read),
        _afail(_aread),
        {**CUT, "compliance.call.outcome": "error", "error.type": "connection_error"},
        [replace(ANSWER, fault=Drop(after_events=4))],
    ),
    Scenario(
        "error event in a stream",
        _fail(_read),
        _afail(_aread),
        {**CUT, "compliance.call.outcome": "error", "error.type": "overloaded_error"},
        [replace(ANSWER, fault=ApiError(529, after_events=4))],
    ),
    Scenario(
        "rate limit",
        _fail(_create),
        _afail(_acreate),
        {**FAILED, "http.response.status_code": "429", "error.type": "rate_limit_error"},
        [Reply(fault=ApiError(429))],
    ),
    Scenario(
        "connection cut before the answer",
        _fail(_create),
        _afail(_acreate),
        {**FAILED, **NO_ANSWER, "error.type": "connection_error"},
        [Reply(fault=Drop())],
    ),
    Scenario(
        "timeout",
        _time_out,
        _atime_out,
        {**FAILED, **NO_ANSWER, "error.type": "client_timeout_error"},
        [Reply(delay=5)],
    ),
    Scenario("task cancelled before the answer", None, _cancel, {**NO_ANSWER, **CANCELLED}, [Reply(delay=5)]),
    Scenario(
        "task cancelled in a stream", None, _cancel_stream, {**CUT, **CANCELLED}, [replace(ANSWER, event_delay=0.2)]
    ),
    Scenario(
        "two refusals, then an answer",
        _retry,
        _aretry,
        {
            "compliance.attempt.statuses": "[529,429,200]",
            "compliance.ratelimit.retry_after": "0",
            "http.request.resend_count": "2",
        },
        [Reply(fault=ApiError(529, retry_after=0)), Reply(fault=ApiError(429, retry_after=0)), ANSWER],
    ),
    Scenario("`messages.parse`", _parse, _aparse),
    Scenario("`with_raw_response`", _raw, _araw),
    Scenario("`with_raw_response`, stream", _raw_stream, _araw_stream, STREAMED),
    Scenario("`with_streaming_response`", _streaming_response, _astreaming_response),
    Scenario(
        "`with_streaming_response`, body not read",
        _streaming_response_unread,
        _astreaming_response_unread,
        {
            **WITHOUT_MESSAGE,
            **ABANDONED,
            # What nobody read, nobody inspected.
            "compliance.classification": "RESTRICTED",
            "compliance.redaction.status": "failed",
            "compliance.retention.days": "30",
        },
    ),
    Scenario("`with_streaming_response`, stream", _streaming_response_events, _astreaming_response_events, STREAMED),
    Scenario("`with_streaming_response`, events read as lines", _lines, _alines, STREAMED),
    Scenario("`beta.messages.create`", _beta, _abeta),
    Scenario("`beta.messages.stream`", _beta_stream, _abeta_stream, STREAMED),
    Scenario("generator as `messages`", _one_shot, _aone_shot),
    Scenario("`client.post` to `/v1/messages`", _post, _apost),
    Scenario("middleware of the app", _middleware, _amiddleware),
    Scenario(
        "`messages.count_tokens`",
        _count,
        _acount,
        {
            **WITHOUT_MESSAGE,
            "compliance.request.type": "messages.count_tokens",
            "gen_ai.operation.name": None,
            "gen_ai.request.max_tokens": None,
            "anthropic.message.count_tokens.input_tokens": "20",
        },
    ),
)
