"""Metrics: the conventions' instruments and ours, of low cardinality."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from support.observed import API_KEY

from otel_compliance import context, force_flush, instrument, uninstrument
from otel_compliance.testing import ApiError, ClaudeAPI, Reply

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "My e-mail is jane.doe@example.com"}],
}
COMMON = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-sonnet-5",
}
ANSWERED = {**COMMON, "gen_ai.response.model": "claude-sonnet-5"}
FAILED = {**COMMON, "error.type": "rate_limit_error"}

Points = dict[str, list[tuple[dict[str, Any], Any]]]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    """An instrumented process with a meter provider of its own."""
    monkeypatch.setenv("OTEL_COMPLIANCE_STORE", "none")
    monkeypatch.setenv("OTEL_COMPLIANCE_CONTENT", "redacted")
    reader = InMemoryMetricReader()
    meter_provider = MeterProvider([reader], shutdown_on_exit=False)
    instrument(tracer_provider=TracerProvider(shutdown_on_exit=False), meter_provider=meter_provider)
    yield reader
    uninstrument()
    meter_provider.shutdown()


def points(reader: InMemoryMetricReader) -> Points:
    """Metric to its points: (attributes, value), or (attributes, count) of a histogram."""
    assert force_flush()
    data = reader.get_metrics_data()
    assert data is not None
    return {
        metric.name: [
            (dict(point.attributes or {}), getattr(point, "count", None) or getattr(point, "value", None))
            for point in metric.data.data_points
        ]
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def test_the_metrics_of_calls(reader: InMemoryMetricReader, claude: ClaudeAPI) -> None:
    """A call, a stream and a failed call: durations, tokens, findings; no id, user or team in any attribute."""
    usage = {"input_tokens": 10, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 3, "output_tokens": 5}
    answer = Reply(text="Call +1 415 555 2671", usage=usage)
    claude.enqueue(answer, answer, Reply(fault=ApiError(429)))
    client = anthropic.Anthropic(base_url=claude.base_url, api_key=API_KEY, max_retries=0)
    with client, context(user_id="user-17", team_id="support"):
        client.messages.create(**ASK)
        list(client.messages.create(**ASK, stream=True))
        with pytest.raises(anthropic.RateLimitError):
            client.messages.create(**ASK)
        list(client.models.list())
    recorded = points(reader)
    text, unknown = {"gen_ai.token.modality": "text"}, {"gen_ai.token.modality": "unknown"}
    assert recorded["gen_ai.client.inference.duration"] == [(ANSWERED, 2), (FAILED, 1)]
    assert recorded["gen_ai.client.inference.time_to_first_chunk"] == [(ANSWERED, 1)]
    assert recorded["gen_ai.client.inference.usage.input_tokens"] == [
        ({**ANSWERED, **text}, 30),
        ({**FAILED, **unknown}, 0),
    ]
    assert recorded["gen_ai.client.inference.usage.output_tokens"] == [
        ({**ANSWERED, **text}, 10),
        ({**FAILED, **unknown}, 0),
    ]
    assert recorded["gen_ai.client.inference.usage.cache_read.input_tokens"] == [({**ANSWERED, **text}, 4)]
    assert recorded["gen_ai.client.inference.usage.cache_write.input_tokens"] == [({**ANSWERED, **text}, 6)]
    found = {"compliance.entity.type": "EMAIL", "compliance.direction": "input"}
    told = {"compliance.entity.type": "PHONE", "compliance.direction": "output"}
    assert recorded["compliance.findings"] == [(found, 3), (told, 2)]
    assert recorded["compliance.redactions"] == [(found, 3), (told, 2)]
    assert [(point["compliance.call.outcome"], count) for point, count in recorded["compliance.calls"]] == [
        ("completed", 2),
        ("error", 1),
        ("completed", 1),
    ]
    everything = repr(recorded)
    assert not [word for word in ("user-17", "support", "k1:", "jane.doe", "msg_", "req_") if word in everything]
