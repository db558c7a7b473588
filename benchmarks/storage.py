"""Storage: how fast spans are accepted into the spool, and drained into the embedded store.

Each figure is a ratio to a ceiling that is measured in the same run, since absolute times are those of one machine.

    python benchmarks/storage.py [--smoke] [--spans 40000]
"""

import argparse
import gc
import random
import string
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_compliance.keys import KeyRing
from otel_compliance.store.client import Store, connect
from otel_compliance.store.drain import drain
from otel_compliance.store.rows import COLUMN_TYPES, span_block
from otel_compliance.store.schema import migrate
from otel_compliance.store.spool import Spool

BATCHES = (512, 4096)
"""Spans per batch: what a BatchSpanProcessor exports by default, and a larger one."""

_random = random.Random(7)
_WORDS = ["".join(_random.choices(string.ascii_lowercase, k=6)) for _ in range(3000)]


def spans(count: int) -> list[ReadableSpan]:
    """Spans of Claude calls: 31 attributes, two events, about 2.5 KB."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("benchmark")
    for number in range(count):
        attributes = {f"compliance.fact.{index}": f"value-{index}-{number % 7}" for index in range(18)}
        attributes |= {f"gen_ai.usage.{index}": number * index for index in range(6)}
        attributes |= {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "claude-haiku-4-5",
            "compliance.key.id": f"k1:{number % 50}",
            "compliance.pii.detected": True,
            "compliance.pii.input.types": ["EMAIL", "US_PHONE"],
            "gen_ai.input.messages": " ".join(_random.choices(_WORDS, k=110)),
            "gen_ai.output.messages": " ".join(_random.choices(_WORDS, k=110)),
        }
        span = tracer.start_span("chat claude-haiku-4-5", attributes=attributes)
        span.add_event("first_token", {"n": 1})
        span.add_event("done", {"n": 2})
        span.end()
    return list(memory.get_finished_spans())


class Stopwatch:
    """Seconds that a block took."""

    seconds = 0.0


@contextmanager
def measured() -> Iterator[Stopwatch]:
    """Measure a block."""
    watch = Stopwatch()
    started = time.perf_counter()
    yield watch
    watch.seconds = time.perf_counter() - started


def ceiling(store: Store, count: int, batch: int) -> float:
    """Seconds that the engine alone takes for the same rows, from memory, in inserts of the same size."""
    columns = ", ".join(f"`{name}`" for name in COLUMN_TYPES["otel_traces"])
    store.command("DROP TABLE IF EXISTS benchmark_source")
    store.command(
        "CREATE TABLE benchmark_source ENGINE = Memory AS "
        f"SELECT {columns}, intDiv(rowNumberInAllBlocks(), {batch}) AS Batch FROM otel_traces"
    )
    store.command("TRUNCATE TABLE otel_traces")
    with measured() as watch:
        for number in range(-(-count // batch)):
            store.command(
                f"INSERT INTO otel_traces ({columns}) SELECT {columns} FROM benchmark_source "
                f"WHERE Batch = {{number:UInt32}} SETTINGS max_block_size = {batch}, max_threads = 1",
                {"number": number},
            )
    store.command("DROP TABLE benchmark_source")
    return watch.seconds


def run(store: Store, folder: Path, finished: list[ReadableSpan], batch: int) -> None:
    """Measure one size of batches and print it."""
    store.command("TRUNCATE TABLE otel_traces")
    spool = Spool(folder / f"spool-{batch}", KeyRing(bytes(32)))
    batches = [finished[start : start + batch] for start in range(0, len(finished), batch)]
    with measured() as convert:
        for part in batches:
            span_block(part)
    with measured() as accept:
        for part in batches:
            spool.append(span_block(part))
    size = sum(segment.stat().st_size for segment in spool.segments())
    with measured() as deliver:
        report = drain(spool, store)
    count = len(finished)
    assert report.rows == count
    engine = ceiling(store, count, batch)
    print(f"batches of {batch}, {count} spans")
    print(
        f"  convert            {count / convert.seconds:10,.0f} spans/s  {convert.seconds / count * 1e6:6.1f} µs each"
    )
    print(f"  accept             {count / accept.seconds:10,.0f} spans/s  {accept.seconds / count * 1e6:6.1f} µs each")
    print(f"  spool              {size / count:10,.0f} bytes per span")
    print(f"  drain              {count / deliver.seconds:10,.0f} rows/s")
    print(f"  engine's ceiling   {count / engine:10,.0f} rows/s")
    print(f"  drain / ceiling    {engine / deliver.seconds:10.0%}")
    print(f"  end to end / ceil. {engine / (accept.seconds + deliver.seconds):10.0%}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="only see that it works")
    parser.add_argument("--spans", type=int, default=40_000, help="spans per measurement")
    options = parser.parse_args()
    finished = spans(1_000 if options.smoke else options.spans)
    # The spans stand for those of an app that are gone after export; the collector is not to walk all of them.
    gc.collect()
    gc.freeze()
    with tempfile.TemporaryDirectory() as folder, connect(f"chdb://{folder}/store") as store:
        migrate(store)
        for table in ("otel_traces", "otel_traces_trace_id_ts"):
            store.command(f"SYSTEM STOP MERGES {table}")
        for batch in BATCHES:
            run(store, Path(folder), finished, batch)


if __name__ == "__main__":
    main()
