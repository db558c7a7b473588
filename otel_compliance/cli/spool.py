"""``otel-compliance spool``: what waits for delivery, and what was set aside because it can never be delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from otel_compliance.cli.answer import Answer, ExitCode, plain_table, printable
from otel_compliance.config import Settings
from otel_compliance.errors import SpoolError, SpoolKeyError

if TYPE_CHECKING:
    from otel_compliance.store.spool import Spool

Segments = Annotated[
    list[str] | None, typer.Argument(metavar="SEGMENT", help="Names from `spool list`.", show_default=False)
]
All = Annotated[bool, typer.Option("--all", help="Every segment that was set aside.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this it is only said what would be lost.")]


@dataclass(frozen=True, slots=True)
class _Segment:
    """One segment, as far as it can be read."""

    path: Path
    state: str
    table: str
    rows: int
    size: int
    written: datetime
    problem: str = ""

    @property
    def name(self) -> str:
        """What it is called in `spool list`."""
        return self.path.name if self.state == "quarantined" else f"{self.path.parent.name}/{self.path.name}"

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "name": self.name,
            "state": self.state,
            "table": self.table,
            "rows": self.rows,
            "bytes": self.size,
            "written": self.written,
            "problem": self.problem,
        }


def list_segments() -> Answer:
    """Show the segments that wait for delivery, and those that were set aside.

    A segment is set aside ("quarantined") when it is damaged, or when the store takes others of its table and refuses
    this one. One that waits and was encrypted with another HMAC key is "locked": it is delivered once that key is back.
    Exits with 1 when there are any of either.

    Example: otel-compliance spool list
    """
    spool = _spool()
    found = [_look(spool, path, "waiting") for path in spool.segments()]
    found += [_look(spool, path, "quarantined") for path in spool.quarantined()]
    aside = any(segment.state != "waiting" for segment in found)
    return Answer(
        document={"directory": str(spool.directory), "segments": [segment.document() for segment in found]},
        view=_table(found, "Nothing waits and nothing was set aside."),
        code=ExitCode.FOUND if aside else ExitCode.OK,
    )


def replay(segments: Segments = None, every: All = False) -> Answer:
    """Put segments that were set aside back among those that wait, after what was wrong with the store is mended.

    The next delivery takes them. Rows that the store has already are not counted twice. A segment that is damaged stays
    where it is, and the command exits with 1.

    Example: otel-compliance spool replay --all
    """
    spool = _spool()
    chosen = _chosen(spool, segments, every=every)
    back: list[_Segment] = []
    damaged: list[_Segment] = []
    for path in chosen:
        segment = _look(spool, path, "quarantined")
        (damaged if segment.problem else back).append(segment)
        if not segment.problem:
            spool.replay(path)
    return Answer(
        document={"replayed": [item.document() for item in back], "damaged": [item.document() for item in damaged]},
        view=_table([*back, *damaged], "Nothing was set aside."),
        code=ExitCode.FOUND if damaged else ExitCode.OK,
    )


def drop(segments: Segments = None, every: All = False, yes: Yes = False) -> Answer:
    """Delete segments that were set aside, or locked ones by their names. What is in them is lost.

    Without --yes it is only said what would be lost. `verify delivery` shows what was dropped.

    Example: otel-compliance spool drop --all --yes
    """
    from rich.console import Group
    from rich.text import Text

    spool = _spool()
    chosen = [_look(spool, path, "quarantined") for path in _chosen(spool, segments, every=every, locked=True)]
    if yes:
        for segment in chosen:
            spool.drop(segment.path)
    rows = sum(segment.rows for segment in chosen)
    verdict = f"{'Dropped' if yes else 'Would drop'} {len(chosen)} segments with {rows} rows that can be read."
    return Answer(
        document={"dropped": yes, "rows": rows, "segments": [segment.document() for segment in chosen]},
        view=Group(_table(chosen, "Nothing was set aside."), Text(f"\n{verdict}")),
    )


def _spool() -> Spool:
    from otel_compliance.store.spool import Spool

    return Spool.from_settings(Settings.from_env())


def _chosen(spool: Spool, names: Sequence[str] | None, *, every: bool, locked: bool = False) -> list[Path]:
    """The segments that are meant: those that were set aside and, if named and `locked`, those that cannot be opened.

    Raises:
        BadParameter: None are named, or both names and --all are given.
        SpoolError: A name is not that of a segment that was set aside.
    """
    if bool(names) == every:
        raise typer.BadParameter("name segments, or give --all")
    aside = {path.name: path for path in spool.quarantined()}
    known = dict(aside)
    if locked and names:
        looked = (_look(spool, path, "waiting") for path in spool.segments())
        known |= {segment.name: segment.path for segment in looked if segment.state == "locked"}
    for name in names or ():
        if name not in known:
            raise SpoolError(
                f"{name}: no segment of this name was set aside in {spool.directory}",
                remedy="see the names with: otel-compliance spool list",
            )
    return list(aside.values()) if every else [known[name] for name in names or ()]


def _look(spool: Spool, path: Path, state: str) -> _Segment:
    """What can be said of a segment without changing it; a drainer may remove it meanwhile."""
    try:
        status = path.stat()
        size, written = status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)
    except OSError:
        return _Segment(path, state, "", 0, 0, datetime.now(UTC), "it is gone")
    try:
        block, _ = spool.read(path)
    except SpoolKeyError as error:
        return _Segment(path, "locked" if state == "waiting" else state, "", 0, size, written, error.problem)
    except SpoolError as error:
        return _Segment(path, state, "", 0, size, written, error.problem.rpartition(": ")[2])
    except OSError as error:
        return _Segment(path, state, "", 0, size, written, error.strerror or type(error).__name__)
    return _Segment(path, state, block.table, block.count, size, written)


def _table(segments: Sequence[_Segment], otherwise: str) -> Any:
    from rich.text import Text

    if not segments:
        return Text(otherwise)
    table = plain_table("written", "state", "table", "rows", "bytes", "name", right=("rows", "bytes"))
    for segment in segments:
        document = segment.document()
        name = printable(document["name"]) + (f"\n{segment.problem}" if segment.problem else "")
        table.add_row(
            f"{segment.written:%Y-%m-%d %H:%M:%S}",
            segment.state,
            segment.table or "?",
            str(segment.rows),
            str(segment.size),
            name,
        )
    return table
