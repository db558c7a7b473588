"""What every command has in common: one answer, as a JSON document or for a person, an exit code, and clear errors."""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, get_type_hints

import typer

from otel_compliance import errors
from otel_compliance.errors import ComplianceError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_PLAIN_WIDTH: Final = 120
"""Columns of output that goes to a file or a pipe and not to a terminal; ``COLUMNS`` overrides it."""


class ExitCode(IntEnum):
    """Exit codes of every command. Those above 63 are named in sysexits.h."""

    OK = 0
    FOUND = 1
    USAGE = 2
    UNAVAILABLE = 69
    SOFTWARE = 70
    CONFIG = 78


EXIT_CODES: Final = (
    "Exit codes: 0 fine; 1 something was found (a failed check, a finding, a broken chain, a row past its retention, "
    "a stale file); 2 wrong usage; 69 the store or an optional dependency is not available; 70 any other error; "
    "78 a setting, the policy, the key or a rule is wrong; 130 interrupted."
)
"""Shown at the end of each ``--help``."""

_CODES: Final[Mapping[type[ComplianceError], ExitCode]] = {
    errors.ConfigError: ExitCode.CONFIG,
    errors.PolicyError: ExitCode.CONFIG,
    errors.KeyRingError: ExitCode.CONFIG,
    errors.RuleError: ExitCode.CONFIG,
    errors.StoreError: ExitCode.UNAVAILABLE,
    errors.MissingExtra: ExitCode.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found out.

    Attributes:
        document: The JSON document.
        view: The same for a person.
        code: How the command exits.
    """

    document: Mapping[str, Any]
    view: RenderableType
    code: ExitCode = ExitCode.OK


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else, on standard output.")]
Traceback = Annotated[bool, typer.Option("--traceback", help="Show where an error came from.")]


def command(function: Callable[..., Answer]) -> Callable[..., None]:
    """Make a command of a function that returns an `Answer`: with ``--json``, ``--traceback`` and exit codes."""

    @functools.wraps(function)
    def run(*args: Any, as_json: bool, show_traceback: bool, **kwargs: Any) -> None:
        try:
            answer = function(*args, **kwargs)
            _print(answer, as_json=as_json)
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except Exception as error:
            if show_traceback:
                raise
            code = _explain(error, as_json=as_json)
        else:
            code = answer.code
        raise typer.Exit(code)

    run.__doc__ = _help(inspect.getdoc(function) or "")
    _add_options(run, function)
    return run


def _explain(error: Exception, *, as_json: bool) -> ExitCode:
    """Print an error for a person on standard error and, where JSON was asked for, as a document.

    The message of an unexpected error is not shown: it may quote content.
    """
    problem, remedy, code = _diagnosis(error)
    if as_json:
        _write_json({"error": {"type": type(error).__name__, "problem": problem, "remedy": remedy}})
    console = progress()
    console.print("Error:", style="bold red", end=" ")
    console.print(printable(problem), soft_wrap=True)
    if remedy:
        console.print(f"  → {remedy}", soft_wrap=True)
    return code


def output() -> Console:
    """The console of answers: standard output, in colour on a terminal only."""
    return _console(stderr=False)


def progress() -> Console:
    """The console of progress and errors: standard error."""
    return _console(stderr=True)


def plain_table(*titles: str, right: Collection[str] = (), header: bool = True) -> Table:
    """A table without lines, in which only the last column wraps, so that it reads well in a file, too.

    Args:
        titles: Titles of the columns.
        right: Titles of columns of numbers.
        header: Whether the titles are shown.
    """
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False, show_header=header)
    for title in titles:
        table.add_column(title, no_wrap=title != titles[-1], justify="right" if title in right else "left")
    return table


def printable(text: str) -> str:
    """Text from a store or a file without control characters, which could steer the terminal it is shown on."""
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)


def utc(moment: datetime) -> datetime:
    """`moment` with its zone: ClickHouse gives UTC without one."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    plain = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(stderr=stderr, width=_PLAIN_WIDTH if plain else None, highlight=False, markup=False, emoji=False)


def _print(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        _write_json(answer.document)
    else:
        output().print(answer.view)


def _write_json(document: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, indent=2, default=_plain) + "\n")
    sys.stdout.flush()


def _plain(value: object) -> object:
    """JSON for the few types of ours that have none."""
    if isinstance(value, datetime):
        return utc(value).isoformat().replace("+00:00", "Z")
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def _diagnosis(error: Exception) -> tuple[str, str, ExitCode]:
    """(problem, remedy, exit code) of an error."""
    if isinstance(error, ComplianceError):
        code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), ExitCode.SOFTWARE)
        return error.problem, error.remedy, code
    return (
        f"unexpected {type(error).__name__}",
        "run the command again with --traceback to see where it came from, and report it",
        ExitCode.SOFTWARE,
    )


def _help(docstring: str) -> str:
    """A docstring with each paragraph on one line: typer keeps line breaks, which belong to the source's width."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in docstring.split("\n\n"))


def _add_options(run: Callable[..., None], function: Callable[..., Answer]) -> None:
    """Give `run` the signature of `function` and our options, which is what typer reads."""
    hints = get_type_hints(function, include_extras=True)
    ours = {"as_json": Json, "show_traceback": Traceback}
    parameters = [
        parameter.replace(annotation=hints[name]) for name, parameter in inspect.signature(function).parameters.items()
    ]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=hint)
        for name, hint in ours.items()
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # what inspect documents
    run.__annotations__ = {**hints, **ours, "return": None}
