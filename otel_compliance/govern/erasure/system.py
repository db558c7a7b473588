"""What a system is that holds data of people, as erasure sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data is to be erased.

    Attributes:
        user_id: The id that apps know the person by. Never stored, logged or shown.
        pseudonym: The keyed pseudonym that our own records have instead.
    """

    user_id: str = field(repr=False)
    pseudonym: str


class ErasureSystem(Protocol):
    """One system: the store, a database of an app, a cache. Erasing twice is harmless, since failures are retried.

    Attributes:
        name: What certificates call it.
    """

    @property
    def name(self) -> str:
        """What certificates call it."""

    def erase(self, subject: Subject) -> int:
        """Erase everything of one person, for good before it returns.

        Returns:
            Number of records erased.

        Raises:
            Exception: It could not be done; it is tried again.
        """

    def remaining(self, subject: Subject) -> int:
        """How many records of this person a search finds now."""
