"""Pure functions from request and response bodies to facts and to messages in the conventions' shape."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from opentelemetry.util.types import AttributeValue

from otel_compliance.names import Anthropic, Attr, GenAI

_USAGE: Final[Mapping[str, str]] = {
    "output_tokens": GenAI.OUTPUT_TOKENS,
    "cache_read_input_tokens": GenAI.CACHE_READ_TOKENS,
    "cache_creation_input_tokens": GenAI.CACHE_WRITE_TOKENS,
}
"""Count in ``usage`` to its name."""

_USAGE_DETAILS: Final[Mapping[str, Mapping[str, str]]] = {
    "cache_creation": {
        "ephemeral_5m_input_tokens": Anthropic.CACHE_5M_TOKENS,
        "ephemeral_1h_input_tokens": Anthropic.CACHE_1H_TOKENS,
    },
    "output_tokens_details": {"thinking_tokens": GenAI.REASONING_TOKENS},
    "server_tool_use": {
        "web_search_requests": Anthropic.WEB_SEARCHES,
        "web_fetch_requests": Anthropic.WEB_FETCHES,
    },
}
"""Counts in objects of ``usage`` to their names."""

_NAME: Final = re.compile(r"[a-z_]{1,64}")
"""What names of the API look like; anything else in their place is not recorded."""

_ZDR_INELIGIBLE_KEYS: Final = frozenset({"container", "mcp_servers"})
"""Body keys of features outside zero data retention (provider's feature table of 2026-08)."""

_ZDR_INELIGIBLE_TOOLS: Final = ("code_execution", "mcp_toolset")
_HIPAA_INELIGIBLE_TOOLS: Final = (*_ZDR_INELIGIBLE_TOOLS, "web_fetch", "tool_search", "advisor")


def request_facts(body: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> dict[str, AttributeValue]:
    """Facts of a request body: model, limits, eligibility for special arrangements.

    Of a batch, what its requests have in common, and their number.

    Args:
        body: The body.
        parts: Its messages, as `message_bodies` finds them.
    """
    facts: dict[str, AttributeValue] = {}
    _put(facts, GenAI.REQUEST_MODEL, _common(parts, "model"), str)
    _put(facts, GenAI.REQUEST_MAX_TOKENS, body.get("max_tokens"), int)
    _put_name(facts, Anthropic.REQUEST_TIER, body.get("service_tier"))
    if "requests" in body:
        facts[Attr.BATCH_SIZE] = len(parts)
    tools = [str(tool.get("type", "")) for part in parts for tool in _tools(part.get("tools"))]
    outside = any(part.get(key) for part in parts for key in _ZDR_INELIGIBLE_KEYS)
    facts[Attr.ZDR_ELIGIBLE] = not (outside or _starts_with_any(tools, _ZDR_INELIGIBLE_TOOLS))
    facts[Attr.HIPAA_ELIGIBLE] = not (outside or _starts_with_any(tools, _HIPAA_INELIGIBLE_TOOLS))
    return facts


def message_bodies(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The bodies of the messages that a request asks for: its own, or those of the requests in a batch."""
    requests = body.get("requests")
    if not isinstance(requests, Sequence) or isinstance(requests, str):
        return (body,)
    params = (item.get("params") for item in requests if isinstance(item, Mapping))
    return [item for item in params if isinstance(item, Mapping)]


def tool_names(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names and types of the tools that the messages of a request offer."""
    tools = [tool for part in parts for tool in _tools(part.get("tools"))]
    return [value for tool in tools for field in ("name", "type") if isinstance(value := tool.get(field), str)]


def user_id(body: Mapping[str, Any]) -> str | None:
    """``metadata.user_id`` of a request body, where it is set."""
    metadata = body.get("metadata")
    value = metadata.get("user_id") if isinstance(metadata, Mapping) else None
    return value if isinstance(value, str) and value else None


def response_facts(body: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """Facts of a message body: ids, model, token counts, actual region, stop reason.

    ``gen_ai.usage.input_tokens`` includes cached tokens, as the conventions ask; the API's field does not.
    """
    facts: dict[str, AttributeValue] = {}
    if "stop_reason" in body:
        _put(facts, GenAI.RESPONSE_ID, body.get("id"), str)
        _put(facts, GenAI.RESPONSE_MODEL, body.get("model"), str)
    if reason := api_name(body.get("stop_reason")):
        facts[GenAI.FINISH_REASONS] = (reason,)
    if declined := _declined(body.get("content")):
        facts[Attr.FALLBACK_MODELS] = ",".join(declined)
    _put(facts, Anthropic.COUNTED_TOKENS, body.get("input_tokens"), int)
    usage = body.get("usage")
    if isinstance(usage, Mapping):
        facts |= _usage_facts(usage)
    return facts


def _usage_facts(usage: Mapping[str, Any]) -> dict[str, AttributeValue]:
    facts: dict[str, AttributeValue] = {}
    _put(facts, Attr.REGION_ACTUAL, usage.get("inference_geo"), str)
    _put_name(facts, Anthropic.RESPONSE_TIER, usage.get("service_tier"))
    _put_counts(facts, _USAGE, usage)
    for field, names in _USAGE_DETAILS.items():
        if isinstance(details := usage.get(field), Mapping):
            _put_counts(facts, names, details)
    if isinstance(uncached := usage.get("input_tokens"), int):
        cached = (usage.get(field) for field in ("cache_read_input_tokens", "cache_creation_input_tokens"))
        facts[GenAI.INPUT_TOKENS] = uncached + sum(count for count in cached if isinstance(count, int))
    return facts


def input_content(body: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """The conventions' content attributes of a redacted request body, as JSON text."""
    content: dict[str, AttributeValue] = {}
    if isinstance(messages := body.get("messages"), Sequence) and not isinstance(messages, str):
        content[GenAI.INPUT_MESSAGES] = _json([_message(item) for item in messages])
    if system := body.get("system"):
        content[GenAI.SYSTEM_INSTRUCTIONS] = _json(_parts(system))
    if tools := body.get("tools"):
        content[GenAI.TOOL_DEFINITIONS] = _json(tools)
    return content


def output_content(body: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """The conventions' content attribute of a redacted response body, as JSON text."""
    message: dict[str, Any] = {"role": "assistant", "parts": _parts(body.get("content") or [])}
    if isinstance(reason := body.get("stop_reason"), str):
        message["finish_reason"] = reason
    return {GenAI.OUTPUT_MESSAGES: _json([message])}


def _message(item: Any) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        return {"role": "unknown", "parts": _parts(item)}
    return {"role": str(item.get("role", "unknown")), "parts": _parts(item.get("content"))}


def _parts(content: Any) -> list[dict[str, Any]]:
    """Content of a message as the conventions' parts. Unknown blocks keep their own shape."""
    if isinstance(content, str):
        return [{"type": "text", "content": content}]
    if not isinstance(content, Sequence):
        return []
    return [_part(block) for block in content]


def _part(block: Any) -> dict[str, Any]:
    if not isinstance(block, Mapping):
        return {"type": "text", "content": str(block)}
    match block.get("type"):
        case "text":
            return {"type": "text", "content": block.get("text")}
        case "thinking":
            return {"type": "reasoning", "content": block.get("thinking")}
        case "tool_use" | "server_tool_use":
            return {
                "type": "tool_call",
                "id": block.get("id"),
                "name": block.get("name"),
                "arguments": block.get("input"),
            }
        case "tool_result":
            return {"type": "tool_call_response", "id": block.get("tool_use_id"), "response": block.get("content")}
        case _:
            return dict(block)


def _tools(tools: Any) -> list[Mapping[str, Any]]:
    return [tool for tool in tools if isinstance(tool, Mapping)] if isinstance(tools, Sequence) else []


def _declined(content: Any) -> list[str]:
    """The models that handed over to another one, in the order of the blocks that say so."""
    blocks = content if isinstance(content, Sequence) and not isinstance(content, str) else ()
    fallbacks = (block for block in blocks if isinstance(block, Mapping) and block.get("type") == "fallback")
    origins = [origin for block in fallbacks if isinstance(origin := block.get("from"), Mapping)]
    return [model for origin in origins if isinstance(model := origin.get("model"), str)]


def _common(parts: Sequence[Mapping[str, Any]], field: str) -> Any:
    """The value that all parts have, or all that differ, joined by commas."""
    if len(parts) == 1:
        return parts[0].get(field)
    different = sorted({value for part in parts if isinstance(value := part.get(field), str)})
    return ",".join(different) if different else None


def _starts_with_any(names: Sequence[str], prefixes: tuple[str, ...]) -> bool:
    return any(name.startswith(prefixes) for name in names)


def _put(facts: dict[str, AttributeValue], name: str, value: Any, kind: type) -> None:
    """Set `name` only to a value of the type it is documented with: a wrong attribute is worse than none."""
    if isinstance(value, kind) and not isinstance(value, bool):
        facts[name] = cast("AttributeValue", value)


def _put_counts(facts: dict[str, AttributeValue], names: Mapping[str, str], counts: Mapping[str, Any]) -> None:
    for field, name in names.items():
        # Most answers leave most of them out.
        if field in counts:
            _put(facts, name, counts[field], int)


def api_name(value: Any) -> str:
    """`value` if it looks like a name of the API, else nothing."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""


def _put_name(facts: dict[str, AttributeValue], name: str, value: Any) -> None:
    """Set `name` only to what looks like a name of the API."""
    if text := api_name(value):
        facts[name] = text


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
