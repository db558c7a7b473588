"""Answers the tickets of one queue with Claude. An ordinary program: nothing in it knows of telemetry.

Usage: support_bot.py QUEUE
"""

import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import anthropic

SYSTEM = (
    "You are the assistant of Fernhill Outfitters, a shop for hiking gear. Answer in at most three short sentences. "
    "Never repeat personal data that you were given."
)
MODELS = {"support": "claude-haiku-5-5", "billing": "claude-sonnet-5-5", "research": "claude-haiku-5-5"}
REGION = "us"
MAX_TOKENS = 200

ORDER_TOOL = {
    "name": "look_up_order",
    "description": "Give the state of an order and the customer's contact data.",
    "input_schema": {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]},
}


def main(queue: str) -> None:
    """Answer every ticket of a queue, and go on where the API gives none."""
    desk = tomllib.loads(Path(__file__).with_name("tickets.toml").read_text(encoding="utf-8"))
    model = os.environ.get("SUPPORT_BOT_MODEL") or MODELS[queue]
    client = anthropic.Anthropic()
    for ticket in desk[queue]:
        try:
            answer = reply(client, model, ticket, desk["orders"])
        except anthropic.APIError as error:
            print(f"{ticket['id']}: no answer, {type(error).__name__}", flush=True)
        else:
            print(f"{ticket['id']}: answered in {len(answer.split())} words", flush=True)


def reply(client: anthropic.Anthropic, model: str, ticket: dict[str, Any], orders: dict[str, Any]) -> str:
    """The answer to one ticket; Claude may look up an order first."""
    request: dict[str, Any] = {
        "model": model,
        "max_tokens": MAX_TOKENS,
        "system": SYSTEM,
        "inference_geo": REGION,
        "metadata": {"user_id": ticket["user"]},
        "messages": [{"role": "user", "content": ticket["text"]}],
    }
    if ticket.get("chat"):
        with client.messages.stream(**request) as stream:
            return "".join(stream.text_stream)
    if "order" in ticket:
        request["tools"] = [ORDER_TOOL]
    message = client.messages.create(**request)
    while message.stop_reason == "tool_use":
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": json.dumps(orders.get(block.input["order"]))}
            for block in message.content
            if block.type == "tool_use"
        ]
        request["messages"] += [{"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
        message = client.messages.create(**request)
    return "".join(block.text for block in message.content if block.type == "text")


if __name__ == "__main__":
    main(sys.argv[1])
