"""Every client class: one record, the endpoint's region, and an identity that does not rotate."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from support.observed import Observed

pytest.importorskip("anthropic", minversion="2.12", reason="earlier versions have fewer client classes")

from support.clients import ASYNC_CLIENTS, SYNC_CLIENTS, make_client

from otel_compliance.names import Attr
from otel_compliance.testing import Reply

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "My e-mail is jane.doe@example.com"}],
}
WHERE = {
    "Anthropic": ("anthropic", None),
    "AnthropicAWS": ("anthropic", "eu-central-1"),
    "AnthropicBedrock": ("aws.bedrock", "eu-central-1"),
    "AnthropicBedrockMantle": ("aws.bedrock", "eu-central-1"),
    "AnthropicFoundry": ("anthropic", None),
    "AnthropicGoogleCloud": ("anthropic", "global"),
    "AnthropicVertex": ("gcp.vertex_ai", "europe-west1"),
}
"""Client class to (provider, region of the endpoint)."""


def check(observed: Observed, name: str) -> None:
    """A whole message and a streamed one, each with one event and both inspected."""
    provider, region = WHERE[name.removeprefix("Async")]
    whole, streamed = observed.events()
    for event in (whole, streamed):
        assert {
            fact: event.get(fact)
            for fact in (
                "gen_ai.provider.name",
                "gen_ai.request.model",
                "gen_ai.usage.output_tokens",
                Attr.REGION_ENDPOINT,
                Attr.CALL_OUTCOME,
                Attr.PII_INPUT_TYPES,
                Attr.PII_OUTPUT_TYPES,
                Attr.REDACTION_STATUS,
            )
        } == {
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": "claude-sonnet-5",
            "gen_ai.usage.output_tokens": "5",
            Attr.REGION_ENDPOINT: region,
            Attr.CALL_OUTCOME: "completed",
            Attr.PII_INPUT_TYPES: '["EMAIL"]',
            Attr.PII_OUTPUT_TYPES: '["PHONE"]',
            Attr.REDACTION_STATUS: "complete",
        }
    # A signature of AWS differs from one request to the next; whose it is does not.
    assert whole[Attr.KEY_ID] == streamed[Attr.KEY_ID]
    assert streamed[Attr.USAGE_COMPLETE] == "true"


@pytest.mark.parametrize("name", SYNC_CLIENTS)
def test_sync_clients(any_mode: Observed, name: str) -> None:
    """Each sync class, plain and beta."""
    reply = Reply(text="Call +1 415 555 2671", usage={"output_tokens": 5})
    any_mode.claude.enqueue(reply, reply)
    with make_client(name, any_mode.claude.base_url, **any_mode.client_options) as client:
        client.messages.create(**ASK)
        with client.beta.messages.stream(**ASK) as stream:
            stream.get_final_message()
    check(any_mode, name)


@pytest.mark.parametrize("name", ASYNC_CLIENTS)
async def test_async_clients(any_mode: Observed, name: str) -> None:
    """Each async class, plain and beta."""
    reply = Reply(text="Call +1 415 555 2671", usage={"output_tokens": 5})
    any_mode.claude.enqueue(reply, reply)
    async with make_client(name, any_mode.claude.base_url, **any_mode.client_options) as client:
        await client.messages.create(**ASK)
        async with client.beta.messages.stream(**ASK) as stream:
            await stream.get_final_message()
    check(any_mode, name)


def test_an_event_stream_of_aws_that_the_app_reads_itself(any_mode: Observed) -> None:
    """Its framing is not decoded here, so the answer counts as uninspected, not as clean."""
    with make_client("AnthropicBedrock", any_mode.claude.base_url, **any_mode.client_options) as client:
        with client.messages.with_streaming_response.create(**ASK, stream=True) as response:
            assert len(response.read()) > 100
    [event] = any_mode.events()
    assert (event[Attr.CLASSIFICATION], event[Attr.REDACTION_STATUS]) == ("RESTRICTED", "failed")


def test_rotating_tokens_of_one_principal_are_one_identity(any_mode: Observed) -> None:
    """Tokens of workload identity are known by the service account that they stand for."""
    from anthropic.lib.credentials import AccessToken

    class Workload:
        """Gives another token each time, for one service account."""

        def __init__(self, account: str) -> None:
            self._service_account_id = account
            self._count = 0

        def __call__(self) -> AccessToken:
            self._count += 1
            return AccessToken(token=f"sk-ant-oat01-{self._count}-{'t' * 60}", expires_at=0)

    for account in ("svac_01", "svac_02"):
        client = any_mode.client(api_key=None, credentials=Workload(account))
        client.messages.create(**ASK)
        client.messages.create(**ASK)
    sent = [request.headers["authorization"] for request in any_mode.claude.requests]
    first, second, third, fourth = (event[Attr.KEY_ID] for event in any_mode.events())
    assert sent[0] != sent[1]
    assert first == second != third == fourth
    assert not [event for event in any_mode.events() if Attr.KEY_HINT in event]


def test_profiles_are_known_by_whom_they_log_in(any_mode: Observed, tmp_path: Path) -> None:
    """Logins have one identity for each file that keeps one, federation one for each service account."""

    def keep(name: str, token: str) -> str:
        path = tmp_path / name
        path.write_text(json.dumps({"access_token": token, "expires_at": int(time.time()) + 3600}))
        path.chmod(0o600)
        return str(path)

    def call(**authentication: Any) -> None:
        config: Any = {"authentication": authentication, "organization_id": "org-1"}
        any_mode.client(api_key=None, config=config).messages.create(**ASK)

    jane, bob = keep("jane", "token-1"), keep("bob", "token-2")
    call(type="user_oauth", credentials_path=jane)
    keep("jane", "token-3")
    call(type="user_oauth", credentials_path=jane)
    call(type="user_oauth", credentials_path=bob)
    # Not read, since the files have tokens that are valid still.
    proof = {"source": "file", "path": str(tmp_path / "proof")}
    federation = {"type": "oidc_federation", "federation_rule_id": "rule-1", "identity_token": proof}
    call(**federation, credentials_path=jane, service_account_id="account-1")
    call(**federation, credentials_path=bob, service_account_id="account-1")
    call(**federation, credentials_path=bob)
    sent = [request.headers["authorization"] for request in any_mode.claude.requests]
    assert len(set(sent)) == 3
    first, again, other, account, same, rule = (event[Attr.KEY_ID] for event in any_mode.events())
    assert (first == again, account == same) == (True, True)
    assert len({first, other, account, rule}) == 4


def test_json_web_tokens_are_known_by_their_subject(any_mode: Observed) -> None:
    """Of a bearer token that is a JSON Web Token only issuer and subject make the identity."""

    def token(**claims: Any) -> str:
        parts = ({"alg": "none"}, claims)
        return (
            ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
            + ".c2ln"
        )

    tokens = (
        token(iss="https://idp", sub="app-1", exp=1),
        token(iss="https://idp", sub="app-1", exp=2),
        token(iss="https://idp", sub="app-2", exp=2),
        token(exp=3, note="neither issuer nor subject"),
    )
    for item in tokens:
        any_mode.client(api_key=None, auth_token=item).messages.create(**ASK)
    first, second, third, fourth = (event[Attr.KEY_ID] for event in any_mode.events())
    assert first == second
    assert len({first, third, fourth}) == 3
