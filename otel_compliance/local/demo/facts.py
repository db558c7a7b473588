"""What the demo's calls left in the store, as far as the demo shows it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from otel_compliance.local.demo.scenario import SHOWN_PROMPT, TICKETS

if TYPE_CHECKING:
    from otel_compliance.store.client import Store
    from otel_compliance.store.content import Content


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt as it was sent and as it is stored.

    Attributes:
        ticket: Its ticket.
        user: The end user as the program named them.
        sent: Its text, as the program has it.
        stored: The text in the store.
        stored_user: The end user in the store.
    """

    ticket: str
    user: str
    sent: str
    stored: str
    stored_user: str


def entities(store: Store) -> list[dict[str, Any]]:
    """For each kind of personal data or secret, in how many calls it was found, in prompts and in answers."""
    return store.query(sql("entities"))


def classes(store: Store) -> list[dict[str, Any]]:
    """For each data class, how many calls, and what was done with their content."""
    return store.query(sql("classes"))


def attempts(store: Store) -> dict[str, int]:
    """HTTP status to the number of attempts that got it; one call may take several."""
    return {row["status"]: row["attempts"] for row in store.query(sql("attempts"))}


def prompt(contents: Iterable[Content]) -> Prompt | None:
    """The prompt that is shown; `None` when it is not stored, because its call failed.

    Args:
        contents: The stored prompts, the newest first.
    """
    ticket = _ticket(SHOWN_PROMPT)
    opening = ticket["text"].strip().partition(".")[0]
    for content in contents:
        stored = _text(content.value or []).strip()
        if opening in stored:
            return Prompt(SHOWN_PROMPT, ticket["user"], ticket["text"].strip(), stored, content.user_id)
    return None


def sql(name: str) -> str:
    """The text of one of the demo's queries."""
    return resources.files("otel_compliance.local.demo").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def _ticket(wanted: str) -> Mapping[str, Any]:
    desk = tomllib.loads(TICKETS.read_text(encoding="utf-8"))
    queues = (tickets for tickets in desk.values() if isinstance(tickets, list))
    return next(ticket for tickets in queues for ticket in tickets if ticket["id"] == wanted)


def _text(messages: Sequence[Mapping[str, Any]]) -> str:
    """The text parts of messages in the conventions' shape."""
    return "".join(part.get("content", "") for message in messages for part in message["parts"])
