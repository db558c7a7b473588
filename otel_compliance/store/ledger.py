"""The ledger of delivery: accepted = stored + waiting + set aside + dropped by hand, for each exporter and hour.

An exporter numbers the rows that it accepts, and the name of each segment says which of them it holds. The table
``export_ledger`` has what arrived. Rows that are neither there nor in a segment of this spool are missing. Retention
and erasure delete rows of other tables and none of this one, so they are not taken for loss.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from otel_compliance.store.accepted import Accepted
from otel_compliance.store.client import Store
from otel_compliance.store.segment import SegmentName
from otel_compliance.store.spool import Spool

_HOURS: Final = """
SELECT ExporterId AS exporter, toStartOfHour(At) AS hour, sum(Rows) AS accepted, sum(least(Arrived, Rows)) AS stored,
    sum(Arrived) - stored AS doubled
FROM export_ledger_segments WHERE At >= {since:DateTime64(9)} GROUP BY exporter, hour
"""
_GAPS: Final = """
SELECT exporter, at, first, last FROM (
    SELECT ExporterId AS exporter, At AS at, toInt64(Last) - toInt64(Rows) AS last,
        toInt64(lagInFrame(Last) OVER (PARTITION BY ExporterId ORDER BY Sequence
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS first
    FROM export_ledger_segments
) WHERE last > first AND at >= {since:DateTime64(9)} ORDER BY exporter, first
"""
_ARRIVED: Final = """
SELECT ExporterId AS exporter, Sequence AS sequence, sum(Stored) AS stored FROM export_ledger
WHERE (ExporterId, Sequence) IN {names:Array(Tuple(String, UInt64))} GROUP BY exporter, sequence
"""
_ASKED_AT_ONCE: Final = 1000
_ENDS: Final = "SELECT ExporterId AS exporter, max(Total) AS last FROM export_ledger GROUP BY exporter"


@dataclass(slots=True)
class Hour:
    """Rows that one exporter accepted in one hour, and where they are.

    Attributes:
        exporter: Id of the exporter.
        hour: Its beginning.
        accepted: Rows that were accepted.
        stored: Rows that arrived, retention and erasure aside.
        waiting: Rows in segments that wait.
        quarantined: Rows in segments that were set aside.
        dropped: Rows in segments that were dropped by hand.
        doubled: Rows that arrived more than once.
    """

    exporter: str
    hour: datetime
    accepted: int = 0
    stored: int = 0
    waiting: int = 0
    quarantined: int = 0
    dropped: int = 0
    doubled: int = 0

    @property
    def missing(self) -> int:
        """Rows that were accepted and are nowhere."""
        return self.accepted - self.stored - self.waiting - self.quarantined - self.dropped


@dataclass(slots=True)
class _Gap:
    """Numbers of an exporter's rows, `first` excluded and `last` included, that have not arrived."""

    first: int
    last: int
    at: datetime


@dataclass(slots=True)
class _Reckoning:
    """Sums up the hours."""

    hours: dict[tuple[str, datetime], Hour] = field(default_factory=dict)

    def of(self, exporter: str, moment: datetime) -> Hour:
        """The hour of a moment."""
        hour = moment.replace(minute=0, second=0, microsecond=0)
        return self.hours.setdefault((exporter, hour), Hour(exporter, hour))


def arrived(store: Store, segments: Sequence[SegmentName]) -> set[SegmentName]:
    """Those of some segments whose rows all arrived, whatever became of the rows since.

    The store recognises a token only among the latest inserts, and forgets it with a part whose rows were all erased.

    Raises:
        SchemaError: The store lacks the ledger.
        StoreError: The ledger cannot be read.
    """
    stored: dict[tuple[str, int], int] = {}
    for start in range(0, len(segments), _ASKED_AT_ONCE):
        names = [(name.exporter, name.sequence) for name in segments[start : start + _ASKED_AT_ONCE]]
        for row in store.query(_ARRIVED, {"names": names}):
            stored[row["exporter"], int(row["sequence"])] = int(row["stored"])
    return {name for name in segments if stored.get((name.exporter, name.sequence), 0) >= name.rows}


def reckon(store: Store, spool: Spool, accepted: Mapping[str, Accepted], *, since: datetime) -> list[Hour]:
    """Compare what was accepted with where it is.

    Args:
        store: The store, with what arrived from every exporter that delivers to it.
        spool: The spool of this machine. What waits on another one, before something that arrived, counts as missing.
        accepted: What this spool's ledger said before it was delivered: what is accepted later may be on its way.
        since: Beginning of the hours to look at. What waits or was set aside is counted whatever its age.

    Raises:
        StoreError: The store cannot be read, or lacks the ledger.
    """
    reckoning = _Reckoning()
    local = list(_local(spool))
    parameters = {"since": since}
    for row in store.query(_HOURS, parameters):
        hour = reckoning.of(row["exporter"], _utc(row["hour"]))
        hour.accepted, hour.stored, hour.doubled = int(row["accepted"]), int(row["stored"]), int(row["doubled"])
    gaps = _gaps(store, accepted, local, parameters)
    for name, place in local:
        rows = _take(gaps[name.exporter], name)
        hour = reckoning.of(name.exporter, datetime.fromtimestamp(name.accepted / 1e9, UTC))
        hour.accepted += rows
        setattr(hour, place, getattr(hour, place) + rows)
    for exporter, left in gaps.items():
        for gap in left:
            if gap.at >= since:
                reckoning.of(exporter, gap.at).accepted += gap.last - gap.first
    return sorted(reckoning.hours.values(), key=lambda hour: (hour.hour, hour.exporter))


def _local(spool: Spool) -> Iterator[tuple[SegmentName, str]]:
    """The segments that did not arrive, and where they are."""
    for place, paths in (("waiting", spool.segments()), ("quarantined", spool.quarantined())):
        for path in paths:
            if name := SegmentName.of(path):
                yield name, place
    for name in spool.ledger.dropped():
        yield name, "dropped"


def _gaps(
    store: Store,
    accepted: Mapping[str, Accepted],
    local: list[tuple[SegmentName, str]],
    parameters: Mapping[str, Any],
) -> defaultdict[str, list[_Gap]]:
    """What has not arrived, by exporter: between what has, and behind it."""
    gaps: defaultdict[str, list[_Gap]] = defaultdict(list)
    for row in store.query(_GAPS, parameters):
        gaps[row["exporter"]].append(_Gap(int(row["first"]), int(row["last"]), _utc(row["at"])))
    arrived = {row["exporter"]: int(row["last"]) for row in store.query(_ENDS)}
    ends = dict(accepted)
    for name, _ in local:
        known = ends.get(name.exporter)
        if known is None or known.total < name.total:
            ends[name.exporter] = Accepted(name.total, datetime.fromtimestamp(name.accepted / 1e9, UTC))
    for exporter, end in ends.items():
        if end.total > arrived.get(exporter, 0):
            gaps[exporter].append(_Gap(arrived.get(exporter, 0), end.total, end.at))
    return gaps


def _take(gaps: list[_Gap], name: SegmentName) -> int:
    """Take the rows of a segment out of the gaps; the number of them that were in one, and so had not arrived."""
    first, last, taken = name.total - name.rows, name.total, 0
    for gap in list(gaps):
        low, high = max(first, gap.first), min(last, gap.last)
        if low >= high:
            continue
        taken += high - low
        gaps.remove(gap)
        gaps += [_Gap(*edges, gap.at) for edges in ((gap.first, low), (high, gap.last)) if edges[0] < edges[1]]
    return taken


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
