"""The request of a call: kept as it is sent, read when the call has ended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from otel_compliance.capture.call import UNINSPECTED, Call
from otel_compliance.capture.files import file_facts
from otel_compliance.capture.messages import message_bodies, request_facts, tool_names, user_id
from otel_compliance.capture.region import requested_regions
from otel_compliance.capture.surface import admin_facts
from otel_compliance.keys import KeyRing
from otel_compliance.names import Attr


def keep_request(call: Call, request: Any, options: Any, keys: KeyRing) -> None:
    """Keep what is about to be sent. Cheap: the app's thread waits for it.

    Further attempts send the same, unless middleware of the app changed it.

    Args:
        call: The call.
        request: The HTTP request of an attempt.
        options: The SDK's options it was built from.
        keys: Make digests of files, whose contents are read now: nobody keeps them.
    """
    if call.input is None and not call.surface.secret:
        call.input = UNINSPECTED
    if options.files:
        if call.request_content is not None:
            return
        call.request = dict(file_facts(options.files, keys))
        body = options.json_data
        call.request_content = json.dumps(body if isinstance(body, Mapping) else {}, default=str).encode()
        return
    try:
        content = request.content
    except RuntimeError:
        # Refused for a body that is a stream, of which nobody here sees anything.
        return
    if call.request_content is None:
        call.request_content = content
    elif content != call.request_content and content not in call.further_contents:
        call.further_contents.append(content)


def read_request(call: Call) -> Sequence[Any]:
    """Read the facts of the request, and give the bodies that were sent for inspection, the first one first.

    Raises:
        ValueError: A body is not JSON.
    """
    content, call.request_content = call.request_content, None
    if content is None:
        return ()
    bodies = [json.loads(item) if item else {} for item in (content, *call.further_contents)]
    call.further_contents.clear()
    fields, *others = (body if isinstance(body, Mapping) else {} for body in bodies)
    parts = message_bodies(fields)
    call.request = request_facts(fields, parts) | admin_facts(call.surface, fields) | call.request
    call.geos = [geo for body in (fields, *others) for geo in requested_regions(call.surface, body)]
    if asked := sorted({geo for geo in call.geos if geo is not None}):
        call.request[Attr.REGION_REQUESTED] = ",".join(asked)
    call.tools = tool_names(parts)
    call.user_id = user_id(fields)
    return bodies
