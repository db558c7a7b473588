"""An outage of the store: does the app notice, is anything lost, and how fast is it caught up with?

An app makes Claude calls, and spans of other kinds at a steady rate; it delivers to a ClickHouse server, which here is
the local front in a process of its own. That process is killed, and started again after a while. Calls are answered in
memory, so that nothing but this package can make them slow.

    python benchmarks/outage.py [--smoke] [--away 600] [--there 60] [--rate 1000]
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from otel_compliance.config import Settings
from otel_compliance.store.client import Store, connect
from otel_compliance.store.drain import drain
from otel_compliance.store.ledger import reckon
from otel_compliance.store.spool import Spool

CALLS_PER_SECOND = 20
START_SECONDS = 60.0
CATCH_UP_SECONDS = 600.0


def app(rate: int) -> None:
    """Make calls and spans until told to stop; print when each call began and what it took, and how many spans."""
    import threading

    import anthropic
    import httpx2
    from opentelemetry import trace

    answer = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": [{"type": "text", "text": "Done."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 10, "output_tokens": 20},
    }
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=answer))
    client = anthropic.Anthropic(api_key="sk-ant-api03-" + "x" * 95, http_client=httpx2.Client(transport=transport))
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    made = 0

    def spans() -> None:
        nonlocal made
        tracer = trace.get_tracer("app")
        began = time.monotonic()
        while not stopping.wait(0.05):
            for _ in range(int((time.monotonic() - began) * rate) - made):
                tracer.start_span("work", attributes={"step": made}).end()
                made += 1

    calls: list[tuple[float, float]] = []

    def call() -> None:
        began, started = time.time(), time.perf_counter()
        question: Any = [{"role": "user", "content": f"{len(calls)} Write to jane.doe@example.com"}]
        client.messages.create(model="claude-sonnet-5", max_tokens=64, messages=question)
        calls.append((began, time.perf_counter() - started))

    # The first call makes the provider, without which spans are nothing.
    call()
    print("ready", flush=True)
    thread = threading.Thread(target=spans)
    thread.start()
    while not stopping.wait(1 / CALLS_PER_SECOND):
        call()
    thread.join()
    print(json.dumps({"calls": calls, "spans": made}))


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the store, and wait until it answers."""
    command = [str(Path(sys.executable).with_name("otel-compliance")), "up", "--port", str(port)]
    environment = {**os.environ, "OTEL_COMPLIANCE_DIR": str(folder)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return process
        time.sleep(0.05)
    sys.exit("the store does not start")


def start_app(folder: Path, dsn: str, rate: int) -> subprocess.Popen[str]:
    """Start the app, instrumented by the environment alone."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    environment |= {
        "OTEL_COMPLIANCE": "on",
        "OTEL_COMPLIANCE_DIR": str(folder),
        "OTEL_COMPLIANCE_STORE": dsn,
        "OTEL_SERVICE_NAME": "app",
    }
    command = [sys.executable, __file__, "--app", "--rate", str(rate)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def catch_up(spool: Spool) -> tuple[int, float]:
    """(segments that waited, seconds until they were delivered, from the first one on)."""
    waiting = len(spool.segments())
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while len(spool.segments()) >= waiting and time.monotonic() < deadline:
        waiting = max(waiting, len(spool.segments()))
        time.sleep(0.02)
    began = time.monotonic()
    # While the app goes on, a few young segments wait at any moment.
    while len(spool.segments()) > 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    return waiting, time.monotonic() - began


def show_calls(calls: list[list[float]], away: tuple[float, float], there: float) -> None:
    """Print how long calls took while the store was there, and while it was away."""
    phases = {
        "there": [took for began, took in calls if there < began < away[0]],
        "away": [took for began, took in calls if away[0] < began < away[1]],
    }
    for phase, times in phases.items():
        quantiles = statistics.quantiles(times, n=100, method="inclusive")
        print(
            f"  store {phase:8} {len(times):7,} calls, median {statistics.median(times) * 1e6:7,.0f} µs, "
            f"90 % below {quantiles[89] * 1e6:7,.0f} µs, 99 % below {quantiles[98] * 1e6:7,.0f} µs"
        )


def show_rows(store: Store, spool: Spool, expected: int) -> bool:
    """Print what was lost or doubled; whether nothing was."""
    [row] = store.query("SELECT count() AS n, uniqExact(TraceId, SpanId) AS distinct FROM otel_traces")
    hours = reckon(store, spool, spool.ledger.totals(), since=datetime.now(UTC) - timedelta(days=1))
    ledger = {name: sum(getattr(hour, name) for hour in hours) for name in ("missing", "doubled", "waiting")}
    lost, doubled = expected - int(row["distinct"]), int(row["n"]) - int(row["distinct"])
    print(f"  spans made {expected:,}, lost {lost}, counted twice {doubled}; by the ledger {ledger}")
    return not (lost or doubled or any(ledger.values()))


def run(folder: Path, there: float, away: float, rate: int) -> bool:
    """Run the scenario and print it; whether nothing was lost."""
    port = free_port()
    server = serve(folder / "server", port)
    token = (folder / "server" / "tokens" / "writer").read_text(encoding="ascii").strip()
    dsn = f"http://writer:{token}@127.0.0.1:{port}/otel"
    process = start_app(folder / "app", dsn, rate)
    assert process.stdout is not None
    process.stdout.readline()
    began = time.time()
    time.sleep(there)
    server.kill()
    server.wait()
    gone = time.time()
    time.sleep(away)
    back = time.time()
    server = serve(folder / "server", port)
    spool = Spool.from_settings(Settings.from_env({"OTEL_COMPLIANCE_DIR": str(folder / "app")}))
    segments, seconds = catch_up(spool)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate()
    said = json.loads(output.splitlines()[-1])
    show_calls(said["calls"], (gone, back), began)
    arrived = away * (rate + CALLS_PER_SECOND)
    print(
        f"  {segments} segments waited, delivered in {seconds:.1f} s: {away / seconds:.1f} times as fast as they came"
    )
    print(f"  that is {arrived / seconds:,.0f} spans/s, and an audit event for each call")
    with connect(dsn) as store:
        drain(spool, store)
        fine = show_rows(store, spool, said["spans"] + len(said["calls"]))
    server.terminate()
    server.wait()
    return fine


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="only see that it works")
    parser.add_argument("--app", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--there", type=float, default=60.0, help="seconds before the outage")
    parser.add_argument("--away", type=float, default=600.0, help="seconds of the outage")
    parser.add_argument("--rate", type=int, default=1000, help="spans per second, besides those of calls")
    options = parser.parse_args()
    if options.app:
        app(options.rate)
        return
    there, away = (5.0, 5.0) if options.smoke else (options.there, options.away)
    with tempfile.TemporaryDirectory() as name:
        print(f"{options.rate:,} spans/s and {CALLS_PER_SECOND} calls/s; the store is away for {away:.0f} s")
        if not run(Path(name), there, away, options.rate):
            sys.exit("rows were lost or counted twice")


if __name__ == "__main__":
    main()
