"""Recall and precision of the recognisers on a labelled corpus that is made from a seed.

Usage: python benchmarks/accuracy.py [--smoke] [--misses]

A value counts as found when findings cover all of it, so that nothing of it would be left; as typed when one of them
has its type. The corpus shows what the engine does on spellings that its makers thought of. It says nothing about those
that nobody thought of.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from labelled import KINDS, Kind, Sample, negatives, positives

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Finding, Redactor

REDACTOR = Redactor(KeyRing(bytes(32)))


def covered(sample: Sample, findings: list[Finding]) -> bool:
    """Whether all of the value lies in findings."""
    open_offsets = set(range(sample.start, sample.end))
    for finding in findings:
        open_offsets -= set(range(finding.start, finding.end))
    return not open_offsets


def score(kind: Kind, count: int, *, show: bool) -> tuple[int, int, Counter[str]]:
    """(values found, values found with the right type, findings that lie beside the value by type)."""
    found = typed = 0
    beside: Counter[str] = Counter()
    for sample in positives(kind, count):
        findings = REDACTOR.find(sample.text)
        hit = covered(sample, findings)
        found += hit
        typed += hit and any(item.type == sample.type for item in findings)
        beside.update(item.type for item in findings if item.end <= sample.start or item.start >= sample.end)
        if show and not hit:
            print(f"missed {kind.type}: {sample.text!r}")
    return found, typed, beside


def main() -> None:
    """Score everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="run briefly, to see that it works")
    parser.add_argument("--misses", action="store_true", help="print what was missed, and what was found in nothing")
    arguments = parser.parse_args()
    count = 50 if arguments.smoke else 2_000
    print(f"{Path(__file__).name}: {count} texts for each type\n")
    print("| type | found | with that type |\n| --- | --- | --- |")
    beside: Counter[str] = Counter()
    for kind in KINDS:
        found, typed, others = score(kind, count, show=arguments.misses)
        beside += others
        print(f"| `{kind.type}` | {100 * found / count:.1f} % | {100 * typed / count:.1f} % |")
    samples = negatives(10 * count)
    wrong: Counter[str] = Counter()
    hit = 0
    for sample in samples:
        findings = REDACTOR.find(sample.text)
        wrong.update(item.type for item in findings)
        hit += bool(findings)
        if arguments.misses and findings:
            print(f"found {[item.type for item in findings]} in {sample.text!r}")
    print(
        f"\nOf {len(samples):,} texts that hold nothing, {hit} ({100 * hit / len(samples):.2f} %) had a finding", end=""
    )
    print(f": {dict(wrong)}." if wrong else ".")
    print(f"Beside the values: {dict(beside)}." if beside else "Nothing was found beside the values.")


if __name__ == "__main__":
    main()
