"""Recall and precision of the recognisers on a labelled corpus that is made from a seed.

Usage: python benchmarks/accuracy.py [--smoke] [--misses]

A value counts as found when findings cover all of it, so that nothing of it would be left; as typed when one of them
has its type. The corpus shows what the engine does on spellings that its makers thought of. It says nothing about those
that nobody thought of.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
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


@dataclass(slots=True)
class Score:
    """What became of the texts of one type.

    Attributes:
        texts: How many there are.
        found: Values of which nothing is left.
        typed: Values found with their type.
        right: Findings that lie on the value.
        wrong: Findings that lie beside it, here or in a text that holds nothing, and claim to be of this type.
    """

    texts: int = 0
    found: int = 0
    typed: int = 0
    right: int = 0
    wrong: int = 0

    def row(self, name: str) -> str:
        """The row of a table."""
        precision = f"{100 * self.right / (self.right + self.wrong):.1f} %" if self.right else ""
        found, typed = (f"{100 * hits / self.texts:.1f} %" for hits in (self.found, self.typed))
        return f"| `{name}` | {found} | {typed} | {precision} |"


def score(kind: Kind, count: int, scores: dict[str, Score], *, show: bool) -> None:
    """Add what becomes of the texts of one kind."""
    own = scores[kind.type]
    for sample in positives(kind, count):
        findings = REDACTOR.find(sample.text)
        hit = covered(sample, findings)
        own.texts += 1
        own.found += hit
        own.typed += hit and any(item.type == sample.type for item in findings)
        for item in findings:
            if item.end <= sample.start or item.start >= sample.end:
                scores[item.type].wrong += 1
            elif item.type == sample.type:
                own.right += 1
        if show and not hit:
            print(f"missed {kind.type}: {sample.text!r}")


def main() -> None:
    """Score everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="run briefly, to see that it works")
    parser.add_argument("--misses", action="store_true", help="print what was missed, and what was found in nothing")
    arguments = parser.parse_args()
    count = 50 if arguments.smoke else 2_000
    scores: dict[str, Score] = defaultdict(Score)
    for kind in KINDS:
        score(kind, count, scores, show=arguments.misses)
    samples = negatives(10 * count)
    hit = 0
    for sample in samples:
        findings = REDACTOR.find(sample.text)
        for item in findings:
            scores[item.type].wrong += 1
        hit += bool(findings)
        if arguments.misses and findings:
            print(f"found {[item.type for item in findings]} in {sample.text!r}")
    print(f"{Path(__file__).name}: {count} texts for each kind of value, {len(samples):,} that hold nothing\n")
    print("| type | found | with that type | precision |\n| --- | --- | --- | --- |")
    for name, own in scores.items():
        if own.texts:
            print(own.row(name))
    others = {name: own.wrong for name, own in scores.items() if own.wrong and not own.texts}
    print(f"\nOf {len(samples):,} texts that hold nothing, {hit} ({100 * hit / len(samples):.2f} %) had a finding.")
    if others:
        print(f"Findings of other types: {others}.")


if __name__ == "__main__":
    main()
