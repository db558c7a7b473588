"""Message bodies and event streams in the shape of the real API."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from otel_compliance.local.claude_api.script import Reply

_DEFAULT_TEXT: Final = (
    "Thank you for getting in touch. I have looked into this and it is taken care of. "
    "Is there anything else that I can help you with?"
)
_CHARS_PER_TOKEN: Final = 4
_DELTA_CHARS: Final = 16
_KNOWN_LAST: Final = frozenset({"server_tool_use", "output_tokens_details", "iterations", "fallback_credit"})
"""Fields of usage beside the tokens that a stream has in its last ``message_delta``."""


def count_tokens(body: Mapping[str, Any]) -> int:
    """A plausible number of input tokens."""
    counted = {key: body.get(key) for key in ("system", "messages", "tools") if body.get(key)}
    return max(1, len(json.dumps(counted)) // _CHARS_PER_TOKEN)


def message(body: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    """The answer to a request body, as a whole."""
    content = [dict(block) for block in reply.content] if reply.content is not None else _text_content(reply)
    limit = int(body.get("max_tokens", 1024))
    output_tokens = max(1, len(json.dumps(content)) // _CHARS_PER_TOKEN)
    stop_reason = reply.stop_reason or _stop_reason(content, cut=output_tokens > limit)
    return {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": _usage(body, reply, min(output_tokens, limit)),
    }


def events(body: Mapping[str, Any], reply: Reply) -> Iterator[dict[str, Any]]:
    """The same answer as the events of a stream.

    As the real API, ``message_start`` has a placeholder for the output tokens, and ``message_delta`` alone has what is
    known only at the end; ``message_start`` alone has the rest, like ``inference_geo``.
    """
    whole = message(body, reply)
    usage = whole["usage"]
    begun = {name: value for name, value in usage.items() if name not in _KNOWN_LAST}
    start = {**whole, "content": [], "stop_reason": None, "usage": {**begun, "output_tokens": 1}}
    yield {"type": "message_start", "message": start}
    yield {"type": "ping"}
    for index, block in enumerate(whole["content"]):
        yield from _block_events(index, block)
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
        "usage": {key: value for key, value in usage.items() if key.endswith("_tokens") or key in _KNOWN_LAST},
    }
    yield {"type": "message_stop"}


def _block_events(index: int, block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    opened, deltas = _opened(block)
    yield {"type": "content_block_start", "index": index, "content_block": opened}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _opened(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the block as it starts, the deltas that fill it)."""
    match block["type"]:
        case "text":
            deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"])]
            deltas += [{"type": "citations_delta", "citation": item} for item in block.get("citations") or ()]
            return {"type": "text", "text": ""}, deltas
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block.get("signature", "c2ln")})
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
        case "tool_use":
            pieces = _pieces(json.dumps(block["input"]))
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        case _:
            return dict(block), []


def _pieces(text: str) -> list[str]:
    return [text[start : start + _DELTA_CHARS] for start in range(0, len(text), _DELTA_CHARS)]


def _text_content(reply: Reply) -> list[dict[str, Any]]:
    return [{"type": "text", "text": _DEFAULT_TEXT if reply.text is None else reply.text}]


def _stop_reason(content: Sequence[Mapping[str, Any]], *, cut: bool) -> str:
    if any(block.get("type") == "tool_use" for block in content):
        return "tool_use"
    return "max_tokens" if cut else "end_turn"


def _usage(body: Mapping[str, Any], reply: Reply, output_tokens: int) -> dict[str, Any]:
    return {
        "input_tokens": count_tokens(body),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output_tokens,
        "server_tool_use": None,
        "service_tier": "standard",
        "inference_geo": reply.inference_geo or body.get("inference_geo") or "global",
        **reply.usage,
    }
