"""Small segments that are inserted together: an insert costs the store about the same however small it is.

Of several inserts with the same token, one counts. After a crash the same rows must therefore come under the same
token again, so what is in a batch is on disk before it is inserted, and until its segments are removed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final, Self

from otel_compliance.durable import create_file
from otel_compliance.errors import SpoolError
from otel_compliance.store.rows import COLUMN_TYPES, Block
from otel_compliance.store.segment import SegmentName
from otel_compliance.store.spool import Spool

MAX_ROWS: Final = 4096
MAX_BYTES: Final = 4 << 20
"""Size of a batch, of its segments' files. In memory it takes about ten times as much, in the app's process perhaps."""

_SEGMENT_COLUMN: Final = "Segment"
_SUFFIX: Final = ".batch"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A segment that was read.

    Attributes:
        path: Its file.
        name: Its name.
        block: Its rows.
        token: The token under which it is delivered alone, bound to its content.
        size: Bytes of its file.
    """

    path: Path
    name: SegmentName
    block: Block = field(repr=False)
    token: str
    size: int

    @classmethod
    def read(cls, path: Path, spool: Spool) -> Self:
        """Read a segment.

        Raises:
            SpoolKeyError, SpoolError, OSError: As `Spool.read`.
        """
        block, token = spool.read(path)
        name = SegmentName.of(path)
        if name is None:
            raise SpoolError(f"{path}: not a segment")
        return cls(path, name, block, token, path.stat().st_size)


@dataclass(slots=True)
class Batch:
    """Segments of one table, to be inserted together.

    Attributes:
        segments: The segments.
        begun_token: The token of a batch whose insert was begun before; empty for a new one.
        rows: Number of its rows.
        size: Bytes of its segments' files.
    """

    segments: list[Loaded] = field(default_factory=list)
    begun_token: str = ""
    rows: int = field(init=False)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.rows = sum(item.block.count for item in self.segments)
        self.size = sum(item.size for item in self.segments)

    def add(self, item: Loaded) -> None:
        """Add a segment of the same table."""
        self.segments.append(item)
        self.rows += item.block.count
        self.size += item.size

    @property
    def table(self) -> str:
        """The table of its rows."""
        return self.segments[0].block.table

    @property
    def names(self) -> list[SegmentName]:
        """The names of its segments."""
        return [item.name for item in self.segments]

    @property
    def token(self) -> str:
        """The token of the insert, bound to the content of all segments."""
        if self.begun_token or len(self.segments) == 1:
            return self.begun_token or self.segments[0].token
        return "batch/" + hashlib.sha256("\n".join(item.token for item in self.segments).encode()).hexdigest()[:32]

    @property
    def is_full(self) -> bool:
        """Whether it is inserted before more is added."""
        return self.rows >= MAX_ROWS or self.size >= MAX_BYTES

    def block(self) -> tuple[Block, dict[str, str]]:
        """All rows, each of which says which segment brought it, which feeds the ledger; and their columns' types."""
        types = dict(COLUMN_TYPES[self.table])
        columns: dict[str, Sequence[Any]] = {
            column: list(chain.from_iterable(item.block.columns[column] for item in self.segments)) for column in types
        }
        types[_SEGMENT_COLUMN] = "LowCardinality(String)"
        columns[_SEGMENT_COLUMN] = [str(item.name) for item in self.segments for _ in range(item.block.count)]
        return Block(self.table, columns, self.rows), types


@dataclass(frozen=True, slots=True)
class Begun:
    """A batch whose insert was begun.

    Attributes:
        table: Table of its rows.
        token: Token of the insert.
        segments: Names of its segments.
    """

    table: str
    token: str
    segments: frozenset[str]


class BatchLog:
    """The batches that are being inserted, at most one for each table. Used by the one drainer of a spool.

    Args:
        directory: The spool's folder.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def begin(self, batch: Batch) -> None:
        """Note what is about to be inserted, if it is not there from before.

        Raises:
            OSError: The folder cannot be written.
        """
        if batch.begun_token:
            return
        document = {"token": batch.token, "segments": [str(name) for name in batch.names]}
        create_file(self._file(batch.table), json.dumps(document).encode())

    def end(self, table: str) -> None:
        """Forget the batch of a table: its segments are removed, or nothing of it is stored.

        Raises:
            OSError: The folder cannot be written.
        """
        self._file(table).unlink(missing_ok=True)

    def begun(self) -> list[Begun]:
        """The batches that a crash or an error interrupted."""
        found = []
        for table in COLUMN_TYPES:
            with suppress(FileNotFoundError, ValueError, LookupError, TypeError):
                document = json.loads(self._file(table).read_bytes())
                found.append(Begun(table, str(document["token"]), frozenset(document["segments"])))
        return found

    def _file(self, table: str) -> Path:
        return self._directory / f".{table}{_SUFFIX}"
