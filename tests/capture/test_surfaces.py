"""Surfaces beside messages: what each records, and what of it is never read."""

import contextlib
import gc
import io
from collections.abc import Mapping
from typing import Any

import anthropic
import pytest
from dirty_equals import IsStr
from support.observed import Observed

from otel_compliance.names import Attr
from otel_compliance.testing import Reply

pytest.importorskip("anthropic", minversion="2.12", reason="earlier versions have fewer resources")

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "My e-mail is jane.doe@example.com"}],
}
CANARY = "canary-of-a-credential"
PSEUDONYM = IsStr(regex=r"k1:[a-z2-7]{16}")


def facts(event: Mapping[str, Any], *names: Attr) -> dict[str, Any]:
    """Some facts of an event, those that it has."""
    return {name: event[name] for name in names if name in event}


def test_a_batch_and_each_of_its_results(any_mode: Observed) -> None:
    """Creating a batch is one event with the findings of all requests; reading it, one more for each result."""
    client = any_mode.client()
    other = {**ASK, "messages": [{"role": "user", "content": "Hello"}], "inference_geo": "us"}
    requests: Any = [{"custom_id": "jane.doe", "params": ASK}, {"custom_id": "errored-2", "params": other}]
    batch = client.messages.batches.create(requests=requests)
    any_mode.claude.default(lambda body: Reply(text="Call +1 415 555 2671", usage={"input_tokens": 7}))
    assert len(list(client.messages.batches.results(batch.id))) == 2
    created, _, read = any_mode.events()
    names = (Attr.BATCH_SIZE, Attr.REGION_REQUESTED, Attr.PII_INPUT_TYPES, Attr.PII_INPUT_COUNT)
    assert facts(created, *names) == {
        Attr.BATCH_SIZE: "2",
        Attr.REGION_REQUESTED: "us",
        Attr.PII_INPUT_TYPES: '["EMAIL"]',
        Attr.PII_INPUT_COUNT: "1",
    }
    succeeded, errored = any_mode.events_named("claude.api.batch_result")
    names = (Attr.BATCH_ITEM_ID, Attr.BATCH_ITEM_RESULT, Attr.REQUEST_TYPE, Attr.REDACTION_STATUS, Attr.TEAM_ID)
    common = {
        Attr.BATCH_ITEM_ID: PSEUDONYM,
        Attr.REQUEST_TYPE: "messages.batches.results",
        Attr.REDACTION_STATUS: "complete",
        Attr.TEAM_ID: "support",
    }
    assert facts(succeeded, *names) == {**common, Attr.BATCH_ITEM_RESULT: "succeeded"}
    assert facts(errored, *names) == {**common, Attr.BATCH_ITEM_RESULT: "errored"}
    assert succeeded[Attr.BATCH_ITEM_ID] != errored[Attr.BATCH_ITEM_ID]
    assert (succeeded["gen_ai.usage.output_tokens"], "gen_ai.usage.output_tokens" in errored) == (IsStr(), False)
    assert (read[Attr.REQUEST_TYPE], read[Attr.CALL_OUTCOME]) == ("messages.batches.results", "completed")
    assert "jane.doe" not in repr([succeeded, errored])


def test_results_of_a_batch_that_are_not_read_to_the_end(any_mode: Observed) -> None:
    """What the app read has its events; the call says that the rest was not read."""
    client = any_mode.client()
    requests: Any = [{"custom_id": f"item-{number}", "params": ASK} for number in range(2000)]
    batch = client.messages.batches.create(requests=requests)
    results = client.messages.batches.results(batch.id)
    next(results)
    results.close()
    del results
    gc.collect()
    assert any_mode.events()[-1][Attr.CALL_OUTCOME] == "abandoned"
    assert 1 <= len(any_mode.events_named("claude.api.batch_result")) < 2000


@pytest.mark.parametrize(
    ("file", "size", "media_type"),
    [
        (("cv.txt", b"My SSN is 123-45-6789", "text/plain"), "21", "text/plain"),
        (("scan.pdf", b"%PDF" * 100), "400", "application/pdf"),
        (("data", b"bytes alone"), "11", "application/octet-stream"),
    ],
    ids=["text", "by name", "unknown"],
)
def test_a_file_is_recorded_by_size_type_and_digest(any_mode: Observed, file: Any, size: str, media_type: str) -> None:
    """A file arrives whole; its bytes and its name are not recorded, and since nobody looked it is CONFIDENTIAL."""
    client = any_mode.client()
    name, data, *rest = file
    client.files.upload(file=(name, io.BytesIO(data), *rest))
    uploaded = client.files.upload(file=file)
    content = client.files.download(uploaded.id).read()
    assert len(content) == int(size)
    opened, up, down = any_mode.events()
    names = (Attr.FILE_SIZE, Attr.FILE_TYPE, Attr.FILE_DIGEST, Attr.CLASSIFICATION, Attr.REDACTION_STATUS)
    expected = {
        Attr.FILE_SIZE: size,
        Attr.FILE_TYPE: media_type,
        Attr.FILE_DIGEST: PSEUDONYM,
        Attr.CLASSIFICATION: "CONFIDENTIAL",
        Attr.REDACTION_STATUS: "none",
    }
    assert facts(up, *names) == facts(opened, *names) == expected
    assert facts(down, *names) == {**expected, Attr.FILE_TYPE: IsStr()}
    assert up[Attr.FILE_DIGEST] == down[Attr.FILE_DIGEST]
    assert not [word for word in ("cv.txt", "scan", "123-45") if word in repr((up, down, any_mode.spans()))]


def test_a_file_that_can_be_read_but_once(any_mode: Observed) -> None:
    """Its size and digest cannot be told without taking it from the app; it is a file all the same, not clean text."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    any_mode.client().files.upload(file=("cv.txt", Pipe(b"My SSN is 123-45-6789"), "text/plain"))
    assert b"123-45-6789" in any_mode.claude.requests[0].body
    [event] = any_mode.events()
    names = (Attr.FILE_SIZE, Attr.FILE_TYPE, Attr.FILE_DIGEST, Attr.CLASSIFICATION, Attr.REDACTION_STATUS)
    assert facts(event, *names) == {
        Attr.FILE_TYPE: "text/plain",
        Attr.CLASSIFICATION: "CONFIDENTIAL",
        Attr.REDACTION_STATUS: "none",
    }


@pytest.mark.parametrize("gateway", ["", "/proxy", "/v1/anthropic"])
def test_paths_that_the_app_calls_itself(any_mode: Observed, gateway: str) -> None:
    """A whole URL, and a base URL with a path of a gateway's or the API's own, are the same method."""
    base = any_mode.claude.base_url
    for url in (f"{base}{gateway}/v1/messages", "/v1/messages", "messages"):
        client = any_mode.client(base_url=f"{base}{gateway}" + ("/v1" if url == "messages" else ""))
        with contextlib.suppress(anthropic.NotFoundError):
            client.post(url, body=ASK, cast_to=object)
    types = [(event[Attr.REQUEST_TYPE], event[Attr.PII_INPUT_TYPES]) for event in any_mode.events()]
    assert types == [("messages.create", '["EMAIL"]')] * 3


def test_the_events_of_a_session(any_mode: Observed) -> None:
    """Events are inspected as they pass, sent and streamed; the stream is complete whenever the app leaves it."""
    client = any_mode.client()
    agent = client.beta.agents.create(model="claude-opus-5", name="clerk")
    environment = client.beta.environments.create(name="office")
    session = client.beta.sessions.create(agent=agent.id, environment_id=environment.id)
    any_mode.claude.enqueue(Reply(text="Call 415-555-2671"))
    said: Any = {"type": "user.message", "content": [{"type": "text", "text": "I am jane.doe@example.com"}]}
    with client.beta.sessions.events.stream(session.id) as stream:
        client.beta.sessions.events.send(session.id, events=[said])
        for event in stream:
            if event.type == "session.status_idle":
                break
    events = {event[Attr.REQUEST_TYPE]: event for event in any_mode.events()}
    names = (Attr.CALL_OUTCOME, Attr.PII_INPUT_TYPES, Attr.PII_OUTPUT_TYPES, Attr.USAGE_COMPLETE)
    assert facts(events["sessions.events.send"], *names) == {
        Attr.CALL_OUTCOME: "completed",
        Attr.PII_INPUT_TYPES: '["EMAIL"]',
        Attr.PII_OUTPUT_TYPES: '["EMAIL"]',
    }
    assert facts(events["sessions.events.stream"], *names) == {
        Attr.CALL_OUTCOME: "completed",
        Attr.PII_INPUT_TYPES: "[]",
        Attr.PII_OUTPUT_TYPES: '["EMAIL","PHONE"]',
    }


def test_secrets_are_never_read(any_mode: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of vaults, tunnels and webhooks only metadata is recorded, and nothing of them is even inspected."""
    from otel_compliance.capture.recorder import Recorder

    client = any_mode.client()
    inspected: list[Any] = []
    original = Recorder.inspect
    monkeypatch.setattr(Recorder, "inspect", lambda self, body: inspected.append(body) or original(self, body))
    vault = client.beta.vaults.create(display_name=CANARY)
    auth: Any = {"type": "static_bearer", "token": CANARY, "mcp_server_url": "https://mcp.local.test"}
    client.beta.vaults.credentials.create(vault.id, auth=auth, display_name="mail")
    tunnel = client.beta.tunnels.create(display_name="office")
    token = client.beta.tunnels.reveal_token(tunnel.id).tunnel_token
    client.post(f"/v1/vaults/{vault.id}/credentials", body={"auth": auth, "display_name": "raw"}, cast_to=object)
    names = (Attr.REQUEST_TYPE, Attr.CLASSIFICATION, Attr.REDACTION_STATUS, Attr.CALL_OUTCOME)
    same = {Attr.CLASSIFICATION: "RESTRICTED", Attr.REDACTION_STATUS: "none", Attr.CALL_OUTCOME: "completed"}
    types = (
        "vaults.create",
        "vaults.credentials.create",
        "tunnels.create",
        "tunnels.reveal_token",
        "POST /v1/vaults/{id}/credentials",
    )
    assert [facts(event, *names) for event in any_mode.events()] == [
        {Attr.REQUEST_TYPE: name, **same} for name in types
    ]
    assert inspected == []
    assert not [secret for secret in (CANARY, token) if secret in repr((any_mode.events(), any_mode.spans()))]


def test_changes_to_the_organization(any_mode: Observed) -> None:
    """What was changed is in the event: resource, action, id and the fields that were set, not their values."""
    organization = any_mode.client().organization
    [key] = organization.api_keys.list()
    organization.api_keys.update(key.id, status="archived")
    workspace = organization.workspaces.create(name="jane.doe@example.com")
    organization.workspaces.archive(workspace.id)
    user = list(organization.users.list())[-1]
    organization.users.update(user.id, role="billing")
    organization.users.remove(user.id)
    names = (Attr.ADMIN_RESOURCE, Attr.ADMIN_ACTION, Attr.ADMIN_TARGET, Attr.ADMIN_FIELDS, Attr.ADMIN_STATUS)
    changes = [facts(event, *names) for event in any_mode.events()]

    def change(resource: str, action: str, target: str, fields: str = "[]", status: str = "") -> dict[str, str]:
        always = {Attr.ADMIN_RESOURCE: resource, Attr.ADMIN_ACTION: action, Attr.ADMIN_TARGET: target}
        return {**always, Attr.ADMIN_FIELDS: fields, **({Attr.ADMIN_STATUS: status} if status else {})}

    assert changes == [
        {},
        change("api_keys", "update", key.id, '["status"]', "archived"),
        change("workspaces", "create", workspace.id, '["name"]'),
        change("workspaces", "archive", workspace.id),
        {},
        change("users", "update", user.id, '["role"]', "billing"),
        change("users", "remove", user.id),
    ]
    assert "jane.doe" not in repr(any_mode.events())


def test_memories_skills_and_models(any_mode: Observed) -> None:
    """Everything else is one event, inspected both ways."""
    client = any_mode.client()
    store = client.beta.memory_stores.create(name="notes")
    client.beta.memory_stores.memories.create(store.id, path="/a.md", content="jane.doe@example.com")
    client.skills.create(display_name="letters", files=[("letters/SKILL.md", b"---\nname: letters\n---\n")])
    list(client.models.list())
    assert [(event[Attr.REQUEST_TYPE], event[Attr.PII_INPUT_TYPES]) for event in any_mode.events()] == [
        ("memory_stores.create", "[]"),
        ("memory_stores.memories.create", '["EMAIL"]'),
        ("skills.create", "[]"),
        ("models.list", "[]"),
    ]


def test_the_tool_runner(any_mode: Observed) -> None:
    """Each turn of the tool runner is one event; arguments and results of tools are inspected."""

    @anthropic.beta_tool
    def lookup(name: str) -> str:
        """Look somebody up.

        Args:
            name: Whom.
        """
        return f"{name} has the number 415-555-2671"

    call = {"type": "tool_use", "id": "toolu_1", "name": "lookup", "input": {"name": "jane.doe@example.com"}}
    any_mode.claude.enqueue(Reply(content=[call]), Reply(text="Done"))
    runner = any_mode.client().beta.messages.tool_runner(
        **{**ASK, "messages": [{"role": "user", "content": "Go"}]}, tools=[lookup]
    )
    assert runner.until_done().content[0].text == "Done"
    names = (Attr.REQUEST_TYPE, Attr.PII_INPUT_TYPES, Attr.PII_OUTPUT_TYPES)
    assert [tuple(facts(event, *names).values()) for event in any_mode.events()] == [
        ("messages.create", "[]", '["EMAIL"]'),
        ("messages.create", '["EMAIL","PHONE"]', "[]"),
    ]


def test_numbers_of_caches_thinking_and_tools(any_mode: Observed) -> None:
    """Every count of the API's usage has its own name, whole and streamed."""
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 2,
        "cache_creation_input_tokens": 7,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 30},
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
        "service_tier": "priority",
    }
    any_mode.claude.enqueue(Reply(usage=usage), Reply(usage=usage))
    client = any_mode.client()
    client.messages.create(**ASK, service_tier="auto")
    list(client.messages.create(**ASK, service_tier="auto", stream=True))
    expected = {
        "anthropic.request.service_tier": "auto",
        "anthropic.response.service_tier": "priority",
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": "4",
        "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": "3",
        "anthropic.usage.server_tool_use.web_fetch_requests": "1",
        "anthropic.usage.server_tool_use.web_search_requests": "2",
        "gen_ai.usage.cache_read.input_tokens": "2",
        "gen_ai.usage.cache_write.input_tokens": "7",
        "gen_ai.usage.input_tokens": "19",
        "gen_ai.usage.output_tokens": "50",
        "gen_ai.usage.reasoning.output_tokens": "30",
    }
    prefixes = ("gen_ai.usage.", "anthropic.usage.", "anthropic.re")
    ignored = "anthropic.request.id"
    for event in any_mode.events():
        counts = {name: value for name, value in event.items() if name.startswith(prefixes) and name != ignored}
        assert counts == expected
