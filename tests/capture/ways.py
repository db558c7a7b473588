"""The ways to call Claude, and the ways for a call to end: each takes a client, sync or async."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import pytest
from packaging.version import Version

from otel_compliance.testing import Reply

SDK = Version(anthropic.__version__)
ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "My e-mail is jane.doe@example.com"}],
}
STREAM: dict[str, Any] = {**ASK, "stream": True}
USAGE = {"input_tokens": 10, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 3, "output_tokens": 5}
ANSWER = Reply(text="Call +1 415 555 2671", usage=USAGE, inference_geo="us")


def create(client: Any) -> None:
    client.messages.create(**ASK)


async def acreate(client: Any) -> None:
    await client.messages.create(**ASK)


def read(client: Any) -> None:
    list(client.messages.create(**STREAM))


async def aread(client: Any) -> None:
    async for _ in await client.messages.create(**STREAM):
        pass


def context_manager(client: Any) -> None:
    with client.messages.create(**STREAM) as stream:
        for _ in stream:
            pass


async def acontext_manager(client: Any) -> None:
    async with await client.messages.create(**STREAM) as stream:
        async for _ in stream:
            pass


def helper(client: Any) -> None:
    with client.messages.stream(**ASK) as stream:
        assert stream.get_final_text() == ANSWER.text


async def ahelper(client: Any) -> None:
    async with client.messages.stream(**ASK) as stream:
        assert await stream.get_final_text() == ANSWER.text


def break_off(client: Any) -> None:
    with client.messages.stream(**ASK) as stream:
        for _ in stream.text_stream:
            break


async def abreak_off(client: Any) -> None:
    async with client.messages.stream(**ASK) as stream:
        async for _ in stream.text_stream:
            break


def close(client: Any) -> None:
    client.messages.create(**STREAM).close()


async def aclose(client: Any) -> None:
    await (await client.messages.create(**STREAM)).close()


def drop(client: Any) -> None:
    stream = client.messages.create(**STREAM)
    next(iter(stream))
    del stream
    gc.collect()


async def adrop(client: Any) -> None:
    stream = await client.messages.create(**STREAM)
    await stream.__anext__()
    del stream
    gc.collect()
    await asyncio.sleep(0.05)
    gc.collect()


def never_iterate(client: Any) -> None:
    client.messages.create(**STREAM)
    gc.collect()


async def anever_iterate(client: Any) -> None:
    await client.messages.create(**STREAM)
    gc.collect()


def raise_inside(client: Any) -> None:
    with pytest.raises(ZeroDivisionError), client.messages.stream(**ASK) as stream:
        for _ in stream.text_stream:
            raise ZeroDivisionError


async def araise_inside(client: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        async with client.messages.stream(**ASK) as stream:
            async for _ in stream.text_stream:
                raise ZeroDivisionError


def generator(client: Any) -> None:
    def answer() -> Any:
        with client.messages.stream(**ASK) as stream:
            yield from stream.text_stream

    pieces = answer()
    next(pieces)
    pieces.close()


async def agenerator(client: Any) -> None:
    async def answer() -> Any:
        async with client.messages.stream(**ASK) as stream:
            async for piece in stream.text_stream:
                yield piece

    pieces = answer()
    await pieces.__anext__()
    await pieces.aclose()


def fail(call: Callable[[Any], None]) -> Callable[[Any], None]:
    def run(client: Any) -> None:
        with pytest.raises(Exception, match=r"overloaded|Overloaded|scripted|peer closed|incomplete|onnection"):
            call(client)

    return run


def afail(call: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    async def run(client: Any) -> None:
        with pytest.raises(Exception, match=r"overloaded|Overloaded|scripted|peer closed|incomplete|onnection"):
            await call(client)

    return run


def time_out(client: Any) -> None:
    with pytest.raises(anthropic.APITimeoutError):
        client.messages.create(**ASK, timeout=0.05)


async def atime_out(client: Any) -> None:
    with pytest.raises(anthropic.APITimeoutError):
        await client.messages.create(**ASK, timeout=0.05)


async def cancel(client: Any) -> None:
    task = asyncio.create_task(client.messages.create(**ASK))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel_stream(client: Any) -> None:
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


def retry(client: Any) -> None:
    client.with_options(max_retries=2).messages.create(**ASK)


async def aretry(client: Any) -> None:
    await client.with_options(max_retries=2).messages.create(**ASK)


def parse(client: Any) -> None:
    client.messages.parse(**ASK)


async def aparse(client: Any) -> None:
    await client.messages.parse(**ASK)


def raw(client: Any) -> None:
    assert client.messages.with_raw_response.create(**ASK).parse().content[0].text == ANSWER.text


async def araw(client: Any) -> None:
    response = await client.messages.with_raw_response.create(**ASK)
    parsed = response.parse()
    message = await parsed if asyncio.iscoroutine(parsed) else parsed
    assert message.content[0].text == ANSWER.text


def raw_stream(client: Any) -> None:
    list(client.messages.with_raw_response.create(**STREAM).parse())


async def araw_stream(client: Any) -> None:
    parsed = (await client.messages.with_raw_response.create(**STREAM)).parse()
    async for _ in await parsed if asyncio.iscoroutine(parsed) else parsed:
        pass


def streaming_response(client: Any) -> None:
    with client.messages.with_streaming_response.create(**ASK) as response:
        assert response.json()["content"][0]["text"] == ANSWER.text


async def astreaming_response(client: Any) -> None:
    async with client.messages.with_streaming_response.create(**ASK) as response:
        assert (await response.json())["content"][0]["text"] == ANSWER.text


def streaming_response_unread(client: Any) -> None:
    with client.messages.with_streaming_response.create(**ASK):
        pass
    gc.collect()


async def astreaming_response_unread(client: Any) -> None:
    async with client.messages.with_streaming_response.create(**ASK):
        pass
    gc.collect()


def streaming_response_events(client: Any) -> None:
    with client.messages.with_streaming_response.create(**STREAM) as response:
        list(response.parse())


async def astreaming_response_events(client: Any) -> None:
    async with client.messages.with_streaming_response.create(**STREAM) as response:
        async for _ in await response.parse():
            pass


def lines(client: Any) -> None:
    with client.messages.with_streaming_response.create(**STREAM) as response:
        assert [line for line in response.iter_lines() if line == "event: message_stop"]


async def alines(client: Any) -> None:
    async with client.messages.with_streaming_response.create(**STREAM) as response:
        assert [line async for line in response.iter_lines() if line == "event: message_stop"]


def beta(client: Any) -> None:
    client.beta.messages.create(**ASK)


async def abeta(client: Any) -> None:
    await client.beta.messages.create(**ASK)


def beta_stream(client: Any) -> None:
    with client.beta.messages.stream(**ASK) as stream:
        stream.get_final_message()


async def abeta_stream(client: Any) -> None:
    async with client.beta.messages.stream(**ASK) as stream:
        await stream.get_final_message()


def one_shot(client: Any) -> None:
    client.messages.create(**{**ASK, "messages": (message for message in ASK["messages"])})


async def aone_shot(client: Any) -> None:
    await client.messages.create(**{**ASK, "messages": (message for message in ASK["messages"])})


def post(client: Any) -> None:
    client.post("/v1/messages", body=ASK, cast_to=object)


async def apost(client: Any) -> None:
    await client.post("/v1/messages", body=ASK, cast_to=object)


def middleware(client: Any) -> None:
    client.with_middleware(lambda request, call_next: call_next(request)).messages.create(**ASK)


async def amiddleware(client: Any) -> None:
    async def pass_on(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    await client.with_middleware(pass_on).messages.create(**ASK)


def count(client: Any) -> None:
    client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])


async def acount(client: Any) -> None:
    await client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])
