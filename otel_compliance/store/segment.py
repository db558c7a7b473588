"""A segment: one batch of rows as one encrypted file, whose name says whose it is and how much was accepted so far.

```
<exporter id>/<accepted, Unix ns>-<sequence>-<rows>-<total>.seg
<header, one line of JSON, with the name>
<columns as JSON, compressed (LZ4), then encrypted under a key of the key ring (AES-256-GCM) together with the header>
```

Whoever changes one, or puts it in the place of another, makes it unreadable.

`total` counts the rows that this exporter accepted, this segment's included. So the segments that arrived tell of one
that did not, whichever it was but the last.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import lz4.frame
import orjson

from otel_compliance.cipher import seal, unseal
from otel_compliance.errors import DecryptionError, SpoolError, SpoolKeyError
from otel_compliance.keys import KeyRing
from otel_compliance.store.rows import COLUMN_TYPES, Block

QUARANTINE: Final = "quarantine"
"""Folder of the segments that can never be delivered."""

_FORMAT: Final = 2
_NAME: Final = re.compile(r"(\d+)-(\d{8,})-(\d+)-(\d+)")
_ASIDE: Final = re.compile(r"(.+)-(\d+-\d{8,}-\d+-\d+)")


@dataclass(frozen=True, slots=True)
class SegmentName:
    """Where a segment stands among those of its exporter.

    Attributes:
        exporter: Id of the exporter that accepted it: host, process and a random part.
        accepted: When, in nanoseconds since 1970.
        sequence: Its number, from 0, in the order of acceptance.
        rows: Rows in it.
        total: Rows that this exporter had accepted with it.
    """

    exporter: str
    accepted: int
    sequence: int
    rows: int
    total: int

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """The name of a segment that waits or was set aside; `None` for a file that is none."""
        exporter, stem = origin(path)
        match = _NAME.fullmatch(stem)
        return cls(exporter, *map(int, match.groups())) if match else None

    def __str__(self) -> str:
        return f"{self.exporter}/{self.accepted}-{self.sequence:08d}-{self.rows}-{self.total}"


def origin(path: Path) -> tuple[str, str]:
    """Exporter id and file name, without suffix, that a segment was written under."""
    if path.parent.name == QUARANTINE and (match := _ASIDE.fullmatch(path.stem)):
        return match[1], match[2]
    return path.parent.name, path.stem


def compressed(block: Block) -> bytes:
    """The columns of a block as they are sealed: JSON, compressed with LZ4."""
    # Names of attributes may be members of enumerations, which are text and no `str` to it.
    data: bytes = lz4.frame.compress(orjson.dumps(dict(block.columns), option=orjson.OPT_NON_STR_KEYS))
    return data


class Keys:
    """The keys of a spool: one that seals, and all that open.

    Args:
        ring: Its key seals, and opens.
        others: Their keys only open.
    """

    def __init__(self, ring: KeyRing, *others: KeyRing) -> None:
        # An id tells a wrong key from a damaged segment, and nothing of the key.
        self._keys = {item.derive("spool key id")[:6].hex(): item.derive("spool") for item in (*others, ring)}
        self._current = ring.derive("spool key id")[:6].hex()

    def seal(self, name: SegmentName, table: str, columns: bytes) -> bytes:
        """The content of a segment's file.

        Args:
            name: Its name.
            table: The table of its rows.
            columns: What `compressed` made of them.
        """
        header = {
            "format": _FORMAT,
            "segment": str(name),
            "table": table,
            "count": name.rows,
            "key": self._current,
        }
        line = json.dumps(header).encode("ascii")
        return line + b"\n" + seal(self._keys[self._current], columns, purpose=line)

    def open(self, path: Path, data: bytes) -> tuple[Block, str]:
        """The rows of a segment, and the token under which they are delivered at most once.

        The token is bound to the content: the store drops a second insert with the same token unseen.

        Args:
            path: Where the segment is.
            data: The content of its file.

        Raises:
            SpoolKeyError: It is encrypted with another key.
            SpoolError: It is damaged, or was changed or moved.
        """
        line, _, rest = data.partition(b"\n")
        header = _header(path, line)
        name = "/".join(origin(path))
        if SegmentName.of(path) is None or header.get("format") != _FORMAT or header.get("segment") != name:
            raise SpoolError(f"{path}: the segment is damaged, or was written by another version")
        block = _block(header, self._unseal(path, header, line, rest))
        if block is None:
            raise SpoolError(f"{path}: the segment is damaged")
        return block, f"{name}/{hashlib.sha256(rest).hexdigest()[:16]}"

    def _unseal(self, path: Path, header: Mapping[str, Any], line: bytes, sealed: bytes) -> bytes:
        key = self._keys.get(str(header.get("key")))
        if key is None:
            raise SpoolKeyError(
                f"{path.parent}: segments are encrypted with another key",
                remedy="set OTEL_COMPLIANCE_HMAC_KEY_FILE to the key of the processes that wrote them; if it is lost, "
                "so are they: otel-compliance spool drop",
            )
        try:
            columns: bytes = lz4.frame.decompress(unseal(key, sealed, purpose=line))
        except (DecryptionError, RuntimeError):
            raise SpoolError(f"{path}: the segment is damaged") from None
        return columns


def _header(path: Path, line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise SpoolError(f"{path}: the segment has no header")
    return header


def _block(header: Mapping[str, Any], columns: bytes) -> Block | None:
    """The rows, if they are those of a table that is known here."""
    table, count = header.get("table"), header.get("count")
    try:
        decoded = orjson.loads(columns)
        whole = decoded.keys() == COLUMN_TYPES[str(table)].keys() and all(
            len(values) == count for values in decoded.values()
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return Block(str(table), decoded, int(count)) if whole and isinstance(count, int) else None
