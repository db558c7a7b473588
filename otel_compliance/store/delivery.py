"""One pass over the spool: what is delivered, what waits and what is set aside."""

from __future__ import annotations

import errno
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from otel_compliance import health
from otel_compliance.errors import SchemaError, SpoolError, SpoolKeyError, StoreError, StoreUnavailable
from otel_compliance.store.batch import Batch, BatchLog, Loaded
from otel_compliance.store.client import Store
from otel_compliance.store.ledger import arrived
from otel_compliance.store.segment import SegmentName
from otel_compliance.store.spool import Spool
from otel_compliance.store.telemetry import count_items, record_delivery

_PATIENCE: Final = 16
"""Refusals of one table, with nothing accepted, after which most of its segments are passed over."""

_DISK_IS_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@dataclass(slots=True)
class _Lane:
    """The segments of one table: what the store refuses of one says nothing about another."""

    gathered: Batch = field(default_factory=Batch)
    accepted: int = 0
    refused: list[tuple[Path, StoreError]] = field(default_factory=list)
    passed_over: list[Path] = field(default_factory=list)
    closed: StoreError | None = None
    skip: int = 0

    @property
    def suspect(self) -> bool:
        """Whether segments are inserted one by one, since nothing shows yet that the table takes any."""
        return bool(self.refused) and not self.accepted

    def take(self) -> Batch:
        """What was gathered."""
        batch, self.gathered = self.gathered, Batch()
        return batch

    def passes_over(self, segment: Path) -> bool:
        """Whether not to try `segment` for now, so that a store that refuses everything is not flooded."""
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
        self._log = BatchLog(spool.directory)
        self._lanes: defaultdict[str, _Lane] = defaultdict(_Lane)
        self.segments = self.rows = self.quarantined = 0
        self.locked: SpoolKeyError | None = None

    def run(self) -> None:
        """Deliver what can be delivered, then settle what was refused.

        Raises:
            StoreUnavailable, SchemaError, StoreError: As `otel_compliance.store.drain.drain`.
            OSError: The spool cannot be changed.
        """
        waiting = self._complete_begun(self._spool.segments())
        for item in self._readable(self._not_arrived(waiting)):
            self._gather(item)
        for lane in self._lanes.values():
            self._insert(lane, lane.take())
        for lane in self._lanes.values():
            if lane.accepted:
                self._settle(lane)
        self._spool.sweep()
        for lane in self._lanes.values():
            if lane.closed is not None:
                raise lane.closed
            if lane.refused and not lane.accepted:
                error = lane.refused[0][1]
                raise StoreError(f"{error.problem}; what it refuses waits in the spool", remedy=error.remedy)

    def _complete_begun(self, waiting: list[Path]) -> list[Path]:
        """Insert again what a crash or an error interrupted, under its token; the segments that are left.

        It may have reached some of the tables: the views' targets are written one after the other.
        """
        for begun in self._log.begun():
            paths = {path: None for path in waiting if str(SegmentName.of(path)) in begun.segments}
            batch = Batch(list(self._readable(paths)), begun.token)
            if self._was_erased(batch):
                self._log.end(begun.table)
            else:
                self._insert(self._lanes[begun.table], batch)
                waiting = [path for path in waiting if path not in paths]
        return waiting

    def _was_erased(self, batch: Batch) -> bool:
        """Whether everything arrived and is gone since: the engine forgets a token together with its rows."""
        return len(arrived(self._store, batch.names)) == len(batch.names) and not self._is_stored(batch)

    def _not_arrived(self, waiting: list[Path]) -> list[Path]:
        """The segments to deliver. Of the others the store has the rows, or had them, and the file was left."""
        names = {path: name for path in waiting if (name := SegmentName.of(path))}
        already = arrived(self._store, list(names.values()))
        for path, name in names.items():
            if name in already:
                self._delivered(path, name)
        return [path for path in waiting if names.get(path) not in already]

    def _gather(self, item: Loaded) -> None:
        """Add a segment to those of its table, and insert these when they are enough."""
        lane = self._lanes[item.block.table]
        if lane.suspect:
            self._insert_alone(lane, item)
            return
        lane.gathered.add(item)
        if lane.gathered.is_full:
            self._insert(lane, lane.take())

    def _insert(self, lane: _Lane, batch: Batch, *, last_chance: bool = False) -> None:
        """Insert a batch. What is begun stays in the log until all of it is stored, or nothing is."""
        if not batch.segments or lane.closed is not None:
            return
        if not self._begin(batch) and len(batch.segments) > 1:
            for item in batch.segments:
                self._insert(lane, Batch([item]))
            return
        try:
            self._send(batch)
        except StoreUnavailable:
            count_items("retried", batch.rows)
            raise
        except SchemaError as error:
            lane.closed = error
        except (StoreError, ValueError) as error:
            if self._is_stored(batch):
                # A view refused it. Under other tokens the tables that have it would count it twice.
                lane.closed = error if isinstance(error, StoreError) else StoreError(str(error))
            else:
                self._log.end(batch.table)
                self._refused(lane, batch, error, last_chance=last_chance)
        else:
            lane.accept()
            for item in batch.segments:
                self._delivered(item.path, item.name)
            self._log.end(batch.table)

    def _begin(self, batch: Batch) -> bool:
        """Whether the batch is in the log. A full disk has no room for that, but delivery makes some.

        Raises:
            OSError: The folder cannot be written for another reason.
        """
        try:
            self._log.begin(batch)
        except OSError as error:
            if error.errno not in _DISK_IS_FULL:
                raise
            return False
        return True

    def _insert_alone(self, lane: _Lane, item: Loaded) -> None:
        if not lane.passes_over(item.path):
            self._insert(lane, Batch([item]))

    def _refused(self, lane: _Lane, batch: Batch, error: StoreError | ValueError, *, last_chance: bool) -> None:
        """Find out which segments of a batch are refused, and whether that is their own fault."""
        items = batch.segments
        if len(items) > 1:
            self._take_apart(lane, items)
        elif last_chance or isinstance(error, ValueError):
            self._set_aside(items[0].path, error, items[0].block.count)
        else:
            count_items("retried", items[0].block.count)
            lane.refuse(items[0].path, error)

    def _take_apart(self, lane: _Lane, items: list[Loaded]) -> None:
        """Halve what is refused, which finds a bad segment in few inserts, once the table is known to take any."""
        left = list(items)
        while left and not lane.accepted:
            self._insert_alone(lane, left.pop(0))
        middle = len(left) // 2
        self._insert(lane, Batch(left[:middle]))
        self._insert(lane, Batch(left[middle:]))

    def _settle(self, lane: _Lane) -> None:
        """Try again what was passed over and refused by a store that takes other segments of the table."""
        for item in self._readable(lane.passed_over):
            self._gather(item)
        self._insert(lane, lane.take())
        for item in self._readable([path for path, _ in lane.refused]):
            self._insert(lane, Batch([item]), last_chance=True)

    def _readable(self, paths: Iterable[Path]) -> Iterator[Loaded]:
        """Those segments that can be delivered now."""
        for path in paths:
            try:
                yield Loaded.read(path, self._spool)
            except SpoolKeyError as error:
                # The key may come back, and with it the rows: it waits, and holds up nothing.
                self.locked = error
            except SpoolError as error:
                self._set_aside(path, error, 1)
            except OSError as error:
                health.swallow("store.drain", error)

    def _send(self, batch: Batch) -> None:
        block, types = batch.block()
        self._store.insert(block, token=batch.token, types=types)

    def _is_stored(self, batch: Batch) -> bool:
        """Whether rows of a batch are in their table."""
        if not batch.segments:
            return False
        sql = f"SELECT 1 FROM {batch.table} WHERE Segment IN {{names:Array(String)}} LIMIT 1"  # noqa: S608 - ours
        return bool(self._store.query(sql, {"names": [str(name) for name in batch.names]}))

    def _delivered(self, path: Path, name: SegmentName) -> None:
        self._spool.remove(path)
        self.segments += 1
        self.rows += name.rows
        count_items("delivered", name.rows)
        record_delivery(name.accepted)

    def _set_aside(self, path: Path, error: Exception, rows: int) -> None:
        health.swallow("store.drain", error)
        self._spool.quarantine(path)
        self.quarantined += 1
        count_items("quarantined", rows)
