"""Recall and precision on a labelled corpus whose author had not seen the engine, or on one of yours.

Usage: python benchmarks/held_out.py [FILE] [--misses] [--smoke]

FILE has one JSON object a line, ``{"text": …, "entities": [{"type": …, "value": …}]}``, and may be compressed with
gzip; an empty list means that nothing is to be found. Without FILE it is held_out.jsonl.gz beside this one: texts as in
Claude traffic, in 25 languages, a tenth of them written by hand, with values whose check digits are right. All keys and
people in it were made up.

A value counts as found when findings cover four fifths of it, wherever it stands in the text; of a URL with a password,
when one lies in it. Types are those of the corpus, not of the engine.
"""

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Finding, Redactor

CORPUS = Path(__file__).with_name("held_out.jsonl.gz")
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


def main() -> None:
    """Score the corpus and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=CORPUS, help="a labelled corpus")
    parser.add_argument("--misses", action="store_true", help="print what was missed, and what was found in nothing")
    parser.add_argument("--smoke", action="store_true", help="only see that it works")
    options = parser.parse_args()
    redactor = Redactor(KeyRing(bytes(32)))
    values, found, outcome = Counter[str](), Counter[str](), Counter[str]()
    for number, sample in enumerate(samples(options.file)):
        if options.smoke and number % 50:
            continue
        text, entities = sample["text"], sample["entities"]
        findings = list(redactor.find(text))
        spans = [span for entity in entities for span in places(text, entity["value"])]
        right = sum(any(item.start < end and item.end > start for start, end in spans) for item in findings)
        outcome.update(
            right=right, findings=len(findings), empty=not entities, disturbed=bool(findings and not entities)
        )
        for entity in entities:
            hit = is_found(entity, text, findings)
            values[entity["type"]] += 1
            found[entity["type"]] += hit
            if options.misses and not hit:
                print(f"missed {entity['type']} {entity['value']!r} in {text!r}")
        if options.misses and findings and not entities:
            print(f"found {[item.type for item in findings]} in {text!r}")
    print("| type | values | found |\n| --- | --- | --- |")
    for name in sorted(values):
        print(f"| `{name}` | {values[name]:,} | {found[name] / values[name]:.1%} |")
    print(f"| together | {values.total():,} | {found.total() / values.total():.1%} |")
    print(f"\n{outcome['right'] / outcome['findings']:.2%} of {outcome['findings']:,} findings lie on a value.")
    share = outcome["disturbed"] / max(1, outcome["empty"])
    print(f"{share:.2%} of {outcome['empty']:,} texts that hold nothing have a finding.")


if __name__ == "__main__":
    main()
