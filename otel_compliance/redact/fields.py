"""What the name of a field says about its value: that it is a credential, or what kind of number it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from otel_compliance.redact.secrets.names import Kind, kind_of, normal

_MAX_NAMES: Final = 4096
_MAX_CHARS: Final = 64
"""Names up to this length are remembered: they are few, and come again."""

_SECRET_TOKENS: Final = tuple(
    f"{word}token".encode() for word in ("access", "refresh", "auth", "bearer", "session", "id")
)
_SECRET_KINDS: Final = frozenset({Kind.PASSWORD, Kind.KEY, Kind.AUTHORIZATION})

_LABEL: Final = re.compile(r"[A-Za-z][\w.\- ]{1,39}", re.ASCII)
_WORDS: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
_AMBIGUOUS: Final = frozenset({"call", "cell", "reach", "text", "sms"})
"""Words that announce a telephone number in a sentence, and something else in the name of a field."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a field's name says.

    Attributes:
        secret: Whether its value is a credential, whatever it looks like.
        label: The name as words, to be read before a value; empty for what is not made of words.
    """

    secret: bool
    label: str


def is_secret_field(name: str) -> bool:
    """Whether the value of a field of this name is a credential, whatever it looks like."""
    plain = normal(name[:128].encode("ascii", "replace"))
    kind = kind_of(plain)
    return kind in _SECRET_KINDS or (kind is Kind.TOKEN and plain.endswith(_SECRET_TOKENS))


def label(name: str) -> str:
    """A field's name as words: ``nhsNumber`` and ``nhs_number`` both are "nhs number "."""
    if _LABEL.fullmatch(name) is None:
        return ""
    words = [word.lower() for word in _WORDS.findall(name)]
    said = " ".join(word for word in words if word not in _AMBIGUOUS)
    return f"{said} " if said else ""


class FieldNames:
    """Names of fields that were found clean, with what they say. An app that makes up names fills no memory."""

    def __init__(self) -> None:
        self._known: dict[str, Field] = {}

    def get(self, name: str) -> Field | None:
        """What a clean name says; `None` when it was not seen before."""
        return self._known.get(name)

    def add(self, name: str) -> Field:
        """What a clean name says, remembered."""
        field = Field(is_secret_field(name), label(name))
        if len(self._known) < _MAX_NAMES and len(name) <= _MAX_CHARS:
            self._known[name] = field
        return field
