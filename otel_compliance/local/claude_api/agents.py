"""Resources of managed agents: agents, environments, sessions, memory, vaults, tunnels, skills and more."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

from otel_compliance.local.claude_api.answers import now
from otel_compliance.local.claude_api.resources import Kind, Table

_NO_USAGE: Final = {"input_tokens": 0, "output_tokens": 0, "cache_read_input_tokens": 0}
_AGENT_DEFAULTS: Final = {
    "name": "agent",
    "model": {"id": "claude-sonnet-5"},
    "version": 1,
    "description": None,
    "system": None,
    "execution_identity": {"type": "service_account"},
    "mcp_servers": [],
    "skills": [],
    "tools": [],
    "metadata": {},
}
_CLOUD: Final = {
    "type": "cloud",
    "networking": {"type": "unrestricted"},
    "packages": {"apt": [], "cargo": [], "gem": [], "go": [], "npm": [], "pip": []},
}
_VERSION: Final = {"name": "skill", "description": "A skill."}
_MEMORY_TEXT: Final = ("content", "content_sha256", "content_size_bytes", "path")


def _agent(body: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in body.items() if value is not None}
    if isinstance(given.get("model"), str):
        given["model"] = {"id": given["model"]}
    return given


def _session(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("agent", "environment_id", "metadata", "title", "vault_ids") if name in body}


def _memory(body: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {name: body[name] for name in ("path", "content") if body.get(name) is not None}
    if (content := given.get("content")) is not None:
        encoded = content.encode()
        given["content_sha256"] = hashlib.sha256(encoded).hexdigest()
        given["content_size_bytes"] = len(encoded)
    return given


def _keep_version(table: Table, memory: dict[str, Any], operation: str) -> None:
    """Every change of a memory leaves a version of it."""
    text: dict[str, Any] = {name: memory[name] for name in _MEMORY_TEXT if name in memory}
    versions = ("memory_stores", memory["memory_store_id"], "memory_versions")
    version = table.create(versions, {**text, "memory_id": memory["id"], "operation": operation})
    memory["memory_version_id"] = version["id"]


def _begin(table: Table, session: dict[str, Any], operation: str) -> None:
    """A new session has the agent as it is now, and one thread."""
    if operation != "created":
        return
    given = session["agent"] if isinstance(session["agent"], Mapping) else {"id": session["agent"]}
    known = table.find(("agents", given["id"])) or {}
    changed = _agent({name: value for name, value in given.items() if name not in ("type", "version")})
    session["agent"] = {"type": "agent", **_AGENT_DEFAULTS, **known, **changed}
    table.create(("sessions", session["id"], "threads"), {"agent": session["agent"]})


def _credential(body: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: body[name] for name in ("display_name", "metadata") if body.get(name) is not None}
    if auth := body.get("auth"):
        given["auth"] = {name: auth[name] for name in ("type", "mcp_server_url", "secret_name") if name in auth}
        if auth.get("type") == "environment_variable":
            given["auth"] |= {"injection_location": {"body": False, "header": True}, "networking": auth["networking"]}
    return given


def _skill(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"display_name": str(body.get("display_name") or "skill")}


def _deployment(body: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in body.items() if value is not None}
    if isinstance(given.get("agent"), str):
        given["agent"] = {"type": "agent", "id": given["agent"], "version": 1}
    return given


def _pause(deployment: dict[str, Any]) -> dict[str, Any]:
    deployment.update(status="paused", paused_reason={"type": "manual"})
    return deployment


def _unpause(deployment: dict[str, Any]) -> dict[str, Any]:
    deployment.update(status="active", paused_reason=None)
    return deployment


def _run(deployment: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"drun_{secrets.token_hex(12)}",
        "type": "deployment_run",
        "agent": deployment["agent"],
        "created_at": now(),
        "deployment_id": deployment["id"],
        "session_id": None,
        "error": None,
        "trigger_context": {"type": "manual"},
    }


def _cancel(dream: dict[str, Any]) -> dict[str, Any]:
    dream.update(status="canceled", ended_at=now())
    return dream


def _version(_body: Mapping[str, Any]) -> dict[str, Any]:
    """The name and description of a version are in its files, which are not read."""
    return {}


def _redact(version: dict[str, Any]) -> dict[str, Any]:
    """A redacted version keeps that it was, and loses what it said."""
    version.update(dict.fromkeys(_MEMORY_TEXT), redacted_at=now())
    return version


def _reveal(tunnel: dict[str, Any]) -> dict[str, Any]:
    token = tunnel.setdefault("_token", secrets.token_urlsafe(32))
    return {"id": tunnel["id"], "type": "tunnel_token", "tunnel_token": token}


def _rotate(tunnel: dict[str, Any]) -> dict[str, Any]:
    tunnel["_token"] = secrets.token_urlsafe(32)
    return _reveal(tunnel)


def _action_url(_profile: dict[str, Any]) -> dict[str, Any]:
    return {"type": "user_profile_action_url", "url": f"https://local.test/{secrets.token_hex(8)}", "expires_at": now()}


KINDS: Final = (
    Kind("agents", "agent", "agent", _AGENT_DEFAULTS, _agent),
    Kind("environments", "environment", "env", {"name": "environment", "config": _CLOUD, "metadata": {}}),
    Kind(
        "sessions",
        "session",
        "sesn",
        {
            "metadata": {},
            "outcome_evaluations": [],
            "resources": [],
            "stats": {"active_seconds": 0.0, "duration_seconds": 0.0},
            "status": "idle",
            "title": None,
            "usage": _NO_USAGE,
            "vault_ids": [],
        },
        _session,
        after=_begin,
    ),
    Kind("sessions/*/threads", "session_thread", "sthr", {"status": "idle"}, parents=("session_id",)),
    Kind(
        "deployments",
        "deployment",
        "depl",
        {
            "description": None,
            "initial_events": [],
            "metadata": {},
            "resources": [],
            "schedule": None,
            "status": "active",
            "vault_ids": [],
        },
        _deployment,
        actions={"pause": _pause, "unpause": _unpause, "run": _run},
    ),
    Kind(
        "dreams",
        "dream",
        "drm",
        {
            "instructions": None,
            "output_behavior": {"type": "create_new"},
            "outputs": [],
            "status": "pending",
            "usage": {**_NO_USAGE, "cache_creation_input_tokens": 0},
        },
        _agent,
        actions={"cancel": _cancel},
    ),
    Kind("memory_stores", "memory_store", "memstore", {"description": "", "metadata": {}}),
    Kind("memory_stores/*/memories", "memory", "mem", {}, _memory, parents=("memory_store_id",), after=_keep_version),
    Kind(
        "memory_stores/*/memory_versions",
        "memory_version",
        "memver",
        actions={"redact": _redact},
        parents=("memory_store_id",),
    ),
    Kind("vaults", "vault", "vlt", {"metadata": {}}),
    Kind("vaults/*/credentials", "vault_credential", "vcrd", {"metadata": {}}, _credential, parents=("vault_id",)),
    Kind(
        "tunnels",
        "tunnel",
        "tnl",
        {"display_name": None, "domain": "tunnel.local.test"},
        actions={"reveal_token": _reveal, "rotate_token": _rotate},
    ),
    Kind("skills", "skill", "skill", {"source": {"type": "custom"}, "latest_version_id": "skillver_01local"}, _skill),
    Kind("skills/*/versions", "skill_version", "skillver", _VERSION, _version, parents=("skill_id",)),
    Kind(
        "user_profiles",
        "user_profile",
        "uprof",
        {
            "access_type": "application",
            "enforcement_actions": [],
            "enforcement_status": "unrestricted",
            "external_user_details": {},
            "metadata": {},
            "name": None,
            "programs": {},
            "trust_grants": {},
        },
        actions={"action_urls": _action_url},
    ),
)
"""The kinds."""
