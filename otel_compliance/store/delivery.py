"""One pass over the spool: what is delivered, what waits and what is set aside."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from otel_compliance import health
from otel_compliance.errors import SchemaError, SpoolError, SpoolKeyError, StoreError, StoreUnavailable
from otel_compliance.store.client import Store
from otel_compliance.store.ledger import arrived
from otel_compliance.store.rows import COLUMN_TYPES, Block
from otel_compliance.store.segment import SegmentName
from otel_compliance.store.spool import Spool
from otel_compliance.store.telemetry import count_items, record_delivery

_SEGMENT_COLUMN: Final = "Segment"
_PATIENCE: Final = 16
"""Refusals of one table, with nothing accepted, after which most of its segments are passed over."""


@dataclass(slots=True)
class _Lane:
    """The segments of one table: what the store refuses of one says nothing about another."""

    accepted: int = 0
    refused: list[tuple[Path, StoreError]] = field(default_factory=list)
    passed_over: list[Path] = field(default_factory=list)
    closed: SchemaError | None = None
    skip: int = 0

    def passes_over(self, segment: Path) -> bool:
        """Whether not to try `segment` for now, so that a store that refuses everything is not flooded."""
        if self.closed is not None:
            return True
        self.skip = max(0, self.skip - 1)
        if self.skip:
            self.passed_over.append(segment)
        return self.skip > 0

    def accept(self) -> None:
        """Note that the store takes segments of this table."""
        self.accepted += 1
        self.skip = 0

    def refuse(self, segment: Path, error: StoreError) -> None:
        """Note a refusal. From `_PATIENCE` of them on, the gaps between attempts double."""
        self.refused.append((segment, error))
        excess = len(self.refused) - _PATIENCE
        if not self.accepted and excess >= 0:
            self.skip = 2 << excess


class Delivery:
    """One pass over the spool.

    Attributes:
        segments: Segments delivered so far.
        rows: Rows in them.
        quarantined: Segments set aside so far.
        locked: Why segments wait that were encrypted with another key; `None` when there are none.
    """

    def __init__(self, spool: Spool, store: Store) -> None:
        self._spool = spool
        self._store = store
        self._lanes: defaultdict[str, _Lane] = defaultdict(_Lane)
        self.segments = self.rows = self.quarantined = 0
        self.locked: SpoolKeyError | None = None

    def run(self) -> None:
        """Deliver what can be delivered, then settle what was refused.

        Raises:
            StoreUnavailable, SchemaError, StoreError: As `otel_compliance.store.drain.drain`.
            OSError: The spool cannot be changed.
        """
        for segment in self._not_arrived(self._spool.segments()):
            self._deliver(segment)
        for lane in self._lanes.values():
            if lane.accepted:
                for segment in lane.passed_over:
                    self._deliver(segment)
                for segment, _ in lane.refused:
                    self._deliver(segment, last_chance=True)
        self._spool.sweep()
        for lane in self._lanes.values():
            if lane.closed is not None:
                raise lane.closed
            if lane.refused and not lane.accepted:
                error = lane.refused[0][1]
                raise StoreError(f"{error.problem}; what it refuses waits in the spool", remedy=error.remedy)

    def _not_arrived(self, segments: list[Path]) -> list[Path]:
        """The segments to deliver. Of the others a killed drainer inserted the rows and did not remove the file."""
        names = {segment: name for segment in segments if (name := SegmentName.of(segment))}
        already = arrived(self._store, list(names.values()))
        for segment, name in names.items():
            if name in already:
                self._delivered(segment, name.rows)
        return [segment for segment in segments if names.get(segment) not in already]

    def _deliver(self, segment: Path, *, last_chance: bool = False) -> None:
        content = self._read(segment)
        if content is None:
            return
        block, token = content
        lane = self._lanes[block.table]
        if lane.passes_over(segment):
            return
        try:
            self._insert(segment, block, token)
        except StoreUnavailable:
            count_items("retried", block.count)
            raise
        except SchemaError as error:
            lane.closed = error
        except ValueError as error:
            self._set_aside(segment, error, block.count)
        except StoreError as error:
            if last_chance:
                self._set_aside(segment, error, block.count)
            else:
                count_items("retried", block.count)
                lane.refuse(segment, error)
        else:
            lane.accept()
            self._delivered(segment, block.count)

    def _delivered(self, segment: Path, rows: int) -> None:
        self._spool.remove(segment)
        self.segments += 1
        self.rows += rows
        count_items("delivered", rows)
        if name := SegmentName.of(segment):
            record_delivery(name.accepted)

    def _read(self, segment: Path) -> tuple[Block, str] | None:
        """Rows and token of a segment; `None` when it cannot be delivered now, or ever."""
        try:
            return self._spool.read(segment)
        except SpoolKeyError as error:
            # The key may come back, and with it the rows: it waits, and holds up nothing.
            self.locked = error
        except SpoolError as error:
            self._set_aside(segment, error, 1)
        except OSError as error:
            health.swallow("store.drain", error)
        return None

    def _insert(self, segment: Path, block: Block, token: str) -> None:
        """Insert rows that say which segment brought them, which feeds the ledger."""
        name = SegmentName.of(segment)
        if name is None:
            self._store.insert(block, token=token)
            return
        columns = {**block.columns, _SEGMENT_COLUMN: [str(name)] * block.count}
        types = {**COLUMN_TYPES[block.table], _SEGMENT_COLUMN: "LowCardinality(String)"}
        self._store.insert(Block(block.table, columns, block.count), token=token, types=types)

    def _set_aside(self, segment: Path, error: Exception, rows: int) -> None:
        health.swallow("store.drain", error)
        self._spool.quarantine(segment)
        self.quarantined += 1
        count_items("quarantined", rows)
