"""What a family of credentials is: those that one vendor issues in one format."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """One family of credentials.

    Attributes:
        type: The type of its findings: the vendor first.
        literals: One of them is in each credential.
        pattern: Matches a whole credential; its only group, if there is one, is the part that is secret. It asks for
            no delimiter behind it: in prose there is often a full stop or a bracket.
        source: Where the format is documented.
        confidence: That of its findings.
        word: Whether no letter or digit may stand before the credential, since its literal is a weak sign.
        before: How many characters of a credential there may be before its literal.
    """

    type: str
    literals: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    source: str
    confidence: float
    word: bool
    before: range

    def match(self, data: bytes, literal: int) -> re.Match[bytes] | None:
        """The credential whose literal begins at an offset."""
        for before in self.before:
            start = literal - before
            if start < 0 or (self.word and data[start - 1 : start].isalnum()):
                continue
            if match := self.pattern.match(data, start):
                return match
        return None


def family(
    type_: str,
    literals: str | Iterable[str],
    rest: str,
    *,
    source: str,
    confidence: float = 0.99,
    word: bool = False,
) -> Family:
    """A family whose credentials begin with one of some literals.

    Args:
        type_: The type of its findings.
        literals: The literal, or several.
        rest: Regular expression of what follows the literal.
        source: Where the format is documented.
        confidence: That of its findings.
        word: Whether no letter or digit may stand before a credential.
    """
    names = (literals,) if isinstance(literals, str) else tuple(literals)
    begin = "|".join(re.escape(name) for name in names)
    pattern = re.compile(f"(?:{begin}){rest}".encode("ascii"))
    return Family(type_, tuple(name.encode("ascii") for name in names), pattern, source, confidence, word, range(1))


def around(
    type_: str, literal: str, pattern: str, *, source: str, before: range, confidence: float = 0.97, word: bool = True
) -> Family:
    """A family whose credentials have a literal in their middle.

    Args:
        type_: The type of its findings.
        literal: The literal.
        pattern: Regular expression of the whole credential.
        source: Where the format is documented.
        before: How many characters of a credential there may be before the literal.
        confidence: That of its findings.
        word: Whether no letter or digit may stand before a credential.
    """
    whole = re.compile(pattern.encode("ascii"))
    return Family(type_, (literal.encode("ascii"),), whole, source, confidence, word, before)


def any_of(literals: Iterable[bytes]) -> str:
    """A regular expression of all literals, which looks at each character of a text once or twice."""
    tails: dict[str, list[bytes]] = {}
    for literal in sorted(set(literals)):
        tails.setdefault(chr(literal[0]), []).append(literal[1:])
    return (
        "(?:" + "|".join(re.escape(head) + ("" if b"" in rest else any_of(rest)) for head, rest in tails.items()) + ")"
    )
