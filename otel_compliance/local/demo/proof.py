"""Look for values that must not be there: in every byte of every file below a folder, and in every row of a store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from otel_compliance.local.demo.facts import sql

if TYPE_CHECKING:
    from otel_compliance.store.client import Store


@dataclass(frozen=True, slots=True)
class Proof:
    """What was searched and what was found.

    Attributes:
        values: Number of values that were looked for.
        files: Number of files that were read whole.
        size: Bytes of those files.
        rows: Rows of the store that were read whole: its files are compressed, so their bytes alone prove little.
        hits: Places in which a value was found; never the value.
    """

    values: int
    files: int
    size: int
    rows: int
    hits: tuple[str, ...]


def spellings(value: str) -> set[str]:
    """A value as it was typed and, if it has separators, without them."""
    return {value, re.sub(r"[ ()\-]", "", value)}


def search(values: Iterable[str], *, folder: Path, store: Store, texts: Mapping[str, str]) -> Proof:
    """Look for `values`.

    Args:
        values: What must not be found.
        folder: Every file below it is searched.
        store: Every row of every table is searched.
        texts: Other texts by name, such as what a program printed.
    """
    wanted = frozenset(values)
    pattern = re.compile("|".join(re.escape(text) for value in sorted(wanted) for text in sorted(spellings(value))))
    in_bytes = re.compile(pattern.pattern.encode())
    hits = [name for name, text in texts.items() if pattern.search(text)]
    files = size = rows = 0
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        data = path.read_bytes()
        files, size = files + 1, size + len(data)
        if in_bytes.search(data):
            hits.append(str(path.relative_to(folder)))
    for table in _tables(store):
        found = [pattern.search(row["line"]) for row in store.query(sql("rows"), {"table": table})]
        rows += len(found)
        if any(found):
            hits.append(f"table {table}")
    return Proof(len(wanted), files, size, rows, tuple(hits))


def _tables(store: Store) -> list[str]:
    return [str(row["name"]) for row in store.query(sql("tables"))]
