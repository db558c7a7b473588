"""What is said of a finished call: class, findings, region, retention, caller. Pure functions of what was gathered."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.util.types import AttributeValue

from otel_compliance.capture import messages
from otel_compliance.capture.call import Call, Inspected, Outcome
from otel_compliance.classification import Classification
from otel_compliance.keys import KeyRing
from otel_compliance.names import Attr, GenAI
from otel_compliance.policy import Policy
from otel_compliance.redact import SECRET_TYPES

_NOTHING = Inspected()


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


@dataclass(frozen=True, slots=True)
class Facts:
    """Makes the facts of calls under one policy.

    Attributes:
        policy: The policy in force.
        keys: Makes pseudonyms.
        deployment: Where the process runs.
    """

    policy: Policy
    keys: KeyRing
    deployment: Deployment

    def of_call(self, call: Call) -> dict[str, AttributeValue]:
        """The compliance facts of a call that ended."""
        found_in, found_out = call.input or _NOTHING, call.output or _NOTHING
        facts: dict[str, AttributeValue] = {
            Attr.CALL_OUTCOME: _outcome(call),
            Attr.CALL_DURATION: max(0, call.ended_ns - call.started_ns),
            Attr.REQUEST_TYPE: call.surface.request_type,
            GenAI.PROVIDER: call.provider,
            **self._findings(call, found_in, found_out),
            **self._region(call),
            Attr.POLICY_DIGEST: self.policy.digest,
            **self.of_caller(call),
        }
        if call.surface.is_message:
            facts[GenAI.OPERATION] = "chat"
        if call.blocked:
            facts[Attr.ACTION] = "block"
        if len(call.statuses) > 1:
            facts[Attr.ATTEMPT_STATUSES] = tuple(call.statuses)
            facts["http.request.resend_count"] = len(call.statuses) - 1
        if call.first_chunk_ns:
            facts[GenAI.TIME_TO_FIRST_CHUNK] = max(0, call.first_chunk_ns - call.started_ns) / 1e9
        if call.assembler is not None and call.surface.is_message:
            facts[Attr.USAGE_COMPLETE] = call.assembler.complete
        return facts

    def of_item(self, call: Call, item: Mapping[str, Any], output: Inspected) -> dict[str, AttributeValue]:
        """The facts of one result of a batch; `output` is the inspection of `item`."""
        result = item.get("result")
        result = result if isinstance(result, Mapping) else {}
        message = result.get("message")
        response = messages.response_facts(message) if isinstance(message, Mapping) else {}
        actual = response.get(Attr.REGION_ACTUAL)
        return {
            Attr.REQUEST_TYPE: call.surface.request_type,
            Attr.BATCH_ITEM_ID: self.keys.pseudonym("batch-item", str(item.get("custom_id", ""))),
            Attr.BATCH_ITEM_RESULT: messages.api_name(result.get("type")),
            **response,
            **self._findings(call, _NOTHING, output),
            Attr.REGION_VIOLATION: self.policy.residency.violated([actual] if isinstance(actual, str) else []),
            Attr.POLICY_DIGEST: self.policy.digest,
            **self.of_caller(call),
        }

    def of_caller(self, call: Call) -> dict[str, AttributeValue]:
        """Who called, as far as it is known; user and session as pseudonyms."""
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

    def content(self, call: Call, classification: Classification) -> dict[str, AttributeValue]:
        """The redacted content that the policy lets stay."""
        if not self.policy.captures(classification, environment=self.deployment.environment):
            return {}
        content: dict[str, AttributeValue] = {}
        if call.input is not None and call.input.content is not None:
            content |= messages.input_content(call.input.content)
        if call.output is not None and call.output.content is not None:
            content |= messages.output_content(call.output.content)
        return content

    def without_detail(self, call: Call) -> dict[str, AttributeValue]:
        """What is recorded of a call whose facts could not be put together."""
        return {
            Attr.CALL_OUTCOME: _outcome(call),
            Attr.REQUEST_TYPE: call.surface.request_type,
            Attr.CLASSIFICATION: Classification.RESTRICTED.value,
            Attr.REDACTION_STATUS: "failed",
            Attr.RETENTION_DAYS: self.policy.retention_days(Classification.RESTRICTED),
            Attr.POLICY_DIGEST: self.policy.digest,
        }

    def _findings(self, call: Call, found_in: Inspected, found_out: Inspected) -> dict[str, AttributeValue]:
        counts = found_in.counts + found_out.counts if found_out.counts else found_in.counts
        types = counts.keys()
        failed = found_in.failed or found_out.failed
        classification, source = self._classify(call, counts, failed=failed)
        count_in, count_out = found_in.counts.total(), found_out.counts.total()
        inspected = not _has_file(call) and not (call.input is None and found_out is _NOTHING)
        return {
            Attr.CLASSIFICATION: classification.value,
            Attr.CLASSIFICATION_SOURCE: source,
            Attr.PII_DETECTED: bool(types - SECRET_TYPES),
            Attr.SECRET_DETECTED: bool(types & SECRET_TYPES),
            Attr.PII_INPUT_TYPES: tuple(sorted(found_in.counts)),
            Attr.PII_OUTPUT_TYPES: tuple(sorted(found_out.counts)),
            Attr.PII_INPUT_COUNT: count_in,
            Attr.PII_OUTPUT_COUNT: count_out,
            Attr.RETENTION_DAYS: self.policy.retention_days(classification, environment=self.deployment.environment),
            Attr.REDACTION_STATUS: "failed" if failed else "complete" if inspected else "none",
            Attr.REDACTION_COUNT: count_in + count_out,
            Attr.ACTION: "redact" if types else "allow",
        }

    def _region(self, call: Call) -> dict[str, AttributeValue]:
        known = [geo for geo in (*call.geos, call.response.get(Attr.REGION_ACTUAL)) if isinstance(geo, str)]
        violated = self.policy.residency.violated(known, cloud_region=call.cloud_region)
        facts: dict[str, AttributeValue] = {Attr.REGION_VIOLATION: violated or call.blocked}
        if call.cloud_region:
            facts[Attr.REGION_ENDPOINT] = call.cloud_region
        return facts

    def _classify(self, call: Call, counts: Mapping[str, int], *, failed: bool) -> tuple[Classification, str]:
        """The highest of what content, context and policy say, and which of them said it first."""
        if failed:
            return Classification.RESTRICTED, "content"
        floor = self.policy.floor(
            team_id=self._team(call), purpose=call.caller.purpose, model=call.model, tools=call.tools
        )
        candidates = [
            ("content" if counts else "policy", self.policy.classify(counts, SECRET_TYPES)),
            ("context", call.caller.classification or Classification.PUBLIC),
            ("policy", Classification.RESTRICTED if call.surface.secret else floor),
            ("policy", self.policy.classification.files if _has_file(call) else Classification.PUBLIC),
        ]
        source, classification = max(candidates, key=lambda item: item[1].rank)
        return classification, source

    def _team(self, call: Call) -> str | None:
        return call.caller.team_id or self.deployment.team_id


def _outcome(call: Call) -> str:
    return (call.outcome or Outcome.ABANDONED).value


def _has_file(call: Call) -> bool:
    """Whether the call sent or received a file, of which nothing is inspected."""
    return Attr.FILE_TYPE in call.request or Attr.FILE_TYPE in call.response


def truncated_address(address: str) -> str:
    """An IP address without its host part: /24 for IPv4, /48 for IPv6. Anything else gives an empty string."""
    try:
        version = ipaddress.ip_address(address).version
        return str(ipaddress.ip_network(f"{address}/{24 if version == 4 else 48}", strict=False).network_address)
    except ValueError:
        return ""
