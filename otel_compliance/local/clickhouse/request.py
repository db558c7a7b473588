"""A request as the HTTP interface defines it: parameters of the address, a form, or a body with statement and rows."""

from __future__ import annotations

import email.parser
import email.policy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import parse_qsl

from otel_compliance.local.clickhouse.exceptions import ServerException, bad_request

_TRANSPORT: Final = frozenset(
    {
        "buffer_size",
        "cancel_http_readonly_queries_on_client_close",
        "client_protocol_version",
        "compress",
        "database",
        "decompress",
        "default_format",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "http_write_exception_in_output_format",
        "query",
        "query_id",
        "quota_key",
        "role",
        "send_progress_in_http_headers",
        "session_check",
        "session_id",
        "session_timeout",
        "wait_end_of_query",
    }
)
"""Parameters that are for the HTTP interface; every other one is a setting."""

_SETTING: Final = re.compile(r"[a-z][a-z0-9_]*")
_PARAMETER: Final = "param_"
_MAX_FIELDS: Final = 1000
_DEFAULT_SESSION_SECONDS: Final = 60
_MAX_SESSION_SECONDS: Final = 3600
"""Both are ClickHouse's own."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for.

    Attributes:
        text: The statement, for an insert with the rows behind it.
        parameters: Values of the statement's ``{name:Type}``, escaped as ClickHouse wants them.
        settings: Settings of this statement.
        transport: Parameters for the HTTP interface itself.
        changes: Whether the statement may change anything: not with GET.
    """

    text: bytes = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, str]
    transport: Mapping[str, str]
    changes: bool

    @classmethod
    def read(cls, method: str, query: str, content_type: str, body: bytes) -> Self:
        """Take a request apart.

        Args:
            method: Method of HTTP.
            query: The part of the address behind the question mark.
            content_type: Value of ``Content-Type``.
            body: The body, decoded.

        Raises:
            ServerException: It is malformed, or asks for something that is not served.
        """
        fields = _query_fields(query)
        if content_type.startswith("multipart/form-data"):
            fields |= _form_fields(content_type, body)
            body = b""
        for name in ("compress", "decompress"):
            if fields.get(name, "0") not in ("0", "false"):
                raise ServerException(48, "NOT_IMPLEMENTED", f"{name}=1 is not served: use Content-Encoding")
        statement = fields.get("query", "").encode()
        settings = {name: value for name, value in fields.items() if _is_setting(name)}
        return cls(
            text=b"\n".join(part for part in (statement, body) if part),
            parameters={
                name.removeprefix(_PARAMETER): value for name, value in fields.items() if name.startswith(_PARAMETER)
            },
            settings=settings,
            transport={name: value for name, value in fields.items() if name in _TRANSPORT},
            changes=method == "POST",
        )

    @property
    def session_seconds(self) -> int:
        """How long a session is kept after its last statement.

        Raises:
            ServerException: The client wants too long.
        """
        text = self.transport.get("session_timeout", str(_DEFAULT_SESSION_SECONDS))
        if not text.isascii() or not text.isdigit() or int(text) > _MAX_SESSION_SECONDS:
            raise ServerException(374, "INVALID_SESSION_TIMEOUT", f"session_timeout is at most {_MAX_SESSION_SECONDS}")
        return int(text)


def _is_setting(name: str) -> bool:
    if name in _TRANSPORT or name.startswith(_PARAMETER):
        return False
    if not _SETTING.fullmatch(name):
        raise ServerException(115, "UNKNOWN_SETTING", "A setting has a name that is none")
    return True


def _query_fields(query: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"))
    except ValueError:
        raise bad_request("The address cannot be read") from None


def _form_fields(content_type: str, body: bytes) -> dict[str, str]:
    """Fields of a form: `clickhouse-connect` sends long parameters so."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if message.defects or not parts or len(parts) > _MAX_FIELDS:
        raise bad_request("The form cannot be read")
    fields = {}
    for part in parts:
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes) or part.get_filename() is not None:
            raise bad_request("The form has a part that is no field")
        try:
            fields[name] = content.decode()
        except UnicodeDecodeError:
            raise bad_request("The form has a field that is not UTF-8") from None
    return fields
