"""Activation by ``OTEL_COMPLIANCE=on`` alone: imported at interpreter start by ``otel_compliance.pth``.

Nothing is loaded before the app imports `anthropic`: a process that never does pays for one small import.
Children inherit the variable, so forked and spawned processes are instrumented too.
"""

from __future__ import annotations

import os

from wrapt import register_post_import_hook

_OFF = {"off", "false", "0", "no", ""}


def _is_on(name: str) -> bool:
    """Whether a switch is on. A value that is none of a switch's counts as on, so that it is complained about."""
    return os.environ.get(name, "").strip().lower() not in _OFF


if _is_on("OTEL_COMPLIANCE"):
    if _is_on("OTEL_COMPLIANCE_STRICT"):
        from otel_compliance.instrumentation import refuse_broken_configuration

        refuse_broken_configuration()
    register_post_import_hook("otel_compliance.instrumentation:activate", "anthropic")
