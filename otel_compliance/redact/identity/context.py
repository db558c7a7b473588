"""Words that tell what a number is, in the languages of its country and in English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

CONTEXT_CHARS: Final = 48
"""How far before a value its word may stand."""


@dataclass(frozen=True, slots=True)
class Context:
    """Words, one of which must stand before a value.

    Attributes:
        gates: Parts of the words, in lower case: where none of them is, none of the words is, which is quickly seen.
        pattern: Finds a word in lower case.
    """

    gates: tuple[bytes, ...]
    pattern: re.Pattern[bytes]

    def within(self, window: bytes) -> bool:
        """Whether one of the words stands in a window before a value; see `window_before`."""
        for gate in self.gates:
            if gate in window:
                return self.pattern.search(window) is not None
        return False


def window_before(data: bytes, start: int) -> bytes:
    """What stands shortly before `start`, in lower case."""
    return data[max(0, start - CONTEXT_CHARS) : start].lower()


def words(gates: str, *alternatives: str) -> Context:
    """The context of these words, as patterns of folded text in lower case.

    Args:
        gates: Parts of the words, separated by blanks.
        alternatives: The words; the gates are the words when there are none.
    """
    pattern = "|".join(alternatives or gates.split())
    compiled = re.compile(rb"(?<![a-z])(?:" + pattern.encode("latin-1") + rb")")
    return Context(tuple(gate.encode("latin-1") for gate in gates.split()), compiled)


def any_text(text: str) -> bool:
    """For schemes without a check: the word before tells everything."""
    return bool(text)


PASSPORT: Final = words("pass pasap pasz", "passport", "reisepass", "passeport", "pasaporte", "passaport", "paszport")
DRIVERS_LICENSE: Final = words(
    "licen rschein permis patente dl",
    "driv(?:er'?s?|ing)[ _-]?licen[cs]e",
    "dl ?(?:no|number|#)",
    "f(?:\x80|ue?)hrerschein",
    "permis de conduire",
    "permiso de conducir",
    "patente di guida",
)
BIRTH: Final = words(
    "irth born dob d.o.b geb naiss n\x80 naci nasci nat urodz",
    "date[ _]of[ _]birth",
    "birth ?da(?:te|y)",
    "born",
    r"d\.?o\.?b\b",
    "geburtsdatum",
    r"geb(?:oren|\.)",
    "date de naissance",
    r"n\x80e?(?:\(e\))? le",
    "fecha de nacimiento",
    "nacid[oa]",
    "data di nascita",
    "nat[oa] il",
    "data de nascimento",
    "nascid[oa]",
    "data urodzenia",
)
TELEPHONE: Final = words(
    "phone tel t\x80l mobil handy cell call fax whatsapp portable rufnummer",
    "phone",
    "tele?f",
    r"tel\b",
    "t\x80l",
    "mobil",
    "handy",
    "cell",
    "call",
    "fax",
    "whatsapp",
    "portable",
    "rufnummer",
)
