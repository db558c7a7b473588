"""Facts of an SDK client: whose endpoint it calls, in which region, and as whom."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

_CLOUD_PACKAGES: Final = ("anthropic.lib.",)
"""Where the SDK keeps the clients of clouds; a class of an app derives from one of them."""


def provider_name(client: Any) -> str:
    """``gen_ai.provider.name``: ``anthropic``, ``aws.bedrock`` or ``gcp.vertex_ai``."""
    if name := getattr(client, "_gen_ai_provider_name", ""):
        return str(name)
    # Before the SDK had spans of its own it did not name the provider.
    names = " ".join(cls.__name__ for cls in type(client).__mro__)
    return "aws.bedrock" if "Bedrock" in names else "gcp.vertex_ai" if "Vertex" in names else "anthropic"


def is_cloud(client: Any) -> bool:
    """Whether the client calls a cloud's endpoint, where ``inference_geo`` does not exist."""
    return _comes_from_cloud(type(client).__mro__)


@lru_cache(maxsize=64)
def _comes_from_cloud(bases: tuple[type, ...]) -> bool:
    return any(cls.__module__.startswith(_CLOUD_PACKAGES) for cls in bases)


def cloud_region(client: Any) -> str:
    """Region of the cloud endpoint; empty on Anthropic's own API, and where the endpoint does not tell."""
    if not is_cloud(client):
        return ""
    for name in ("aws_region", "region", "_location"):
        if isinstance(value := getattr(client, name, None), str) and value:
            return value
    return ""


def principal(client: Any) -> str:
    """Who the client's rotating tokens stand for, of the same form for every token; empty for a static credential.

    A service account or federation rule of workload identity, the profile of a login, or a Google service account.
    """
    if getattr(client, "api_key", None) or getattr(client, "auth_token", None):
        return ""
    provider = getattr(client, "credentials", None) or getattr(client, "_credentials", None)
    names = ("_service_account_id", "_federation_rule_id", "service_account_email", "_profile")
    for name in names:
        if isinstance(value := getattr(provider, name, None), str) and value:
            return f"{name.strip('_')}:{value}"
    return ""
