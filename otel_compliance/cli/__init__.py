"""The command line, ``otel-compliance``. Commands import what they need only when they run."""

from __future__ import annotations

import logging
import sys
from io import TextIOWrapper
from typing import Annotated, Final

import typer

from otel_compliance.cli import (
    audit,
    calls,
    check,
    classify,
    content,
    demo,
    detect,
    erase,
    export,
    hold,
    migrate,
    report,
    spool,
    up,
)
from otel_compliance.cli.answer import EXIT_CODES, command
from otel_compliance.cli.verify import delivery, retention

__all__ = ["app", "main"]

_HELP: Final = """Privacy, audit and detection for Claude traffic: what was sent, by whom, and was it safe?

Start an app with OTEL_COMPLIANCE=on and nothing else changed; these commands then read what it recorded.
New here? Run: otel-compliance demo
"""

app = typer.Typer(
    help=_HELP,
    epilog=EXIT_CODES,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
audit_app = typer.Typer(help="The audit log.", no_args_is_help=True, epilog=EXIT_CODES)
hold_app = typer.Typer(help="Legal holds: what must not expire.", no_args_is_help=True, epilog=EXIT_CODES)
verify_app = typer.Typer(help="Proofs about the store.", no_args_is_help=True, epilog=EXIT_CODES)
spool_app = typer.Typer(help="What waits for delivery to the store.", no_args_is_help=True, epilog=EXIT_CODES)

for _target, _name, _function in (
    (app, "demo", demo.demo),
    (app, "check", check.check),
    (app, "classify", classify.classify),
    (app, "calls", calls.calls),
    (app, "content", content.content),
    (app, "detect", detect.detect),
    (app, "report", report.report),
    (app, "export", export.export),
    (audit_app, "verify", audit.verify_command),
    (verify_app, "retention", retention.retention),
    (hold_app, "add", hold.add),
    (hold_app, "list", hold.list_holds),
    (hold_app, "release", hold.release),
    (hold_app, "apply", hold.apply),
    (spool_app, "list", spool.list_segments),
    (spool_app, "replay", spool.replay),
    (spool_app, "drop", spool.drop),
    (verify_app, "delivery", delivery.delivery),
    (app, "up", up.up),
    (app, "erase", erase.erase),
    (app, "migrate", migrate.migrate),
    (app, "build", report.build),
):
    _target.command(_name, epilog=EXIT_CODES)(command(_function))
app.add_typer(audit_app, name="audit")
app.add_typer(verify_app, name="verify")
app.add_typer(hold_app, name="hold")
app.add_typer(spool_app, name="spool")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"otel-compliance {version('otel-compliance')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the command as a whole."""


def main() -> None:
    """The entry point of ``otel-compliance``."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot show a tick gets a question mark, not an error.
            stream.reconfigure(errors="replace")
    # Its errors come to us as exceptions; without a handler they would also be printed.
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    app(prog_name="otel-compliance")
