"""Turns what the hooks saw of a call into span attributes and audit events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial, reduce
from typing import Any, Final, Protocol

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import SpanContext, Status, StatusCode
from opentelemetry.util.types import AttributeValue

from otel_compliance import health
from otel_compliance.capture import messages
from otel_compliance.capture.call import UNINSPECTED, Call, Concluded, Conclusion, Inspected, Outcome
from otel_compliance.capture.client import cloud_region, principal, provider_name
from otel_compliance.capture.facts import Deployment, Facts
from otel_compliance.capture.metrics import CallMetrics
from otel_compliance.capture.reading import BodyReader
from otel_compliance.capture.request import read_request
from otel_compliance.capture.surface import created_target
from otel_compliance.capture.transport import credential_facts, response_header_facts
from otel_compliance.capture.worker import Worker
from otel_compliance.classification import Classification
from otel_compliance.keys import KeyRing
from otel_compliance.names import Anthropic, Attr, Event, GenAI
from otel_compliance.policy import Policy
from otel_compliance.redact import Redactor

_FOREIGN: Final = (
    GenAI.REQUEST_MODEL.value,
    GenAI.RESPONSE_MODEL.value,
    GenAI.RESPONSE_ID.value,
    Anthropic.REQUEST_ID.value,
    Anthropic.ORGANIZATION_ID.value,
    Anthropic.WORKSPACE_ID.value,
    Attr.FALLBACK_MODELS.value,
    Attr.REGION_REQUESTED.value,
    Attr.REGION_ACTUAL.value,
    Attr.REGION_ENDPOINT.value,
    Attr.TEAM_ID.value,
    Attr.PURPOSE.value,
    Attr.JURISDICTION.value,
    Attr.ENVIRONMENT.value,
    Attr.ADMIN_TARGET.value,
    Attr.FILE_TYPE.value,
)
"""Facts that are free text of others; everything else is a number, a name of ours or a keyed hash."""

_ON_NATIVE_SPANS: Final = frozenset({*Attr, Anthropic.WEB_SEARCHES, Anthropic.WEB_FETCHES, GenAI.FINISH_REASONS})
"""The facts that the SDK's own span does not carry by itself."""


class AuditSink(Protocol):
    """Where audit events go: `otel_compliance.audit.AuditLog`."""

    def record(
        self,
        event: Event,
        facts: Mapping[str, AttributeValue],
        *,
        span_context: SpanContext | None = None,
        timestamp_ns: int | None = None,
    ) -> None:
        """Append one event to the chain. Never raises."""


class Recorder:
    """Inspects calls under one policy and writes their record.

    Args:
        policy: The policy in force.
        redactor: Finds and replaces personal data and secrets.
        keys: Makes pseudonyms and fingerprints.
        captures_content: Whether redacted content may be kept at all.
        meter_provider: Provider of the metrics; the global one when `None`.

    Attributes:
        reader: Reads the bodies of answers.
        audit: Receives one event per call. Set, like the deployment, before the first call is recorded.
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
        self.policy = policy
        self.audit: AuditSink | None = None
        self._facts = Facts(policy, keys, Deployment())
        self._redactor = redactor
        self._captures_content = captures_content
        self.reader = BodyReader(self, keys)
        self._worker = Worker()
        self._metrics = CallMetrics(meter_provider)

    @property
    def deployment(self) -> Deployment:
        """Where the process runs."""
        return self._facts.deployment

    @deployment.setter
    def deployment(self, deployment: Deployment) -> None:
        self._facts = Facts(self.policy, self.keys, deployment)

    def inspect(self, content: Any) -> Inspected:
        """Scan the body of a request or of a response. Fails closed: on any doubt there is no content."""
        try:
            inspect = self._redactor.redact_value if self._captures_content else self._redactor.count_value
            redacted = inspect(content)
        except Exception as error:  # noqa: BLE001 - content that cannot be inspected is dropped
            health.swallow("capture.inspect", error)
            return UNINSPECTED
        kept = None if redacted.failed else redacted.value
        return Inspected(counts=redacted.counts, content=kept, failed=redacted.failed)

    def answered(self, call: Call, body: Any) -> None:
        """Take the whole body of an answer."""
        call.output = UNINSPECTED
        if isinstance(body, Mapping):
            call.response = {**messages.response_facts(body), **created_target(call.surface, body)}
        call.output = self.inspect(body)

    def part_arrived(self, call: Call, part: Any) -> None:
        """Take one part of an answer that is no message, such as an event of a session."""
        call.output = (call.output or Inspected()).plus(self.inspect(part))

    def item_arrived(self, call: Call, item: Any) -> None:
        """Take one result of a batch: it has an audit event of its own."""
        output = self.inspect(item)
        call.output = (call.output or Inspected()).plus(output)
        if self.audit is not None and isinstance(item, Mapping):
            facts = self._cleaned(self._facts.of_item(call, item, output))
            self.audit.record(Event.BATCH_RESULT, facts, span_context=call.span_context)

    def finish(self, call: Call, outcome: Outcome, error_type: str = "") -> None:
        """Note the end of a call, and have it recorded: one audit event, its metrics, the attributes of its span.

        The first of the span's end, the call's return and the stream's end decides; later ones change nothing. The
        work is the worker's: the app's thread goes on, though the content of the call was not inspected yet. Never
        raises.
        """
        with call.lock:
            if call.ended_ns:
                return
            call.ended_ns = time.time_ns()
            # The SDK's own span knows a blocked call only as a failure of the client.
            call.outcome, call.error_type = outcome, "policy_violation" if call.blocked else error_type
            call.conclusion = Conclusion(self._conclude, self._without_detail)
        if call.owns_span:
            with health.contained("capture.span"):
                self._end_own_span(call)
        self._worker.submit(partial(self._record, call), size=call.kept)

    def flush(self, timeout: float) -> bool:
        """Wait until every call that has ended is recorded.

        Args:
            timeout: Seconds to wait at most.

        Returns:
            Whether all of them are.
        """
        return self._worker.flush(timeout)

    def span_attributes(self, call: Call) -> Mapping[str, AttributeValue]:
        """The attributes of the span of a call that ended, put together now if nobody did before. Never raises."""
        if call.conclusion is None:
            return self._without_detail(call)[0]
        attributes, facts = call.conclusion.get(call)
        return {**facts, **attributes} if call.owns_span else attributes

    def _end_own_span(self, call: Call) -> None:
        if call.span is None:
            return
        if not call.watched:
            call.span.set_attributes(self.span_attributes(call))
        if call.outcome is Outcome.ERROR:
            call.span.set_status(Status(StatusCode.ERROR))
        call.span.end(call.ended_ns)

    def _record(self, call: Call) -> None:
        if call.conclusion is None:
            return
        _, facts = call.conclusion.get(call)
        if self.audit is not None:
            self.audit.record(Event.REQUEST, facts, span_context=call.span_context, timestamp_ns=call.ended_ns)
        with health.contained("capture.metrics"):
            self._metrics.record(call, facts)

    def _conclude(self, call: Call) -> Concluded:
        try:
            return self._concluded(call)
        except Exception as error:  # noqa: BLE001 - the call is recorded all the same, without detail
            health.swallow("capture.finish", error)
            return self._without_detail(call)

    def _without_detail(self, call: Call) -> Concluded:
        attributes = self._facts.without_detail(call)
        return attributes, attributes | ({"error.type": call.error_type} if call.error_type else {})

    def _concluded(self, call: Call) -> Concluded:
        call.provider, call.cloud_region = provider_name(call.client), cloud_region(call.client)
        self._read_request(call)
        self._read_answer(call)
        compliance = self._facts.of_call(call)
        credential: dict[str, AttributeValue] = {}
        if call.sent_headers is not None:
            credential = credential_facts(call.sent_headers, self.keys, principal=principal(call.client))
            # The credential itself is needed no longer.
            call.sent_headers = None
        call.client = None
        if call.answer_headers is not None:
            call.transport["http.response.status_code"] = call.statuses[-1]
            call.transport |= response_header_facts(call.answer_headers)
            call.answer_headers = None
        facts = self._cleaned({**call.request, **call.response, **call.transport, **credential, **compliance})
        if call.model:
            facts.setdefault(GenAI.REQUEST_MODEL, self._clean(call.model))
        if call.error_type:
            facts["error.type"] = call.error_type
        if call.stream:
            facts[GenAI.REQUEST_STREAM] = True
        content = self._facts.content(call, Classification(str(compliance[Attr.CLASSIFICATION])))
        ours = {name: value for name, value in facts.items() if name in _ON_NATIVE_SPANS}
        return {**ours, **content}, facts

    def _read_request(self, call: Call) -> None:
        """Inspect the request; what cannot be read stays uninspected."""
        try:
            bodies = read_request(call)
        except ValueError:
            # Not JSON: nobody here can tell what is in it.
            return
        except Exception as error:  # noqa: BLE001 - the rest of the record is made all the same
            health.swallow("capture.request", error)
            return
        if bodies and not call.surface.secret:
            call.input = reduce(Inspected.or_again, map(self.inspect, bodies))

    def _read_answer(self, call: Call) -> None:
        """Inspect an answer that the app read after the call returned, as far as it arrived."""
        self.reader.finish(call)
        if call.assembler is not None and call.output is None:
            message = call.assembler.message()
            call.response = messages.response_facts(message)
            call.output = UNINSPECTED if call.assembler.overflowed else self.inspect(message)

    def _cleaned(self, facts: dict[str, AttributeValue]) -> dict[str, AttributeValue]:
        """Facts whose text comes from the app or the server, redacted: somebody's team may be named by an address."""
        for name in _FOREIGN:
            if isinstance(value := facts.get(name), str):
                facts[name] = self._clean(value)
        return facts

    def _clean(self, value: str) -> str:
        return value if self._redactor.surely_clean(value) else self._redactor.redact(value).text
