"""The audit log: one event per call, independent of sampling, in a hash chain that anybody can verify."""

from otel_compliance.audit.chain import (
    AuditEvent,
    Problem,
    VerifyReport,
    compare,
    from_row,
    read_chain_file,
    verify,
)
from otel_compliance.audit.log import AuditLog

__all__ = ["AuditEvent", "AuditLog", "Problem", "VerifyReport", "compare", "from_row", "read_chain_file", "verify"]
