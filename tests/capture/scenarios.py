"""The ways to call Claude and the ways for a call to end, each with what its record must say.

Each scenario runs with the real SDK against a local API, sync and async, and in each of three situations: the SDK makes
the span, this package makes it, or the call is not sampled. docs/coverage.md is generated from this table.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from capture import ways
from packaging.version import Version

from otel_compliance.testing import ApiError, Drop, Reply

PLAIN: Mapping[str, str] = {
    "anthropic.organization.id": "org_01local",
    "anthropic.response.service_tier": "standard",
    "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": "0",
    "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": "0",
    "anthropic.workspace.id": "wrkspc_01local",
    "compliance.action": "redact",
    "compliance.call.outcome": "completed",
    "compliance.classification": "CONFIDENTIAL",
    "compliance.classification.source": "content",
    "compliance.hipaa.eligible": "true",
    "compliance.key.hint": "sk-ant-api03-kkk...igAA",
    "compliance.pii.detected": "true",
    "compliance.pii.input.count": "1",
    "compliance.pii.input.types": '["EMAIL"]',
    "compliance.pii.output.count": "1",
    "compliance.pii.output.types": '["PHONE"]',
    "compliance.redaction.count": "2",
    "compliance.redaction.status": "complete",
    "compliance.region.actual": "us",
    "compliance.region.violation": "false",
    "compliance.request.type": "messages.create",
    "compliance.retention.days": "90",
    "compliance.secret.detected": "false",
    "compliance.team.id": "support",
    "compliance.zdr.eligible": "true",
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.max_tokens": "64",
    "gen_ai.request.model": "claude-sonnet-5",
    "gen_ai.response.finish_reasons": '["end_turn"]',
    "gen_ai.response.model": "claude-sonnet-5",
    "gen_ai.usage.cache_read.input_tokens": "2",
    "gen_ai.usage.cache_write.input_tokens": "3",
    "gen_ai.usage.input_tokens": "15",
    "gen_ai.usage.output_tokens": "5",
    "http.response.status_code": "200",
}
"""Every fact of `messages.create`, but for ids, hashes and durations."""

Facts = Mapping[str, str | None]

STREAMED: Facts = {"gen_ai.request.stream": "true", "compliance.usage.complete": "true"}
UNREAD: Facts = {
    "compliance.pii.output.types": "[]",
    "compliance.pii.output.count": "0",
    "compliance.redaction.count": "1",
}
CUT: Facts = {
    **UNREAD,
    "gen_ai.request.stream": "true",
    "compliance.usage.complete": "false",
    "gen_ai.usage.output_tokens": None,
    "gen_ai.response.finish_reasons": None,
}
"""A stream that did not end: the placeholder count of its first event is no count."""

_OF_MESSAGES = (
    "gen_ai.usage.",
    "gen_ai.response.",
    "anthropic.usage.",
    "anthropic.response.",
    "compliance.region.actual",
)
WITHOUT_MESSAGE: Facts = {**UNREAD, **{name: None for name in PLAIN if name.startswith(_OF_MESSAGES)}}
CANCELLED: Facts = {"compliance.call.outcome": "cancelled"}
ABANDONED: Facts = {"compliance.call.outcome": "abandoned"}
UNREAD_STREAM: Facts = {**CUT, **WITHOUT_MESSAGE}
FAILED: Facts = {**WITHOUT_MESSAGE, "compliance.call.outcome": "error"}
NO_ANSWER: Facts = {
    **WITHOUT_MESSAGE,
    **dict.fromkeys(("http.response.status_code", "anthropic.organization.id", "anthropic.workspace.id")),
}


@dataclass(frozen=True)
class Scenario:
    """One way to call, or to end a call.

    Attributes:
        name: What it is, for a reader of docs/coverage.md.
        sync: Makes the call with a sync client; `None` where only an async client can.
        asynchronous: Makes it with an async client.
        replies: What the API answers.
        facts: Facts that differ from `PLAIN`; `None` for one that must be absent.
        since: Oldest version of the SDK that has it.
    """

    name: str
    sync: Callable[[Any], None] | None
    asynchronous: Callable[[Any], Awaitable[None]]
    facts: Facts = field(default_factory=dict)
    replies: Sequence[Reply] = (ways.ANSWER,)
    since: str = "0.125.0"

    def __str__(self) -> str:
        return self.name

    @property
    def expected(self) -> dict[str, str]:
        """The facts of its audit event."""
        return {name: value for name, value in {**PLAIN, **self.facts}.items() if value is not None}

    @property
    def available(self) -> bool:
        """Whether the installed SDK has it."""
        return Version(self.since) <= ways.SDK


SCENARIOS = (
    Scenario("`messages.create`", ways.create, ways.acreate),
    Scenario("`create(stream=True)`, read to the end", ways.read, ways.aread, STREAMED),
    Scenario("`with create(stream=True)`", ways.context_manager, ways.acontext_manager, STREAMED),
    Scenario("`messages.stream`", ways.helper, ways.ahelper, STREAMED),
    Scenario("`messages.stream`, left by `break`", ways.break_off, ways.abreak_off, {**CUT, **CANCELLED}),
    Scenario("`create(stream=True).close()`", ways.close, ways.aclose, {**UNREAD_STREAM, **CANCELLED}),
    Scenario("stream dropped after an event", ways.drop, ways.adrop, {**CUT, **ABANDONED}),
    Scenario("stream never iterated", ways.never_iterate, ways.anever_iterate, {**UNREAD_STREAM, **ABANDONED}),
    Scenario("exception in the app's loop over a stream", ways.raise_inside, ways.araise_inside, {**CUT, **CANCELLED}),
    Scenario("generator closed around a stream", ways.generator, ways.agenerator, {**CUT, **CANCELLED}),
    Scenario(
        "connection cut in a stream",
        ways.fail(ways.read),
        ways.afail(ways.aread),
        {**CUT, "compliance.call.outcome": "error", "error.type": "connection_error"},
        [replace(ways.ANSWER, fault=Drop(after_events=4))],
    ),
    Scenario(
        "error event in a stream",
        ways.fail(ways.read),
        ways.afail(ways.aread),
        {**CUT, "compliance.call.outcome": "error", "error.type": "overloaded_error"},
        [replace(ways.ANSWER, fault=ApiError(529, after_events=4))],
    ),
    Scenario(
        "rate limit",
        ways.fail(ways.create),
        ways.afail(ways.acreate),
        {**FAILED, "http.response.status_code": "429", "error.type": "rate_limit_error"},
        [Reply(fault=ApiError(429))],
    ),
    Scenario(
        "connection cut before the answer",
        ways.fail(ways.create),
        ways.afail(ways.acreate),
        {**FAILED, **NO_ANSWER, "error.type": "connection_error"},
        [Reply(fault=Drop())],
    ),
    Scenario(
        "timeout",
        ways.time_out,
        ways.atime_out,
        {**FAILED, **NO_ANSWER, "error.type": "client_timeout_error"},
        [Reply(delay=5)],
    ),
    Scenario("task cancelled before the answer", None, ways.cancel, {**NO_ANSWER, **CANCELLED}, [Reply(delay=5)]),
    Scenario(
        "task cancelled in a stream",
        None,
        ways.cancel_stream,
        {**CUT, **CANCELLED},
        [replace(ways.ANSWER, event_delay=0.2)],
    ),
    Scenario(
        "two refusals, then an answer",
        ways.retry,
        ways.aretry,
        {
            "compliance.attempt.statuses": "[529,429,200]",
            "compliance.ratelimit.retry_after": "0",
            "http.request.resend_count": "2",
        },
        [Reply(fault=ApiError(529, retry_after=0)), Reply(fault=ApiError(429, retry_after=0)), ways.ANSWER],
    ),
    Scenario("`messages.parse`", ways.parse, ways.aparse),
    Scenario("`with_raw_response`", ways.raw, ways.araw),
    Scenario("`with_raw_response`, stream", ways.raw_stream, ways.araw_stream, STREAMED),
    Scenario("`with_streaming_response`", ways.streaming_response, ways.astreaming_response),
    Scenario(
        "`with_streaming_response`, body not read",
        ways.streaming_response_unread,
        ways.astreaming_response_unread,
        {
            **WITHOUT_MESSAGE,
            **ABANDONED,
            # What nobody read, nobody inspected.
            "compliance.classification": "RESTRICTED",
            "compliance.redaction.status": "failed",
            "compliance.retention.days": "30",
        },
    ),
    Scenario(
        "`with_streaming_response`, stream", ways.streaming_response_events, ways.astreaming_response_events, STREAMED
    ),
    Scenario("`with_streaming_response`, events read as lines", ways.lines, ways.alines, STREAMED),
    Scenario("`beta.messages.create`", ways.beta, ways.abeta),
    Scenario("`beta.messages.stream`", ways.beta_stream, ways.abeta_stream, STREAMED),
    Scenario("generator as `messages`", ways.one_shot, ways.aone_shot),
    Scenario("`client.post` to `/v1/messages`", ways.post, ways.apost),
    Scenario("middleware of the app", ways.middleware, ways.amiddleware),
    Scenario(
        "`messages.count_tokens`",
        ways.count,
        ways.acount,
        {
            **WITHOUT_MESSAGE,
            "compliance.request.type": "messages.count_tokens",
            "gen_ai.operation.name": None,
            "gen_ai.request.max_tokens": None,
            "anthropic.message.count_tokens.input_tokens": "20",
        },
    ),
)
