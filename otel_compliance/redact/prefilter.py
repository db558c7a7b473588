"""One scan that tells which recognisers need not look, with Hyperscan where it is installed (the extra ``fast``).

The scan knows simpler patterns than the recognisers do. Where none of a gate's patterns is, what the gate guards is not
in the text; where one is, the recogniser looks as it does without a scan. So the findings are the same. Whatever goes
wrong means "no scan", and then everything is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from threading import local
from typing import Any, Final

from otel_compliance import health
from otel_compliance.redact import network, wallets
from otel_compliance.redact.identity import address_labels, announced, documents, mixed, wrapped
from otel_compliance.redact.identity import recognizer as identifiers
from otel_compliance.redact.recognize import Folded, Hits
from otel_compliance.redact.secrets import recognizer as secrets

GATES: Final = {
    **documents.GATES,
    **announced.GATES,
    **address_labels.GATES,
    **identifiers.GATES,
    **mixed.GATES,
    **wrapped.GATES,
    **network.GATES,
    **secrets.GATES,
}
"""Gate to its patterns. They know no look-around and no possessive repeats, since Hyperscan does not.

Numbers are not among them: their patterns cost more here than the one search for runs of digits.
"""

_MAX_PLACES: Final = 2_000
"""Places in one text; with more of them to be told one by one, looking without a scan is faster."""

_Pattern = tuple[str, bytes]
"""(the gate that it opens, the pattern)."""

_LITERAL: Final = "literal"
"""The gate of which it is told where the matches are, too."""


class _Database:
    """Patterns that are compiled together, with scratch space for each thread, which makes one scan at a time."""

    def __init__(self, hyperscan: Any, patterns: Sequence[_Pattern]) -> None:
        self._gates = [gate for gate, _ in patterns]
        self._hyperscan = hyperscan
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=[pattern for _, pattern in patterns],
            ids=list(range(len(patterns))),
            # What is told once about a text cannot be told a million times about a hostile one.
            flags=[0 if gate == _LITERAL else hyperscan.HS_FLAG_SINGLEMATCH for gate in self._gates],
        )
        self._local = local()

    def scan(self, data: bytes, matches: list[tuple[str, int]]) -> None:
        """Add the gates that are open, each with the offset behind the match."""
        gates, add = self._gates, matches.append

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            add((gates[number], end))
            return len(matches) > _MAX_PLACES

        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._hyperscan.Scratch(self._database)
        self._database.scan(data, match_event_handler=on_match, scratch=scratch)


class Prefilter:
    """All patterns, compiled. Thread-safe; a forked process has its own copy.

    Args:
        hyperscan: The module.
    """

    def __init__(self, hyperscan: Any) -> None:
        self._terminated = hyperscan.ScanTerminated
        # Patterns with long repeats slow down those beside them, so wallets have a database of their own.
        self._text = _Database(hyperscan, [*_patterns(GATES), *_patterns({_LITERAL: secrets.LITERALS})])
        self._wallets = _Database(hyperscan, list(_patterns(wallets.GATES)))

    def scan(self, folded: Folded) -> Hits | None:
        """What may be in folded text; `None` when that cannot be told."""
        matches: list[tuple[str, int]] = []
        try:
            self._text.scan(folded.ascii, matches)
            self._wallets.scan(folded.ascii, matches)
        except self._terminated:
            return None
        except Exception as error:  # noqa: BLE001 - without a scan everything is looked for
            health.swallow("redact.prefilter", error)
            return None
        return Hits(
            frozenset(gate for gate, _ in matches),
            sorted(end - 1 for gate, end in matches if gate == _LITERAL),
        )


def _patterns(gates: Mapping[str, Sequence[bytes]]) -> Iterator[_Pattern]:
    for gate, patterns in gates.items():
        for pattern in patterns:
            yield gate, pattern


@cache
def prefilter() -> Prefilter | None:
    """The prefilter of this process; `None` where Hyperscan is not installed or cannot be loaded."""
    try:
        import hyperscan

        return Prefilter(hyperscan)
    except ImportError:
        return None
    except Exception as error:  # noqa: BLE001 - the engine without it finds the same
        health.swallow("redact.prefilter", error)
        return None
