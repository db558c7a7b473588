"""Activation by ``OTEL_COMPLIANCE=on`` alone: imported at interpreter start by ``otel_compliance.pth``.

Nothing is loaded before the app imports `anthropic`: a process that never does pays for one small import.
Children inherit the variable, so forked and spawned processes are instrumented too.
"""

from __future__ import annotations

import os
import sys

from wrapt import register_post_import_hook

_EX_CONFIG = 78
"""Exit status for a configuration error, from sysexits.h."""


def _on(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"on", "true", "1", "yes"}


def _refuse_broken_configuration() -> None:
    """End the process now when the configuration is wrong: that is what strict means."""
    from otel_compliance.errors import ComplianceError
    from otel_compliance.instrumentation import check_configuration

    try:
        check_configuration()
    except ComplianceError as error:
        sys.stderr.write(f"otel-compliance refuses to start (OTEL_COMPLIANCE_STRICT=on): {error.diagnostics()}\n")
        sys.stderr.flush()
        # An exception here would only be printed by `site`, and the app would start all the same.
        os._exit(_EX_CONFIG)


if os.environ["OTEL_COMPLIANCE"].strip().lower() not in {"off", "false", "0", "no", ""}:
    if _on("OTEL_COMPLIANCE_STRICT"):
        _refuse_broken_configuration()
    register_post_import_hook("otel_compliance.instrumentation:activate", "anthropic")
