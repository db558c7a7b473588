"""Other instrumentations of the same SDK, and what they do beside this one."""

from __future__ import annotations

from importlib import metadata
from typing import Any, Final

_ORIGINS: Final = {
    "opentelemetry.instrumentation.genai.anthropic": "opentelemetry-instrumentation-genai-anthropic",
    "opentelemetry.instrumentation.anthropic": "opentelemetry-instrumentation-anthropic",
    "openinference.instrumentation.anthropic": "openinference-instrumentation-anthropic",
    "logfire": "logfire",
    "ddtrace": "ddtrace",
}


def active_peers() -> list[str]:
    """Packages that wrap the resource methods of the `anthropic` SDK in this process, sorted."""
    from anthropic.resources.messages import AsyncMessages, Messages

    found = {_origin(cls.__dict__.get(name)) for cls in (Messages, AsyncMessages) for name in ("create", "stream")}
    return sorted(found - {""})


def installed_peers() -> list[str]:
    """Installed packages whose instrumentor for `anthropic` runs under ``opentelemetry-instrument``, sorted."""
    points = metadata.entry_points(group="opentelemetry_instrumentor", name="anthropic")
    return sorted({point.dist.name for point in points if point.dist is not None})


def consequence(packages: list[str]) -> str:
    """What it means that `packages` instrument the SDK too."""
    names = ", ".join(packages)
    return (
        f"{names} also instruments the anthropic SDK: each call has a second span beside the SDK's own, so sums of "
        "tokens and calls over all spans count twice. Its spans are redacted too. Switch it off with "
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=anthropic, or uninstall it"
    )


def _origin(function: Any) -> str:
    """The package whose wrapper `function` is; empty when it is not wrapped by a known one."""
    wrapper = getattr(function, "_self_wrapper", None)
    module = getattr(wrapper, "__module__", "") or ""
    for prefix, package in _ORIGINS.items():
        if module == prefix or module.startswith(f"{prefix}."):
            return package
    return ""
