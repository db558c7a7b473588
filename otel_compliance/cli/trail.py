"""The audit log of commands that change something: in the folder of the chains, and by the spool in the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from otel_compliance.config import Settings
from otel_compliance.policy import Policy

if TYPE_CHECKING:
    from otel_compliance.audit import AuditLog


@contextmanager
def audit_trail(settings: Settings) -> Iterator[AuditLog]:
    """The audit chain of this command. It is open before anything is changed, and closed whatever happens."""
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
    from opentelemetry.sdk.resources import Resource

    from otel_compliance.audit import AuditLog
    from otel_compliance.names import Attr
    from otel_compliance.store.exporter import ClickHouseLogExporter

    provider = LoggerProvider(resource=Resource({"service.name": "otel-compliance"}), shutdown_on_exit=False)
    if settings.store is not None:
        provider.add_log_record_processor(SimpleLogRecordProcessor(ClickHouseLogExporter(settings)))
    log = AuditLog(
        directory=settings.audit_log,
        logger_provider=provider,
        attributes={Attr.POLICY_DIGEST: Policy.from_settings(settings).digest},
    )
    try:
        yield log
    finally:
        log.close()
        provider.shutdown()
