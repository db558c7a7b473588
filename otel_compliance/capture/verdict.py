"""The decision point: what the policy says of a request before any of it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_compliance import health
from otel_compliance.capture.call import Call
from otel_compliance.capture.client import is_cloud
from otel_compliance.capture.messages import message_bodies
from otel_compliance.errors import PolicyViolation
from otel_compliance.policy import ResidencyTable


def decide(residency: ResidencyTable, call: Call, client: Any, options: Any) -> None:
    """Set the region where the policy asks for it, and refuse what it blocks.

    Args:
        residency: The policy's rule.
        call: The call; `blocked` is set on it when the request is refused.
        client: The client that is about to send.
        options: The SDK's options of this attempt, a copy of the app's; its prepared body may be replaced.

    Raises:
        PolicyViolation: The rule says ``block`` and the request breaks it, or nobody can tell whether it does.
    """
    if not (residency.inject or residency.on_violation == "block"):
        return
    if not (call.surface.is_message or call.surface.is_batch):
        return
    try:
        if residency.inject and not is_cloud(client):
            _inject(options, residency.inject)
        bodies = message_bodies(request_body(options))
        reason = residency.refuses([_geo(body) for body in bodies], cloud_region=call.cloud_region)
    except Exception as error:  # noqa: BLE001 - what cannot be decided is blocked, where the policy blocks
        health.swallow("capture.verdict", error)
        reason = "the request could not be read" if residency.on_violation == "block" else ""
    if reason:
        call.blocked = True
        raise PolicyViolation(
            f"blocked by the policy's residency rule: {reason}",
            remedy=f"set inference_geo to one of {list(residency.allowed)}, or change [residency] in the policy",
        )


def request_body(options: Any) -> Mapping[str, Any]:
    """The body of a request with what the app added by ``extra_body``; empty when it is no JSON object."""
    body = options.json_data if isinstance(options.json_data, Mapping) else {}
    # Before version 1 the SDK merges it only as it builds the request.
    extra = getattr(options, "extra_json", None)
    return {**body, **extra} if isinstance(extra, Mapping) else body


def _geo(body: Mapping[str, Any]) -> str | None:
    value = body.get("inference_geo")
    return value if isinstance(value, str) else None


def _inject(options: Any, geo: str) -> None:
    """Set ``inference_geo`` in each message that leaves it unset; the app's own objects are not changed."""
    body = request_body(options)
    if "requests" in body:
        requests = [_with_geo(item, geo) for item in body["requests"]]
        options.json_data = {**options.json_data, "requests": requests}
    elif _geo(body) is None:
        options.json_data = {**options.json_data, "inference_geo": geo}


def _with_geo(item: Any, geo: str) -> Any:
    params = item.get("params") if isinstance(item, Mapping) else None
    if not isinstance(params, Mapping) or _geo(params) is not None:
        return item
    return {**item, "params": {**params, "inference_geo": geo}}
