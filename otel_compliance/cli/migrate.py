"""``otel-compliance migrate``."""

from __future__ import annotations

from typing import Annotated

import typer

from otel_compliance.cli.answer import Answer
from otel_compliance.cli.session import store_dsn
from otel_compliance.config import Settings, redacted_dsn
from otel_compliance.store.topology import Topology

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be applied.")]
Where = Annotated[
    Topology,
    typer.Option(help="One server, a cluster (with a database of the engine Replicated), or ClickHouse Cloud."),
]


def migrate(dry_run: DryRun = False, topology: Where = Topology.NODE) -> Answer:
    """Bring the tables of the store up to this version.

    Applies the numbered migrations that the store lacks, each once and in order. Where somebody dropped a table or a
    view, all run again, which makes it anew. Run it when a server is set up and after every upgrade; the embedded store
    is kept current by the commands that read it.

    Example: otel-compliance migrate --dry-run
    """
    from rich.text import Text

    from otel_compliance.store import client, schema

    dsn = store_dsn(Settings.from_env())
    with client.connect(dsn) as store:
        done = [migration.name for migration in schema.migrate(store, topology=topology, dry_run=dry_run)]
    verb = "Would apply" if dry_run else "Applied"
    lines = [f"{verb} {name}" for name in done] or [f"{redacted_dsn(dsn)}: the schema is current"]
    return Answer(
        document={"store": redacted_dsn(dsn), "dry_run": dry_run, "migrations": done},
        view=Text("\n".join(lines)),
    )
