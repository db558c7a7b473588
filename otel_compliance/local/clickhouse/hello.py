"""The first question of clickhouse-go, which Grafana's datasource uses, and the one answer that it understands."""

from __future__ import annotations

import re
import struct
from typing import Final

from otel_compliance.local.clickhouse.request import Request

_QUESTION: Final = re.compile(rb"\s*SELECT\s+displayName\(\),\s*version\(\),\s*revision\(\),\s*timezone\(\)")
_BLOCK_INFO: Final = b"\x01\x00" + b"\x02" + struct.pack("<i", -1) + b"\x00"
"""Not an overflow; no bucket; end. Sent before each block from revision 51903 on."""

NAME: Final = "otel-compliance"


def is_hello(request: Request) -> bool:
    """Whether a request is that question, of a driver that decodes blocks by the server's revision."""
    return "client_protocol_version" in request.transport and bool(_QUESTION.match(request.text))


def answer(version: str, timezone: str) -> bytes:
    """One block in the driver's own revision.

    It says that ours is 0, so that the driver decodes all that follows as the plain Native format, the only one that
    the embedded engine writes.
    """
    columns = (
        ("displayName()", "String", _text(NAME)),
        ("version()", "String", _text(version)),
        ("revision()", "UInt32", struct.pack("<I", 0)),
        ("timezone()", "String", _text(timezone)),
    )
    block = _BLOCK_INFO + bytes((len(columns), 1))
    for name, kind, value in columns:
        # The byte between says that the column has no custom serialization; from revision 54454 on.
        block += _text(name) + _text(kind) + b"\x00" + value
    return block


def _text(text: str) -> bytes:
    """A text shorter than 128 bytes: its length is one byte."""
    data = text.encode()
    return bytes((len(data),)) + data
