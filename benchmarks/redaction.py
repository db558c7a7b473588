"""How fast the redaction engine finds, against sequential regular expressions for the seed's five kinds of value.

Usage: python benchmarks/redaction.py [--smoke]
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Callable

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


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="run briefly, to see that it works")
    rounds = 1 if parser.parse_args().smoke else 9
    redactor = Redactor(KeyRing(bytes(32)))
    print("| prompt | engine, 12 types | sequential, 5 types | ratio |")
    print("| --- | --- | --- | --- |")
    for size in (1_000, 10_000, 100_000):
        text = prompt(size)
        ours, theirs = rate(redactor.find, text, rounds), rate(sequential, text, rounds)
        print(f"| {size:,} characters | {ours:.1f} MB/s | {theirs:.1f} MB/s | {ours / theirs:.1f} × |")


if __name__ == "__main__":
    main()
