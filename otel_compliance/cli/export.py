"""``otel-compliance export``."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from otel_compliance.cli.answer import Answer
from otel_compliance.cli.calls import parse_age
from otel_compliance.cli.session import opened_store
from otel_compliance.config import Settings
from otel_compliance.errors import ExportError

if TYPE_CHECKING:
    from otel_compliance.store.client import Store

_STANDARD_OUTPUT = "-"


class Wanted(StrEnum):
    """Formats of an export."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    OCSF = "ocsf"


class What(StrEnum):
    """What can be exported."""

    CALLS = "calls"
    SPANS = "spans"
    LOGS = "logs"
    AUDIT = "audit"
    FINDINGS = "findings"


FormatOption = Annotated[Wanted, typer.Option("--format", "-f", help="Format of the rows.")]
TableOption = Annotated[What, typer.Option("--table", "-t", help="What to export.")]
Since = Annotated[
    str, typer.Option("--since", metavar="MOMENT", help="First moment: 2026-11-01, or an age such as 7d.")
]
Until = Annotated[str, typer.Option("--until", metavar="MOMENT", help="Moment after the last: the same.")]
Where = Annotated[str, typer.Option("--where", metavar="SQL", help="A condition on columns of the table.")]
Columns = Annotated[
    str, typer.Option("--columns", metavar="NAMES", help="Columns, separated by commas; all by default.")
]
Output = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="File to write, or - for standard output.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]


def export(
    wanted: FormatOption,
    table: TableOption = What.CALLS,
    since: Since = "",
    until: Until = "",
    where: Where = "",
    columns: Columns = "",
    output: Output = _STANDARD_OUTPUT,
    force: Force = False,
) -> Answer:
    """Write rows of the store for other tools: Parquet, CSV, JSON lines, or OCSF events for a SIEM.

    Rows stream in the order in which they are stored, so memory does not grow with their number. A file is readable for
    its owner alone, and exists whole or not at all. In CSV, a text that a spreadsheet would take for a formula has an
    apostrophe before it. OCSF has calls and findings.

    Example: otel-compliance export --format csv --since 2026-10-01 --where "Classification = 'RESTRICTED'" -o calls.csv
    """
    from rich.text import Text

    period = (_moment(since, "--since"), _moment(until, "--until"))
    if wanted is Wanted.OCSF and (table in (What.SPANS, What.LOGS, What.AUDIT) or columns):
        raise typer.BadParameter("OCSF is of calls or findings, with columns of its own", param_hint="--format")
    names = [name.strip() for name in columns.split(",") if name.strip()]
    path = None if output == _STANDARD_OUTPUT else Path(output)
    if path is not None and path.exists() and not force:
        raise _exists(path)
    size = 0
    with (
        opened_store(Settings.from_env()) as store,
        _rows(store, wanted, table, period, where, names) as pieces,
        _target(path, force=force) as write,
    ):
        for piece in pieces:
            write(piece)
            size += len(piece)
    if path is None:
        raise typer.Exit
    return Answer(
        document={"file": str(path.absolute()), "bytes": size}, view=Text(f"{path.absolute()} ({size:,} bytes)")
    )


@contextmanager
def _rows(
    store: Store,
    wanted: Wanted,
    table: What,
    period: tuple[datetime | None, datetime | None],
    where: str,
    names: Sequence[str],
) -> Iterator[Iterator[bytes]]:
    """The rows in the format that is wanted."""
    from otel_compliance.report import ocsf
    from otel_compliance.store.export import SOURCES, Format, Selection
    from otel_compliance.store.export import export as export_rows

    as_ocsf = wanted is Wanted.OCSF
    if as_ocsf and table is What.CALLS:
        names = ocsf.CALL_COLUMNS
    selection = Selection(SOURCES[table], *period, where, names)
    with export_rows(store, selection, Format.JSONL if as_ocsf else Format(wanted)) as pieces:
        yield ocsf.events(pieces, findings=table is What.FINDINGS) if as_ocsf else pieces


@contextmanager
def _target(path: Path | None, *, force: bool) -> Iterator[Callable[[bytes], object]]:
    """How to write to standard output, or to a file that gets its name when it is whole."""
    if path is None:
        with _quiet_pipe():
            yield sys.stdout.buffer.write
            sys.stdout.buffer.flush()
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            with _private(draft) as file:
                yield file.write
            _name(draft, path, force=force)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(
            f"{path}: the export cannot be written: {error.strerror or type(error).__name__}",
            remedy="choose another file with --output",
        ) from error


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    """A new file for its owner alone, on the disk when the block is left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _name(draft: Path, path: Path, *, force: bool) -> None:
    if force:
        draft.replace(path)
        return
    try:
        # A link, unlike a rename, never replaces a file that came meanwhile.
        os.link(draft, path)
    except FileExistsError:
        raise _exists(path) from None


@contextmanager
def _quiet_pipe() -> Iterator[None]:
    """A reader that has enough, such as ``head``, ends the export without a word."""
    try:
        yield
    except BrokenPipeError:
        with suppress(OSError):
            # What is buffered still would be written at exit, and fail with a message.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None


def _moment(text: str, option: str) -> datetime | None:
    """A moment of an option, in UTC, or that long ago."""
    if not text:
        return None
    # An age may be one that reaches back to before the calendar.
    with suppress(typer.BadParameter, OverflowError):
        return datetime.now(UTC) - parse_age(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither a moment such as 2026-11-01T12:00 nor an age such as 7d", param_hint=option
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _exists(path: Path) -> ExportError:
    return ExportError(f"{path} exists", remedy="choose another file, or replace it with --force")
