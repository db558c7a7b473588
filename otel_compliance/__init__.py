"""Privacy, audit and detection layer for Claude traffic.

Set ``OTEL_COMPLIANCE=on`` and start the app as before, or call `instrument` in code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_compliance.caller import context
    from otel_compliance.classification import Classification
    from otel_compliance.errors import ComplianceError
    from otel_compliance.instrumentation import force_flush, instrument, uninstrument
    from otel_compliance.middleware import ComplianceASGIMiddleware, ComplianceWSGIMiddleware
    from otel_compliance.policy import Policy
    from otel_compliance.redact import Redactor
    from otel_compliance.redact.vault import Vault

__all__ = [
    "Classification",
    "ComplianceASGIMiddleware",
    "ComplianceError",
    "ComplianceWSGIMiddleware",
    "Policy",
    "PolicyViolation",
    "Redactor",
    "Vault",
    "context",
    "force_flush",
    "instrument",
    "uninstrument",
]

_HOME = {
    "Classification": "classification",
    "ComplianceASGIMiddleware": "middleware",
    "ComplianceError": "errors",
    "ComplianceWSGIMiddleware": "middleware",
    "Policy": "policy",
    "PolicyViolation": "errors",
    "Redactor": "redact",
    "Vault": "redact.vault",
    "context": "caller",
    "force_flush": "instrumentation",
    "instrument": "instrumentation",
    "uninstrument": "instrumentation",
}


def __getattr__(name: str) -> object:
    """Public names load on first use, so that activation at interpreter start imports next to nothing."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
