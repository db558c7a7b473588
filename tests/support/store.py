"""The embedded store of a test process, and rows for it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from otel_compliance.store.client import Store
from otel_compliance.store.rows import COLUMN_TYPES, Block

NOW = datetime.now(UTC).replace(microsecond=0)
"""The moment that tests call now. Rows are far from their TTL."""

_counter = iter(range(10**9))


def audit_row(
    *,
    at: datetime = NOW,
    key: str = "k1:key",
    team: str = "support",
    service: str = "support-bot",
    model: str = "claude-haiku-4-5",
    outcome: str = "completed",
    classification: str = "INTERNAL",
    input_types: tuple[str, ...] = (),
    secret: bool = False,
    region: str = "us",
    violation: bool = False,
    tokens: int = 100,
) -> dict[str, Any]:
    """One audit event of a call, as a row of ``otel_logs``."""
    number = next(_counter)
    attributes = {
        "compliance.audit.chain.id": "chain",
        "compliance.audit.sequence": str(number),
        "compliance.request.type": "messages.create",
        "compliance.call.outcome": outcome,
        "compliance.call.duration": "250000000",
        "compliance.team.id": team,
        "compliance.user.id": "k1:user",
        "compliance.key.id": key,
        "compliance.key.hint": "sk-ant-api03-abc...wxyz",
        "compliance.classification": classification,
        "compliance.pii.detected": json.dumps(bool(input_types)),
        "compliance.secret.detected": json.dumps(secret),
        "compliance.pii.input.types": json.dumps(list(input_types)),
        "compliance.pii.output.types": "[]",
        "compliance.region.actual": region,
        "compliance.region.violation": json.dumps(violation),
        "compliance.redaction.status": "complete",
        "compliance.redaction.count": str(len(input_types)),
        "compliance.policy.digest": "0123456789abcdef",
        "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": str(tokens),
        "gen_ai.usage.output_tokens": str(tokens // 2),
    } | ({"error.type": "rate_limit_error"} if outcome == "error" else {})
    return {
        "Timestamp": int(at.timestamp() * 1_000_000_000),
        "TraceId": f"{number:032x}",
        "SpanId": f"{number:016x}",
        "TraceFlags": 1,
        "SeverityText": "INFO",
        "SeverityNumber": 9,
        "ServiceName": service,
        "Body": "claude.api.request",
        "ResourceSchemaUrl": "",
        "ResourceAttributes": {"service.name": service},
        "ScopeSchemaUrl": "",
        "ScopeName": "otel_compliance.audit",
        "ScopeVersion": "",
        "ScopeAttributes": {},
        "LogAttributes": attributes,
        "EventName": "claude.api.request",
    }


def insert_calls(store: Store, rows: list[dict[str, Any]], *, ingested: datetime | None = None) -> None:
    """Insert audit events by the way they really take; the views derive the rest."""
    types = dict(COLUMN_TYPES["otel_logs"])
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in types}
    if ingested is not None:
        types["IngestedAt"] = "DateTime64(3)"
        columns["IngestedAt"] = [ingested] * len(rows)
    store.insert(Block("otel_logs", columns, len(rows)), types=types)


def ago(text: str) -> datetime:
    """``10m`` or ``5h`` before `NOW`."""
    return NOW - timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[text[-1]]: int(text[:-1])})
