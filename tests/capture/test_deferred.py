"""Calls are recorded off the app's thread: it does not wait, and nothing raw is seen meanwhile."""

import gc
import threading
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from support.observed import HTTP_SPANS, Observed

from otel_compliance.capture.call import Call
from otel_compliance.redact import Redactor

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "My e-mail is jane.doe@example.com"}],
}


def test_a_call_does_not_wait_for_its_inspection(observed: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app has its answer while the content is still being looked at; the span and the event have it all."""
    go_on, inspect = threading.Event(), Redactor.redact_value

    def slow(self: Redactor, value: object, **options: Any) -> Any:
        if isinstance(value, dict) and "messages" in value:
            assert go_on.wait(10)
        return inspect(self, value, **options)

    monkeypatch.setattr(Redactor, "redact_value", slow)
    answer = observed.client().messages.create(**ASK)
    assert answer.stop_reason == "end_turn"
    go_on.set()
    [span], [event] = observed.spans(), observed.events()
    assert (span["compliance.pii.input.types"], event["compliance.pii.input.types"]) == (("EMAIL",), '["EMAIL"]')


def test_an_exporter_on_the_apps_thread_sees_nothing_raw(observed: Observed) -> None:
    """A simple processor, which exports while the span ends, gets the redacted and completed attributes."""
    exporter = InMemorySpanExporter()
    observed.tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
    observed.client().messages.create(**ASK)
    [span] = [span for span in exporter.get_finished_spans() if span.name not in HTTP_SPANS]
    attributes = dict(span.attributes or {})
    assert attributes["compliance.pii.input.types"] == ("EMAIL",)
    assert "jane.doe@example.com" not in str(attributes)


def test_what_the_app_changes_later_was_not_sent(observed: Observed) -> None:
    """An app that goes on with its own objects, as a chat does, changes nothing in the record of what it sent."""
    block = {"type": "text", "text": "My e-mail is jane.doe@example.com"}
    messages: list[Any] = [{"role": "user", "content": [block]}]

    def change(request: Any) -> None:
        block["text"] = "My phone is +1 415 555 2671"
        messages.append({"role": "assistant", "content": "..."})

    http_client = type(observed.client()._client)(event_hooks={"request": [change]})
    client = observed.client(http_client=http_client)
    client.post("/v1/messages", body={**ASK, "messages": messages}, cast_to=object)
    assert [event["compliance.pii.input.types"] for event in observed.events()] == ['["EMAIL"]']


def test_a_recorded_call_is_gone_without_the_garbage_collector(observed: Observed) -> None:
    """Nothing in a call refers back to it: content is not kept longer, and no collection holds up the app for it."""
    client = observed.client()
    gc.collect()
    gc.disable()
    try:
        client.messages.create(**ASK)
        list(client.messages.create(**ASK, stream=True))
        with client.messages.with_streaming_response.create(**ASK) as response:
            response.read()
        del response
        assert len(observed.spans()) == 3
        assert sum(type(item) is Call for item in gc.get_objects()) == 0
    finally:
        gc.enable()
