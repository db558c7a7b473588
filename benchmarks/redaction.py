"""How fast the redaction engine finds, and how long the bodies of requests take.

Finding is compared with sequential regular expressions for the seed's five kinds of value.

Usage: python benchmarks/redaction.py [--smoke]
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Callable
from typing import Any

from corpus import prompt

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

# The five patterns that a first attempt would have, looked for one after the other.
SEQUENTIAL = [
    re.compile(pattern)
    for pattern in (
        r"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,253}\.[A-Za-z]{2,24}\b",
        r"\b(?:\+?1[-. ]?)?\(?\d{3}\)?[-. ]?\d{3}[-. ]?\d{4}\b",
        r"\b\d{3}-\d{2}-\d{4}\b",
        r"\b(?:\d{4}[- ]?){3}\d{4}\b",
        r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
    )
]


def sequential(text: str) -> int:
    """Findings of the five patterns."""
    return sum(1 for pattern in SEQUENTIAL for _ in pattern.finditer(text))


def rate(find: Callable[[str], object], text: str, rounds: int) -> float:
    """Megabytes per second, the median of several rounds."""
    repeat = max(1, 200_000 // len(text))
    rates = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeat):
            find(text)
        rates.append(repeat * len(text.encode()) / (time.perf_counter() - start) / 1e6)
    return statistics.median(rates)


def body(turns: int, size: int, seed: int) -> dict[str, Any]:
    """The body of a request of the Messages API: a chat of `turns` messages of about `size` characters each."""
    messages = [
        {"role": ("user", "assistant")[turn % 2], "content": [{"type": "text", "text": prompt(size, seed + turn)}]}
        for turn in range(turns)
    ]
    system = [{"type": "text", "text": "You are a helpful assistant.", "cache_control": {"type": "ephemeral"}}]
    schema = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
    tools = [{"name": "lookup", "description": "Find an order.", "input_schema": schema}]
    return {"model": "claude-sonnet-4-5", "max_tokens": 1024, "system": system, "messages": messages, "tools": tools}


def elapsed(redactor: Redactor, value: object) -> float:
    """Microseconds that redacting `value` takes."""
    start = time.perf_counter()
    redactor.redact_value(value)
    return (time.perf_counter() - start) * 1e6


def bodies(rounds: int) -> list[tuple[str, float]]:
    """What was redacted, and the median of its microseconds. No text comes twice but in the history of a chat."""
    single, first, again = [], [], []
    for number in range(rounds):
        redactor = Redactor(KeyRing(bytes(32)))
        redactor.redact_value(body(1, 1_000, -1))
        single.append(elapsed(redactor, body(1, 8_000, number * 100)))
        chat, longer = body(20, 1_000, number * 100), body(21, 1_000, number * 100)
        first.append(elapsed(redactor, chat))
        again.append(elapsed(redactor, longer))
    return [
        ("one message of 8,000 characters", statistics.median(single)),
        ("20 messages of 1,000 characters, seen for the first time", statistics.median(first)),
        ("the same 20 and a new one", statistics.median(again)),
    ]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="run briefly, to see that it works")
    rounds = 1 if parser.parse_args().smoke else 9
    redactor = Redactor(KeyRing(bytes(32)))
    print("| prompt | engine, all types | sequential, 5 types | ratio |")
    print("| --- | --- | --- | --- |")
    for size in (1_000, 10_000, 100_000):
        text = prompt(size)
        ours, theirs = rate(redactor.find, text, rounds), rate(sequential, text, rounds)
        print(f"| {size:,} characters | {ours:.1f} MB/s | {theirs:.1f} MB/s | {ours / theirs:.1f} × |")
    print("\n| body of a request | time |")
    print("| --- | --- |")
    for name, microseconds in bodies(rounds * 5):
        print(f"| {name} | {microseconds:.0f} µs |")


if __name__ == "__main__":
    main()
