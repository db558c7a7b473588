"""``otel-compliance erase``: one person, in every system (GDPR Art. 17)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from otel_compliance.cli.answer import Answer, ExitCode, plain_table, progress
from otel_compliance.cli.session import embedded_folder, opened_store
from otel_compliance.cli.trail import audit_trail
from otel_compliance.config import Settings
from otel_compliance.durable import create_file
from otel_compliance.errors import HoldError

if TYPE_CHECKING:
    from otel_compliance.govern.erasure import Certificate, ErasureSystem, Subject
    from otel_compliance.keys import KeyRing
    from otel_compliance.policy import Policy
    from otel_compliance.store.client import Store

User = Annotated[
    str, typer.Option("--user", help="The id that apps know the person by; '-' reads it from standard input.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only search, and say what would be erased.")]


def erase(user: User, dry_run: DryRun = False) -> Answer:
    """Erase one person: their key, the rows in the store, the payload of their audit events, and the systems of apps.

    Systems of apps are those of the policy's [erasure.systems]. A system that fails is tried again; when one fails for
    good, or still holds something, the erasure is incomplete and the exit code is 1: run it again. The audit chains
    still verify. Nothing is erased while a legal hold covers the person. A certificate is written to certificates/ in
    the data folder, and to the audit log.

    Example: printf %s user-17 | otel-compliance erase --user -
    """
    from otel_compliance.govern.erasure import Subject
    from otel_compliance.govern.erasure import erase as run
    from otel_compliance.keys import KeyRing
    from otel_compliance.policy import Policy

    user_id = sys.stdin.read().rstrip("\r\n") if user == "-" else user
    if not user_id:
        raise typer.BadParameter("the id of the person is empty")
    settings = Settings.from_env()
    ring, policy = KeyRing.from_settings(settings), Policy.from_settings(settings)
    subject = Subject(user_id, ring.pseudonym("user", user_id))
    with _systems(settings, ring, policy, None if dry_run else subject) as systems:
        if dry_run:
            return _found(systems, subject)
        certificate = run(
            subject, systems, subject_digest=ring.pseudonym("erasure", user_id), policy_digest=policy.digest
        )
    return _answer(certificate, _certified(settings, certificate))


@contextmanager
def _systems(
    settings: Settings, ring: KeyRing, policy: Policy, erased: Subject | None
) -> Iterator[Sequence[ErasureSystem]]:
    """All systems, those first whose erasure makes copies elsewhere unreadable.

    Args:
        settings: Where they are.
        ring: The key ring.
        policy: Names those of apps.
        erased: The person, unless nothing is to be erased.

    Raises:
        HoldError: A legal hold covers the person.
        ComplianceError: One of them cannot be opened.
    """
    from otel_compliance.govern.erasure.external import external_systems
    from otel_compliance.govern.erasure.local import AuditFileErasure, KeyErasure, SpoolErasure, VaultErasure
    from otel_compliance.govern.erasure.store import StoreErasure
    from otel_compliance.redact.vault import Vault
    from otel_compliance.store.spool import Spool
    from otel_compliance.subject_keys import SubjectKeys

    systems: list[ErasureSystem] = [
        KeyErasure(SubjectKeys.from_settings(settings, ring)),
        VaultErasure(Vault.from_settings(settings)),
        *external_systems(policy),
    ]
    if settings.audit_log is not None:
        systems.append(AuditFileErasure(settings.audit_log))
    systems.append(SpoolErasure(Spool.from_settings(settings)))
    if settings.store is None:
        yield systems
        return
    with opened_store(settings) as store:
        if erased is not None:
            _refuse_held(store, erased)
        yield [*systems, StoreErasure(store, embedded_folder(settings))]


def _refuse_held(store: Store, subject: Subject) -> None:
    """Before anything is destroyed: what a legal hold covers must stay (GDPR Art. 17(3)(e))."""
    from otel_compliance.store.holds import Holds

    names = [hold.name for hold in Holds.covering(store, subject.pseudonym)]
    if names:
        raise HoldError(
            f"nothing was erased: the person is under legal hold {', '.join(names)}",
            remedy="erase when it is released: otel-compliance hold list",
        )


def _found(systems: Sequence[ErasureSystem], subject: Subject) -> Answer:
    found = {system.name: system.remaining(subject) for system in systems}
    table = plain_table("system", "records", right=("records",))
    for name, count in found.items():
        table.add_row(name, str(count))
    return Answer(document={"dry_run": True, "systems": found}, view=table)


def _certified(settings: Settings, certificate: Certificate) -> Path:
    """Write the certificate to a file and to the audit log."""
    from otel_compliance.names import Event

    path = settings.directory / "certificates" / f"erasure-{certificate.erasure_id}.json"
    create_file(path, json.dumps(certificate.document(), indent=2).encode() + b"\n")
    with audit_trail(settings) as trail:
        trail.record(Event.ERASURE, certificate.facts())
    return path


def _answer(certificate: Certificate, path: Path) -> Answer:
    from rich.console import Group
    from rich.text import Text

    table = plain_table("system", "erased", "left", "attempts", "problem", right=("erased", "left", "attempts"))
    for outcome in certificate.outcomes:
        left = "?" if outcome.remaining is None else str(outcome.remaining)
        table.add_row(outcome.system, str(outcome.erased), left, str(outcome.attempts), outcome.error)
    if certificate.complete:
        verdict = Text("The erasure is complete.", style="bold green")
    else:
        verdict = Text("The erasure is INCOMPLETE: mend the systems above and run it again.", style="bold red")
    document: dict[str, Any] = {**certificate.document(), "certificate": str(path)}
    progress().print(f"Certificate: {path}", style="dim", soft_wrap=True)
    return Answer(
        document=document,
        view=Group(table, Text(), verdict),
        code=ExitCode.OK if certificate.complete else ExitCode.FOUND,
    )
