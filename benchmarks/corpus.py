"""Realistic prompts, made from a fixed seed: prose, numbers that are nothing, and about one value per kilobyte."""

from __future__ import annotations

import random

_WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "that",
    "for",
    "it",
    "as",
    "was",
    "with",
    "be",
    "by",
    "request",
    "latency",
    "deployment",
    "customer",
    "account",
    "refund",
    "ticket",
    "contract",
    "please",
    "summarise",
    "explain",
    "compare",
    "rewrite",
    "invoice",
    "order",
    "since",
    "because",
    "other",
    "would",
    "there",
    "question",
    "answer",
]
_HARMLESS = (
    "order #48213377",
    "id=550e8400-e29b-41d4-a716-446655440000",
    "2026-11-23T10:30:00Z",
    "v2.14.0",
    "$1,249.50",
    "52.520008, 13.404954",
    "def total(x): return sum(x)",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
)
_VALUES = (
    "jane.doe@example.com",
    "(415) 555-2671",
    "SSN 123-45-6789",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "203.0.113.77",
    "2001:db8::8a2e:370:7334",
    "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
)


def prompt(size: int, seed: int = 1) -> str:
    """A prompt of about `size` characters."""
    rng = random.Random(f"{seed}/{size}")
    parts: list[str] = []
    length, next_value = 0, 200
    while length < size:
        piece = " ".join(rng.choices(_WORDS, k=rng.randint(6, 16))).capitalize() + ". "
        if rng.random() < 0.25:
            piece += rng.choice(_HARMLESS) + " "
        if length > next_value:
            piece += rng.choice(_VALUES) + ". "
            next_value = length + 1024
        parts.append(piece)
        length += len(piece)
    return "".join(parts)[:size]
