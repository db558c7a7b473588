"""The residency rule: what is set and what is refused before anything is sent."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.trace import TracerProvider
from support.observed import NATIVE_SPANS, LogCollector, Observed, SpanCollector

from otel_compliance import Policy, PolicyViolation, instrument, uninstrument
from otel_compliance.names import Attr
from otel_compliance.testing import ClaudeAPI, Reply

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "My e-mail is jane.doe@example.com"}],
}
Under = Callable[[str], Observed]


@pytest.fixture(params=["native", "own"])
def under(request: pytest.FixtureRequest, claude: ClaudeAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[Under]:
    """Instrument with a residency table."""
    if request.param == "native" and not NATIVE_SPANS:
        pytest.skip("this SDK makes no spans")
    monkeypatch.setenv("OTEL_COMPLIANCE_STORE", "none")

    def start(table: str) -> Observed:
        tracers, loggers = TracerProvider(shutdown_on_exit=False), LoggerProvider(shutdown_on_exit=False)
        spans, logs = SpanCollector(), LogCollector()
        tracers.add_span_processor(spans)
        policy = Policy.parse(f"version = 1\n[residency]\n{table}\n")
        instrument(policy=policy, tracer_provider=tracers, logger_provider=loggers)
        loggers.add_log_record_processor(logs)
        observed = Observed(claude, tracers, loggers, spans, logs)
        observed.client_options = {"open_telemetry": False} if request.param == "own" and NATIVE_SPANS else {}
        return observed

    yield start
    uninstrument()


BLOCK = 'allowed = ["us"]\non_violation = "block"'


def test_a_violation_is_observed_by_default(under: Under) -> None:
    """Without "block" the call is made, and its record says what it was: asked for, answered, a violation."""
    observed = under('allowed = ["us"]')
    observed.claude.enqueue(Reply(inference_geo="global"))
    observed.client().messages.create(**ASK)
    [event] = observed.events()
    assert (event[Attr.REGION_VIOLATION], event[Attr.REGION_ACTUAL], event[Attr.ACTION]) == ("true", "global", "redact")


@pytest.mark.parametrize("geo", [{"inference_geo": "global"}, {}], ids=["other", "unset"])
def test_a_blocked_call_is_not_sent(under: Under, geo: dict[str, str]) -> None:
    """The app gets `PolicyViolation`, without content; nothing reaches the API; the record says block."""
    observed = under(BLOCK)
    with pytest.raises(PolicyViolation, match="residency") as caught:
        observed.client(max_retries=3).messages.create(**ASK, **geo)
    assert observed.claude.requests == []
    [event], [span] = observed.events(), observed.spans()
    for record in (event, span):
        assert record[Attr.ACTION] == "block"
    names = ("error.type", Attr.CALL_OUTCOME, Attr.REGION_VIOLATION)
    assert [event[name] for name in names] == ["policy_violation", "error", "true"]
    assert "jane.doe" not in repr((caught.value, caught.value.remedy, event, span))


def test_an_allowed_call_is_sent(under: Under) -> None:
    """A request that names an allowed region passes untouched."""
    observed = under(BLOCK)
    observed.client().messages.create(**ASK, inference_geo="us")
    assert observed.claude.requests[0].json == {**ASK, "inference_geo": "us"}
    assert observed.events()[0][Attr.REGION_VIOLATION] == "false"


async def test_the_async_client_is_blocked_too(under: Under) -> None:
    """The same holds for the async client and for streams."""
    observed = under(BLOCK)
    async with observed.async_client() as client:
        with pytest.raises(PolicyViolation):
            await client.messages.create(**ASK, stream=True)
        with pytest.raises(PolicyViolation):
            async with client.messages.stream(**ASK):
                pass
    assert observed.claude.requests == []
    assert observed.outcomes() == ["error", "error"]


def test_batches_are_judged_by_their_requests(under: Under) -> None:
    """One request of a batch that would run elsewhere blocks the batch."""
    observed = under(BLOCK)
    good: Any = {"custom_id": "a", "params": {**ASK, "inference_geo": "us"}}
    bad: Any = {"custom_id": "b", "params": {**ASK, "inference_geo": "global"}}
    client = observed.client()
    client.messages.batches.create(requests=[good])
    with pytest.raises(PolicyViolation):
        client.messages.batches.create(requests=[good, bad])
    assert len(observed.claude.requests) == 1


def test_a_region_is_set_where_it_is_unset(under: Under) -> None:
    """With "inject" requests that leave it open get the region, batches too; what the app chose and holds stays."""
    observed = under(f'{BLOCK}\ninject = "us"')
    client = observed.client()
    body = {**ASK}
    client.messages.create(**body)
    requests: Any = [{"custom_id": "a", "params": {**ASK}}]
    client.messages.batches.create(requests=requests)
    client.messages.create(**ASK, extra_body={"inference_geo": "us"})
    client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])
    first, batch, third, count = (request.json for request in observed.claude.requests)
    assert (first["inference_geo"], third["inference_geo"]) == ("us", "us")
    assert batch["requests"][0]["params"]["inference_geo"] == "us"
    assert "inference_geo" not in count
    assert body == ASK
    assert requests == [{"custom_id": "a", "params": ASK}]
    assert observed.events()[0][Attr.REGION_REQUESTED] == "us"


def test_each_attempt_has_the_region(under: Under) -> None:
    """A retry carries the injected region as the first attempt did."""
    from otel_compliance.testing import ApiError

    observed = under('inject = "us"')
    observed.claude.enqueue(Reply(fault=ApiError(529, retry_after=0)), Reply())
    observed.client(max_retries=1).messages.create(**ASK)
    assert [request.json["inference_geo"] for request in observed.claude.requests] == ["us", "us"]


@pytest.mark.breaks
def test_what_cannot_be_judged_is_blocked(under: Under, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the verdict itself fails, a policy that blocks fails closed, and one that observes lets the call pass."""
    from otel_compliance.capture import verdict

    def broken(*args: Any) -> Any:
        raise LookupError("jane.doe@example.com")

    monkeypatch.setattr(verdict, "requested_regions", broken)
    observed = under(BLOCK)
    with pytest.raises(PolicyViolation, match="could not be read"):
        observed.client().messages.create(**ASK, inference_geo="us")
    assert observed.claude.requests == []
    uninstrument()
    observed = under('allowed = ["us"]\ninject = "us"')
    observed.client().messages.create(**ASK)
    assert len(observed.claude.requests) == 1


def test_cloud_endpoints_are_judged_by_their_region(under: Under) -> None:
    """A cloud's endpoint has no inference_geo: its region counts, and nothing is injected."""
    from support.clients import make_client

    observed = under('allowed_cloud_regions = ["eu-central-1"]\ninject = "us"\non_violation = "block"')
    url = observed.claude.base_url
    with make_client("AnthropicBedrock", url, **observed.client_options) as client:
        client.messages.create(**ASK)
    with make_client("AnthropicVertex", url, **observed.client_options) as client, pytest.raises(PolicyViolation):
        client.messages.create(**ASK)
    [request] = observed.claude.requests
    assert "inference_geo" not in request.json


def test_the_policy_file_is_what_counts(claude: ClaudeAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule works from the file that the environment names."""
    monkeypatch.setenv("OTEL_COMPLIANCE_STORE", "none")
    path = tmp_path / "policy.toml"
    path.write_text(f"version = 1\n[residency]\n{BLOCK}\n")
    monkeypatch.setenv("OTEL_COMPLIANCE_POLICY", str(path))
    instrument()
    try:
        observed = Observed(claude, TracerProvider(), LoggerProvider(), SpanCollector(), LogCollector())
        with pytest.raises(PolicyViolation):
            observed.client().messages.create(**ASK)
    finally:
        uninstrument()
    assert claude.requests == []


@pytest.mark.parametrize("url", ["{base}/v1/messages", "/v1/messages", "v1/messages?beta=true"])
def test_paths_that_the_app_calls_itself_are_judged(under: Under, url: str) -> None:
    """However the app writes the path, the request is judged."""
    observed = under(BLOCK)
    with pytest.raises(PolicyViolation):
        observed.client().post(url.format(base=observed.claude.base_url), body=ASK, cast_to=object)
    assert observed.claude.requests == []


def test_agents_are_judged_by_their_model(under: Under) -> None:
    """An agent's settings, and a session that replaces them, say where inference runs: set, or refused."""
    pytest.importorskip("anthropic", minversion="2.12", reason="earlier versions have fewer resources")
    observed = under(f'{BLOCK}\ninject = "us"')
    beta = observed.client().beta
    agent = beta.agents.create(model="claude-opus-5", name="clerk")
    beta.agents.update(agent.id, version=1, name="clark")
    environment = beta.environments.create(name="office")
    other: Any = {"id": "claude-opus-5", "inference_geo": "global"}
    override: Any = {"type": "agent_with_overrides", "id": agent.id, "model": other}
    beta.sessions.create(agent=agent.id, environment_id=environment.id)
    with pytest.raises(PolicyViolation):
        beta.agents.create(model=other, name="clerk")
    with pytest.raises(PolicyViolation):
        beta.sessions.create(agent=override, environment_id=environment.id)
    beta.sessions.create(agent={**override, "model": "claude-opus-5"}, environment_id=environment.id)
    created, renamed, _, plain, replaced = (request.json for request in observed.claude.requests)
    assert created["model"] == {"id": "claude-opus-5", "inference_geo": "us"}
    assert replaced["agent"]["model"] == {"id": "claude-opus-5", "inference_geo": "us"}
    assert "model" not in renamed
    assert plain["agent"] == agent.id
    asked = [event.get(Attr.REGION_REQUESTED) for event in observed.events()]
    assert asked == ["us", None, None, None, None, None, "us"]
