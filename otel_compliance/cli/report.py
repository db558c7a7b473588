"""``otel-compliance report`` and ``otel-compliance build``: everything that is written for others to read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from otel_compliance.cli.answer import Answer, ExitCode
from otel_compliance.cli.audit import Verification, verify_copies
from otel_compliance.cli.calls import parse_age
from otel_compliance.cli.session import opened_store
from otel_compliance.config import Settings
from otel_compliance.errors import ComplianceError

if TYPE_CHECKING:
    from otel_compliance.store.client import Store

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write; report.html in OTEL_COMPLIANCE_DIR by default.")
]
Period = Annotated[
    str, typer.Option("--since", metavar="AGE", help="Length of the period up to now, such as 30m, 24h or 7d.")
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 when a file is out of date.")]
Root = Annotated[Path, typer.Option("--root", help="The project's folder.", exists=True, file_okay=False)]


def report(output: Output = None, since: Period = "24h") -> Answer:
    """Write the report on a period: one HTML file that needs nothing else, for people who will not open Grafana.

    It has the verdicts, findings with what to do about them, charts, keys and last calls, each with its query and the
    hash of its rows, and the result of verifying the audit log. Run detect before, so that findings are current.

    Example: otel-compliance report --since 7d -o week.html
    """
    from rich.text import Text

    settings = Settings.from_env()
    period = parse_age(since)
    path = output or settings.directory / "report.html"
    with opened_store(settings) as store:
        verification = verify_copies(settings, store, files=settings.audit_log is not None)
        size = write_report(store, path, verification, since=period)
    document = {"report": str(path.absolute()), "bytes": size, "since_seconds": period.total_seconds()}
    return Answer(document=document, view=Text(f"{path.absolute()} ({size:,} bytes)"))


def write_report(store: Store, path: Path, verification: Verification, *, since: timedelta) -> int:
    """Write the report, and return its size in bytes.

    Its period ends with the running minute, so that what has just happened is in it: its queries compare whole
    seconds, and charts leave out a bucket that has only begun.

    Raises:
        ComplianceError: The file cannot be written.
    """
    from otel_compliance.report import html

    end = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    page = html.render(store, generated_at=end, since=since, audit=verification.merged).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page)
    except OSError as error:
        raise ComplianceError(
            f"{path}: the report cannot be written: {error.strerror}", remedy="choose another file with --output"
        ) from error
    return len(page)


def build(check: Check = False, root: Root = Path()) -> Answer:
    """Generate dashboards, alert rules and runbooks from the rules and panels, into a checkout of the project.

    Each of these files has one source in the package. With --check nothing is written, which is how a pipeline makes
    sure that nobody edited them by hand.

    Example: otel-compliance build --check
    """
    from rich.text import Text

    from otel_compliance.report import build as generator

    changed = sorted(str(path) for path in generator.build(root, check=check))
    verb = "Out of date" if check else "Written"
    lines = [f"{verb}: {name}" for name in changed] or ["Every generated file is up to date."]
    return Answer(
        document={"check": check, "changed": changed},
        view=Text("\n".join(lines)),
        code=ExitCode.FOUND if check and changed else ExitCode.OK,
    )
