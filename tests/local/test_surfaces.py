"""The surfaces of the local Claude API beside messages, parsed strictly by the real client."""

import concurrent.futures
import time
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from otel_compliance.testing import ApiError, ClaudeAPI, Reply

pytest.importorskip("anthropic", minversion="2.12", reason="earlier versions have fewer resources")

SECRET = "canary-of-a-credential"


@pytest.fixture
def client(claude: ClaudeAPI) -> Iterator[anthropic.Anthropic]:
    """The real client, which raises at an answer that its types do not allow."""
    with anthropic.Anthropic(
        base_url=claude.base_url, api_key="sk-ant-api03-test", max_retries=0, _strict_response_validation=True
    ) as client:
        yield client


def _session(client: anthropic.Anthropic, **options: Any) -> Any:
    agent = client.beta.agents.create(model="claude-opus-5", name="clerk", system="Be brief.")
    environment = client.beta.environments.create(name="office")
    return client.beta.sessions.create(agent=agent.id, environment_id=environment.id, **options)


def _said(text: str) -> Any:
    return {"type": "user.message", "content": [{"type": "text", "text": text}]}


def test_agents_and_environments(client: anthropic.Anthropic) -> None:
    """Agents and environments are created, read, listed, changed and archived."""
    agent = client.beta.agents.create(model="claude-opus-5", name="clerk")
    assert (agent.name, agent.model.id) == ("clerk", "claude-opus-5")
    assert client.beta.agents.retrieve(agent.id) == agent
    assert list(client.beta.agents.list()) == [agent]
    assert client.beta.agents.update(agent.id, version=1, system="Be brief.").system == "Be brief."
    assert client.beta.agents.archive(agent.id).archived_at is not None

    config: Any = {"type": "cloud", "networking": {"type": "unrestricted"}}
    office = client.beta.environments.create(name="office", config=config)
    own = client.beta.environments.create(name="own", config={"type": "self_hosted"})
    assert [item.config.type for item in client.beta.environments.list()] == ["cloud", "self_hosted"]
    assert client.beta.environments.delete(own.id).id == own.id
    assert list(client.beta.environments.list()) == [office]


def test_a_session_lives_and_ends(client: anthropic.Anthropic) -> None:
    """A session knows its agent, and is listed, changed, archived and deleted."""
    session = _session(client, title="first")
    assert (session.agent.name, session.agent.model.id, session.status) == ("clerk", "claude-opus-5", "idle")
    assert client.beta.sessions.retrieve(session.id) == session
    assert [item.id for item in client.beta.sessions.list()] == [session.id]
    assert client.beta.sessions.update(session.id, title="second").title == "second"
    assert client.beta.sessions.archive(session.id).archived_at is not None
    assert client.beta.sessions.delete(session.id).id == session.id
    with pytest.raises(anthropic.NotFoundError):
        client.beta.sessions.retrieve(session.id)


def test_an_agent_that_nobody_created_is_made_up(client: anthropic.Anthropic) -> None:
    """A session may name any agent, and override what it has."""
    agent: Any = {"type": "agent_with_overrides", "id": "agent_unknown", "model": "claude-haiku-4-5"}
    session = client.beta.sessions.create(agent=agent, environment_id="env_unknown")
    assert (session.agent.id, session.agent.model.id) == ("agent_unknown", "claude-haiku-4-5")


def test_a_turn_of_a_session(claude: ClaudeAPI, client: anthropic.Anthropic) -> None:
    """Sent events come back with ids; the agent's answer is the script's; the stream ends with the turn."""
    claude.enqueue(Reply(text="It is done."))
    session = _session(client)
    sent = client.beta.sessions.events.send(session.id, events=[_said("Do it.")])
    assert [event.type for event in sent.data or ()] == ["user.message"]
    with client.beta.sessions.events.stream(session.id) as stream:
        events = list(stream)
    assert [event.type for event in events] == [
        "user.message",
        "session.status_running",
        "span.model_request_start",
        "agent.message",
        "span.model_request_end",
        "session.status_idle",
    ]
    assert events[3].content[0].text == "It is done."
    assert [event.id for event in client.beta.sessions.events.list(session.id)] == [event.id for event in events]
    usage = client.beta.sessions.retrieve(session.id).usage
    assert (usage.input_tokens, usage.output_tokens) == (
        events[4].model_usage.input_tokens,
        events[4].model_usage.output_tokens,
    )


def test_the_script_sees_the_message_of_a_session(claude: ClaudeAPI, client: anthropic.Anthropic) -> None:
    """A default answer gets what the user said, with the agent's model and instructions."""
    seen: list[Any] = []

    def answer(body: Any) -> Reply:
        seen.append(body)
        return Reply(text="fine")

    claude.default(answer)
    _session(client, initial_events=[_said("Begin.")])
    assert seen == [
        {
            "model": "claude-opus-5",
            "system": "Be brief.",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Begin."}]}],
        }
    ]


def test_a_stream_may_be_opened_first(client: anthropic.Anthropic) -> None:
    """A stream that is opened before anything is sent waits for the next turn, and for that one only."""
    session = _session(client)
    for text in ("first", "second"):
        with client.beta.sessions.events.stream(session.id) as stream:
            client.beta.sessions.events.send(session.id, events=[_said(text)])
            events = list(stream)
        assert (events[0].content[0].text, events[-1].type) == (text, "session.status_idle")


def test_a_stream_ends_when_its_session_is_deleted(client: anthropic.Anthropic) -> None:
    """A stream that waits learns of the end of its session."""
    session = _session(client)
    with client.beta.sessions.events.stream(session.id) as stream:
        client.beta.sessions.delete(session.id)
        assert [event.type for event in stream] == ["session.deleted"]


def test_a_waiting_stream_does_not_hold_up_the_server() -> None:
    """The server closes at once although a stream still waits, and the stream ends with it."""
    api = ClaudeAPI().start()
    with anthropic.Anthropic(base_url=api.base_url, api_key="k", max_retries=0) as client:
        stream = client.beta.sessions.events.stream(_session(client).id)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            reader = pool.submit(list, stream)
            begun = time.monotonic()
            api.close()
            assert time.monotonic() - begun < 5
            assert concurrent.futures.wait([reader], timeout=5).done == {reader}


def test_threads_of_a_session(client: anthropic.Anthropic) -> None:
    """A session has one thread, whose events are those of the session."""
    session = _session(client, initial_events=[_said("Begin.")])
    [thread] = client.beta.sessions.threads.list(session.id)
    assert client.beta.sessions.threads.retrieve(thread.id, session_id=session.id).session_id == session.id
    of_thread = [event.id for event in client.beta.sessions.threads.events.list(thread.id, session_id=session.id)]
    assert of_thread == [event.id for event in client.beta.sessions.events.list(session.id)]
    with client.beta.sessions.threads.events.stream(thread.id, session_id=session.id) as stream:
        assert [event.id for event in stream] == of_thread


def test_events_of_an_unknown_session(client: anthropic.Anthropic) -> None:
    """There are no events without a session."""
    with pytest.raises(anthropic.NotFoundError):
        client.beta.sessions.events.send("sesn_unknown", events=[_said("Hello?")])


def test_memories_and_their_versions(client: anthropic.Anthropic) -> None:
    """Each change of a memory leaves a version; a redacted version keeps no content."""
    store = client.beta.memory_stores.create(name="notes")
    memories = client.beta.memory_stores.memories
    versions = client.beta.memory_stores.memory_versions
    memory = memories.create(store.id, path="/a.md", content="canary")
    assert memories.retrieve(memory.id, memory_store_id=store.id).content == "canary"
    memories.update(memory.id, memory_store_id=store.id, content="canary 2")
    assert [item.path for item in memories.list(store.id)] == ["/a.md"]
    assert memories.delete(memory.id, memory_store_id=store.id).id == memory.id
    assert [item.operation for item in versions.list(store.id)] == ["created", "modified", "deleted"]
    redacted = versions.redact(memory.memory_version_id, memory_store_id=store.id)
    assert (redacted.content, redacted.content_sha256, redacted.path) == (None, None, None)
    assert redacted.redacted_at is not None
    assert versions.retrieve(redacted.id, memory_store_id=store.id) == redacted
    assert client.beta.memory_stores.archive(store.id).archived_at is not None
    assert client.beta.memory_stores.delete(store.id).id == store.id


def test_a_memory_needs_its_store(client: anthropic.Anthropic) -> None:
    """Nothing is created below a parent that is not there."""
    with pytest.raises(anthropic.NotFoundError):
        client.beta.memory_stores.memories.create("memstore_unknown", path="/a.md", content="x")


def test_credentials_of_a_vault_are_not_shown(client: anthropic.Anthropic) -> None:
    """A vault takes secrets of each kind, and shows none."""
    vault = client.beta.vaults.create(display_name="keys")
    auths: list[Any] = [
        {"type": "static_bearer", "token": SECRET, "mcp_server_url": "https://mcp.local.test"},
        {"type": "mcp_oauth", "access_token": SECRET, "mcp_server_url": "https://mcp.local.test"},
        {
            "type": "environment_variable",
            "secret_name": "TOKEN",
            "secret_value": SECRET,
            "networking": {"type": "unrestricted"},
        },
    ]
    made = [client.beta.vaults.credentials.create(vault.id, auth=auth, display_name=auth["type"]) for auth in auths]
    assert [item.auth.type for item in made] == ["static_bearer", "mcp_oauth", "environment_variable"]
    assert list(client.beta.vaults.credentials.list(vault.id)) == made
    assert SECRET not in client.beta.vaults.credentials.with_raw_response.list(vault.id).text()
    assert client.beta.vaults.credentials.delete(made[0].id, vault_id=vault.id).id == made[0].id
    assert client.beta.vaults.credentials.archive(made[1].id, vault_id=vault.id).archived_at is not None


def test_the_token_of_a_tunnel(client: anthropic.Anthropic) -> None:
    """A tunnel's token is revealed on request, the same until it is rotated, and never with the tunnel itself."""
    tunnel = client.beta.tunnels.create(display_name="office")
    token = client.beta.tunnels.reveal_token(tunnel.id).tunnel_token
    assert client.beta.tunnels.reveal_token(tunnel.id).tunnel_token == token
    assert client.beta.tunnels.rotate_token(tunnel.id).tunnel_token != token
    raw = client.beta.tunnels.with_raw_response.retrieve(tunnel.id)
    assert sorted(raw.json()) == ["archived_at", "created_at", "display_name", "domain", "id", "type", "updated_at"]
    assert client.beta.tunnels.archive(tunnel.id).archived_at is not None


@pytest.mark.parametrize("beta", [False, True])
def test_skills(client: anthropic.Anthropic, beta: bool) -> None:
    """Skills are uploaded, listed, read and deleted."""
    skills = client.beta.skills if beta else client.skills
    file = ("letters/SKILL.md", b"---\nname: letters\n---\n", "text/markdown")
    skill = skills.create(display_name="letters", files=[file])
    assert skill.display_name == "letters"
    assert skills.retrieve(skill.id) == skill
    assert list(skills.list()) == [skill]
    version = skills.versions.create(skill.id, files=[file])
    assert list(skills.versions.list(skill.id)) == [version]
    assert skills.delete(skill.id).id == skill.id
    assert list(skills.list()) == []


@pytest.mark.parametrize("beta", [False, True])
def test_files(client: anthropic.Anthropic, beta: bool) -> None:
    """A file is uploaded, listed, downloaded byte for byte, and deleted."""
    files = client.beta.files if beta else client.files
    content = bytes(range(256)) * 4 + b"\r\n--x--\r\n"
    uploaded = files.upload(file=("données.bin", content, "application/octet-stream"))
    assert (uploaded.size_bytes, uploaded.mime_type) == (len(content), "application/octet-stream")
    assert files.retrieve_metadata(uploaded.id) == uploaded
    assert list(files.list()) == [uploaded]
    assert files.download(uploaded.id).read() == content
    assert files.delete(uploaded.id).id == uploaded.id
    with pytest.raises(anthropic.NotFoundError):
        files.download(uploaded.id)


@pytest.mark.parametrize("beta", [False, True])
def test_user_profiles(client: anthropic.Anthropic, beta: bool) -> None:
    """Profiles of users are created, changed, listed and deleted."""
    profiles = client.beta.user_profiles if beta else client.user_profiles
    profile = profiles.create(name="Reseller", metadata={"tier": "one"})
    assert profiles.update(profile.id, metadata={"region": "eu"}).metadata == {"tier": "one", "region": "eu"}
    assert [item.id for item in profiles.list()] == [profile.id]
    assert profiles.delete(profile.id).id == profile.id


def test_deployments(client: anthropic.Anthropic) -> None:
    """A deployment is paused, resumed and run."""
    deployments = client.beta.deployments
    made = deployments.create(agent="agent_1", environment_id="env_1", initial_events=[_said("Begin.")], name="daily")
    assert deployments.pause(made.id).status == "paused"
    assert deployments.unpause(made.id).status == "active"
    assert deployments.run(made.id).deployment_id == made.id
    assert [item.name for item in deployments.list()] == ["daily"]


def test_dreams(client: anthropic.Anthropic) -> None:
    """A dream is begun and cancelled."""
    inputs: Any = [{"type": "memory_store", "memory_store_id": "memstore_1"}]
    dream = client.beta.dreams.create(inputs=inputs, model="claude-opus-5")
    assert (dream.status, dream.model.id) == ("pending", "claude-opus-5")
    assert client.beta.dreams.cancel(dream.id).status == "canceled"


def test_models(client: anthropic.Anthropic) -> None:
    """Models are listed and read, in the beta, too."""
    names = ["claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5"]
    assert [model.id for model in client.models.list()] == names
    assert client.beta.models.retrieve(names[0]).id == names[0]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_every_method_is_answered(client: anthropic.Anthropic, method: str) -> None:
    """A path that is unknown is not found, whatever the method."""
    with pytest.raises(anthropic.NotFoundError):
        getattr(client, method)("/v1/unknown/one", cast_to=object)


@pytest.mark.parametrize("method", ["put", "patch", "post"])
def test_a_resource_is_changed_by_any_method(client: anthropic.Anthropic, method: str) -> None:
    """PUT, PATCH and POST on a resource change it alike."""
    vault = client.beta.vaults.create(display_name="keys")
    getattr(client, method)(f"/v1/vaults/{vault.id}", body={"display_name": "new"}, cast_to=object)
    assert client.beta.vaults.retrieve(vault.id).display_name == "new"


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/messages/batches", {}), ("/v1/sessions", {}), ("/v1/vaults", "["), ("/v1/agents", ["x"]), ("/v1/files", {})],
)
def test_a_malformed_body_is_refused(client: anthropic.Anthropic, path: str, body: object) -> None:
    """A body without what the surface needs gets 400, not a crash."""
    with pytest.raises(anthropic.BadRequestError):
        client.post(path, body=body, cast_to=object)
    assert client.get(path, cast_to=object)["data"] == []


def test_usage_as_scripted(claude: ClaudeAPI, client: anthropic.Anthropic) -> None:
    """A reply may set every part of usage, whole and streamed, and headers; an error may, too."""
    usage = {
        "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
        "cache_read_input_tokens": 40,
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
        "output_tokens_details": {"thinking_tokens": 7},
        "iterations": [
            {
                "type": "message",
                "model": "claude-sonnet-5",
                "input_tokens": 5,
                "output_tokens": 6,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "cache_creation": None,
            }
        ],
    }
    ask: Any = {"model": "claude-sonnet-5", "max_tokens": 64, "messages": [{"role": "user", "content": "Hello"}]}
    claude.enqueue(Reply(usage=usage, headers={"retry-after": "3"}), Reply(usage=usage))
    raw = client.beta.messages.with_raw_response.create(**ask)
    with client.beta.messages.stream(**ask) as stream:
        streamed = stream.get_final_message()
    assert raw.headers["retry-after"] == "3"
    for message in (raw.parse(), streamed):
        assert {name: message.usage.to_dict()[name] for name in usage} == usage

    claude.enqueue(
        Reply(fault=ApiError(429, headers={"anthropic-ratelimit-requests-remaining": "0", "x-should-retry": "false"}))
    )
    with pytest.raises(anthropic.RateLimitError) as caught:
        client.messages.create(**ask)
    assert caught.value.response.headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert caught.value.response.headers["x-should-retry"] == "false"
