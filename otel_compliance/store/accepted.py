"""The accepted side of the ledger of delivery: how much each exporter accepted last, and what was dropped by hand.

Segments carry the count of what was accepted before them, so that the store shows each gap but that at the end. For
the end there is one small file for each exporter, which is overwritten with each segment. It is written behind the
segment and not synced: a crash leaves it one segment behind, and that segment counts by being there.

```
<spool>/ledger/<exporter id>      sequence and total of its last segment
<spool>/ledger/dropped.jsonl      one line for each segment that was dropped by `otel-compliance spool drop`
```
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from otel_compliance.durable import make_folder
from otel_compliance.store.segment import SegmentName

_DROPPED: Final = "dropped.jsonl"
_KEPT_SECONDS: Final = 90 * 86_400.0
"""Exporters that accepted nothing for so long are forgotten: a file for each process that ever was would pile up."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one exporter accepted.

    Attributes:
        total: Rows so far.
        at: When the last of them.
    """

    total: int
    at: datetime


class AcceptedLedger:
    """What the exporters of one spool accepted.

    Args:
        spool: Folder of the spool.
    """

    def __init__(self, spool: Path) -> None:
        self._folder = spool / "ledger"

    def note(self, name: SegmentName) -> None:
        """Note an exporter's newest segment.

        Raises:
            OSError: The disk refuses.
        """
        make_folder(self._folder)
        descriptor = os.open(self._folder / name.exporter, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Of one length and in one write, so that a crash leaves the old one or the new one.
            os.pwrite(descriptor, f"{name.sequence:020d} {name.total:020d}\n".encode("ascii"), 0)
        finally:
            os.close(descriptor)

    def totals(self) -> dict[str, Accepted]:
        """What each exporter accepted last."""
        found: dict[str, Accepted] = {}
        for path in self._folder.glob("*"):
            with suppress(OSError, ValueError, LookupError):
                if path.name != _DROPPED:
                    total = int(path.read_text(encoding="ascii").split()[1])
                    found[path.name] = Accepted(total, datetime.fromtimestamp(path.stat().st_mtime, UTC))
        return found

    def note_dropped(self, segment: Path) -> None:
        """Note that a segment is about to be deleted undelivered.

        Raises:
            OSError: The disk refuses.
        """
        name = SegmentName.of(segment)
        if name is None:
            return
        make_folder(self._folder)
        descriptor = os.open(self._folder / _DROPPED, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            line = json.dumps({"segment": str(name), "dropped": time.time_ns()}) + "\n"
            os.write(descriptor, line.encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def dropped(self) -> Iterator[SegmentName]:
        """The segments that were dropped by hand."""
        with suppress(OSError):
            for line in (self._folder / _DROPPED).read_text(encoding="ascii").splitlines():
                with suppress(ValueError, LookupError, TypeError):
                    name = SegmentName.of(Path(f"{json.loads(line)['segment']}.seg"))
                    if name is not None:
                        yield name

    def sweep(self) -> None:
        """Forget exporters that accepted nothing for 90 days."""
        for path in self._folder.glob("*"):
            with suppress(OSError):
                if path.name != _DROPPED and time.time() - path.stat().st_mtime > _KEPT_SECONDS:
                    path.unlink()
