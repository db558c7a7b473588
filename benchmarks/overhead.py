"""Time that each way of watching adds to a call, in one run, against an uninstrumented client.

Usage: python benchmarks/overhead.py [--smoke]

Every configuration runs in processes of its own, in turn, several rounds; the transport answers in memory, so that
the network hides nothing. Real providers and batch processors are in place; what they export is thrown away.
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
from pathlib import Path

from corpus import prompt

SIZES = (1_024, 8_192, 102_400)
BASELINE = "uninstrumented"
REFERENCE = "native content"
CONFIGURATIONS = {
    BASELINE: {},
    "native metadata": {},
    REFERENCE: {"ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "content"},
    "otel-compliance, no content": {"OTEL_COMPLIANCE": "on"},
    "otel-compliance, redacted content": {"OTEL_COMPLIANCE": "on", "OTEL_COMPLIANCE_CONTENT": "redacted"},
}


def measure(name: str, calls: int) -> dict[str, list[float]]:
    """Seconds of each call, by size of the prompt. Runs in a process of its own."""
    import anthropic
    import httpx2
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    trace.set_tracer_provider(provider)
    answer = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": [{"type": "text", "text": prompt(1_024, seed=2)}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 20, "inference_geo": "us"},
    }
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=answer))
    client = anthropic.Anthropic(
        api_key="sk-ant-api03-" + "x" * 95,
        base_url="http://127.0.0.1",
        http_client=httpx2.Client(transport=transport),
        **({"open_telemetry": False} if name == BASELINE else {}),
    )
    seconds: dict[str, list[float]] = {}
    for size in SIZES:
        text = prompt(size)
        times = []
        for number in range(calls + 20):
            messages = [{"role": "user", "content": f"{number} {text}"}]
            start = time.perf_counter()
            client.messages.create(model="claude-sonnet-5", max_tokens=64, messages=messages)
            times.append(time.perf_counter() - start)
        seconds[str(size)] = times[20:]
    return seconds


def run(name: str, calls: int) -> dict[str, list[float]]:
    """Measure one configuration in a process of its own."""
    with tempfile.TemporaryDirectory() as home:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "ANTHROPIC_"))}
        environment |= {"OTEL_COMPLIANCE_DIR": home, "PYTHONWARNINGS": "ignore", **CONFIGURATIONS[name]}
        command = [sys.executable, __file__, "--measure", name, "--calls", str(calls)]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seconds: dict[str, list[float]] = json.loads(result.stdout)
    return seconds


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="run briefly, to see that it works")
    parser.add_argument("--measure", choices=CONFIGURATIONS, help=argparse.SUPPRESS)
    parser.add_argument("--calls", type=int, default=200, help="calls for each size and round")
    arguments = parser.parse_args()
    if arguments.measure:
        json.dump(measure(arguments.measure, arguments.calls), sys.stdout)
        return
    rounds, calls = (1, 20) if arguments.smoke else (7, arguments.calls)
    times: dict[str, dict[str, list[float]]] = {name: {str(size): [] for size in SIZES} for name in CONFIGURATIONS}
    for _ in range(rounds):
        for name in CONFIGURATIONS:
            for size, seconds in run(name, calls).items():
                times[name][size] += seconds
    print(f"{Path(__file__).name}: {rounds} rounds of {calls} calls, median; added time in microseconds")
    for size in map(str, SIZES):
        base = statistics.median(times[BASELINE][size])
        reference = statistics.median(times[REFERENCE][size]) - base
        print(f"\n| prompt of {int(size):,} characters | call | added | p99 added | added by native content |")
        print("| --- | --- | --- | --- | --- |")
        for name in CONFIGURATIONS:
            median = statistics.median(times[name][size])
            tail = statistics.quantiles(times[name][size], n=100)[98]
            ratio = f"{(median - base) / reference:.2f} ×" if name != BASELINE else ""
            added = "" if name == BASELINE else f"{1e6 * (median - base):.0f}"
            tail_added = "" if name == BASELINE else f"{1e6 * (tail - base):.0f}"
            print(f"| {name} | {1e6 * median:.0f} | {added} | {tail_added} | {ratio} |")


if __name__ == "__main__":
    main()
