"""The request of a call: kept as it is sent, read when the call has ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from otel_compliance.capture.call import UNINSPECTED, Call
from otel_compliance.capture.files import file_facts
from otel_compliance.capture.messages import message_bodies, request_facts, tool_names, user_id
from otel_compliance.capture.surface import admin_facts
from otel_compliance.keys import KeyRing


def keep_request(call: Call, request: Any, options: Any, keys: KeyRing) -> None:
    """Keep what is about to be sent. Cheap: the app's thread waits for it.

    Args:
        call: The call.
        request: The HTTP request of the first attempt; further attempts send the same.
        options: The SDK's options it was built from.
        keys: Make digests of files, whose contents are read now: nobody keeps them.
    """
    if not call.surface.secret:
        call.input = UNINSPECTED
    if options.files:
        call.request = dict(file_facts(options.files, keys))
        body = options.json_data
        call.request_content = json.dumps(body if isinstance(body, Mapping) else {}, default=str).encode()
        return
    with suppress(RuntimeError):
        # Refused for a body that is a stream, of which nobody here sees anything.
        call.request_content = request.content


def read_request(call: Call) -> Any:
    """Read the facts of the request, and give its body for inspection; `None` where there is nothing to inspect.

    Raises:
        ValueError: The body is not JSON.
    """
    content, call.request_content = call.request_content, None
    if content is None:
        return None
    body = json.loads(content) if content else {}
    fields = body if isinstance(body, Mapping) else {}
    parts = message_bodies(fields)
    call.request = request_facts(fields, parts) | admin_facts(call.surface, fields) | call.request
    if call.surface.is_message or call.surface.is_batch:
        call.geos = [part.get("inference_geo") for part in parts]
    call.tools = tool_names(parts)
    call.user_id = user_id(fields)
    return body
