"""Every attribute, event, metric and table name, once.

OpenTelemetry's names come first (``gen_ai.*``, ``server.*``, ``error.type``), the Anthropic SDK's second
(``anthropic.*``), ours (``compliance.*``) only for what has no name. `ATTRIBUTES` documents ours and
generates ``docs/attributes.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

METER_NAME: Final = "otel_compliance"
TRACER_NAME: Final = "otel_compliance"
AUDIT_LOGGER_NAME: Final = "otel_compliance.audit"
NATIVE_SCOPE_PREFIX: Final = "com.anthropic.sdk.python"
"""Scope of the spans that the Anthropic SDK makes itself, from version 1.14 on."""


class Attr(StrEnum):
    """Attribute names that this package writes on spans and audit events."""

    CLASSIFICATION = "compliance.classification"
    CLASSIFICATION_SOURCE = "compliance.classification.source"
    PII_DETECTED = "compliance.pii.detected"
    SECRET_DETECTED = "compliance.secret.detected"  # noqa: S105 - an attribute name
    PII_INPUT_TYPES = "compliance.pii.input.types"
    PII_OUTPUT_TYPES = "compliance.pii.output.types"
    PII_INPUT_COUNT = "compliance.pii.input.count"
    PII_OUTPUT_COUNT = "compliance.pii.output.count"
    REGION_REQUESTED = "compliance.region.requested"
    REGION_ACTUAL = "compliance.region.actual"
    REGION_ENDPOINT = "compliance.region.endpoint"
    REGION_VIOLATION = "compliance.region.violation"
    JURISDICTION = "compliance.jurisdiction"
    RETENTION_DAYS = "compliance.retention.days"
    KEY_ID = "compliance.key.id"
    KEY_HINT = "compliance.key.hint"
    TEAM_ID = "compliance.team.id"
    USER_ID = "compliance.user.id"
    SESSION_ID = "compliance.session.id"
    PURPOSE = "compliance.purpose"
    ENVIRONMENT = "compliance.environment"
    ACTION = "compliance.action"
    REDACTION_STATUS = "compliance.redaction.status"
    REDACTION_COUNT = "compliance.redaction.count"
    POLICY_DIGEST = "compliance.policy.digest"
    ZDR_ELIGIBLE = "compliance.zdr.eligible"
    HIPAA_ELIGIBLE = "compliance.hipaa.eligible"
    RATELIMIT_REQUESTS_LIMIT = "compliance.ratelimit.requests.limit"
    RATELIMIT_REQUESTS_REMAINING = "compliance.ratelimit.requests.remaining"
    RATELIMIT_TOKENS_LIMIT = "compliance.ratelimit.tokens.limit"
    RATELIMIT_TOKENS_REMAINING = "compliance.ratelimit.tokens.remaining"
    RATELIMIT_RETRY_AFTER = "compliance.ratelimit.retry_after"
    ATTEMPT_STATUSES = "compliance.attempt.statuses"
    FALLBACK_MODELS = "compliance.fallback.models"
    CALL_OUTCOME = "compliance.call.outcome"
    CALL_DURATION = "compliance.call.duration"
    USAGE_COMPLETE = "compliance.usage.complete"
    REQUEST_TYPE = "compliance.request.type"
    ADMIN_RESOURCE = "compliance.admin.resource"
    ADMIN_ACTION = "compliance.admin.action"
    ADMIN_TARGET = "compliance.admin.target"
    ADMIN_FIELDS = "compliance.admin.fields"
    ADMIN_STATUS = "compliance.admin.status"
    BATCH_SIZE = "compliance.batch.size"
    BATCH_ITEM_ID = "compliance.batch.item.id"
    BATCH_ITEM_RESULT = "compliance.batch.item.result"
    FILE_SIZE = "compliance.file.size"
    FILE_TYPE = "compliance.file.type"
    FILE_DIGEST = "compliance.file.digest"
    SOURCE_IP = "client.address"
    VAULT_RESTORED = "compliance.vault.restored.count"
    VAULT_TOKENS = "compliance.vault.tokens.count"
    ERASURE_ID = "compliance.erasure.id"
    ERASURE_STATUS = "compliance.erasure.status"
    ERASURE_SUBJECT = "compliance.erasure.subject"
    ERASURE_SYSTEMS = "compliance.erasure.systems"
    ERASURE_COUNTS = "compliance.erasure.counts"
    ERASURE_STARTED = "compliance.erasure.started"
    ERASURE_FINISHED = "compliance.erasure.finished"
    HOLD_NAME = "compliance.hold.name"
    HOLD_SCOPE = "compliance.hold.scope"
    AUDIT_CHAIN_ID = "compliance.audit.chain.id"
    AUDIT_PARENT = "compliance.audit.parent"
    AUDIT_SEQUENCE = "compliance.audit.sequence"
    AUDIT_PREVIOUS = "compliance.audit.prev"
    AUDIT_HASH = "compliance.audit.hash"
    AUDIT_SALT = "compliance.audit.salt"
    AUDIT_LEAF = "compliance.audit.leaf"


class GenAI(StrEnum):
    """The names of the GenAI semantic conventions that this package reads or writes.

    The conventions moved to their own repository and ``opentelemetry.semconv`` marks its copies as
    deprecated, so the few that are needed stand here.
    """

    OPERATION = "gen_ai.operation.name"
    PROVIDER = "gen_ai.provider.name"
    REQUEST_MODEL = "gen_ai.request.model"
    REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
    REQUEST_STREAM = "gen_ai.request.stream"
    RESPONSE_MODEL = "gen_ai.response.model"
    RESPONSE_ID = "gen_ai.response.id"
    FINISH_REASONS = "gen_ai.response.finish_reasons"
    INPUT_MESSAGES = "gen_ai.input.messages"
    OUTPUT_MESSAGES = "gen_ai.output.messages"
    SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions"
    TOOL_DEFINITIONS = "gen_ai.tool.definitions"
    INPUT_TOKENS = "gen_ai.usage.input_tokens"
    OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
    CACHE_READ_TOKENS = "gen_ai.usage.cache_read.input_tokens"
    CACHE_WRITE_TOKENS = "gen_ai.usage.cache_write.input_tokens"
    REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"
    TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
    TOKEN_MODALITY = "gen_ai.token.modality"  # noqa: S105 - an attribute name


class Anthropic(StrEnum):
    """Names under the SDK's prefix: those that it writes on its spans itself, and their like for what it leaves out."""

    CACHE_5M_TOKENS = "anthropic.usage.cache_creation.ephemeral_5m_input_tokens"
    CACHE_1H_TOKENS = "anthropic.usage.cache_creation.ephemeral_1h_input_tokens"
    WEB_SEARCHES = "anthropic.usage.server_tool_use.web_search_requests"
    WEB_FETCHES = "anthropic.usage.server_tool_use.web_fetch_requests"
    REQUEST_TIER = "anthropic.request.service_tier"
    RESPONSE_TIER = "anthropic.response.service_tier"
    COUNTED_TOKENS = "anthropic.message.count_tokens.input_tokens"
    REQUEST_ID = "anthropic.request.id"
    ORGANIZATION_ID = "anthropic.organization.id"
    WORKSPACE_ID = "anthropic.workspace.id"


class Event(StrEnum):
    """Names of audit events.

    ``claude.api.request`` is one call, ``claude.api.batch_result`` one item of a batch whose results were read,
    ``compliance.vault.restored`` one text that got a person's values back, ``compliance.erasure`` the erasure of a
    person across systems; the hold events put a legal hold in force and release it; the chain events open and close a
    chain.
    """

    REQUEST = "claude.api.request"
    BATCH_RESULT = "claude.api.batch_result"
    VAULT_RESTORED = "compliance.vault.restored"
    ERASURE = "compliance.erasure"
    HOLD_ADDED = "compliance.hold.added"
    HOLD_RELEASED = "compliance.hold.released"
    CHAIN_OPENED = "compliance.chain.opened"
    CHAIN_CLOSED = "compliance.chain.closed"


class Metric(StrEnum):
    """Names of the metrics that this package records."""

    CALLS = "compliance.calls"
    FINDINGS = "compliance.findings"
    REDACTIONS = "compliance.redactions"
    INFERENCE_DURATION = "gen_ai.client.inference.duration"
    TIME_TO_FIRST_CHUNK = "gen_ai.client.inference.time_to_first_chunk"
    INPUT_TOKENS = "gen_ai.client.inference.usage.input_tokens"
    OUTPUT_TOKENS = "gen_ai.client.inference.usage.output_tokens"
    CACHE_READ_TOKENS = "gen_ai.client.inference.usage.cache_read.input_tokens"
    CACHE_WRITE_TOKENS = "gen_ai.client.inference.usage.cache_write.input_tokens"
    REASONING_TOKENS = "gen_ai.client.inference.usage.reasoning.output_tokens"
    INTERNAL_ERRORS = "compliance.internal.errors"
    SPANS_EXPORTED = "otel.sdk.exporter.span.exported"
    SPANS_INFLIGHT = "otel.sdk.exporter.span.inflight"
    LOGS_EXPORTED = "otel.sdk.exporter.log.exported"
    LOGS_INFLIGHT = "otel.sdk.exporter.log.inflight"
    EXPORT_DURATION = "otel.sdk.exporter.operation.duration"
    EXPORT_BYTES = "compliance.export.size"
    EXPORT_ITEMS = "compliance.export.items"
    DELIVERY_DURATION = "compliance.delivery.duration"
    SPOOL_SEGMENTS = "compliance.spool.segments"
    SPOOL_SIZE = "compliance.spool.size"


class Table(StrEnum):
    """Tables in the store. The first two have the columns of the OpenTelemetry Collector's exporter."""

    TRACES = "otel_traces"
    LOGS = "otel_logs"
    AUDIT = "otel_audit"
    CONTENT = "genai_content"
    FINDINGS = "detection_findings"
    EVALUATIONS = "detection_evaluations"
    FIRST_SEEN = "genai_first_seen"
    LEDGER = "export_ledger"
    HOLDS = "legal_holds"
    MIGRATIONS = "schema_migrations"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One documented attribute: its name, its OpenTelemetry type and what it means."""

    name: Attr
    type: str
    meaning: str


ATTRIBUTES: Final[tuple[Attribute, ...]] = (
    Attribute(
        Attr.CLASSIFICATION,
        "string",
        "`PUBLIC` `INTERNAL` `CONFIDENTIAL` `RESTRICTED`: the highest of what content, context and policy say",
    ),
    Attribute(Attr.CLASSIFICATION_SOURCE, "string", "what decided the class: `content` `context` `policy`"),
    Attribute(Attr.PII_DETECTED, "boolean", "personal data was found in the input or the output"),
    Attribute(Attr.SECRET_DETECTED, "boolean", "a credential was found in the input or the output"),
    Attribute(Attr.PII_INPUT_TYPES, "string[]", "sorted entity types found in the input; never values"),
    Attribute(Attr.PII_OUTPUT_TYPES, "string[]", "sorted entity types found in the output; never values"),
    Attribute(Attr.PII_INPUT_COUNT, "int", "findings in the input"),
    Attribute(Attr.PII_OUTPUT_COUNT, "int", "findings in the output"),
    Attribute(Attr.REGION_REQUESTED, "string", "`inference_geo` as requested; absent when the call left it unset"),
    Attribute(Attr.REGION_ACTUAL, "string", "`usage.inference_geo` as answered: where inference ran"),
    Attribute(Attr.REGION_ENDPOINT, "string", "region of the cloud endpoint that was called (Bedrock, Vertex AI, AWS)"),
    Attribute(Attr.REGION_VIOLATION, "boolean", "the policy's residency rule was broken"),
    Attribute(Attr.JURISDICTION, "string", "ISO 3166-1 alpha-2 code of the data subject's country, where known"),
    Attribute(Attr.RETENTION_DAYS, "int", "days that the stored row may live"),
    Attribute(Attr.KEY_ID, "string", "keyed fingerprint (HMAC-SHA-256) of the credential that was really sent"),
    Attribute(Attr.KEY_HINT, "string", "hint in the form of the Admin API's `partial_key_hint`"),
    Attribute(Attr.TEAM_ID, "string", "team that made the call"),
    Attribute(Attr.USER_ID, "string", "pseudonym (HMAC-SHA-256) of the end user"),
    Attribute(Attr.SESSION_ID, "string", "pseudonym (HMAC-SHA-256) of the caller's session"),
    Attribute(Attr.PURPOSE, "string", "purpose of processing (GDPR Art. 5(1)(b)) that the caller declared"),
    Attribute(Attr.ENVIRONMENT, "string", "`deployment.environment.name` of the resource"),
    Attribute(Attr.ACTION, "string", "what the policy did: `allow` `redact` `block`"),
    Attribute(Attr.REDACTION_STATUS, "string", "`complete` `failed` `none`: whether all content was redacted"),
    Attribute(Attr.REDACTION_COUNT, "int", "values that were replaced in content"),
    Attribute(Attr.POLICY_DIGEST, "string", "first 16 hex digits of SHA-256 of the policy in force"),
    Attribute(Attr.ZDR_ELIGIBLE, "boolean", "the features used are covered by zero data retention"),
    Attribute(Attr.HIPAA_ELIGIBLE, "boolean", "the features used are covered by the HIPAA arrangement"),
    Attribute(Attr.RATELIMIT_REQUESTS_LIMIT, "int", "requests per minute allowed, from the response headers"),
    Attribute(Attr.RATELIMIT_REQUESTS_REMAINING, "int", "requests left in the window"),
    Attribute(Attr.RATELIMIT_TOKENS_LIMIT, "int", "tokens per minute allowed, from the response headers"),
    Attribute(Attr.RATELIMIT_TOKENS_REMAINING, "int", "tokens left in the window"),
    Attribute(Attr.RATELIMIT_RETRY_AFTER, "double", "seconds that the last refusal asked to wait (`retry-after`)"),
    Attribute(Attr.ATTEMPT_STATUSES, "int[]", "HTTP status of each attempt that was answered, when there were several"),
    Attribute(
        Attr.FALLBACK_MODELS,
        "string",
        "models that declined before another took over, as the answer says; separated by commas",
    ),
    Attribute(Attr.CALL_OUTCOME, "string", "`completed` `error` `cancelled` `abandoned`"),
    Attribute(Attr.CALL_DURATION, "int", "nanoseconds from the call to the end of its answer"),
    Attribute(Attr.USAGE_COMPLETE, "boolean", "`false` when a stream ended before its final token counts"),
    Attribute(Attr.REQUEST_TYPE, "string", "API method, such as `messages.create`"),
    Attribute(Attr.ADMIN_RESOURCE, "string", "kind of organization resource that a call changed, such as `api_keys`"),
    Attribute(Attr.ADMIN_ACTION, "string", "what it did: `create` `update` `archive` `delete` and so on"),
    Attribute(Attr.ADMIN_TARGET, "string", "id of the resource that was changed"),
    Attribute(Attr.ADMIN_FIELDS, "string[]", "sorted names of the fields that were set; never their values"),
    Attribute(Attr.ADMIN_STATUS, "string", "value of the field `status` or `role`, where it was set"),
    Attribute(Attr.BATCH_SIZE, "int", "requests in a batch that was created"),
    Attribute(Attr.BATCH_ITEM_ID, "string", "pseudonym (HMAC-SHA-256) of a batch item's `custom_id`"),
    Attribute(Attr.BATCH_ITEM_RESULT, "string", "`succeeded` `errored` `canceled` `expired`"),
    Attribute(Attr.FILE_SIZE, "int", "bytes of the files that were sent or received"),
    Attribute(Attr.FILE_TYPE, "string", "media type of the file, of the first one when there are several"),
    Attribute(Attr.FILE_DIGEST, "string", "keyed digest (HMAC-SHA-256) of the file's bytes, for files of up to 64 MiB"),
    Attribute(Attr.SOURCE_IP, "string", "address of the caller, truncated by policy (OpenTelemetry's name)"),
    Attribute(Attr.VAULT_RESTORED, "int", "tokens for which the vault had the value"),
    Attribute(Attr.VAULT_TOKENS, "int", "different tokens in the text that was to be restored"),
    Attribute(Attr.ERASURE_ID, "string", "random id of an erasure, as on its certificate"),
    Attribute(Attr.ERASURE_STATUS, "string", "`complete` `incomplete`: whether every system was erased and searched"),
    Attribute(Attr.ERASURE_SUBJECT, "string", "keyed digest of the person who was erased; joins with no pseudonym"),
    Attribute(Attr.ERASURE_SYSTEMS, "string[]", "names of the systems"),
    Attribute(Attr.ERASURE_COUNTS, "int[]", "records that were erased in each of them"),
    Attribute(Attr.ERASURE_STARTED, "string", "when it began, ISO 8601 in UTC"),
    Attribute(Attr.ERASURE_FINISHED, "string", "when it ended"),
    Attribute(Attr.HOLD_NAME, "string", "name of a legal hold; never whom it is about"),
    Attribute(Attr.HOLD_SCOPE, "string[]", "what limits the hold: `user` `team` `period`"),
    Attribute(Attr.AUDIT_CHAIN_ID, "string", "chain of one process (OCSF `record_integrity.chain_uid`)"),
    Attribute(Attr.AUDIT_PARENT, "string", "chain of the process that this one was forked from"),
    Attribute(Attr.AUDIT_SEQUENCE, "int", "position in the chain, from 0, without gaps"),
    Attribute(Attr.AUDIT_PREVIOUS, "string", "hash of the previous event; 64 zeros for the first"),
    Attribute(Attr.AUDIT_HASH, "string", "SHA-256 over chain, sequence, previous hash and leaf"),
    Attribute(Attr.AUDIT_SALT, "string", "random salt of the leaf; erasing it with the payload keeps the chain valid"),
    Attribute(Attr.AUDIT_LEAF, "string", "salted SHA-256 of the event's payload"),
)
