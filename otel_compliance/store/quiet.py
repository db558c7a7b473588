"""What the driver of ClickHouse logs while we use it is kept out of the app's logs.

It logs errors that it raises as well, once for each attempt, with a traceback that may quote a value. Ours are counted,
and explained once, without content (`otel_compliance.store.telemetry`). What the app does with the driver is logged as
ever.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LIBRARIES: Final = ("clickhouse_connect", "urllib3")

_ours = threading.local()
_covered = 0


@contextmanager
def quiet() -> Iterator[None]:
    """A block in which the driver logs nothing from this thread."""
    _cover_driver()
    depth = getattr(_ours, "depth", 0)
    _ours.depth = depth + 1
    try:
        yield
    finally:
        _ours.depth = depth


def _cover_driver() -> None:
    """A logger filters its own records only, so each one of the driver's has to; some are made late."""
    global _covered
    loggers = logging.root.manager.loggerDict
    if len(loggers) == _covered:
        return
    _covered = len(loggers)
    for name, logger in list(loggers.items()):
        if name.startswith(_LIBRARIES) and isinstance(logger, logging.Logger):
            # A second time changes nothing.
            logger.addFilter(_is_of_the_app)


def _is_of_the_app(_: logging.LogRecord) -> bool:
    return not getattr(_ours, "depth", 0)
