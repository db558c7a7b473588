"""The local Claude API, seen by the real client."""

import concurrent.futures
from collections.abc import Iterator

import anthropic
import pytest

from otel_compliance.testing import ApiError, ClaudeAPI, Drop, Reply

ASK = {"model": "claude-sonnet-5", "max_tokens": 64, "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def client(claude: ClaudeAPI) -> Iterator[anthropic.Anthropic]:
    """The real client, without retries."""
    with anthropic.Anthropic(base_url=claude.base_url, api_key="sk-ant-api03-test", max_retries=0) as client:
        yield client


def test_a_message_is_realistic_without_a_script(claude: ClaudeAPI, client: anthropic.Anthropic) -> None:
    """An unscripted message has text, usage with region and tier, and the headers of the real API."""
    raw = client.messages.with_raw_response.create(**ASK, inference_geo="us")
    message = raw.parse()
    assert (message.stop_reason, message.usage.inference_geo, message.usage.service_tier) == (
        "end_turn",
        "us",
        "standard",
    )
    assert message.usage.input_tokens > 0 < message.usage.output_tokens
    assert raw.headers["request-id"] == "req_local00000001"
    assert raw.headers["anthropic-organization-id"] == claude.organization_id
    assert raw.headers["anthropic-ratelimit-requests-remaining"] == "3999"


def test_requests_are_recorded(claude: ClaudeAPI, client: anthropic.Anthropic) -> None:
    """Each request is kept as it arrived, for assertions."""
    client.messages.create(**ASK)
    [request] = claude.requests
    assert (request.method, request.path, request.json["messages"]) == ("POST", "/v1/messages", ASK["messages"])
    # The SDK sends a key as a bearer token since version 2, in a header of its own before.
    sent = {request.headers.get("authorization"), request.headers.get("x-api-key")}
    assert sent & {"Bearer sk-ant-api03-test", "sk-ant-api03-test"}
    assert "sk-ant" not in repr(request)


def test_a_stream_has_every_kind_of_event(claude: ClaudeAPI, client: anthropic.Anthropic) -> None:
    """A stream spells out the same message, with a placeholder count first and the real one last."""
    claude.enqueue(
        Reply(
            content=[
                {"type": "thinking", "thinking": "Let me think.", "signature": "c2ln"},
                {"type": "text", "text": "The answer is in the second half of this sentence."},
                {"type": "tool_use", "id": "toolu_1", "name": "lookup", "input": {"query": "x" * 40}},
            ]
        )
    )
    with client.messages.stream(**ASK) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_message()
    assert {
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    } <= set(kinds)
    assert [block.type for block in final.content] == ["thinking", "text", "tool_use"]
    assert final.content[2].input == {"query": "x" * 40}
    assert (final.stop_reason, final.usage.inference_geo) == ("tool_use", "global")
    assert final.usage.output_tokens > 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, anthropic.BadRequestError),
        (401, anthropic.AuthenticationError),
        (403, anthropic.PermissionDeniedError),
        (404, anthropic.NotFoundError),
        (413, anthropic.RequestTooLargeError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (529, anthropic.OverloadedError),
    ],
)
def test_errors(claude: ClaudeAPI, client: anthropic.Anthropic, status: int, error: type[Exception]) -> None:
    """A scripted error becomes the exception that the real API would cause."""
    claude.enqueue(Reply(fault=ApiError(status, "as scripted", retry_after=7)))
    with pytest.raises(error) as caught:
        client.messages.create(**ASK)
    assert caught.value.body["error"]["message"] == "as scripted"
    assert caught.value.response.headers["retry-after"] == "7"


def test_the_client_retries_a_rate_limit(claude: ClaudeAPI, client: anthropic.Anthropic) -> None:
    """A 429 with retry-after is retried by the client, and the second attempt is answered."""
    claude.enqueue(Reply(fault=ApiError(429, retry_after=0)), Reply(text="second"))
    assert client.with_options(max_retries=1).messages.create(**ASK).content[0].text == "second"
    assert len(claude.requests) == 2


def test_an_error_in_the_middle_of_a_stream(claude: ClaudeAPI, client: anthropic.Anthropic) -> None:
    """An error event ends the stream with the API's exception."""
    claude.enqueue(Reply(fault=ApiError(529, after_events=3)))
    with pytest.raises(anthropic.APIStatusError, match="overloaded_error"):
        list(client.messages.create(**ASK, stream=True))


@pytest.mark.parametrize("after_events", [None, 0, 3])
def test_a_dropped_connection(claude: ClaudeAPI, client: anthropic.Anthropic, after_events: int | None) -> None:
    """A connection can be cut before the answer, at its beginning and in its middle."""
    claude.enqueue(Reply(fault=Drop(after_events=after_events)))
    with pytest.raises(Exception, match=r"(?i)connection|peer closed|disconnected"):
        list(client.messages.create(**ASK, stream=True))


def test_a_slow_answer_times_out_and_ends_with_the_server(claude: ClaudeAPI, client: anthropic.Anthropic) -> None:
    """A reply may stall longer than the client waits; the server still closes at once."""
    claude.enqueue(Reply(delay=3600))
    with pytest.raises(anthropic.APITimeoutError):
        client.with_options(timeout=0.2).messages.create(**ASK)


def test_a_missing_credential_is_refused(claude: ClaudeAPI) -> None:
    """A request without a credential gets 401."""
    with anthropic.Anthropic(base_url=claude.base_url, auth_token="", api_key=None, max_retries=0) as client:
        with pytest.raises(anthropic.AuthenticationError):
            client.post(
                "/v1/messages", body=ASK, cast_to=object, options={"headers": {"authorization": anthropic.Omit()}}
            )


@pytest.mark.parametrize("body", [{}, {"model": "m"}, "[", "7"])
def test_a_malformed_message_is_refused(client: anthropic.Anthropic, body: object) -> None:
    """A body that is no message gets 400, not a crash."""
    with pytest.raises(anthropic.BadRequestError):
        client.post("/v1/messages", body=body, cast_to=object)


def test_other_surfaces(client: anthropic.Anthropic) -> None:
    """Token counting, batches, files and models answer in the shapes that the client parses."""
    question = {key: ASK[key] for key in ("model", "messages")}
    assert client.messages.count_tokens(**question).input_tokens > 0
    requests = [{"custom_id": name, "params": ASK} for name in ("first", "errored-1", "expired-1")]
    batch = client.messages.batches.create(requests=requests)
    assert client.messages.batches.retrieve(batch.id).processing_status == "ended"
    results = {item.custom_id: item.result.type for item in client.messages.batches.results(batch.id)}
    assert results == {"first": "succeeded", "errored-1": "errored", "expired-1": "expired"}
    assert [item.id for item in client.messages.batches.list()] == [batch.id]
    assert client.messages.batches.delete(batch.id).id == batch.id
    assert len(list(client.models.list())) == 3
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-unknown")


def test_concurrent_calls_do_not_mix(claude: ClaudeAPI, client: anthropic.Anthropic) -> None:
    """Twenty calls at once each get the answer to their own question."""
    claude.default(lambda body: Reply(text=body["messages"][0]["content"]))

    def ask(number: int) -> str:
        question = {**ASK, "messages": [{"role": "user", "content": str(number)}]}
        return str(client.messages.create(**question).content[0].text)

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, range(40))) == [str(number) for number in range(40)]


async def test_the_async_client(claude: ClaudeAPI) -> None:
    """The async client works against it, streamed too."""
    claude.enqueue(Reply(text="one"), Reply(text="two"))
    async with anthropic.AsyncAnthropic(base_url=claude.base_url, api_key="sk-ant-api03-test") as client:
        assert (await client.messages.create(**ASK)).content[0].text == "one"
        async with client.messages.stream(**ASK) as stream:
            assert await stream.get_final_text() == "two"
