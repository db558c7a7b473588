"""Time that each way of watching adds to a call, in one run, against an uninstrumented client.

Usage: python benchmarks/overhead.py [--smoke] [--calls N]

Every configuration runs in processes of its own, in turn, several rounds; the transport answers in memory, so that
the network hides nothing. All have a tracer provider with a batch processor whose exporter throws spans away. The
configuration "default store" alone also converts, compresses and writes what it recorded, in background threads that
share the interpreter's lock with the calls; the others of this package write the audit file and nothing else.

The peers are measured where they are installed (`pip install -e '.[bench]'`), with the SDK's own spans off, as their
documentation says. None of them inspects content.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from corpus import prompt

SIZES = (1_024, 8_192, 102_400)
STREAM_EVENTS = 200
STREAM = f"stream of {STREAM_EVENTS} events"
CASES = (*(f"prompt of {size:,} characters" for size in SIZES), STREAM)
BASELINE = "uninstrumented"
REFERENCE = "native content"
WARM_UP = 20


@dataclass(frozen=True)
class Configuration:
    """One way of watching.

    Attributes:
        environment: Variables of its process.
        native: Whether the SDK makes its own spans.
        module: What must be installed; empty when nothing more is needed.
        instrument: Switches a peer on.
    """

    environment: dict[str, str] = field(default_factory=dict)
    native: bool = True
    module: str = ""
    instrument: Callable[[Any], None] | None = None


def _openllmetry(provider: Any) -> None:
    from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor

    AnthropicInstrumentor().instrument(tracer_provider=provider)


def _openinference(provider: Any) -> None:
    from openinference.instrumentation.anthropic import AnthropicInstrumentor

    AnthropicInstrumentor().instrument(tracer_provider=provider)


def _logfire(provider: Any) -> None:
    import logfire
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    logfire.configure(send_to_logfire=False, console=False, additional_span_processors=[BatchSpanProcessor(_nowhere())])
    logfire.instrument_anthropic()


_ON = {"OTEL_COMPLIANCE": "on", "OTEL_COMPLIANCE_STORE": "none"}
CONFIGURATIONS = {
    BASELINE: Configuration(native=False),
    "native metadata": Configuration(),
    REFERENCE: Configuration({"ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "content"}),
    "openinference": Configuration(
        native=False, module="openinference.instrumentation.anthropic", instrument=_openinference
    ),
    "openllmetry": Configuration(
        native=False, module="opentelemetry.instrumentation.anthropic", instrument=_openllmetry
    ),
    "logfire": Configuration(native=False, module="logfire", instrument=_logfire),
    "otel-compliance": Configuration(_ON),
    "otel-compliance, redacted content": Configuration({**_ON, "OTEL_COMPLIANCE_CONTENT": "redacted"}),
    "otel-compliance, default store": Configuration({"OTEL_COMPLIANCE": "on"}),
}


def _installed(module: str) -> bool:
    try:
        return not module or find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _nowhere() -> Any:
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    return Nowhere()


def _message(text: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 20, "inference_geo": "us"},
    }


def _stream(text: str) -> bytes:
    """An answer of `STREAM_EVENTS` events."""
    start = {**_message(""), "content": [], "stop_reason": None}
    pieces = STREAM_EVENTS - 5
    size = max(1, len(text) // pieces)
    deltas = [text[number * size : (number + 1) * size] for number in range(pieces)]
    events = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in deltas
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 20},
        },
        {"type": "message_stop"},
    ]
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def measure(name: str, calls: int) -> dict[str, list[float]]:
    """Seconds of each call, by case. Runs in a process of its own."""
    import anthropic
    import httpx2
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    configuration = CONFIGURATIONS[name]
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_nowhere()))
    if configuration.instrument is None:
        trace.set_tracer_provider(provider)
    else:
        configuration.instrument(provider)
    whole, events = _message(prompt(1_024, seed=2)), _stream(prompt(4_096, seed=3))

    def answer(request: httpx2.Request) -> httpx2.Response:
        if b'"stream":true' in request.content.replace(b" ", b""):
            return httpx2.Response(200, content=events, headers={"content-type": "text/event-stream"})
        return httpx2.Response(200, json=whole)

    client = anthropic.Anthropic(
        api_key="sk-ant-api03-" + "x" * 95,
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
        **({} if configuration.native else {"open_telemetry": False}),
    )

    def create(text: str) -> None:
        messages: Any = [{"role": "user", "content": text}]
        client.messages.create(model="claude-sonnet-5", max_tokens=64, messages=messages)

    def stream(text: str) -> None:
        messages: Any = [{"role": "user", "content": text}]
        list(client.messages.create(model="claude-sonnet-5", max_tokens=64, messages=messages, stream=True))

    seconds: dict[str, list[float]] = {}
    for case, size in zip(CASES, (*SIZES, 1_024), strict=True):
        call, text = (stream if case == STREAM else create), prompt(size)
        times = []
        for number in range(calls + WARM_UP):
            # Each prompt is another one, since what was inspected before would only be remembered.
            unique = f"{number} {text}"
            start = time.perf_counter()
            call(unique)
            times.append(time.perf_counter() - start)
        seconds[case] = times[WARM_UP:]
    return seconds


def run(name: str, calls: int) -> dict[str, list[float]]:
    """Measure one configuration in a process of its own."""
    with tempfile.TemporaryDirectory() as home:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "ANTHROPIC_"))}
        environment |= {"OTEL_COMPLIANCE_DIR": home, "PYTHONWARNINGS": "ignore", **CONFIGURATIONS[name].environment}
        command = [sys.executable, __file__, "--measure", name, "--calls", str(calls)]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"{name} failed:\n{result.stderr}")
    seconds: dict[str, list[float]] = json.loads(result.stdout.splitlines()[-1])
    return seconds


def table(case: str, rounds: dict[str, list[list[float]]]) -> list[str]:
    """The table of one case; `rounds` holds the seconds of each round of each configuration."""
    medians = {name: statistics.median(second for times in runs for second in times) for name, runs in rounds.items()}
    base = medians[BASELINE]
    reference = medians[REFERENCE] - base
    lines = [
        "",
        f"| {case} | × native content | added, µs | spread of rounds, µs | p99 ÷ median |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, runs in rounds.items():
        each = [statistics.median(times) for times in runs]
        everything = [second for times in runs for second in times]
        tail = statistics.quantiles(everything, n=100)[98] / medians[name]
        added = medians[name] - base
        ratio = "" if name == BASELINE else f"{added / reference:.2f}"
        spread = f"{1e6 * (min(each) - base):.0f} to {1e6 * (max(each) - base):.0f}"
        lines.append(f"| {name} | {ratio} | {1e6 * added:.0f} | {spread} | {tail:.1f} |")
    return lines


def main() -> None:
    """Measure everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="run briefly, to see that it works")
    parser.add_argument("--measure", choices=CONFIGURATIONS, help=argparse.SUPPRESS)
    parser.add_argument("--calls", type=int, default=200, help="calls for each case and round")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.calls)))
        return
    rounds, calls = (1, 20) if arguments.smoke else (7, arguments.calls)
    present = [name for name, item in CONFIGURATIONS.items() if _installed(item.module)]
    times: dict[str, dict[str, list[list[float]]]] = {case: {name: [] for name in present} for case in CASES}
    for _ in range(rounds):
        for name in present:
            for case, seconds in run(name, calls).items():
                times[case][name].append(seconds)
    print(f"{Path(__file__).name}: {rounds} rounds of {calls} calls, median; added to an uninstrumented call")
    for case in CASES:
        print("\n".join(table(case, times[case])))
    missing = [name for name in CONFIGURATIONS if name not in present]
    if missing:
        print(f"\nNot installed, so not measured: {', '.join(missing)} (pip install -e '.[bench]').")


if __name__ == "__main__":
    main()
