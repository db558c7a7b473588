"""Where the exporters of one process write: they share a spool and, for a server, the drainer."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from otel_compliance import health
from otel_compliance.config import Settings
from otel_compliance.errors import ComplianceError, ConfigError, KeyRingError, PolicyError
from otel_compliance.keys import KeyRing
from otel_compliance.names import Table
from otel_compliance.policy import Policy
from otel_compliance.store.content import ContentSealer
from otel_compliance.store.rows import Block
from otel_compliance.store.spool import Spool, waiting_segments
from otel_compliance.store.telemetry import count_bytes, explain, watch
from otel_compliance.subject_keys import SubjectKeys

if TYPE_CHECKING:
    from otel_compliance.store.drain import BackgroundDrainer


class Outlet:
    """A spool and its drainer. Get it with `open_outlet`; each exporter closes it once.

    Args:
        settings: Say where the spool is.
        dsn: The store.

    Raises:
        KeyRingError: The key cannot be read or made.
    """

    def __init__(self, settings: Settings, dsn: str) -> None:
        self.key = (str(settings.spool), dsn)
        self.users = 0
        self._spool = Spool.from_settings(settings)
        self._content = _content_sealer(settings)
        self._dsn = dsn
        self._drainer: BackgroundDrainer | None = None

    def accept(self, block: Block) -> None:
        """Write a block to the spool, content of calls apart from the rest.

        Raises:
            SpoolError: The spool takes no more.
        """
        if block.table == Table.TRACES:
            block, content = self._content.separate(block)
            if content.count:
                self._append(content)
        self._append(block)
        if self._delivers:
            self._drain().notify()

    def _append(self, block: Block) -> None:
        segment = self._spool.append(block)
        with health.contained("store.count"):
            count_bytes(segment.stat().st_size)
            watch(self._spool.directory, waiting_segments)

    def flush(self, seconds: float) -> bool:
        """Deliver what this process accepted, if it is this process that delivers: else it is on disk, and that is all.

        Args:
            seconds: How long to wait at most.

        Returns:
            Whether nothing of it is left to do here.
        """
        return not self._delivers or self._drain().flush(seconds)

    def close(self) -> None:
        """Stop the drainer."""
        if self._drainer is not None:
            self._drainer.stop()

    @property
    def _delivers(self) -> bool:
        return self._dsn.startswith(("http://", "https://"))

    def _drain(self) -> BackgroundDrainer:
        from otel_compliance.store.drain import BackgroundDrainer

        with _lock:
            if self._drainer is None:
                self._drainer = BackgroundDrainer(self._spool, self._dsn)
            return self._drainer


def _content_sealer(settings: Settings) -> ContentSealer:
    """With the default key and the built-in policy where those of the deployment are broken, as everywhere else."""
    try:
        ring = KeyRing.from_settings(settings)
    except KeyRingError:
        ring = KeyRing.from_settings(settings.with_default_key())
    try:
        policy = Policy.from_settings(settings)
    except PolicyError:
        policy = Policy.default()
    return ContentSealer(ring, SubjectKeys.from_settings(settings, ring), policy.content.retention_days)


_outlets: dict[tuple[str, str], Outlet] = {}
_lock = threading.Lock()
# A lock that another thread held at a fork would never be released in the child.
os.register_at_fork(after_in_child=lambda: globals().update(_lock=threading.Lock()))


def open_outlet(settings: Settings | None) -> Outlet | None:
    """The outlet of this process, which exporters share; `None` when the configuration is wrong, which is explained.

    Args:
        settings: The settings; those of the environment when left out.
    """
    try:
        settings = settings or Settings.from_env()
        if settings.store is None:
            raise ConfigError(
                "OTEL_COMPLIANCE_STORE is none, but an exporter to ClickHouse is in use",
                remedy="set it to the address of a store, or take clickhouse out of OTEL_TRACES_EXPORTER and "
                "OTEL_LOGS_EXPORTER",
            )
        outlet = Outlet(settings, settings.store)
    except ComplianceError as error:
        health.swallow("store.exporter", error)
        explain(error, "nothing is exported to ClickHouse")
        return None
    with _lock:
        outlet = _outlets.setdefault(outlet.key, outlet)
        outlet.users += 1
        return outlet


def close_outlet(outlet: Outlet | None) -> None:
    """Stop an outlet with its last exporter: the last batch often is that of the other one."""
    if outlet is None:
        return
    with _lock:
        outlet.users -= 1
        unused = outlet.users == 0 and _outlets.pop(outlet.key, None) is not None
    if unused:
        outlet.close()
