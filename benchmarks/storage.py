"""How fast spans are accepted by the spool and delivered into the embedded store with all its views.

Usage: python benchmarks/storage.py [--smoke]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_compliance.store.client import connect
from otel_compliance.store.drain import drain
from otel_compliance.store.rows import span_block
from otel_compliance.store.schema import migrate
from otel_compliance.store.spool import Spool

BATCH = 512
"""Spans of one export, the default of the SDK's batch processor."""


def make_spans(count: int) -> list[ReadableSpan]:
    """Spans as a call leaves them, with 31 attributes."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("com.anthropic.sdk.python")
    attributes = {f"compliance.attribute.{number}": f"value {number}" for number in range(28)}
    for number in range(count):
        usage = {"gen_ai.usage.input_tokens": number, "gen_ai.operation.name": "chat", "compliance.retention.days": 90}
        tracer.start_span("anthropic.messages.create", attributes=attributes | usage).end()
    return list(exporter.get_finished_spans())


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="run briefly, to see that it works")
    count = 1_024 if parser.parse_args().smoke else 51_200
    spans = make_spans(count)
    with tempfile.TemporaryDirectory() as home:
        spool = Spool(Path(home) / "spool")
        start = time.perf_counter()
        for first in range(0, count, BATCH):
            spool.append(span_block(spans[first : first + BATCH]))
        accepted = count / (time.perf_counter() - start)
        with connect(f"chdb://{home}/store") as store:
            migrate(store)
            start = time.perf_counter()
            drain(spool, store)
            delivered = count / (time.perf_counter() - start)
            store.command("OPTIMIZE TABLE otel_traces FINAL")
            store.command("CREATE TABLE ceiling AS otel_traces")
            start = time.perf_counter()
            store.command("INSERT INTO ceiling SELECT * FROM otel_traces")
            ceiling = count / (time.perf_counter() - start)
    print("| step | spans per second |")
    print("| --- | --- |")
    print(f"| accept: convert, compress, sync to disk | {accepted:,.0f} |")
    print(f"| deliver: read, insert, all views | {delivered:,.0f} |")
    print(f"| the engine copying the same rows, without views | {ceiling:,.0f} |")


if __name__ == "__main__":
    main()
