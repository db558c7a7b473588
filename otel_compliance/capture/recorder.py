"""Turns what the hooks saw of a call into span attributes and one audit event."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import SpanContext, Status, StatusCode
from opentelemetry.util.types import AttributeValue

from otel_compliance import health
from otel_compliance.capture import messages
from otel_compliance.capture.call import UNINSPECTED, Call, Inspected, Outcome
from otel_compliance.capture.metrics import CallMetrics
from otel_compliance.capture.transport import IDENTITY_HEADERS
from otel_compliance.classification import Classification
from otel_compliance.keys import KeyRing
from otel_compliance.names import Attr, Event, GenAI
from otel_compliance.policy import Policy
from otel_compliance.redact import SECRET_TYPES, Redactor

_FOREIGN: Final = (
    GenAI.REQUEST_MODEL.value,
    GenAI.RESPONSE_MODEL.value,
    GenAI.RESPONSE_ID.value,
    Attr.REGION_REQUESTED.value,
    Attr.REGION_ACTUAL.value,
    Attr.TEAM_ID.value,
    Attr.PURPOSE.value,
    Attr.JURISDICTION.value,
    Attr.ENVIRONMENT.value,
    *IDENTITY_HEADERS.values(),
)
"""Facts that are free text of others; everything else is a number, a name of ours or a keyed hash."""


class AuditSink(Protocol):
    """Where audit events go: `otel_compliance.audit.AuditLog`."""

    def record(
        self, event: Event, facts: Mapping[str, AttributeValue], *, span_context: SpanContext | None = None
    ) -> None:
        """Append one event to the chain. Never raises."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the process runs, from the OpenTelemetry resource.

    Attributes:
        environment: ``deployment.environment.name``; empty when unset.
        team_id: ``compliance.team.id``, the team of calls whose caller declared none.
    """

    environment: str = ""
    team_id: str | None = None

    @classmethod
    def from_resource(cls, attributes: Mapping[str, Any]) -> Deployment:
        """Read it from the attributes of a resource."""
        environment = attributes.get("deployment.environment.name") or attributes.get("deployment.environment") or ""
        team = attributes.get(Attr.TEAM_ID)
        return cls(environment=str(environment), team_id=str(team) if team else None)


class Recorder:
    """Inspects calls under one policy and writes their record.

    Args:
        policy: The policy in force.
        redactor: Finds and replaces personal data and secrets.
        keys: Makes pseudonyms and fingerprints.
        captures_content: Whether redacted content may be kept at all.
        meter_provider: Provider of the metrics; the global one when `None`.

    Attributes:
        audit: Receives one event per call. Set, like `deployment`, before the first call is recorded.
        deployment: Where the process runs.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        redactor: Redactor,
        keys: KeyRing,
        captures_content: bool,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self.keys = keys
        self.deployment = Deployment()
        self.audit: AuditSink | None = None
        self._policy = policy
        self._redactor = redactor
        self._captures_content = captures_content
        self._metrics = CallMetrics(meter_provider)

    def inspect(self, content: Any) -> Inspected:
        """Scan the body of a request or of a response. Fails closed: on any doubt there is no content."""
        try:
            redacted = self._redactor.redact_value(content)
        except Exception as error:  # noqa: BLE001 - content that cannot be inspected is dropped
            health.swallow("capture.inspect", error)
            return UNINSPECTED
        kept = redacted.value if self._captures_content and not redacted.failed else None
        return Inspected(counts=redacted.counts, content=kept, failed=redacted.failed)

    def finish(self, call: Call, outcome: Outcome, error_type: str = "") -> dict[str, AttributeValue]:
        """End the record of a call: one audit event, and the attributes of its span.

        The first of the span's end, the call's return and the stream's end decides; later ones change nothing.

        Returns:
            The attributes for the call's span. Never raises.
        """
        with call.lock:
            if call.finishing:
                return call.attributes
            call.finishing = True
            try:
                attributes, facts = self._conclude(call, outcome, error_type)
            except Exception as error:  # noqa: BLE001 - the call is recorded all the same, without detail
                health.swallow("capture.finish", error)
                attributes = self._without_detail(call, outcome, error_type)
                facts = attributes
            call.attributes = attributes
        if self.audit is not None:
            self.audit.record(Event.REQUEST, facts, span_context=call.span_context)
        with health.contained("capture.metrics"):
            self._metrics.record(call, facts)
        if call.owns_span and call.span is not None:
            with health.contained("capture.span"):
                call.span.set_attributes({**facts, **attributes})
                if outcome is Outcome.ERROR:
                    call.span.set_status(Status(StatusCode.ERROR))
                call.span.end()
        return attributes

    def _conclude(
        self, call: Call, outcome: Outcome, error_type: str
    ) -> tuple[dict[str, AttributeValue], dict[str, AttributeValue]]:
        """(attributes of the span, facts of the audit event)."""
        self._read_stream(call)
        compliance = self._compliance_facts(call, outcome)
        facts = self._cleaned({**call.request, **call.response, **call.transport, **compliance})
        if error_type:
            facts["error.type"] = error_type
        if call.stream:
            facts["gen_ai.request.stream"] = True
        content = self._content(call, Classification(str(compliance[Attr.CLASSIFICATION])))
        return {**_compliance_only(facts), **content}, facts

    def _cleaned(self, facts: dict[str, AttributeValue]) -> dict[str, AttributeValue]:
        """Facts whose text comes from the app or the server, redacted: somebody's team may be named by an address."""
        for name in _FOREIGN:
            value = facts.get(name)
            if isinstance(value, str) and not self._redactor.surely_clean(value):
                facts[name] = self._redactor.redact(value).text
        return facts

    def _read_stream(self, call: Call) -> None:
        """Inspect a streamed answer as far as it arrived."""
        if not call.stream or call.output is not None:
            return
        message = call.assembler.message()
        call.response = messages.response_facts(message)
        call.output = UNINSPECTED if call.assembler.overflowed else self.inspect(message)

    def _compliance_facts(self, call: Call, outcome: Outcome) -> dict[str, AttributeValue]:
        found_in = call.input or Inspected()
        found_out = call.output or Inspected()
        types = {*found_in.counts, *found_out.counts}
        failed = found_in.failed or found_out.failed
        classification, source = self._classify(call, types, failed=failed)
        requested, actual = (call.request.get(Attr.REGION_REQUESTED), call.response.get(Attr.REGION_ACTUAL))
        facts: dict[str, AttributeValue] = {
            Attr.CALL_OUTCOME: outcome.value,
            Attr.CALL_DURATION: max(0, time.time_ns() - call.started_ns),
            Attr.REQUEST_TYPE: call.request_type,
            Attr.CLASSIFICATION: classification.value,
            Attr.CLASSIFICATION_SOURCE: source,
            Attr.PII_DETECTED: bool(types - SECRET_TYPES),
            Attr.SECRET_DETECTED: bool(types & SECRET_TYPES),
            Attr.PII_INPUT_TYPES: tuple(sorted(found_in.counts)),
            Attr.PII_OUTPUT_TYPES: tuple(sorted(found_out.counts)),
            Attr.PII_INPUT_COUNT: found_in.counts.total(),
            Attr.PII_OUTPUT_COUNT: found_out.counts.total(),
            Attr.REGION_VIOLATION: self._policy.residency.violated(requested=_text(requested), actual=_text(actual)),
            Attr.RETENTION_DAYS: self._policy.retention_days(classification, environment=self.deployment.environment),
            Attr.POLICY_DIGEST: self._policy.digest,
            Attr.REDACTION_STATUS: _redaction_status(call, failed=failed),
            Attr.REDACTION_COUNT: found_in.counts.total() + found_out.counts.total(),
            Attr.ACTION: "redact" if types else "allow",
            **self._caller_facts(call),
        }
        if call.stream:
            facts[Attr.USAGE_COMPLETE] = call.assembler.complete
        return facts

    def _classify(self, call: Call, types: set[str], *, failed: bool) -> tuple[Classification, str]:
        """The highest of what content, context and policy say, and which of them said it first."""
        if failed:
            return Classification.RESTRICTED, "content"
        candidates = [
            ("content" if types else "policy", self._policy.classify(types)),
            ("context", call.caller.classification or Classification.PUBLIC),
            ("policy", self._policy.floor(team_id=self._team(call), purpose=call.caller.purpose)),
        ]
        source, classification = max(candidates, key=lambda item: item[1].rank)
        return classification, source

    def _caller_facts(self, call: Call) -> dict[str, AttributeValue]:
        caller, keys = call.caller, self.keys
        user = caller.user_id or call.user_id
        facts = {
            Attr.TEAM_ID: self._team(call),
            Attr.USER_ID: keys.pseudonym("user", user) if user else None,
            Attr.SESSION_ID: keys.pseudonym("session", caller.session_id) if caller.session_id else None,
            Attr.PURPOSE: caller.purpose,
            Attr.JURISDICTION: caller.jurisdiction,
            Attr.SOURCE_IP: truncated_address(caller.source_ip) if caller.source_ip else None,
            Attr.ENVIRONMENT: self.deployment.environment,
        }
        return {name: value for name, value in facts.items() if value}

    def _team(self, call: Call) -> str | None:
        return call.caller.team_id or self.deployment.team_id

    def _content(self, call: Call, classification: Classification) -> dict[str, AttributeValue]:
        if not self._policy.captures(classification, environment=self.deployment.environment):
            return {}
        content: dict[str, AttributeValue] = {}
        if call.input is not None and call.input.content is not None:
            content |= messages.input_content(call.input.content)
        if call.output is not None and call.output.content is not None:
            content |= messages.output_content(call.output.content)
        return content

    def _without_detail(self, call: Call, outcome: Outcome, error_type: str) -> dict[str, AttributeValue]:
        """What is recorded of a call whose facts could not be put together."""
        facts: dict[str, AttributeValue] = {
            Attr.CALL_OUTCOME: outcome.value,
            Attr.REQUEST_TYPE: call.request_type,
            Attr.CLASSIFICATION: Classification.RESTRICTED.value,
            Attr.REDACTION_STATUS: "failed",
            Attr.RETENTION_DAYS: self._policy.retention_days(Classification.RESTRICTED),
            Attr.POLICY_DIGEST: self._policy.digest,
        }
        return facts | ({"error.type": error_type} if error_type else {})


def truncated_address(address: str) -> str:
    """An IP address without its host part: /24 for IPv4, /48 for IPv6. Anything else gives an empty string."""
    try:
        version = ipaddress.ip_address(address).version
        return str(ipaddress.ip_network(f"{address}/{24 if version == 4 else 48}", strict=False).network_address)
    except ValueError:
        return ""


def _redaction_status(call: Call, *, failed: bool) -> str:
    if failed:
        return "failed"
    return "none" if call.input is None and call.output is None else "complete"


def _compliance_only(facts: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    """The facts that the SDK's native span does not carry by itself."""
    ours = ("compliance.", Attr.SOURCE_IP, GenAI.FINISH_REASONS)
    return {name: value for name, value in facts.items() if name.startswith(ours)}


def _text(value: AttributeValue | None) -> str | None:
    return value if isinstance(value, str) else None
