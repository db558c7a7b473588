"""The store as reading commands see it: with its schema in place and everything delivered that was waiting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from otel_compliance.cli.answer import progress
from otel_compliance.config import Settings, redacted_dsn
from otel_compliance.errors import ConfigError, StoreUnavailable

if TYPE_CHECKING:
    from otel_compliance.store.client import Store
    from otel_compliance.store.drain import DrainReport

EMBEDDED = "chdb://"


def store_dsn(settings: Settings) -> str:
    """The DSN of the store.

    Raises:
        ConfigError: Storing is switched off.
    """
    if settings.store is None:
        raise ConfigError(
            "OTEL_COMPLIANCE_STORE is none, so there is no store to read",
            remedy="set it to the address of the ClickHouse that the Collector writes to, or unset it",
        )
    return settings.store


def embedded_folder(settings: Settings) -> Path | None:
    """The folder of the embedded store; `None` for a server."""
    dsn = store_dsn(settings)
    return Path(dsn.removeprefix(EMBEDDED)).absolute() if dsn.startswith(EMBEDDED) else None


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """Open the store with its schema in place and the spool delivered, saying on standard error what was delivered.

    An embedded store that belongs to a running ``otel-compliance up`` is used through it.

    Raises:
        ComplianceError: The store cannot be reached, is not set up, or belongs to another process.
    """
    dsn = store_dsn(settings)
    with connected(settings) as store:
        delivered = make_current(store, settings)
        if delivered.rows:
            done = f"Delivered {delivered.rows} rows from the spool to {redacted_dsn(dsn)}."
            progress().print(done, style="dim", soft_wrap=True)
        if delivered.quarantined:
            aside = f"{delivered.quarantined} segments could not be delivered and were set aside in {settings.spool}."
            progress().print(aside, style="yellow", soft_wrap=True)
        if delivered.locked is not None:
            locked = f"Some segments wait: {delivered.locked.problem}. {delivered.locked.remedy}"
            progress().print(locked, style="yellow", soft_wrap=True)
        yield store


def connected(settings: Settings) -> Store:
    """Connect to the store as it is; to an embedded one that is being served, through the process that serves it.

    Raises:
        ComplianceError: The store cannot be reached, or belongs to another process.
    """
    from otel_compliance.store import client

    try:
        return client.connect(store_dsn(settings))
    except StoreUnavailable:
        front = _front_of(settings)
        if front is None:
            raise
    return client.connect(front)


def _front_of(settings: Settings) -> str | None:
    """The DSN of the process that owns the embedded store and serves it."""
    from otel_compliance.local.clickhouse.address import dsn_of_running

    folder = embedded_folder(settings)
    return dsn_of_running(settings.directory, folder) if folder is not None else None


def sql(name: str) -> str:
    """The text of one of the queries of the command line."""
    return resources.files("otel_compliance.cli").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def make_current(store: Store, settings: Settings) -> DrainReport:
    """Put the schema in place and deliver the spool.

    The embedded store has no operator, so its schema is made and kept current here, and rows are held that came after
    their legal holds; a server's schema is changed only by ``otel-compliance migrate``, its rows by ``hold apply``.

    Raises:
        ComplianceError: The schema is not as it should be, or the store does not answer.
    """
    from otel_compliance.store import drain, schema, spool
    from otel_compliance.store.holds import Holds

    embedded = embedded_folder(settings) is not None
    if embedded:
        schema.migrate(store)
    delivered = drain.drain(spool.Spool.from_settings(settings), store)
    if embedded and delivered.rows:
        Holds.apply(store)
    return delivered
