"""Fold text to one byte per character, and map findings back to the original."""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import compress
from typing import TYPE_CHECKING, Final

from otel_compliance.keys import VERSION
from otel_compliance.redact import spellings
from otel_compliance.redact.characters import INVISIBLE, folded
from otel_compliance.redact.recognize import Finding, Folded

if TYPE_CHECKING:
    from otel_compliance.redact.prefilter import Prefilter

TOKEN_FILL: Final = b"\x82"
_VISIBLE: Final = bytes(byte != INVISIBLE for byte in range(256))
"""To 1 for each byte of a visible character, and 0 for the others."""

_TOKEN: Final = re.compile(
    rb"\[([A-Z][A-Z0-9_]{1,31})(?::%s:(?![a-z]{0,7}[2-7]{9})[a-z2-7]{16}|:\*{4}(?:[A-Za-z0-9]{4})?)?\]"
    % VERSION.encode()
)
"""What stands for a value that is already redacted: a token, a mask, or the type alone; see `transform`.

Anybody can write what looks like one, so that no value must fit in. Nine digits in a row might be an identifier; in a
true digest they stand twice in a million times.
"""


class FoldedText:
    """A text, folded, and the way back from folded offsets to its own.

    Args:
        text: Any string; lone surrogates are allowed.
        types: The entity types that there are. In brackets they stand for a value; any other word may be one.
        prefilter: Tells what need not be looked for.
    """

    __slots__ = ("_length", "_positions", "folded")

    def __init__(self, text: str, types: Collection[bytes] = (), prefilter: Prefilter | None = None) -> None:
        buffer, text = spellings.read(folded(text), text)
        if b"[" in buffer:
            buffer = _TOKEN.sub(lambda match: TOKEN_FILL * len(match[0]) if match[1] in types else match[0], buffer)
        self._length = len(buffer)
        self._positions: array[int] | None = None
        if INVISIBLE in buffer:
            visible = buffer.translate(_VISIBLE)
            self._positions = array("q", compress(range(len(buffer)), visible))
            buffer = buffer.translate(None, bytes([INVISIBLE]))
            text = "".join(compress(text, visible))
        self.folded = Folded(buffer, text, prefilter)

    def original(self, findings: Sequence[Finding]) -> list[Finding]:
        """`findings` with offsets in the original text. Invisible characters behind a value belong to it."""
        positions = self._positions
        if positions is None:
            return list(findings)
        last = len(positions)
        return [
            replace(item, start=positions[item.start], end=positions[item.end] if item.end < last else self._length)
            for item in findings
        ]
