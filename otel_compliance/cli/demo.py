"""``otel-compliance demo``: the whole way on one machine, from ordinary programs to the report."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from otel_compliance.cli import audit, detect
from otel_compliance.cli.answer import Answer, ExitCode, progress
from otel_compliance.cli.calls import Call, read_calls
from otel_compliance.cli.report import write_report
from otel_compliance.cli.session import make_current, store_dsn
from otel_compliance.cli.steps import Step, Steps
from otel_compliance.config import Settings
from otel_compliance.errors import ComplianceError, ConfigError, MissingExtra

if TYPE_CHECKING:
    from otel_compliance.detect.engine import DetectReport
    from otel_compliance.local.demo.apps import Printed
    from otel_compliance.local.demo.facts import Prompt
    from otel_compliance.local.demo.proof import Proof
    from otel_compliance.local.demo.scenario import App
    from otel_compliance.local.demo.workspace import Workspace
    from otel_compliance.store.client import Store

Live = Annotated[
    bool,
    typer.Option("--live", help="Call the real API with ANTHROPIC_API_KEY. Invented data is sent; it costs cents."),
]
Keep = Annotated[bool, typer.Option("--keep", help="Add to the data of earlier runs instead of starting clean.")]

_SHOWN_CALLS: Final = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that the demo shows at its end."""

    live: bool
    workspace: Workspace
    steps: Sequence[Step]
    calls: Sequence[Call]
    attempts: Mapping[str, int]
    entities: Sequence[Mapping[str, Any]]
    classes: Sequence[Mapping[str, Any]]
    prompt: Prompt | None
    detections: DetectReport
    key_hints: Mapping[str, str]
    verification: audit.Verification
    proof: Proof

    @property
    def sound(self) -> bool:
        """Whether nothing leaked, and the audit log is intact."""
        return not self.proof.hits and self.verification.intact

    @property
    def document(self) -> dict[str, Any]:
        """The outcome as JSON; the prompt only as it is stored."""
        return {
            "live": self.live,
            "seconds": round(sum(step.seconds for step in self.steps), 2),
            "steps": [asdict(step) for step in self.steps],
            "calls": self.calls,
            "http_attempts": self.attempts,
            "entities": self.entities,
            "classes": self.classes,
            "stored_prompt": self.prompt.stored if self.prompt else None,
            "detections": detect.as_document(self.detections),
            "audit": audit.as_document(self.verification),
            "proof": asdict(self.proof),
            "directory": str(self.workspace.directory),
            "report": str(self.workspace.report),
        }


def demo(live: Live = False, keep: Keep = False) -> Answer:
    """Walk the whole way on this machine, in half a minute and without an API key.

    Three teams' ordinary programs call a local Claude API. One environment variable records them: personal data and a
    leaked key are found and redacted, rows go to an embedded ClickHouse, rules run, the audit log is verified, a
    report is written, and every byte is searched for what must not be there. All of it stays in the folder "demo"
    below OTEL_COMPLIANCE_DIR.

    Example: otel-compliance demo
    """
    from otel_compliance.cli.demo_view import farewell
    from otel_compliance.local.demo.workspace import workspace

    live_key = _live_key() if live else None
    _require_parts()
    chosen = {name: os.environ[name] for name in ("OTEL_COMPLIANCE_DIR",) if name in os.environ}
    with workspace(Settings.from_env(chosen).directory, keep=keep) as place:
        outcome = _walk(place, live_key)
    return Answer(outcome.document, farewell(outcome), ExitCode.OK if outcome.sound else ExitCode.FOUND)


def _live_key() -> str:
    key = os.environ.get("ANTHROPIC_API_KEY", "")
    if not key:
        raise ConfigError(
            "ANTHROPIC_API_KEY is not set, which --live needs",
            remedy="set it, or leave --live out: the demo then brings its own local Claude API",
        )
    where = os.environ.get("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
    progress().print(
        f"Live: about 15 short requests with invented data go to {where} under your ANTHROPIC_API_KEY, with answers of "
        "at most 200 tokens. They cost a few cents.\n",
        style="yellow",
    )
    return key


def _require_parts() -> None:
    """Say what is not installed before anything is started."""
    for module, feature, extra in (
        ("anthropic", "the demo", "instruments"),
        ("chdb", "the embedded store", "embedded"),
    ):
        if find_spec(module) is None:
            raise MissingExtra(feature, extra=extra)


def _walk(place: Workspace, live_key: str | None) -> Outcome:
    from otel_compliance.local.demo import scenario
    from otel_compliance.store import client

    progress().print("The whole way of a Claude call, on this machine.\n", style="bold")
    steps = Steps()
    keys = scenario.api_keys() if live_key is None else dict.fromkeys(scenario.api_keys(), live_key)
    printed = _call_claude(steps, place, keys, live=live_key is not None)
    with ExitStack() as stack:
        with steps.step("Deliver what they recorded to ClickHouse, embedded in this process") as detail:
            # The engine starts threads when it is opened: no process may be forked from here on.
            store = stack.enter_context(client.connect(store_dsn(place.settings)))
            detail.append(f"{make_current(store, place.settings).rows} rows: spans, and one audit event for each call.")
        return _look(steps, place, store, printed, secrets=set(keys.values()), live=live_key is not None)


def _call_claude(steps: Steps, place: Workspace, keys: Mapping[str, str], *, live: bool) -> list[Printed]:
    from otel_compliance.local.demo import scenario
    from otel_compliance.local.demo.apps import local_api

    address = None
    with ExitStack() as stack:
        if not live:
            with steps.step("Start a local Claude API") as detail:
                address = stack.enter_context(local_api())
                detail.append(f"{address} speaks the Messages API: streams, tools, errors, rate limits.")
        with steps.step("Run the ordinary programs of three teams, unchanged") as detail:
            printed = _run(place, scenario.DAILY, keys, address)
            detail.append("OTEL_COMPLIANCE=on python support_bot.py support, and the same for billing and research.")
        with steps.step("Later, research tries out a new model with the key of billing") as detail:
            printed += _run(place, scenario.BORROWED_KEY, keys, address)
            detail.append("The key is billing's own, so the provider sees nothing wrong.")
    return printed


def _run(place: Workspace, apps: Sequence[App], keys: Mapping[str, str], address: str | None) -> list[Printed]:
    from otel_compliance.local.demo.apps import environment, run_together

    environments = [environment(app, compliance=place.variables, key=keys[app.key], base_url=address) for app in apps]
    return run_together(apps, environments)


def _look(
    steps: Steps, place: Workspace, store: Store, printed: Sequence[Printed], *, secrets: set[str], live: bool
) -> Outcome:
    from otel_compliance.detect import engine
    from otel_compliance.local.demo import facts, proof, scenario
    from otel_compliance.names import GenAI
    from otel_compliance.store.content import ContentReader

    calls = read_calls(store, limit=_SHOWN_CALLS)
    if not calls:
        raise ComplianceError(
            "the programs ran, but nothing was recorded: OTEL_COMPLIANCE has no effect in this Python",
            remedy="see the line Activation of: otel-compliance check",
        )
    with steps.step("Run the detection rules") as detail:
        engine.install(store)
        detections = engine.run(store)
        detail.append(f"{detections.evaluated} rules ran; {len(detections.findings)} findings.")
    with steps.step("Verify the audit log") as detail:
        verification = audit.verify_copies(place.settings, store)
        detail.append(f"{verification.merged.events} events in {verification.merged.chains} chains, in two copies.")
    with steps.step("Write the report") as detail:
        size = write_report(store, place.report, verification, since=timedelta(hours=1))
        detail.append(f"{size:,} bytes, self-contained.")
    with steps.step("Search every byte and row for what must not be there") as detail:
        texts = {f"what {one.app.service} printed": one.output + one.errors for one in printed}
        wanted = {*scenario.PLANTED, *scenario.USERS, *secrets}
        found = proof.search(wanted, folder=place.directory, store=store, texts=texts)
        detail.append(f"{len(found.hits)} hits.")
    prompts = ContentReader.from_settings(store, place.settings)
    return Outcome(
        live=live,
        workspace=place,
        steps=steps.done,
        calls=calls,
        attempts=facts.attempts(store),
        entities=facts.entities(store),
        classes=facts.classes(store),
        prompt=facts.prompt(prompts.newest(GenAI.INPUT_MESSAGES)),
        detections=detections,
        key_hints=detect.key_hints(store),
        verification=verification,
        proof=found,
    )
