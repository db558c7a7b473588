"""``otel-compliance content``."""

from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from otel_compliance.keys import KeyRing
from otel_compliance.store.exporter import ClickHouseSpanExporter


def test_content_is_shown_until_it_is_erased(run: Callable[..., Any], recording: Any) -> None:
    """A trace's content is shown decrypted; after the erasure of its person, and of an unknown trace, nothing is."""
    user = KeyRing.from_settings(recording.settings).pseudonym("user", "user-17")
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(ClickHouseSpanExporter(recording.settings)))
    attributes = {"compliance.user.id": user, "gen_ai.input.messages": '[{"role":"user","parts":[]}]'}
    span = provider.get_tracer("t").start_span("anthropic.messages.create", attributes=attributes)
    span.end()
    trace = f"{span.get_span_context().trace_id:032x}"
    shown = run("content", trace, "--json")
    assert (shown.code, shown.document) == (
        0,
        {
            "trace_id": trace,
            "content": [
                {
                    "span_id": f"{span.get_span_context().span_id:016x}",
                    "user": user,
                    "name": "gen_ai.input.messages",
                    "erased": False,
                    "value": [{"role": "user", "parts": []}],
                }
            ],
        },
    )
    assert '"role": "user"' in run("content", trace).stdout
    assert run("erase", "--user", "user-17").code == 0
    after = run("content", trace)
    assert (after.code, after.stdout.strip()) == (1, "No content is kept of this trace.")
    assert run("content", "0" * 32).code == 1
