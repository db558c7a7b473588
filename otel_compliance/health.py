"""The layer's own health: errors that must not reach the app are counted and logged once.

The host app never sees an exception of ours. What goes wrong instead rises in the counter
``compliance.internal.errors`` and leaves one log line for each place and exception type. Neither
carries the exception's message, since messages of third-party code may quote content.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from contextlib import AbstractContextManager
from functools import cache

from opentelemetry import metrics

from otel_compliance.names import METER_NAME, Metric

logger = logging.getLogger("otel_compliance")

# Reentrant: a finalizer may swallow an error wherever the garbage collector runs it.
_lock = threading.RLock()
# A lock that another thread held at a fork would never be released in the child.
os.register_at_fork(after_in_child=lambda: globals().update(_lock=threading.RLock()))
_counts: Counter[tuple[str, str]] = Counter()


@cache
def _errors_counter() -> metrics.Counter:
    """The counter of swallowed errors, made on first use so that the app's provider is in place."""
    return metrics.get_meter(METER_NAME).create_counter(
        Metric.INTERNAL_ERRORS, unit="{error}", description="Errors of the compliance layer that were swallowed"
    )


def swallow(where: str, error: BaseException) -> None:
    """Count `error` at `where` and log its type the first time. Never raises.

    Args:
        where: The place in this package, a dotted name of low cardinality such as ``"capture.response"``.
        error: The exception; only its type is used.
    """
    try:
        kind = type(error).__name__
        with _lock:
            _counts[where, kind] += 1
            first = _counts[where, kind] == 1
        _errors_counter().add(1, {"compliance.component": where, "error.type": kind})
        if first:
            logger.warning("otel-compliance: %s failed with %s; further ones are only counted", where, kind)
    except Exception:  # noqa: BLE001 - the last line of defence of the host app
        return


class _Contained:
    """A block whose exceptions are swallowed. It has no state, so one does for all threads."""

    __slots__ = ("_where",)

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> bool:
        if not isinstance(error, Exception):
            return False
        swallow(self._where, error)
        return True


@cache
def contained(where: str) -> AbstractContextManager[None]:
    """A block whose exceptions are swallowed by `swallow` instead of reaching the host app.

    Args:
        where: As for `swallow`.
    """
    return _Contained(where)


def swallowed() -> dict[tuple[str, str], int]:
    """How often each (place, exception type) was swallowed in this process."""
    with _lock:
        return dict(_counts)
