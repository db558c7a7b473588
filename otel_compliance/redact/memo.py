"""What was found in texts that were inspected before: a chat sends its whole history again with every turn."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from threading import RLock
from typing import Final

from otel_compliance.redact.recognize import Finding

_MAX_TEXTS: Final = 4096
_MAX_FINDINGS: Final = 64
"""Together they bound the memory: most texts have no finding and take about 250 bytes, none takes more than 20 KB."""

_DIGEST_BYTES: Final = 16
"""128 bits: no two texts of a process collide, and nobody who lacks its key can make two that do."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """The outcome of one inspection, without any content.

    Attributes:
        findings: With offsets in the original text.
        tokens: The token that stands for each finding; empty until somebody needed them.
    """

    findings: tuple[Finding, ...] = ()
    tokens: tuple[str, ...] = ()

    def behind(self, offset: int) -> Inspected:
        """The outcome of the part of the text behind an offset; a finding that reaches into it is cut there."""
        kept = [number for number, finding in enumerate(self.findings) if finding.end > offset]
        return Inspected(
            tuple(self.findings[number].moved(-offset) for number in kept),
            tuple(self.tokens[number] for number in kept if self.tokens),
        )


# Reentrant: a finalizer may end a span, which is then redacted, wherever the garbage collector runs it.
_lock = RLock()
# A lock that another thread held at a fork would never be released in the child.
os.register_at_fork(after_in_child=lambda: globals().update(_lock=RLock()))


class Memo:
    """Outcomes by keyed digest of the text; the least recently used are forgotten. Safe for threads and forks.

    The key is random and never leaves the process, so a digest tells nobody which text it was.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(hashlib.blake2b.MAX_KEY_SIZE)
        self._known: OrderedDict[bytes, Inspected] = OrderedDict()

    def digest(self, text: str) -> bytes:
        """What `text` is known by."""
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=_DIGEST_BYTES, key=self._key).digest()

    def get(self, digest: bytes) -> Inspected | None:
        """The outcome of an earlier inspection of the same text."""
        with _lock:
            known = self._known.pop(digest, None)
            if known is not None:
                self._known[digest] = known
            return known

    def add(self, digest: bytes, inspected: Inspected) -> None:
        """Remember an outcome, unless it has so many findings that inspecting again is the lesser evil."""
        if len(inspected.findings) > _MAX_FINDINGS:
            return
        with _lock:
            self._known[digest] = inspected
            if len(self._known) > _MAX_TEXTS:
                self._known.popitem(last=False)
