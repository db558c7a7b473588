"""The local Claude API, seen by every client class of the SDK."""

from typing import Any

import anthropic
import pytest
from support.clients import ASYNC_CLIENTS, SYNC_CLIENTS, make_client

from otel_compliance.testing import ApiError, ClaudeAPI, Drop, Reply

pytest.importorskip("anthropic", minversion="2.12", reason="earlier versions have fewer client classes")

ASK = {"model": "claude-sonnet-5", "max_tokens": 64, "messages": [{"role": "user", "content": "Hello"}]}

PATHS = {
    "Anthropic": ("/v1/messages", "/v1/messages"),
    "AnthropicAWS": ("/v1/messages", "/v1/messages"),
    "AnthropicBedrock": ("/model/claude-sonnet-5/invoke", "/model/claude-sonnet-5/invoke-with-response-stream"),
    "AnthropicBedrockMantle": ("/anthropic/v1/messages", "/anthropic/v1/messages"),
    "AnthropicFoundry": ("/anthropic/v1/messages", "/anthropic/v1/messages"),
    "AnthropicGoogleCloud": (
        "/v1/projects/local/locations/global/workspaces/wrkspc_01local/invoke/v1/messages",
        "/v1/projects/local/locations/global/workspaces/wrkspc_01local/invoke/v1/messages",
    ),
    "AnthropicVertex": (
        "/v1/projects/local/locations/europe-west1/publishers/anthropic/models/claude-sonnet-5:rawPredict",
        "/v1/projects/local/locations/europe-west1/publishers/anthropic/models/claude-sonnet-5:streamRawPredict",
    ),
}
COUNTING = [name for name in SYNC_CLIENTS if name != "AnthropicBedrock"]


@pytest.mark.parametrize("name", SYNC_CLIENTS)
def test_a_client(claude: ClaudeAPI, name: str) -> None:
    """A client of each cloud is answered on its own paths, whole and streamed."""
    claude.enqueue(Reply(text="whole"), Reply(text="in pieces that are longer than one delta"))
    with make_client(name, claude.base_url, _strict_response_validation=True) as client:
        whole = client.messages.create(**ASK)
        with client.messages.stream(**ASK) as stream:
            final = stream.get_final_message()
    assert (whole.model, whole.content[0].text) == ("claude-sonnet-5", "whole")
    assert (final.model, final.content[0].text) == ("claude-sonnet-5", "in pieces that are longer than one delta")
    assert tuple(request.path for request in claude.requests) == PATHS[name]


@pytest.mark.parametrize("name", ASYNC_CLIENTS)
async def test_an_async_client(claude: ClaudeAPI, name: str) -> None:
    """An async client of each cloud is answered on its own paths, whole and streamed."""
    claude.enqueue(Reply(text="whole"), Reply(text="in pieces that are longer than one delta"))
    async with make_client(name, claude.base_url, _strict_response_validation=True) as client:
        whole = await client.messages.create(**ASK)
        async with client.messages.stream(**ASK) as stream:
            final = await stream.get_final_message()
    assert (whole.model, whole.content[0].text) == ("claude-sonnet-5", "whole")
    assert (final.model, final.content[0].text) == ("claude-sonnet-5", "in pieces that are longer than one delta")
    assert tuple(request.path for request in claude.requests) == PATHS[name.removeprefix("Async")]


@pytest.mark.parametrize("name", SYNC_CLIENTS)
def test_the_beta_messages_of_a_client(claude: ClaudeAPI, name: str) -> None:
    """The beta messages of each cloud are answered, too."""
    claude.enqueue(Reply(text="beta"))
    with make_client(name, claude.base_url) as client:
        assert client.beta.messages.create(**ASK).content[0].text == "beta"


@pytest.mark.parametrize("name", COUNTING)
def test_tokens_are_counted(claude: ClaudeAPI, name: str) -> None:
    """Every cloud but Bedrock, whose client refuses it, counts tokens."""
    question: dict[str, Any] = {key: ASK[key] for key in ("model", "messages")}
    with make_client(name, claude.base_url) as client:
        assert client.messages.count_tokens(**question).input_tokens > 0


@pytest.mark.parametrize("name", SYNC_CLIENTS)
def test_errors_of_a_client(claude: ClaudeAPI, name: str) -> None:
    """A scripted error becomes the same exception on each cloud."""
    claude.enqueue(Reply(fault=ApiError(429, "as scripted")))
    with make_client(name, claude.base_url) as client:
        with pytest.raises(anthropic.RateLimitError, match="as scripted"):
            client.messages.create(**ASK)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "validationException"),
        (429, "throttlingException"),
        (500, "internalServerException"),
        (529, "serviceUnavailableException"),
    ],
)
def test_an_error_in_the_middle_of_a_bedrock_stream(claude: ClaudeAPI, status: int, kind: str) -> None:
    """Bedrock's stream ends with an exception message that has Bedrock's name for the error."""
    claude.enqueue(Reply(fault=ApiError(status, "as scripted", after_events=3)))
    with make_client("AnthropicBedrock", claude.base_url) as client:
        stream = client.messages.create(**ASK, stream=True)
        with pytest.raises(anthropic.APIStatusError) as caught:
            list(stream)
    assert caught.value.body == {"type": "error", "error": {"type": kind, "message": "as scripted"}}


def test_a_dropped_bedrock_stream(claude: ClaudeAPI) -> None:
    """A Bedrock stream can be cut in its middle."""
    claude.enqueue(Reply(fault=Drop(after_events=3)))
    with make_client("AnthropicBedrock", claude.base_url) as client:
        with pytest.raises(Exception, match=r"(?i)connection|peer closed|disconnected"):
            list(client.messages.create(**ASK, stream=True))


def test_a_model_with_special_characters(claude: ClaudeAPI) -> None:
    """A model id that Bedrock's client escapes in the path comes back as it was."""
    model = "eu.anthropic.claude-sonnet-5-v1:0"
    arn = f"arn:aws:bedrock:eu-central-1:123456789012:inference-profile/{model}"
    with make_client("AnthropicBedrock", claude.base_url) as client:
        assert [client.messages.create(**{**ASK, "model": name}).model for name in (model, arn)] == [model, arn]
