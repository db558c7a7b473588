"""What clients upload: decoding of request bodies, and files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from typing import Any, Final

from otel_compliance.local.claude_api.answers import NOT_FOUND, Answer, Content
from otel_compliance.local.claude_api.resources import Kind, Table


def decode(body: bytes, content_type: str) -> dict[str, Any]:
    """The fields of a body, JSON or a form; those of a form that are files are lists of `MIMEPart`.

    Raises:
        ValueError: The body is neither.
        TypeError: It is JSON, but no object.
    """
    if not content_type.startswith("multipart/"):
        return {**json.loads(body)} if body else {}
    form = message_from_bytes(
        b"content-type: " + content_type.encode() + b"\r\n\r\n" + body, _class=EmailMessage, policy=policy.HTTP
    )
    fields: dict[str, Any] = {}
    for part in form.iter_parts():
        name = str(part.get_param("name", header="content-disposition")).removesuffix("[]")
        if part.get_filename() is None:
            fields[name] = _payload(part).decode()
        else:
            fields.setdefault(name, []).append(part)
    return fields


def file_content(table: Table, name: str) -> Answer:
    """What was uploaded as a file."""
    found = table.find(("files", name))
    return Content(found["mime_type"], found["_content"]) if found else NOT_FOUND


def _file(body: Mapping[str, Sequence[MIMEPart]]) -> dict[str, Any]:
    [part] = body["file"]
    content = _payload(part)
    return {
        "filename": part.get_filename(),
        "mime_type": part.get_content_type(),
        "size_bytes": len(content),
        "downloadable": True,
        "_content": content,
    }


def _payload(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


FILES: Final = Kind("files", "file", "file", shown=_file)
"""Files. Each may be downloaded again; of the real API's, only those that the API itself made."""
