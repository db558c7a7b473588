"""Facts of an SDK client: whose endpoint it calls, in which region, and as whom."""

from __future__ import annotations

from collections.abc import Mapping
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


def url_of(client: Any, url: str) -> str:
    """The whole URL of a request: the SDK puts the client's base URL, with its path, before a relative one."""
    return url if "://" in url else f"{str(client.base_url).rstrip('/')}/{url.lstrip('/')}"


def principal(client: Any) -> str:
    """Who the client's rotating tokens stand for, of the same form for every token; empty for a static credential.

    A service account or federation rule of workload identity, the login that a profile keeps, or a Google service
    account. The SDK reads a profile when it first needs a token, so ask after the call.
    """
    if getattr(client, "api_key", None) or getattr(client, "auth_token", None):
        return ""
    places = ("credentials", "_credentials", "google_credentials")
    provider = next((found for place in places if (found := getattr(client, place, None)) is not None), None)
    config = getattr(provider, "_config", None)
    authentication = config.get("authentication") if isinstance(config, Mapping) else None
    configured = authentication if isinstance(authentication, Mapping) else {}
    for name in ("service_account_id", "federation_rule_id", "service_account_email"):
        for value in (getattr(provider, f"_{name}", None), getattr(provider, name, None), configured.get(name)):
            if isinstance(value, str) and value:
                return f"{name}:{value}"
    # A profile's name, such as "default", is the same for everybody; the file with the login is not.
    path = getattr(provider, "_credentials_path", None) or getattr(provider, "_config_path", None)
    return f"login:{path}" if path else ""
