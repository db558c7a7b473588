"""Switching on and off in code, and what happens beside other instrumentations and other SDK versions."""

import logging
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import anthropic
import pytest
import wrapt
from anthropic import _base_client, _streaming
from opentelemetry._logs import LogRecord
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor
from opentelemetry.sdk._logs import ConcurrentMultiLogRecordProcessor, LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ConcurrentMultiSpanProcessor, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from support.observed import API_KEY

from otel_compliance import ComplianceError, Policy, instrument, uninstrument
from otel_compliance.instrumentation import AnthropicComplianceInstrumentor, peers
from otel_compliance.testing import ClaudeAPI

ASK: dict[str, Any] = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
HOOKED = [
    (_base_client.BaseClient, "__init__"),
    (_base_client.BaseClient, "_should_retry"),
    (_base_client.SyncAPIClient, "request"),
    (_base_client.AsyncAPIClient, "request"),
    (_base_client.BaseClient, "_build_request"),
    (_base_client.SyncAPIClient, "_process_response"),
    (_base_client.AsyncAPIClient, "_process_response"),
    (_base_client.BaseClient, "_make_status_error_from_response"),
    (_streaming.Stream, "__stream__"),
    (_streaming.AsyncStream, "__stream__"),
    (_streaming.Stream, "close"),
    (_streaming.AsyncStream, "close"),
    (TracerProvider, "add_span_processor"),
    (LoggerProvider, "add_log_record_processor"),
    (MeterProvider, "__init__"),
]
MAIL = "jane.doe@example.com"


@pytest.fixture(autouse=True)
def _switched_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins and ends with the layer off."""
    monkeypatch.setenv("OTEL_COMPLIANCE_STORE", "none")
    yield
    uninstrument()


def call(claude: ClaudeAPI, provider: TracerProvider) -> None:
    """One call of an ordinary client."""
    with anthropic.Anthropic(
        base_url=claude.base_url, api_key=API_KEY, open_telemetry={"tracer_provider": provider}
    ) as client:
        client.messages.create(**ASK)


def test_uninstrument_puts_everything_back(claude: ClaudeAPI) -> None:
    """After switching off the SDK's functions are its own, and calls leave no record."""
    originals = [owner.__dict__[name] for owner, name in HOOKED]
    provider = TracerProvider(shutdown_on_exit=False)
    instrument(tracer_provider=provider)
    assert all(owner.__dict__[name] is not original for (owner, name), original in zip(HOOKED, originals, strict=True))
    uninstrument()
    assert [owner.__dict__[name] for owner, name in HOOKED] == originals
    assert not HTTPX2ClientInstrumentor().is_instrumented_by_opentelemetry
    call(claude, provider)


def test_what_others_wrapped_on_top_stays(claude: ClaudeAPI) -> None:
    """A wrapper that was put over ours survives switching off, and ours below it is idle."""
    original = _base_client.SyncAPIClient.__dict__["request"]
    seen: list[str] = []

    def theirs(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        seen.append("theirs")
        return wrapped(*args, **kwargs)

    provider = TracerProvider(shutdown_on_exit=False)
    instrument(tracer_provider=provider)
    wrapt.wrap_function_wrapper(_base_client.SyncAPIClient, "request", theirs)
    try:
        uninstrument()
        call(claude, provider)
    finally:
        _base_client.SyncAPIClient.request = original
    assert seen == ["theirs"]


def test_instrumenting_twice_is_once(caplog: pytest.LogCaptureFixture) -> None:
    """A second call changes nothing, and says so where it was given providers."""
    instrument()
    hooked = _base_client.SyncAPIClient.__dict__["request"]
    instrument()
    assert caplog.messages == []
    instrument(tracer_provider=TracerProvider(shutdown_on_exit=False))
    assert caplog.messages == ["otel-compliance: already active in this process, so the given providers are not used"]
    assert _base_client.SyncAPIClient.__dict__["request"] is hooked


def test_a_policy_can_be_given(tmp_path: Path) -> None:
    """A policy, or the path of one, goes before the environment's."""
    path = tmp_path / "p.toml"
    path.write_text("version = 1\n")
    instrument(policy=path)
    uninstrument()
    instrument(policy=Policy.default())
    uninstrument()
    path.write_text("version = 2\n")
    with pytest.raises(ComplianceError, match="key version has value 2"):
        instrument(policy=path)


def test_an_sdk_that_is_absent_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in code that says what to install, and nothing is wrapped."""
    original = _base_client.SyncAPIClient.__dict__["request"]

    def fake(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", fake)
    with pytest.raises(ComplianceError, match="anthropic SDK: not installed") as caught:
        instrument()
    assert caught.value.remedy.startswith("pip install")
    assert _base_client.SyncAPIClient.__dict__["request"] is original


@pytest.mark.parametrize(
    ("version", "warning"),
    [
        ("0.124.9", "older than 0.125, the oldest version that this release was tested with"),
        ("3.0.0", "newer than the versions that this release was tested with"),
    ],
)
def test_an_untested_sdk_is_tried_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, version: str, warning: str
) -> None:
    """A version outside the range of the tests is instrumented, and the log says that it is untested."""
    original = _base_client.SyncAPIClient.__dict__["request"]
    monkeypatch.setattr(metadata, "version", lambda name: version)
    instrument()
    assert caplog.messages == [f"otel-compliance: anthropic SDK {version}: {warning}"]
    assert _base_client.SyncAPIClient.__dict__["request"] is not original


def test_an_sdk_whose_functions_moved_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """If one hook finds no function, none stays, and the error names the function."""
    original = _base_client.SyncAPIClient.__dict__["request"]
    close = _streaming.Stream.close
    monkeypatch.delattr(_streaming.Stream, "close")
    with pytest.raises(ComplianceError, match=r"Stream\.close does not exist in this version"):
        instrument()
    assert _base_client.SyncAPIClient.__dict__["request"] is original
    assert close is not None


def test_another_instrumentation_is_named(claude: ClaudeAPI, caplog: pytest.LogCaptureFixture) -> None:
    """A peer that wraps the resource methods is named once, with what it does to sums."""
    from anthropic.resources.messages import Messages

    def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    wrapper.__module__ = "opentelemetry.instrumentation.genai.anthropic.patch"
    original = Messages.__dict__["create"]
    provider = TracerProvider(shutdown_on_exit=False)
    instrument(tracer_provider=provider)
    wrapt.wrap_function_wrapper(Messages, "create", wrapper)
    try:
        with caplog.at_level(logging.WARNING, "otel_compliance"):
            call(claude, provider)
            call(claude, provider)
    finally:
        Messages.create = original
    assert caplog.messages == [
        f"otel-compliance: {peers.consequence(['opentelemetry-instrumentation-genai-anthropic'])}"
    ]


def test_logs_are_redacted_before_exporters_that_were_there_first(claude: ClaudeAPI) -> None:
    """An exporter that the app added before us gets clean log records, from the moment the layer is on."""
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    instrument(logger_provider=provider)
    provider.get_logger("app").emit(LogRecord(body="mail jane.doe@example.com"))
    assert "jane" not in str([item.log_record.body for item in exporter.get_finished_logs()])


@pytest.mark.parametrize("processors", [None, ConcurrentMultiSpanProcessor(2)])
def test_providers_that_are_made_later_are_redacted(processors: Any) -> None:
    """From its first processor on a tracer provider is redacted, whether it is ever used for a Claude call or not."""
    instrument()
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False, active_span_processor=processors)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.get_tracer("app").start_span("s", attributes={"to": MAIL}).end()
    assert "jane" not in exporter.get_finished_spans()[0].to_json()


@pytest.mark.parametrize("processors", [None, ConcurrentMultiLogRecordProcessor(2)])
def test_loggers_that_are_made_later_are_redacted(processors: Any) -> None:
    """So are logger providers, those that give a record to all processors at once, too."""
    instrument()
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(shutdown_on_exit=False, multi_log_record_processor=processors)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    for number in range(100):
        provider.get_logger("app").emit(LogRecord(timestamp=number, body=f"to {MAIL}"))
    assert len(exporter.get_finished_logs()) == 100
    assert not [record for record in exporter.get_finished_logs() if "jane" in str(record.log_record.body)]


def test_meters_that_are_made_later_are_redacted() -> None:
    """So are meter providers."""
    instrument()
    reader = InMemoryMetricReader()
    MeterProvider([reader], shutdown_on_exit=False).get_meter("app").create_counter("sent").add(1, {"to": MAIL})
    assert "jane" not in str(reader.get_metrics_data())


def test_processors_that_read_a_span_while_it_ends_see_it_redacted() -> None:
    """Also one that was added before the layer was switched on."""
    seen: list[str] = []

    class Reading(SpanProcessor):
        def _on_ending(self, span: Any) -> None:
            seen.append(span.to_json())

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(Reading())
    instrument(tracer_provider=provider)
    provider.get_tracer("app").start_span("s", attributes={"to": MAIL}).end()
    assert len(seen) == 1
    assert "jane" not in seen[0]


def test_the_entry_point_takes_options() -> None:
    """The instrumentor class can be used in code, with the same options."""
    instrumentor = AnthropicComplianceInstrumentor()
    instrumentor.instrument(tracer_provider=TracerProvider(shutdown_on_exit=False))
    assert hasattr(_base_client.SyncAPIClient.__dict__["request"], "__wrapped__")
    instrumentor.uninstrument()
    assert not isinstance(_base_client.SyncAPIClient.__dict__["request"], wrapt.ObjectProxy)
