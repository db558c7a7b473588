"""``otel-compliance check``."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from otel_compliance.cli.answer import Answer, ExitCode, plain_table
from otel_compliance.cli.check import configuration, software, storage
from otel_compliance.cli.check.diagnosis import Check, Item, Status, diagnose

if TYPE_CHECKING:
    from rich.console import RenderableType

CHECKS: Final[Mapping[str, Check]] = {
    "Python": software.python,
    "otel-compliance": software.package,
    "Activation": software.activation,
    "anthropic SDK": software.anthropic,
    "OpenTelemetry SDK": software.opentelemetry,
    "Redaction engine": software.engine,
    "Other instrumentations": software.peers,
    "Settings": configuration.settings,
    "Policy": configuration.policy,
    "HMAC key": configuration.hmac_key,
    "Spool": storage.spool,
    "Audit log": storage.audit_log,
    "Store": storage.store,
}

_STYLE: Final = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "bold red"}


def check() -> Answer:
    """Say what is wrong with this environment, and how to mend it.

    Looks at versions, activation, settings, policy, key, spool, audit log and store, and tries redaction on a canary.
    Exits with 1 when anything fails; warnings do not count. Nothing is changed.

    Example: OTEL_COMPLIANCE_POLICY=policy.toml otel-compliance check
    """
    items = diagnose(os.environ, CHECKS)
    counts = Counter(item.status for item in items)
    return Answer(
        document={"ok": not counts[Status.FAIL], "items": [asdict(item) for item in items]},
        view=_view(items, counts),
        code=ExitCode.FOUND if counts[Status.FAIL] else ExitCode.OK,
    )


def _view(items: Sequence[Item], counts: Counter[Status]) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    table = plain_table("Status", "Item", "Detail", header=False)
    for item in items:
        detail = Text(item.detail)
        if item.remedy:
            detail.append(f"\n→ {item.remedy}", style="bold" if item.status is Status.FAIL else "")
        table.add_row(Text(item.status, style=_STYLE[item.status]), item.name, detail)
    failures, warnings = counts[Status.FAIL], counts[Status.WARN]
    verdict = f"{failures} failed, {warnings} to look at" if failures or warnings else "All is well"
    return Group(table, Text(f"\n{verdict}.", style=_STYLE[Status.FAIL] if failures else "bold"))
