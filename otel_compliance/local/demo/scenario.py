"""Who calls Claude in the demo, with which keys, and which values must never be seen again."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

APP: Final = Path(__file__).parent / "app" / "support_bot.py"
"""The ordinary program. It is started by its path, so that it has nothing of this package on its own."""

TICKETS: Final = APP.with_name("tickets.toml")

SHOWN_PROMPT: Final = "S-1042"
"""The ticket whose prompt is shown as it was sent and as it is stored."""

POLICY: Final = """\
# The policy of the demo. Everything that it does not say is as in the built-in policy.
version = 1

[residency]
allowed = ["us"]

[environments.development.retention]
PUBLIC = 30
INTERNAL = 30
CONFIDENTIAL = 30
RESTRICTED = 7
"""

PLANTED: Final[Mapping[str, str]] = {
    "ana.silva@example.com": "EMAIL",
    "ben.okafor@example.com": "EMAIL",
    "carla@example.net": "EMAIL",
    "greta.lind@example.org": "EMAIL",
    "(415) 555-0132": "PHONE",
    "+44 20 7946 0958": "PHONE",
    "+46 70 174 06 05": "PHONE",
    "203.0.113.42": "IPV4",
    "2001:db8:4f2::17": "IPV6",
    "4111 1111 1111 1111": "CREDIT_CARD",
    "524-71-3962": "SSN",
    "DE89 3704 0044 0532 0130 00": "IBAN",
    "AKIAIOSFODNN7EXAMPLE": "AWS_KEY",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": "AWS_KEY",
}
"""Every value in the tickets that must not be stored, with its entity type."""

USERS: Final = ("ana.silva", "ben.okafor", "carla.jensen", "partner-7", "dan.moreau", "eve.castillo", "analyst-2")
"""The end users, of whom only pseudonyms may be stored."""


@dataclass(frozen=True, slots=True)
class App:
    """One process: the same program, started by one team for one queue.

    Attributes:
        queue: The queue of tickets that it answers.
        service: ``OTEL_SERVICE_NAME``.
        team: Team that owns it.
        environment: ``deployment.environment.name``.
        key: Name of the API key that it uses, in `api_keys`.
        model: Model to use instead of the queue's own.
    """

    queue: str
    service: str
    team: str
    environment: str
    key: str
    model: str = field(default="")


DAILY: Final = (
    App("support", "support-bot", "support", "production", "support"),
    App("billing", "billing-bot", "billing", "production", "billing"),
    App("research", "review-reader", "research", "development", "research"),
)
"""What runs every day, at the same time."""

BORROWED_KEY: Final = (App("evaluation", "model-trial", "research", "development", "billing", model="claude-opus-5-5"),)
"""What runs later: research tries a new model with the key of billing, which never used that model."""


def api_keys() -> dict[str, str]:
    """One fake key per name, in the form of real ones; the same in every run."""
    dice = random.Random(20261123)  # noqa: S311 - nothing is protected by these keys
    alphabet = string.ascii_letters + string.digits + "-_"
    names = dict.fromkeys(app.key for app in (*DAILY, *BORROWED_KEY))
    return {name: f"sk-ant-api03-{''.join(dice.choices(alphabet, k=93))}AA" for name in names}
