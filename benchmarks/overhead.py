"""Time that each way of watching adds to a call, in one run, against an uninstrumented client.

Usage: python benchmarks/overhead.py [--smoke] [--cold] [--calls N]

Every configuration has a process of its own. All are there from the beginning and take turns, a few calls each, in an
order that shifts with each round, so that what else the machine does meets all of them. The transport answers in
memory, so that the network hides nothing. What is added is the difference to the uninstrumented client of the same
round:

* to the time that the app waits for a call: the median and the mean, and the 99th percentile of all rounds together.
  "Undisturbed" is the ratio of the lower quartiles: whatever else the machine does only adds to a call, so that the
  quicker calls of a round tell more of the package, and less of the machine, than all of them;
* to the processor time of the process, whatever thread spends it, with all exports: what watching costs, hidden or not.

The answers of a model come seconds apart. Here the next call begins when the last one is recorded, which counts as
processor time only. Before it, every configuration keeps the processor busy for `BUSY_SECONDS`, since a core that was
idle is slower for a while, and some configurations would be idle longer than others. Whatever has nothing to do between
two calls keeps its code in the processor's caches, as no app with seconds between its calls does; with ``--cold`` they
are emptied for all.

What is exported where:

* All but the uninstrumented client have a tracer provider with a batch processor, whose exporter counts spans, reads
  their attributes, as every exporter does, and throws them away: this package puts some together only when they are
  read. A configuration that exports fewer spans than there were calls is an error.
* "no store" (``OTEL_COMPLIANCE_STORE=none``) exports nothing else; it inspects the content and writes the audit file on
  a thread of its own.
* "store", the default, also converts, compresses and spools spans and audit events, in background threads. All of them
  share the interpreter's lock with the calls. Batches are small everywhere, for with the defaults (512 spans or five
  seconds) most cases would end before anything is exported: it is rather more than an app pays.
* The SDK's content mode and the peers put whole prompts and answers on their spans and inspect none of it, except that
  logfire scrubs attributes by patterns. Of a stream, the SDK's content mode keeps the prompt only.

The peers are measured where they are installed (``make bench`` has an environment for them), with the SDK's own spans
off. They share one environment, but not that of the tests, where `opentelemetry-instrument` would switch them on.

``instructions.py`` counts what this measures.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from corpus import prompt
from opentelemetry import trace

import otel_compliance

SIZES = (1_024, 8_192, 102_400)
STREAM_EVENTS = 200
STREAM = f"stream of {STREAM_EVENTS} events"


def _prompt_case(size: int) -> str:
    return f"prompt of {size:,} characters"


CASES = (*map(_prompt_case, SIZES), STREAM)
BASELINE = "uninstrumented"
REFERENCE = "native content"
WARM_UP = 20
ROUNDS = 30
BUSY_SECONDS = 0.002
_MEMORY = bytearray(4 << 20)
"""More than the caches of a core hold."""

BATCHES = {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "50", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "50"}
SLOPE = (8_192, 102_400)
"""Sizes between which the time for each kilobyte is taken, so that what every call costs is not in it."""


@dataclass
class Measured:
    """One case in one process.

    Attributes:
        seconds: What the app waited for each call.
        cpu_seconds: Processor time of the whole process for each call, on average, until everything was exported.
    """

    seconds: list[float]
    cpu_seconds: float


Rounds = dict[str, list[dict[str, Measured]]]
"""By configuration: for each round, what was measured by case."""


@dataclass(frozen=True)
class Configuration:
    """One way of watching.

    Attributes:
        environment: Variables of its process.
        native: Whether the SDK makes its own spans.
        module: What must be installed; empty when nothing more is needed.
        instrument: Switches it on with the span processor to use; `None` makes no spans.
    """

    environment: dict[str, str] = field(default_factory=dict)
    native: bool = True
    module: str = ""
    instrument: Callable[[Any], None] | None = None


def _provider(processor: Any) -> Any:
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider()
    provider.add_span_processor(processor)
    return provider


def _native(processor: Any) -> None:
    trace.set_tracer_provider(_provider(processor))


def _openllmetry(processor: Any) -> None:
    from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor

    AnthropicInstrumentor().instrument(tracer_provider=_provider(processor))


def _openinference(processor: Any) -> None:
    from openinference.instrumentation.anthropic import AnthropicInstrumentor

    AnthropicInstrumentor().instrument(tracer_provider=_provider(processor))


def _logfire(processor: Any) -> None:
    import logfire

    logfire.configure(send_to_logfire=False, console=False, additional_span_processors=[processor])
    logfire.instrument_anthropic()


_NO_STORE = {"OTEL_COMPLIANCE": "on", "OTEL_COMPLIANCE_STORE": "none"}
CONFIGURATIONS = {
    BASELINE: Configuration(native=False),
    "native metadata": Configuration(instrument=_native),
    REFERENCE: Configuration({"ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "content"}, instrument=_native),
    "openinference": Configuration(
        native=False, module="openinference.instrumentation.anthropic", instrument=_openinference
    ),
    "openllmetry": Configuration(
        native=False, module="opentelemetry.instrumentation.anthropic", instrument=_openllmetry
    ),
    "logfire": Configuration(native=False, module="logfire", instrument=_logfire),
    "otel-compliance, no store": Configuration(_NO_STORE, instrument=_native),
    "otel-compliance, no store, redacted content": Configuration(
        {**_NO_STORE, "OTEL_COMPLIANCE_CONTENT": "redacted"}, instrument=_native
    ),
    "otel-compliance, store": Configuration({"OTEL_COMPLIANCE": "on"}, instrument=_native),
}


def installed(module: str) -> bool:
    """Whether a configuration can be measured here."""
    try:
        return not module or find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _nowhere() -> Any:
    """An exporter that counts spans, reads their attributes and throws them away."""
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        count = 0

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            self.count += sum(bool(dict(span.attributes or {})) for span in spans)
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


def _stream(text: str) -> list[bytes]:
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
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


class Watched:
    """A client that is watched in one way. At most one in a process.

    Args:
        name: Of the configuration.
    """

    def __init__(self, name: str) -> None:
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._name = name
        self._exporter = _nowhere()
        self._processor = BatchSpanProcessor(self._exporter, max_queue_size=100_000)
        configuration = CONFIGURATIONS[name]
        self._makes_spans = configuration.instrument is not None
        if configuration.instrument is not None:
            configuration.instrument(self._processor)
        self._client = _client(native=configuration.native)
        self._made = 0

    def call(self, text: str) -> None:
        """Make one call and wait for its answer."""
        self._create(text, stream=False)

    def stream(self, text: str) -> None:
        """Make one call and read its streamed answer."""
        list(self._create(text, stream=True))

    def _create(self, text: str, *, stream: bool) -> Any:
        self._made += 1
        messages = [{"role": "user", "content": text}]
        return self._client.messages.create(model="claude-sonnet-5", max_tokens=64, messages=messages, stream=stream)

    def settle(self) -> None:
        """Wait until all calls are recorded and exported; end the process where not all of them were."""
        record()
        self._processor.force_flush()
        if "otel_compliance.instrumentation" in sys.modules:
            trace.get_tracer_provider().force_flush()  # type: ignore[attr-defined]
        if self._makes_spans and self._exporter.count < self._made:
            sys.exit(
                f"{self._name}: {self._exporter.count} spans of {self._made} calls, so it did not watch all of them"
            )


def _client(*, native: bool) -> Any:
    """A client whose transport answers in memory."""
    import anthropic
    import httpx2

    whole, events = _message(prompt(1_024, seed=2)), _stream(prompt(4_096, seed=3))

    def answer(request: httpx2.Request) -> httpx2.Response:
        if b'"stream":true' in request.content.replace(b" ", b""):
            # An iterator, so that the client reads event by event, as from a socket.
            return httpx2.Response(200, content=iter(events), headers={"content-type": "text/event-stream"})
        return httpx2.Response(200, json=whole)

    return anthropic.Anthropic(
        api_key="sk-ant-api03-" + "x" * 95,
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
        **({} if native else {"open_telemetry": False}),
    )


def serve(name: str, *, cold: bool) -> None:
    """Watch calls of the case and as many as each line of standard input says. Runs in a process of its own.

    Args:
        name: Of the configuration.
        cold: Whether the caches of the processor are emptied before each call.
    """
    watched = Watched(name)
    cases = dict(zip(CASES, map(prompt, (*SIZES, 1_024)), strict=True))
    numbers = itertools.count()
    for line in sys.stdin:
        case, calls = json.loads(line)
        call = watched.stream if case == STREAM else watched.call
        before = time.process_time()
        times = _time(call, cases[case], [next(numbers) for _ in range(calls)], cold=cold)
        watched.settle()
        measured = Measured(times, (time.process_time() - before) / calls)
        print(json.dumps(vars(measured)), flush=True)


def _time(call: Callable[[str], None], text: str, numbers: Sequence[int], *, cold: bool) -> list[float]:
    """Seconds of each call. Each prompt is another one, since what was inspected before would only be remembered."""
    times = []
    for number in numbers:
        unique = f"{number} {text}"
        start = time.perf_counter()
        call(unique)
        times.append(time.perf_counter() - start)
        record()
        _stay_busy(cold=cold)
    return times


def _stay_busy(*, cold: bool) -> None:
    end = time.perf_counter() + BUSY_SECONDS
    while time.perf_counter() < end:
        if cold:
            bytes(_MEMORY)


def record() -> None:
    """Wait until the last call is recorded."""
    if "otel_compliance.instrumentation" in sys.modules:
        otel_compliance.force_flush()


def environment(name: str, home: str) -> dict[str, str]:
    """The variables of the process of a configuration.

    Args:
        name: Of the configuration.
        home: Folder for what it writes.
    """
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "ANTHROPIC_"))}
    ours = {"OTEL_COMPLIANCE_DIR": home, "PYTHONWARNINGS": "ignore", **BATCHES}
    return inherited | ours | CONFIGURATIONS[name].environment


class Watcher:
    """One configuration in a process of its own, which waits for its turns.

    Args:
        name: Of the configuration.
        home: Folder for what it writes.
        cold: Whether it empties the caches before each call.
    """

    def __init__(self, name: str, home: str, *, cold: bool) -> None:
        self._name = name
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", name, *(["--cold"] if cold else [])],
            env=environment(name, home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def turn(self, case: str, calls: int) -> Measured:
        """Let it make calls of one case."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([case, calls]) + "\n")
        self._process.stdin.flush()
        # An app, or the SDK of a peer, may print as well.
        answers = (line for line in self._process.stdout if line.startswith("{"))
        answer = next(answers, None)
        if answer is None:
            sys.exit(f"{self._name} failed")
        return Measured(**json.loads(answer))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def _lower_quartile(values: list[float]) -> float:
    return _quartiles(values)[0]


def _quartiles(values: list[float]) -> tuple[float, float, float]:
    first, median, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, median, third


def _p99(rounds: Rounds, case: str, name: str) -> float:
    """Of all calls, in microseconds: those of one round are too few."""
    seconds = [each for measured in rounds[name] for each in measured[case].seconds]
    return 1e6 * statistics.quantiles(seconds, n=100, method="inclusive")[98]


def _added(rounds: Rounds, case: str, name: str, statistic: Callable[[list[float]], float]) -> list[float]:
    """What a configuration adds to a call, in microseconds, by round."""
    pairs = zip(rounds[name], rounds[BASELINE], strict=True)
    return [1e6 * (statistic(watched[case].seconds) - statistic(plain[case].seconds)) for watched, plain in pairs]


def _cpu_added(rounds: Rounds, case: str, name: str) -> float:
    """The processor time that a configuration adds to a call, in microseconds: the median of the rounds."""
    pairs = zip(rounds[name], rounds[BASELINE], strict=True)
    return statistics.median(1e6 * (watched[case].cpu_seconds - plain[case].cpu_seconds) for watched, plain in pairs)


def _ratio(added: list[float], reference: list[float]) -> str:
    return f"{statistics.median(added) / statistics.median(reference):.2f}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def case_table(case: str, rounds: Rounds) -> list[str]:
    """The table of one case."""
    columns = [
        "× native content",
        "undisturbed, ×",
        "added, µs",
        "quartiles of rounds",
        "mean added",
        "p99 added",
        "processor time added",
    ]
    columns += ["added per event"] if case == STREAM else []
    lines = ["", _row(case, *columns), _row(*["---"] * (len(columns) + 1))]
    for name in CONFIGURATIONS:
        cells = _cells(case, name, rounds) if name in rounds else ["not installed"]
        lines.append(_row(name, *cells, *[""] * (len(columns) - len(cells))))
    return lines


def _cells(case: str, name: str, rounds: Rounds) -> list[str]:
    if name == BASELINE:
        return [""] * 7

    def ratio(statistic: Callable[[list[float]], float]) -> str:
        return _ratio(_added(rounds, case, name, statistic), _added(rounds, case, REFERENCE, statistic))

    added = _added(rounds, case, name, statistics.median)
    first, median, third = _quartiles(added)
    mean = statistics.median(_added(rounds, case, name, statistics.fmean))
    tail = _p99(rounds, case, name) - _p99(rounds, case, BASELINE)
    cells = [
        ratio(statistics.median),
        ratio(_lower_quartile),
        f"{median:.0f}",
        f"{first:.0f} to {third:.0f}",
        *(f"{value:.0f}" for value in (mean, tail, _cpu_added(rounds, case, name))),
    ]
    return [*cells, f"{median / STREAM_EVENTS:.2f}"] if case == STREAM else cells


def slope_table(rounds: Rounds) -> list[str]:
    """What each kilobyte of prompt adds."""
    small, large = (_prompt_case(size) for size in SLOPE)
    kilobytes = (SLOPE[1] - SLOPE[0]) / 1024

    def slope(name: str) -> list[float]:
        ends = zip(*(_added(rounds, case, name, statistics.median) for case in (small, large)), strict=True)
        return [(added_large - added_small) / kilobytes for added_small, added_large in ends]

    title = f"each KB between {SLOPE[0]:,} and {SLOPE[1]:,} characters"
    lines = ["", _row(title, "× native content", "added, µs per KB", "quartiles of rounds"), _row(*["---"] * 4)]
    for name in CONFIGURATIONS:
        if name not in rounds:
            lines.append(_row(name, "not installed", "", ""))
        elif name != BASELINE:
            first, median, third = _quartiles(slope(name))
            ratio = _ratio(slope(name), slope(REFERENCE))
            lines.append(_row(name, ratio, f"{median:.2f}", f"{first:.2f} to {third:.2f}"))
    return lines


def _rounds(present: Sequence[str], number: int, calls: int, *, cold: bool) -> Rounds:
    """Let the configurations take turns."""
    rounds: Rounds = {name: [] for name in present}
    with tempfile.TemporaryDirectory() as home:
        watchers = {name: Watcher(name, str(Path(home) / str(place)), cold=cold) for place, name in enumerate(present)}
        for case, watcher in itertools.product(CASES, watchers.values()):
            watcher.turn(case, WARM_UP)
        for turn in range(number):
            for name in present:
                rounds[name].append({})
            # Whoever came first or last each time would gain or lose by what else the machine does.
            start = turn % len(present)
            for case, name in itertools.product(CASES, (*present[start:], *present[:start])):
                rounds[name][-1][case] = watchers[name].turn(case, calls)
        for watcher in watchers.values():
            watcher.close()
    return rounds


def main() -> None:
    """Measure everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="run briefly, to see that it works")
    parser.add_argument("--serve", choices=CONFIGURATIONS, help=argparse.SUPPRESS)
    parser.add_argument("--calls", type=int, default=20, help="calls for each case and round")
    parser.add_argument("--cold", action="store_true", help="empty the processor's caches before each call")
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, cold=arguments.cold)
        return
    number, calls = (2, 10) if arguments.smoke else (ROUNDS, arguments.calls)
    present = [name for name, item in CONFIGURATIONS.items() if installed(item.module)]
    rounds = _rounds(present, number, calls, cold=arguments.cold)
    print(f"{Path(__file__).name}: {number} rounds of {calls} calls; medians, microseconds")
    for case in CASES:
        print("\n".join(case_table(case, rounds)))
    print("\n".join(slope_table(rounds)))


if __name__ == "__main__":
    main()
