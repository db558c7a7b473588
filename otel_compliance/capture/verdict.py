"""The decision point: what the policy says of a request before any of it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_compliance import health
from otel_compliance.capture.call import Call
from otel_compliance.capture.client import cloud_region, is_cloud
from otel_compliance.capture.region import requested_regions, with_region
from otel_compliance.capture.surface import Surface
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
    if not call.surface.is_placed:
        return
    try:
        if residency.inject and not is_cloud(client):
            _inject(call.surface, options, residency.inject)
        regions = requested_regions(call.surface, request_body(options))
        reason = residency.refuses(regions, cloud_region=cloud_region(client))
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


def _inject(surface: Surface, options: Any, geo: str) -> None:
    """Set ``inference_geo`` wherever it is unset; the app's own objects are not changed."""
    body = request_body(options)
    placed = with_region(surface, body, geo)
    if placed is not body:
        options.json_data = placed
