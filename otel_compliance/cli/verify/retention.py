"""``otel-compliance verify retention``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from otel_compliance.cli.answer import Answer, ExitCode, plain_table, printable
from otel_compliance.cli.session import opened_store
from otel_compliance.config import Settings
from otel_compliance.policy import Policy

if TYPE_CHECKING:
    from rich.console import RenderableType

    from otel_compliance.store.retention import TableRetention

Enforce = Annotated[
    bool, typer.Option("--enforce", help="Restore TTLs that were altered, and delete now what is overdue.")
]


def retention(enforce: Enforce = False) -> Answer:
    """Prove that nothing in the store outlived its retention.

    Compares the TTL of each table with the one that the migrations declare, and counts by class the rows that should
    have expired, those that may live longer than the policy in force says, and those that are not marked as their
    legal holds say. Rows under a hold are not overdue. Exits with 1 when anything is wrong, after --enforce when
    anything still is.

    Example: otel-compliance verify retention --enforce
    """
    from otel_compliance.store import retention as store_retention

    settings = Settings.from_env()
    policy = Policy.from_settings(settings)
    with opened_store(settings) as store:
        now = datetime.now(UTC)
        found = store_retention.verify(store, policy, now=now)
        removed: dict[str, int] = {}
        if enforce:
            before = _overdue(found)
            store_retention.enforce(store)
            found = store_retention.verify(store, policy, now=now)
            after = _overdue(found)
            removed = {table: rows - after[table] for table, rows in before.items() if rows > after[table]}
    violated = any(table.violations for table in found)
    return Answer(
        document={
            "violated": violated,
            "policy_digest": policy.digest,
            "merge_delay_seconds": store_retention.MERGE_DELAY.total_seconds(),
            "tables": [_document(table) for table in found],
            **({"removed": removed} if enforce else {}),
        },
        view=_view(found, removed),
        code=ExitCode.FOUND if violated else ExitCode.OK,
    )


def _overdue(found: Sequence[TableRetention]) -> dict[str, int]:
    return {table.table: sum(item.overdue for item in table.classes) for table in found}


def _document(table: TableRetention) -> dict[str, Any]:
    return {**asdict(table), "violations": list(table.violations)}


def _view(found: Sequence[TableRetention], removed: dict[str, int]) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    table = plain_table(
        "table", "class", "rows", "oldest", "overdue", "too long", right=("rows", "overdue", "too long")
    )
    for item in found:
        for part in item.classes:
            oldest = f"{part.oldest:%Y-%m-%d %H:%M}"
            name = printable(part.classification) or "-"
            table.add_row(item.table, name, str(part.rows), oldest, str(part.overdue), str(part.too_long))
    lines = [Text(f"Removed {rows} rows of {name}.") for name, rows in removed.items()]
    lines += [Text(f"{item.table}: {text}", style="red") for item in found for text in item.violations]
    verdict = "Retention is NOT kept." if any(item.violations for item in found) else "Retention is kept."
    return Group(table, Text(), *lines, Text(verdict))
