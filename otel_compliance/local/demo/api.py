"""The local Claude API, playing its part in the demo: ``python -m otel_compliance.local.demo.api``.

It answers each ticket with fitting text, and misbehaves where the scenario wants it: one rate limit, one answer from
another region, one ticket for which it is overloaded for good.
"""

from __future__ import annotations

import sys
import threading
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from otel_compliance.local.claude_api import ApiError, ClaudeAPI, Reply
from otel_compliance.local.demo.scenario import TICKETS

_RATE_LIMITED_ONCE: Final = "S-1043"
_ELSEWHERE: Final = "B-204"
_OVERLOADED: Final = "B-205"
_USES_TOOL: Final = "S-1044"

_ANSWERS: Final[Mapping[str, str]] = {
    "S-1042": "I am sorry about the fly sheet. A new one leaves our warehouse today, and we will call you after six.",
    "S-1043": "They run true to size. If you wear thick socks, take one size up.",
    "S-1044": "Order 88213 is in transit and should arrive on Thursday. We will write to ben.okafor@example.com.",
    "S-1045": "The block on 203.0.113.42 is lifted. Please try again, and tell us if it happens once more.",
    "S-1046": "Please revoke that key now: it was sent in clear text. Then sign requests with a new one.",
    "S-1047": "Yes, until the parcel leaves. Which color would you like?",
    "B-201": "The refund goes to that account. It takes two to three working days.",
    "B-202": "One of the two charges is on its way back to you. We may call you at (415) 555-0132 to confirm.",
    "B-203": "Thank you, that is all that we need for the form.",
    "B-204": "The invoice is made out to your company's address in Lyon.",
    "R-31": "Condensation, poles that bend in wind, and zips that catch the fabric.",
    "R-32": "The customer finds the stove loud but reliable.",
    "E-1": "Two-person tents under two kilograms with a single pole.",
}


class Script:
    """Decides what each request is answered with."""

    def __init__(self) -> None:
        desk = tomllib.loads(TICKETS.read_text(encoding="utf-8"))
        queues = (tickets for tickets in desk.values() if isinstance(tickets, list))
        self._tickets = {ticket["text"]: ticket["id"] for tickets in queues for ticket in tickets}
        self._limited = threading.Event()

    def __call__(self, body: Mapping[str, Any]) -> Reply:
        """The reply to the body of a request."""
        messages = body["messages"]
        ticket = self._tickets[messages[0]["content"]]
        if ticket == _OVERLOADED:
            return Reply(fault=ApiError(529, "Overloaded", retry_after=0.1))
        if ticket == _RATE_LIMITED_ONCE and not self._limited.is_set():
            self._limited.set()
            return Reply(fault=ApiError(429, "This request would exceed your rate limit", retry_after=1))
        if ticket == _USES_TOOL and len(messages) == 1:
            tool = {"type": "tool_use", "id": "toolu_01demo", "name": "look_up_order", "input": {"order": "88213"}}
            return Reply(content=[tool])
        return Reply(text=_ANSWERS[ticket], inference_geo="global" if ticket == _ELSEWHERE else None)


def main() -> None:
    """Print the address once the server listens, and serve until standard input ends, as it does with the parent."""
    with ClaudeAPI() as api:
        api.default(Script())
        print(api.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
