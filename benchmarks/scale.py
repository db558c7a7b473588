"""The store when it is full: bytes for each call, and how long the questions take that people ask of it.

    python benchmarks/scale.py [--smoke] [--calls 50000000] [--sized 200000]

* Bytes: one call of the real SDK is captured, and stored so many times, each time with ids, hashes, people, counts and
  times of its own, as span and as audit event. Parts are merged before they are measured.
* Times: audit events of 28 days, of 200 keys of unequal use and half a million people, made in the engine. Their
  attributes have columns, from which the views derive the rest as they do for real events.
"""

import argparse
import os
import random
import statistics
import string
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from otel_compliance.store.client import Store, connect
from otel_compliance.store.rows import Block, log_block, span_block
from otel_compliance.store.schema import migrate

CHUNK = 1_000_000
REPEATS = 9
DAYS = 28
BLOCK = 10_000

_random = random.Random(7)

_CALLS = f"""
INSERT INTO otel_audit (
    Timestamp, IngestedAt, ChainId, Seq, EventName, TraceId, ServiceName, GenAiRequestModel, InputTokens, OutputTokens,
    DurationNs, TeamId, UserId, KeyId, RequestType, CallOutcome, Classification, PiiDetected
)
WITH
    number / {{calls:UInt64}} AS share,
    toUInt8(pow(rand(1) / 4294967296, 3) * 200) AS key,
    toUInt32(pow(rand(2) / 4294967296, 2) * 500000) AS person,
    {{end:DateTime64(9)}} - toIntervalMicrosecond(toUInt64((1 - share) * {DAYS} * 86400e6)) AS at
SELECT
    at, at, concat('chain-', toString(number % 20)), intDiv(number, 20), 'claude.api.request',
    lower(hex(sipHash128(number))), concat('service-', toString(key % 20)),
    ['claude-sonnet-5-5', 'claude-haiku-4-5', 'claude-opus-5-5', 'claude-opus-5', 'claude-sonnet-5'][1 + rand(3) % 5],
    rand(4) % 4000, rand(5) % 800, 200000000 + rand(6), concat('team-', toString(key % 20)),
    concat('k1:', lower(hex(sipHash64(person)))), concat('k1:', lower(hex(sipHash64('key', key)))), 'messages.create',
    if(rand(7) % 50 = 0, 'error', 'completed'), ['INTERNAL', 'CONFIDENTIAL', 'RESTRICTED'][1 + rand(8) % 3],
    rand(8) % 3 > 0
FROM numbers({{first:UInt64}}, {{size:UInt64}})
"""
_PERSON = """
SELECT UserId AS v FROM otel_audit GROUP BY v ORDER BY abs(toInt64(count()) - 100), v LIMIT 1
"""
_CALLS_OF_PERSON = """
SELECT Timestamp, TraceId, ServiceName, GenAiRequestModel FROM otel_audit WHERE UserId = {v:String} ORDER BY Timestamp
"""
_KEY = """
SELECT KeyId AS v FROM genai_usage_hour GROUP BY v ORDER BY sum(Calls) DESC LIMIT 1
"""
_USAGE_OF_KEY = """
SELECT toDate(Hour) AS day, sum(Calls) AS calls, sum(InputTokens + OutputTokens) AS tokens
FROM genai_usage_hour WHERE KeyId = {v:String} GROUP BY day ORDER BY day
"""
_LAST = """
SELECT toString(max(LastSeen)) AS v FROM genai_first_seen
"""
_FIRST_SEEN = """
SELECT KeyId, Dimension, Value, min(FirstSeen) AS first FROM genai_first_seen
GROUP BY KeyId, Dimension, Value HAVING first > toDateTime64({v:String}, 9) - INTERVAL 1 DAY
"""

QUESTIONS = {
    "every call of one person": (_PERSON, _CALLS_OF_PERSON),
    "usage of one key by day": (_KEY, _USAGE_OF_KEY),
    "what keys used first on the last day": (_LAST, _FIRST_SEEN),
}
"""By title: what to ask about, and the question."""


def captured() -> tuple[Block, Block]:
    """Span and audit event of one call that the SDK made, as rows."""
    os.environ |= {"OTEL_COMPLIANCE_STORE": "none", "OTEL_COMPLIANCE_AUDIT_LOG": "none", "OTEL_SERVICE_NAME": "app"}
    import anthropic
    from opentelemetry import _logs, trace
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    import otel_compliance
    from otel_compliance.testing import ClaudeAPI, Reply

    spans, logs = InMemorySpanExporter(), InMemoryLogRecordExporter()
    tracers, loggers = TracerProvider(), LoggerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    loggers.add_log_record_processor(SimpleLogRecordProcessor(logs))
    trace.set_tracer_provider(tracers)
    _logs.set_logger_provider(loggers)
    otel_compliance.instrument()
    with ClaudeAPI() as api, otel_compliance.context(user_id="somebody", team_id="support", purpose="ticket"):
        api.enqueue(Reply(text="Done."))
        client = anthropic.Anthropic(base_url=api.base_url, api_key="sk-ant-api03-" + "x" * 95)
        question: Any = [{"role": "user", "content": "Write to jane.doe@example.com"}]
        client.messages.create(model="claude-sonnet-5-5", max_tokens=64, messages=question)
        client.close()
    otel_compliance.force_flush()
    events = [item for item in logs.get_finished_logs() if item.log_record.event_name == "claude.api.request"]
    calls = [span for span in spans.get_finished_spans() if "compliance.classification" in (span.attributes or {})]
    return span_block(calls), log_block(events)


def _text(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(_random.choices(alphabet, k=length))


class Population:
    """Keys and people, of which a call has one each; some keys are used much more than others."""

    def __init__(self) -> None:
        self.keys = [
            (f"k1:{_text(16, string.ascii_lowercase)}", f"sk-ant-api03-{_text(3)}...{_text(4)}") for _ in range(200)
        ]
        self.people = [f"k1:{_text(16, string.ascii_lowercase)}" for _ in range(20_000)]
        self.chains: dict[str, tuple[int, str]] = {}

    def facts(self) -> dict[str, str]:
        """What differs from call to call."""
        number = min(int(_random.paretovariate(1)) - 1, 199)
        key, hint = self.keys[number]
        return {
            "anthropic.request.id": f"req_011C{_text(20)}",
            "gen_ai.response.id": f"msg_01{_text(22)}",
            "gen_ai.usage.input_tokens": str(int(_random.lognormvariate(6, 1.2))),
            "gen_ai.usage.output_tokens": str(int(_random.lognormvariate(5, 1))),
            "compliance.call.duration": str(int(_random.lognormvariate(20.5, 0.7))),
            "compliance.key.id": key,
            "compliance.key.hint": hint,
            "compliance.team.id": f"team-{number % 20}",
            "compliance.user.id": _random.choice(self.people),
            "compliance.ratelimit.requests.remaining": str(_random.randrange(3000, 4000)),
            "compliance.ratelimit.tokens.remaining": str(_random.randrange(200, 400) * 1000),
        }

    def link(self) -> dict[str, str]:
        """A place in a chain of audit events."""
        chain = f"20261128T032035Z-{_random.randrange(20)}-db9198d1"
        sequence, before = self.chains.get(chain, (0, "0" * 64))
        digest = _text(64, "0123456789abcdef")
        self.chains[chain] = sequence + 1, digest
        return {
            "compliance.audit.chain.id": chain,
            "compliance.audit.sequence": str(sequence),
            "compliance.audit.prev": before,
            "compliance.audit.hash": digest,
            "compliance.audit.leaf": _text(64, "0123456789abcdef"),
            "compliance.audit.salt": _text(32, "0123456789abcdef"),
        }


def copies(span: Block, event: Block, count: int) -> Iterator[tuple[Block, Block]]:
    """So many calls like the one that was captured."""
    population, at = Population(), time.time_ns() - count * 10_000_000
    for _ in range(0, count, BLOCK):
        columns: tuple[dict[str, list[Any]], ...] = tuple(
            {name: list(values) * BLOCK for name, values in block.columns.items()} for block in (span, event)
        )
        for row in range(BLOCK):
            at += int(_random.expovariate(100) * 1e9)
            facts, ids = population.facts(), (_text(32, "0123456789abcdef"), _text(16, "0123456789abcdef"))
            for block in columns:
                block["Timestamp"][row] = at
                block["TraceId"][row], block["SpanId"][row] = ids
            columns[0]["Duration"][row] = int(facts["compliance.call.duration"])
            columns[0]["SpanAttributes"][row] = columns[0]["SpanAttributes"][row] | facts
            columns[1]["LogAttributes"][row] = columns[1]["LogAttributes"][row] | facts | population.link()
        yield Block(span.table, columns[0], BLOCK), Block(event.table, columns[1], BLOCK)


def merged_sizes(store: Store) -> dict[str, int]:
    """Bytes on disk of each table that has rows, merged."""
    tables = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    for row in store.query(tables):
        store.command(f"OPTIMIZE TABLE {row['name']} FINAL")
    sizes = store.query(
        "SELECT table, sum(bytes_on_disk) AS size FROM system.parts WHERE active AND database = currentDatabase() "
        "AND table != 'schema_migrations' GROUP BY table ORDER BY size DESC"
    )
    return {row["table"]: int(row["size"]) for row in sizes}


def show_sizes(store: Store, count: int) -> None:
    """Print the bytes for each call by table."""
    for span, event in copies(*captured(), count):
        store.insert(span)
        store.insert(event)
    sizes = merged_sizes(store)
    count = -(-count // BLOCK) * BLOCK
    print(f"bytes for each of {count:,} calls without content")
    for table, size in sizes.items():
        print(f"  {table:38}{size / count:10.1f}")
    print(f"  {'together':38}{sum(sizes.values()) / count:10.1f}")


def show_times(store: Store, calls: int) -> None:
    """Print how long questions take."""
    end = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    started = time.perf_counter()
    for first in range(0, calls, CHUNK):
        size = min(CHUNK, calls - first)
        store.command(_CALLS, {"first": first, "size": size, "calls": calls, "end": end})
    took = time.perf_counter() - started
    print(f"{calls:,} calls, made and inserted with their views at {calls / took:,.0f} rows/s")
    for question, (subject, sql) in QUESTIONS.items():
        value = store.query(subject)[0]["v"]
        times, rows = [], 0
        for _ in range(REPEATS):
            started = time.perf_counter()
            rows = len(store.query(f"{sql} SETTINGS use_query_condition_cache = 0", {"v": value}))
            times.append(time.perf_counter() - started)
        print(f"  {question:38}{statistics.median(times) * 1e3:10.1f} ms, {rows} rows")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="only see that it works")
    parser.add_argument("--calls", type=int, default=50_000_000, help="calls in the store when it is asked")
    parser.add_argument("--sized", type=int, default=200_000, help="calls whose bytes are counted")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, connect(f"chdb://{Path(folder) / 'store'}") as store:
        migrate(store)
        show_sizes(store, 10_000 if options.smoke else options.sized)
        for table in merged_sizes(store):
            store.command(f"TRUNCATE TABLE {table}")
        show_times(store, 100_000 if options.smoke else options.calls)


if __name__ == "__main__":
    main()
