"""How fast the redaction engine finds, and how long the bodies of requests take.

Finding is compared with the same patterns as sequential regular expressions.

Usage: python benchmarks/redaction.py [--smoke]
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from adversarial import SEEDS, repeated
from corpus import prompt
from presidio import presidio

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor, financial, network, numbers, wallets
from otel_compliance.redact.identity import addresses, documents, phones
from otel_compliance.redact.identity.schemes import IDENTIFIERS
from otel_compliance.redact.prefilter import prefilter
from otel_compliance.redact.recognizers import default_recognizers
from otel_compliance.redact.secrets import FAMILIES, assignments, blocks
from otel_compliance.redact.secrets.recognizer import SecretRecognizer

_NO_WORD = r"(?<![0-9A-Za-z])(?:{})(?![0-9A-Za-z])"
_CLASSES = {"0": "[0-9]", "A": "[A-Z]", " ": r"[ .\-/()]"}


def _shape(shape: str) -> str:
    return "".join(_CLASSES[char] for char in shape)


_PERSONAL = (
    *(numbers._CARD, numbers._SSN, numbers._IBAN, phones._STRONG, phones._INTERNATIONAL, phones._NORTH_AMERICAN),
    *(documents._DATE, documents._ENGLISH, documents._FRENCH, documents._GERMAN, addresses._CONTINENT),
    *(network._IPV4, *network._MAC, wallets._BASE58_ADDRESS, wallets._BECH32_ADDRESS, wallets._ETHEREUM),
    *(financial._BIC, blocks._BEGIN, blocks._URL, assignments._OPTION, assignments._AWS_SECRET),
)
# The patterns of the engine, written as one would without it, and looked for one after the other, with no check.
SEQUENTIAL = [
    re.compile(pattern)
    for pattern in (
        r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}",
        r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}",
        r"(?i)(?:password|passwd|pwd|secret|token|api_key|credential)[\"'`*\]\s]{0,4}(?:[:=]| is )\s*[^\s\"']{4,128}",
        *(pattern.pattern.decode("latin-1") for pattern in _PERSONAL),
        *(_NO_WORD.format("|".join(map(_shape, item.shapes + item.named))) for item in IDENTIFIERS),
        *(family.pattern.pattern.decode("latin-1") for family in FAMILIES),
    )
]


def sequential(text: str) -> int:
    """Findings of the same patterns, before any check."""
    return sum(1 for pattern in SEQUENTIAL for _ in pattern.finditer(text))


def rate(find: Callable[[str], object], texts: Sequence[str], rounds: int) -> float:
    """Megabytes per second, the median of several rounds over different texts."""
    size = sum(len(text.encode()) for text in texts)
    rates = []
    for _ in range(rounds):
        start = time.perf_counter()
        for text in texts:
            find(text)
        rates.append(size / (time.perf_counter() - start) / 1e6)
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


def chat(rounds: int) -> float:
    """How many times faster a chat of 40 turns is, each with the whole history, than without the memo."""
    turns = [prompt(1_000, turn) for turn in range(40)]
    ratios = []
    for _ in range(rounds):
        times = []
        for remembering in (False, True):
            redactor = Redactor(KeyRing(bytes(32)), fast=False)
            inspect = redactor.inspect if remembering else redactor.find
            start = time.perf_counter()
            for turn in range(1, len(turns) + 1):
                for text in turns[:turn]:
                    inspect(text)
            times.append(time.perf_counter() - start)
        ratios.append(times[0] / times[1])
    return statistics.median(ratios)


def worst(redactor: Redactor, size: int) -> tuple[float, str]:
    """(seconds, what is repeated) of the slowest adversarial input."""
    times = []
    for seed in SEEDS:
        text = repeated(seed, size)
        start = time.perf_counter()
        redactor.find(text)
        times.append((time.perf_counter() - start, seed))
    return max(times)


def span(redactor: Redactor, rounds: int) -> float:
    """Microseconds that 12 short attributes of a span take."""
    start = time.perf_counter()
    for _ in range(100 * rounds):
        for value in ATTRIBUTES:
            redactor.redact(value)
    return (time.perf_counter() - start) / (100 * rounds) * 1e6


ATTRIBUTES = (
    *(
        "chat",
        "anthropic",
        "claude-sonnet-4-5",
        "claude-sonnet-4-5-20250929",
        "end_turn",
        "msg_01XFDUDYJgAACzvnptvVoYEL",
    ),
    *("api.anthropic.com", "POST", "/v1/messages", "production", "checkout-service", "1.4.2"),
)


def _print_presidio(rounds: int) -> None:
    """Presidio's patterns, over prompts of 10,000 characters."""
    analyze = presidio()
    if analyze is None:
        print("\nPresidio is not installed.")
        return
    # Presidio knows no type of credential.
    recognizers = [item for item in default_recognizers() if not isinstance(item, SecretRecognizer)]
    pure = Redactor(KeyRing(bytes(32)), recognizers, fast=False)
    texts = [prompt(10_000, seed) for seed in range(3)]
    analyze(texts[0])
    ours, theirs = rate(pure.find, texts, rounds * 3), rate(analyze, texts, rounds)
    print(f"\nPresidio's patterns: {theirs:.2f} MB/s. Pure Python without credentials: {ours:.1f} MB/s, ", end="")
    print(f"{ours / theirs:.0f} × as fast.")


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="run briefly, to see that it works")
    smoke = parser.parse_args().smoke
    rounds = 1 if smoke else 9
    pure, fast = Redactor(KeyRing(bytes(32)), fast=False), Redactor(KeyRing(bytes(32)))
    print(
        "| prompts | engine, pure Python | with `[fast]` | same patterns one by one | pure by patterns | fast by pure |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for size, count in ((1_000, 100), (10_000, 20), (100_000, 3)):
        texts = [prompt(size, seed) for seed in range(1 if smoke else count)]
        ours, faster, theirs = (
            rate(pure.find, texts, rounds),
            rate(fast.find, texts, rounds),
            rate(sequential, texts, 1),
        )
        print(f"| {size:,} characters | {ours:.1f} MB/s | {faster:.1f} MB/s | {theirs:.2f} MB/s ", end="")
        print(f"| {ours / theirs:.0f} × | {faster / ours:.2f} × |")
    if prefilter() is None:
        print("\nHyperscan is not installed: both columns are pure Python.")
    _print_presidio(rounds=1 if smoke else 3)
    print("\n| | pure Python | with `[fast]` |\n| --- | --- | --- |")
    (slow, seed), (slow_fast, seed_fast) = (worst(engine, 10_000 if smoke else 1_000_000) for engine in (pure, fast))
    print(f"| worst of {len(SEEDS)} inputs of 1 MB | {slow:.2f} s, {seed!r} | {slow_fast:.2f} s, {seed_fast!r} |")
    print(f"| 12 short attributes | {span(pure, rounds):.0f} µs | {span(fast, rounds):.0f} µs |")
    print(f"| 40-turn chat, by no memo | {chat(1 if smoke else 3):.1f} × | |")
    print("\n| body of a request | time |")
    print("| --- | --- |")
    for name, microseconds in bodies(rounds * 5):
        print(f"| {name} | {microseconds:.0f} µs |")


if __name__ == "__main__":
    main()
