"""The ways to call Claude and the ways for a call to end, each with what its record must say.

Each scenario runs with the real SDK against a local API, sync and async, and in each of three situations: the SDK makes
the span, this package makes it, or the call is not sampled. docs/coverage.md is generated from this table.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
UNFINISHED = {"gen_ai.usage.output_tokens": None, "gen_ai.response.finish_reasons": None}
"""What a stream that did not end does not say: a placeholder count is no count."""
UNREAD = {
    "compliance.pii.output.types": "[]",
    "compliance.pii.output.count": "0",
    "compliance.redaction.count": "1",
}


@dataclass(frozen=True)
class Scenario:
    """One way to call, or to end a call.

    Attributes:
        name: What it is, for a reader of docs/coverage.md.
        sync: Makes the call with a sync client.
        asynchronous: Makes it with an async client; `None` where the way exists for sync clients only.
        outcome: ``compliance.call.outcome``.
        replies: What the API answers; `ANSWER` when empty.
        facts: Facts that differ from those of a plain call; `None` for one that must be absent.
        streams: Whether the answer is a stream of events.
        since: Oldest version of the SDK that has it.
        until: Version of the SDK that no longer has it.
    """

    name: str
    sync: Callable[[Any], None]
    asynchronous: Callable[[Any], Awaitable[None]] | None
    outcome: str = "completed"
    replies: Sequence[Reply] = ()
    facts: Mapping[str, str | None] = field(default_factory=dict)
    streams: bool = False
    since: str = "0.125.0"

    def __str__(self) -> str:
        return self.name

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
    Scenario("`create(stream=True)`, read to the end", _read, _aread, streams=True),
    Scenario("`with create(stream=True)`", _with, _awith, streams=True),
    Scenario("`messages.stream`", _helper, _ahelper, streams=True),
    Scenario(
        "`messages.stream`, left by `break`", _break, _abreak, "cancelled", facts={**UNFINISHED, **UNREAD}, streams=True
    ),
    Scenario(
        "`create(stream=True).close()`",
        _close,
        _aclose,
        "cancelled",
        facts={
            **UNFINISHED,
            **UNREAD,
            "compliance.region.actual": None,
            "gen_ai.usage.input_tokens": None,
            "gen_ai.usage.cache_read.input_tokens": None,
            "gen_ai.usage.cache_write.input_tokens": None,
        },
        streams=True,
    ),
    Scenario("stream object dropped", _drop, _adrop, "abandoned", facts={**UNFINISHED, **UNREAD}, streams=True),
    Scenario("stream never iterated", _never_iterate, _anever_iterate, "abandoned", streams=True),
    Scenario("exception in the consumer", _raise, _araise, "cancelled", streams=True),
    Scenario("generator closed around a stream", _generator, _agenerator, "cancelled", streams=True),
    Scenario(
        "connection cut in a stream",
        _fail(_read),
        _afail(_aread),
        "error",
        [Reply(text=ANSWER.text, usage=USAGE, inference_geo="us", fault=Drop(after_events=4))],
        streams=True,
    ),
    Scenario(
        "error event in a stream",
        _fail(_read),
        _afail(_aread),
        "error",
        [Reply(text=ANSWER.text, usage=USAGE, inference_geo="us", fault=ApiError(529, after_events=4))],
        streams=True,
    ),
    Scenario("429", _fail(_create), _afail(_acreate), "error", [Reply(fault=ApiError(429))]),
    Scenario("connection refused or cut before the answer", _fail(_create), _afail(_acreate), "error", [Reply(fault=Drop())]),
    Scenario("timeout", _time_out, _atime_out, "error", [Reply(delay=5)]),
    Scenario("task cancelled before the answer", _create, _cancel, "cancelled", [Reply(delay=5)]),
    Scenario("task cancelled in a stream", _read, _cancel_stream, "cancelled", [Reply(text="a" * 900, event_delay=0.05)]),
    Scenario("two refusals, then an answer", _retry, _aretry, replies=[Reply(fault=ApiError(529, retry_after=0)), Reply(fault=ApiError(429, retry_after=0)), ANSWER]),
    Scenario("`messages.parse`", _parse, _aparse),
    Scenario("`with_raw_response`", _raw, _araw),
    Scenario("`with_raw_response`, stream", _raw_stream, _araw_stream, streams=True),
    Scenario("`with_streaming_response`", _streaming_response, _astreaming_response),
    Scenario("`with_streaming_response`, body not read", _streaming_response_unread, _astreaming_response_unread, "abandoned"),
    Scenario("`with_streaming_response`, stream", _streaming_response_events, _astreaming_response_events, streams=True),
    Scenario("`with_streaming_response`, events read as lines", _lines, _alines, streams=True),
    Scenario("`beta.messages.create`", _beta, _abeta),
    Scenario("`beta.messages.stream`", _beta_stream, _abeta_stream, streams=True),
    Scenario("generator as `messages`", _one_shot, _aone_shot),
    Scenario("`client.post`", _post, _apost),
    Scenario("middleware of the app", _middleware, _amiddleware),
    Scenario("`messages.count_tokens`", _count, _acount),
)
