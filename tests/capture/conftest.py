"""Fixtures: an instrumented process."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler
from support.observed import NATIVE_SPANS, LogCollector, Observed, SpanCollector

from otel_compliance import health, instrument, uninstrument
from otel_compliance.testing import ClaudeAPI


def _observe(claude: ClaudeAPI, monkeypatch: pytest.MonkeyPatch, sampler: Sampler = ALWAYS_ON) -> Iterator[Observed]:
    monkeypatch.setenv("OTEL_COMPLIANCE_STORE", "none")
    monkeypatch.setenv("OTEL_COMPLIANCE_CONTENT", "redacted")
    resource = Resource({"service.name": "support-bot", "compliance.team.id": "support"})
    tracer_provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    logger_provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    spans, logs = SpanCollector(), LogCollector()
    tracer_provider.add_span_processor(spans)
    instrument(tracer_provider=tracer_provider, logger_provider=logger_provider)
    logger_provider.add_log_record_processor(logs)
    observed = Observed(claude, tracer_provider, logger_provider, spans, logs)
    try:
        yield observed
    finally:
        uninstrument()
        for client in observed.clients:
            client.close()


@pytest.fixture(autouse=True)
def _nothing_swallowed(request: pytest.FixtureRequest) -> Iterator[None]:
    """No error of ours is hidden by being swallowed, but where a test breaks something on purpose."""
    before = health.swallowed()
    yield
    if "breaks" not in request.keywords:
        assert health.swallowed() == before


@pytest.fixture
def observed(claude: ClaudeAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[Observed]:
    """Every call sampled."""
    yield from _observe(claude, monkeypatch)


@pytest.fixture(params=["native", "own", "unsampled"])
def any_mode(request: pytest.FixtureRequest, claude: ClaudeAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[Observed]:
    """The three situations: the SDK makes the span, we make it, or the call is not sampled."""
    if request.param == "native" and not NATIVE_SPANS:
        pytest.skip("this SDK makes no spans")
    sampler = ALWAYS_OFF if request.param == "unsampled" else ALWAYS_ON
    for item in _observe(claude, monkeypatch, sampler):
        item.client_options = {"open_telemetry": False} if request.param == "own" and NATIVE_SPANS else {}
        yield item
        assert len(item.spans()) == (0 if request.param == "unsampled" else len(item.events()))
