"""What is wrong with the places that are written to: spool, audit log and store."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from otel_compliance.cli.check.diagnosis import Item, Status, Subject
from otel_compliance.cli.session import EMBEDDED, connected
from otel_compliance.config import redacted_dsn
from otel_compliance.errors import MissingExtra

_AS_DECLARED: Final = "see how otel_compliance/store/sql declares it; a view that is dropped is made anew by migrate"


def spool(subject: Subject) -> Iterator[Item]:
    """The spool: writable, and how much waits in it."""
    from otel_compliance.store.spool import quarantined_segments, waiting_segments

    folder = subject.settings.spool
    if problem := _unwritable(folder):
        yield Item("Spool", Status.FAIL, problem, "make the folder writable, or set OTEL_COMPLIANCE_SPOOL")
        return
    waiting = waiting_segments(folder)
    size = sum(segment.stat().st_size for segment in waiting)
    yield Item("Spool", Status.OK, f"{folder}, {len(waiting)} segments ({size} bytes) are waiting")
    if damaged := quarantined_segments(folder):
        remedy = f"look at them in {damaged[0].parent}; they hold rows that are not in the store"
        yield Item("Spool", Status.WARN, f"{len(damaged)} segments could not be delivered and were set aside", remedy)


def audit_log(subject: Subject) -> Iterator[Item]:
    """The folder of the audit chains."""
    folder = subject.settings.audit_log
    if folder is None:
        remedy = "unset OTEL_COMPLIANCE_AUDIT_LOG unless another system keeps the audit events"
        yield Item("Audit log", Status.WARN, "no files are written", remedy)
    elif problem := _unwritable(folder):
        yield Item("Audit log", Status.FAIL, problem, "make the folder writable, or set OTEL_COMPLIANCE_AUDIT_LOG")
    else:
        yield Item("Audit log", Status.OK, f"{folder}, {sum(1 for _ in folder.glob('*.jsonl'))} chains")


def store(subject: Subject) -> Iterator[Item]:
    """The store: reachable, ours, and with its tables in place. One that does not exist yet is not made."""
    from otel_compliance.store import drift, schema

    dsn = subject.settings.store
    if dsn is None:
        yield Item("Store", Status.OK, "none: spans and audit events go where the app's own exporters send them")
        return
    if dsn.startswith(EMBEDDED) and not Path(dsn.removeprefix(EMBEDDED)).exists():
        if find_spec("chdb") is None:
            raise MissingExtra("the embedded store", extra="embedded")
        yield Item("Store", Status.OK, f"{dsn}, will be made by the first command that reads it")
        return
    with connected(subject.settings) as opened:
        missing, version = schema.pending(opened), opened.server_version
        found = drift.Drift() if missing else drift.drift(opened, schema.migrations())
    where = f"{redacted_dsn(dsn)}, ClickHouse {version}"
    if missing and dsn.startswith(EMBEDDED):
        coming = f"{len(missing)} migrations are applied by the next command that reads it"
        yield Item("Store", Status.OK, f"{where}, {coming}")
    elif missing:
        yield Item("Store", Status.FAIL, f"{where}, lacks {len(missing)} migrations", "otel-compliance migrate")
    elif found.missing:
        lacks = f"{where}, lacks {', '.join(found.missing)}, which somebody dropped"
        yield Item("Store", Status.FAIL, lacks, "otel-compliance migrate; what was not derived meanwhile is missing")
    else:
        yield Item("Store", Status.OK, f"{where}, schema is current")
    for problem in found.altered:
        yield Item("Store", Status.WARN, f"{where}, was altered: {problem}", _AS_DECLARED)


def _unwritable(folder: Path) -> str:
    """Why nothing can be written into `folder`, which may not exist yet; empty when it can."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return ""
    except OSError as error:
        return f"{existing} cannot be written: {os.strerror(error.errno or 0)}"
