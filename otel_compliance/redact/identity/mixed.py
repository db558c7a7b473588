"""Where capitals stand with single digits among them, as in the numbers of German and Dutch passports.

What has two digits in a row is found by `shapes`; these have none, or at their end, and are looked for apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.recognize import Folded

# In the shape of a text: a digit between capitals, or one behind eight of them.
_LIKELY: Final = re.compile(rb"A(?=0A|AAAAAAA0)")
_WORD: Final = re.compile(rb"[A0]{1,14}")
_MOST: Final = 12
LENGTHS: Final = range(8, _MOST + 1)
"""From the shortest number of a passport to the longest of a licence."""

_FIRST_CHARS: Final = 3
_FIRST: Final = re.compile(rb"[^A0]?[A0]{3} ")
_LAST_CHARS: Final = 6
_BEHIND: Final = re.compile(rb" [A0]{6}(?![A0])")
"""The two groups in which those of passports are printed."""

GATES: Final = {"mixed": (rb"[A-Z][0-9][A-Z]", rb"[A-Z]{8}[0-9]")}
HINT: Final = "[A-Z][0-9][A-Z]|[A-Z]{8}[0-9]"


def mixed(folded: Folded) -> Iterator[tuple[int, int]]:
    """(first offset, offset behind the last) of each word of capitals and single digits that is as long as a number."""
    if not folded.may_hold("mixed"):
        return
    shape, done = folded.shape, 0
    for match in _LIKELY.finditer(shape):
        if match.start() < done:
            continue
        before = shape[max(0, match.start() - _MOST) : match.start()]
        start = match.start() - len(before) + len(before.rstrip(b"A0"))
        word = _WORD.match(shape, start)
        done = word.end() if word else match.end()
        if done - start in LENGTHS:
            yield start, done
        elif done - start == _LAST_CHARS and _FIRST.fullmatch(shape, max(0, start - _FIRST_CHARS - 2), start):
            yield start - _FIRST_CHARS - 1, done
        elif done - start == _FIRST_CHARS and (last := _BEHIND.match(shape, done)):
            done = last.end()
            yield start, done
