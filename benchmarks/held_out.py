"""Recall and precision on labelled corpora whose authors had not seen the engine, or on one of yours.

Usage: python benchmarks/held_out.py [FILE] [--misses] [--smoke]

FILE has one JSON object a line, ``{"text": …, "entities": [{"type": …, "value": …}]}``, and may be compressed with
gzip; an empty list means that nothing is to be found. Without FILE it is those in the folder held_out beside this one,
by five authors: texts as in Claude traffic, in more than 20 languages, from templates written by hand, with values
whose check digits are right. All keys and people in them were made up.

A value counts as found when findings cover four fifths of it, wherever it stands in the text; of a URL with a password,
when one lies in it. Types are those of the corpora, not of the engine.
"""

import argparse
import gzip
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Finding, Redactor

FOLDER = Path(__file__).with_suffix("")
CORPORA = [FOLDER / f"{number}.jsonl.gz" for number in ("first", "second", "third", "fourth", "fifth")]
COVERED = 0.8
IN_PART = frozenset({"URL_CREDENTIAL"})
"""Types whose value has more in it than the secret."""


def samples(path: Path) -> Iterator[dict[str, Any]]:
    """The labelled texts of a file."""
    data = path.read_bytes()
    text = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    return map(json.loads, text.decode("utf-8").splitlines())


def places(text: str, value: str) -> list[tuple[int, int]]:
    """Where a value stands in a text."""
    found, at = [], text.find(value)
    while at >= 0:
        found.append((at, at + len(value)))
        at = text.find(value, at + len(value))
    return found


def is_found(entity: dict[str, str], text: str, findings: list[Finding]) -> bool:
    """Whether findings cover a value, blanks aside, in each of its places."""
    covered = {offset for item in findings for offset in range(item.start, item.end)}
    for start, end in places(text, entity["value"]):
        share = sum(offset in covered or text[offset].isspace() for offset in range(start, end)) / (end - start)
        in_part = entity["type"] in IN_PART and any(item.start < end and item.end > start for item in findings)
        if share < COVERED and not in_part:
            return False
    return True


@dataclass
class Score:
    """What became of one corpus.

    Attributes:
        values: By type.
        found: Of them, by type.
        outcome: Findings, those of them that lie on a value, texts that hold nothing, and those with a finding.
    """

    values: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    outcome: Counter[str] = field(default_factory=Counter)

    def row(self, name: str) -> str:
        """The row of the table."""
        share, right = self.found.total() / self.values.total(), self.outcome["right"] / self.outcome["findings"]
        empty, disturbed = self.outcome["empty"], self.outcome["disturbed"] / max(1, self.outcome["empty"])
        return f"| {name} | {self.values.total():,} | {share:.1%} | {right:.2%} | {disturbed:.2%} of {empty:,} |"


def score(redactor: Redactor, path: Path, *, every: int, misses: bool) -> Score:
    """Score one corpus, or each so many of its texts."""
    result = Score()
    for sample in itertools.islice(samples(path), 0, None, every):
        text, entities = sample["text"], sample["entities"]
        findings = list(redactor.find(text))
        spans = [span for entity in entities for span in places(text, entity["value"])]
        right = sum(any(item.start < end and item.end > start for start, end in spans) for item in findings)
        result.outcome.update(
            right=right, findings=len(findings), empty=not entities, disturbed=bool(findings and not entities)
        )
        for entity in entities:
            hit = is_found(entity, text, findings)
            result.values[entity["type"]] += 1
            result.found[entity["type"]] += hit
            if misses and not hit:
                print(f"missed {entity['type']} {entity['value']!r} in {text!r}")
        if misses and findings and not entities:
            print(f"found {[item.type for item in findings]} in {text!r}")
    return result


def main() -> None:
    """Score the corpora and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="*", type=Path, default=CORPORA, help="a labelled corpus")
    parser.add_argument("--misses", action="store_true", help="print what was missed, and what was found in nothing")
    parser.add_argument("--smoke", action="store_true", help="only see that it works")
    options = parser.parse_args()
    redactor = Redactor(KeyRing(bytes(32)))
    scores = {
        path: score(redactor, path, every=50 if options.smoke else 1, misses=options.misses) for path in options.file
    }
    values = sum((item.values for item in scores.values()), Counter())
    found = sum((item.found for item in scores.values()), Counter())
    print("| type | values | found |\n| --- | --- | --- |")
    for name in sorted(values):
        print(f"| `{name}` | {values[name]:,} | {found[name] / values[name]:.1%} |")
    print("\n| corpus | values | found | findings that lie on a value | texts without a value that have a finding |")
    print("| --- | --- | --- | --- | --- |")
    for path, item in scores.items():
        print(item.row(path.name.partition(".")[0]))


if __name__ == "__main__":
    main()
