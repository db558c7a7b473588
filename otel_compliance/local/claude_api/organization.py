"""Resources of an organization, which its administrators manage."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from otel_compliance.local.claude_api.answers import now
from otel_compliance.local.claude_api.resources import Kind

ITSELF: Final = {"id": "org_01local", "type": "organization", "name": "Local"}
"""The organization that keys of this server belong to."""
_FAR: Final = "2030-01-01T00:00:00Z"
_WORKSPACE: Final = {
    "compartment_id": "cmpt_01local",
    "data_residency": {
        "workspace_geo": "us",
        "allowed_inference_geos": "unrestricted",
        "default_inference_geo": "global",
    },
    "display_color": "#6C5BB9",
    "external_key_id": None,
    "tags": {},
    "user_profile_id": None,
}
_API_KEY: Final = {
    "name": "production",
    "status": "active",
    "partial_key_hint": "sk-ant-api03-R2D...igAA",
    "scope": {"type": "organization"},
    "expires_at": None,
    "created_by": None,
    "principal": None,
}
_USER: Final = {"added_at": "2026-01-01T00:00:00Z", "role": "developer"}
_USERS: Final = (
    {"name": "Admin", "email": "admin@local.test", "role": "admin"},
    {"name": "Developer", "email": "developer@local.test"},
)


def _invite(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**body, "invited_at": now()}


def _destination(body: Mapping[str, Any]) -> dict[str, Any]:
    """Of headers, which hold credentials, only the names are shown."""
    given = {name: value for name, value in body.items() if name != "headers" and value is not None}
    if given.get("state", {}).get("type") == "disabled":
        given["state"] = {"type": "disabled", "reason": {"type": "caller"}}
    return given | ({"header_names": sorted(body["headers"])} if "headers" in body else {})


def _validation(_key: dict[str, Any]) -> dict[str, Any]:
    return {"type": "external_key_validation", "status": "success", "error": None}


def _delivery(_destination: dict[str, Any]) -> dict[str, Any]:
    return {"type": "telemetry_destination_test", "result": {"type": "success"}}


def _signed_out(user: dict[str, Any]) -> dict[str, Any]:
    return user


def _signing_secret(_endpoint: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"signing_secret": f"whsec_{secrets.token_urlsafe(24)}"}


def _kind(collection: str, *given: Any, **named: Any) -> Kind:
    return Kind(f"organizations/{collection}", *given, **named)


KINDS: Final = (
    # The one resource that has no collection: its path ends with its type.
    Kind(
        "organizations",
        "compliance_settings",
        "",
        {"state": {"type": "disabled"}},
        key="type",
        examples=({},),
    ),
    _kind("api_keys", "api_key", "apikey", _API_KEY, examples=({},)),
    _kind("users", "user", "user", _USER, actions={"sign_out": _signed_out}, examples=_USERS),
    _kind(
        "invites",
        "invite",
        "invite",
        {"accepted_at": None, "expires_at": _FAR, "rbac_group_ids": [], "status": "pending"},
        _invite,
    ),
    _kind("workspaces", "workspace", "wrkspc", _WORKSPACE),
    _kind(
        "workspaces/*/members",
        "workspace_member",
        "",
        {"workspace_role": "workspace_user"},
        parents=("workspace_id",),
        key="user_id",
    ),
    _kind(
        "external_keys",
        "external_key",
        "extkey",
        {"attachment": {"type": "unattached"}, "geo": "us", "display_name": None, "user_profile_id": None},
        actions={"validate": _validation},
    ),
    _kind(
        "telemetry_destinations",
        "telemetry_destination",
        "tdest",
        {
            "delivery_health": {},
            "display_name": None,
            "header_names": [],
            "state": {"type": "enabled"},
            "traces": {"enabled": True, "content_mode": "metadata_only"},
        },
        _destination,
        actions={"test": _delivery},
    ),
    _kind(
        "webhooks",
        "webhook_endpoint",
        "whep",
        {"description": "", "disabled_reason": "", "name": "", "state": "enabled"},
        actions={"regenerate_signing_secret": _signing_secret},
        once=_signing_secret,
    ),
    _kind(
        "federation_issuers",
        "federation_issuer",
        "fdis",
        {"check_jti": True, "jwks": {"type": "discovery"}, "max_jwt_lifetime_seconds": 3600},
    ),
    _kind(
        "federation_rules",
        "federation_rule",
        "fdrl",
        {"applies_to_all_workspaces": False, "token_lifetime_seconds": 3600, "workspace_ids": []},
    ),
    _kind("service_accounts", "service_account", "svac", {"organization_role": "developer", "description": None}),
    _kind("rbac_roles", "rbac_role", "rbacrole"),
    _kind("rate_limits", "rate_limit", "rlg"),
    _kind("rbac_groups", "rbac_group", "rbacgrp", {"source_type": "direct", "role_ids": []}),
)
"""The kinds, those that matter most for compliance first."""
