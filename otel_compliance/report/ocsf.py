"""Calls and findings as events of the Open Cybersecurity Schema Framework, for a SIEM.

A call is an API Activity (6003) with the profile ``ai_operation``, a finding a Detection Finding (2004). What OCSF has
no name for goes to ``unmapped``. The table is in ``docs/for-auditors.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from ipaddress import ip_address
from typing import Any, Final

from otel_compliance.detect.rule import rules
from otel_compliance.names import Attr, GenAI

VERSION: Final = "1.8.0"
"""Version of OCSF, the first with the profile ``ai_operation``."""

_API_ACTIVITY: Final = 6003
_DETECTION_FINDING: Final = 2004
_ACTIVITIES: Final = {
    1: ("Create", {"create", "stream", "parse", "upload", "beta_stream", "count_tokens"}),
    2: ("Read", {"list", "retrieve", "get", "download", "results", "retrieve_metadata"}),
    3: ("Update", {"update"}),
    4: ("Delete", {"delete", "archive"}),
}
_OTHER: Final = 99
_STATUS: Final = {"completed": 1, "error": 2}
_SEVERITIES: Final = {"low": 2, "medium": 3, "high": 4, "critical": 5}
_INFORMATIONAL: Final = 1
_RULE: Final = 1
"""``analytic.type_id`` of a rule."""

CALL_COLUMNS: Final = tuple(
    """
    Timestamp ChainId Seq Hash EventName TraceId SpanId ServiceName LogAttributes ErrorType GenAiRequestModel
    InputTokens OutputTokens DurationNs TeamId UserId KeyId KeyHint Environment RequestType CallOutcome Classification
    PiiInputTypes PiiOutputTypes SecretDetected RegionRequested RegionActual RegionViolation RedactionStatus
    PolicyDigest
    """.split()  # noqa: SIM905 - reads better in lines
)
"""Columns of ``otel_audit`` that `call_event` reads."""


def events(pieces: Iterable[bytes], *, findings: bool) -> Iterator[bytes]:
    """Lines of OCSF from lines of JSON, as the store streams them.

    Args:
        pieces: Rows as JSON lines, cut anywhere.
        findings: Whether they are findings, and not calls.
    """
    convert, rest = finding_event if findings else call_event, b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in filter(None, lines):
            event = convert(json.loads(line))
            yield json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def call_event(row: Mapping[str, Any]) -> dict[str, Any]:
    """The API Activity of one call, from its row of ``otel_audit``."""
    facts, service = row["LogAttributes"], row["ServiceName"] or "unknown_service"
    activity, activity_name = _activity(row["RequestType"])
    failed = {"response": {"error": row["ErrorType"]}} if row["ErrorType"] else {}
    address = _address(facts.get(Attr.SOURCE_IP, ""))
    return _without_empty(
        {
            **_class(_API_ACTIVITY, "API Activity", 6, "Application Activity", activity, activity_name),
            "time": _milliseconds(row["Timestamp"]),
            "duration": int(row["DurationNs"]) // 1_000_000,
            # A call that broke a rule of the policy is medium; what it means is for the rules to say.
            "severity_id": 3 if row["RegionViolation"] or row["SecretDetected"] else _INFORMATIONAL,
            "status_id": _STATUS.get(row["CallOutcome"], _OTHER),
            "status": row["CallOutcome"],
            "status_detail": row["ErrorType"],
            "metadata": {
                **_metadata(f"{row['ChainId']}/{row['Seq']}", row["EventName"]),
                "profiles": ["ai_operation"] if row["GenAiRequestModel"] else [],
                "sequence": int(row["Seq"]),
                **({"correlation_uid": row["TraceId"]} if row["TraceId"] else {}),
            },
            "actor": {
                "user": _without_empty({"uid": row["UserId"], "groups": _group(row["TeamId"])})
                if row["UserId"]
                else {},
                "app_name": service,
            },
            "api": {"operation": row["RequestType"] or "unknown", "service": {"name": "Claude API"}, **failed},
            "src_endpoint": {"svc_name": service, **({"ip": address} if address else {})},
            **(_ai_operation(row, service) if row["GenAiRequestModel"] else {}),
            "unmapped": _unmapped(row),
        }
    )


def finding_event(row: Mapping[str, Any]) -> dict[str, Any]:
    """The Detection Finding of one row of ``detection_findings``."""
    return _without_empty(
        {
            **_class(_DETECTION_FINDING, "Detection Finding", 2, "Findings", 1, "Create"),
            "time": _milliseconds(row["DetectedAt"]),
            "start_time": _milliseconds(row["WindowStart"]),
            "end_time": _milliseconds(row["WindowEnd"]),
            "severity_id": _SEVERITIES.get(row["Severity"], _OTHER),
            "severity": row["Severity"].capitalize(),
            "status_id": 1,
            "status": "New",
            "is_alert": True,
            "metadata": _metadata(row["FindingId"], "detection_findings"),
            "finding_info": {
                "uid": row["FindingId"],
                "title": _titles().get(row["RuleId"], row["RuleId"]),
                "first_seen_time": _milliseconds(row["FirstSeen"]),
                "last_seen_time": _milliseconds(row["LastSeen"]),
                "analytic": {"uid": row["RuleId"], "version": row["RuleDigest"], "type_id": _RULE, "type": "Rule"},
            },
            "resources": [{"uid": row["Subject"]}] if row["Subject"] else [],
            "unmapped": _without_empty(
                {"controls": row["Controls"], "value": row["Value"], "trace_ids": row["TraceIds"]}
            ),
        }
    )


def _class(uid: int, name: str, category: int, category_name: str, activity: int, activity_name: str) -> dict[str, Any]:
    return {
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": category,
        "category_name": category_name,
        "class_uid": uid,
        "class_name": name,
        "type_uid": uid * 100 + activity,
        "type_name": f"{name}: {activity_name}",
    }


def _activity(request_type: str) -> tuple[int, str]:
    """What an API method does; one that is not listed is given as it is, which OCSF asks for with 99."""
    method = request_type.rpartition(".")[2]
    found = ((uid, name) for uid, (name, methods) in _ACTIVITIES.items() if method in methods)
    return next(found, (_OTHER, request_type or "Other"))


def _metadata(uid: str, log_name: str) -> dict[str, Any]:
    product = {"name": "otel-compliance", "version": _version()}
    return {"version": VERSION, "product": product, "uid": uid, "log_name": log_name}


def _ai_operation(row: Mapping[str, Any], service: str) -> dict[str, Any]:
    read, written = int(row["InputTokens"]), int(row["OutputTokens"])
    provider = row["LogAttributes"].get(GenAI.PROVIDER) or "anthropic"
    return {
        "ai_model": {"ai_provider": provider, "name": row["GenAiRequestModel"]},
        "message_context": {
            "application": {"name": service},
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
        },
    }


def _unmapped(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is particular to this product, by the names of its attributes."""
    named = {
        Attr.CLASSIFICATION: row["Classification"],
        Attr.PII_INPUT_TYPES: row["PiiInputTypes"],
        Attr.PII_OUTPUT_TYPES: row["PiiOutputTypes"],
        Attr.SECRET_DETECTED: row["SecretDetected"],
        Attr.REGION_REQUESTED: row["RegionRequested"],
        Attr.REGION_ACTUAL: row["RegionActual"],
        Attr.REGION_VIOLATION: row["RegionViolation"],
        Attr.REDACTION_STATUS: row["RedactionStatus"],
        Attr.TEAM_ID: row["TeamId"],
        Attr.KEY_ID: row["KeyId"],
        Attr.KEY_HINT: row["KeyHint"],
        Attr.ENVIRONMENT: row["Environment"],
        Attr.POLICY_DIGEST: row["PolicyDigest"],
        Attr.AUDIT_HASH: row["Hash"],
    }
    return _without_empty({name.value: value for name, value in named.items()})


def _group(team: str) -> list[dict[str, str]]:
    return [{"name": team}] if team else []


def _address(text: str) -> str:
    """An IP address, or nothing where the policy left less than that."""
    try:
        return str(ip_address(text))
    except ValueError:
        return ""


def _milliseconds(moment: str) -> int:
    """OCSF's ``timestamp_t``, of a moment as the store writes it, with up to nine digits behind the second."""
    whole, _, fraction = moment.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * 1000 + int(fraction[:3].ljust(3, "0"))


def _without_empty(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if value not in ("", [], {}, None)}


@cache
def _titles() -> dict[str, str]:
    return {rule.id: rule.title for rule in rules()}


@cache
def _version() -> str:
    try:
        return metadata.version("otel-compliance")
    except metadata.PackageNotFoundError:
        return "not installed"
