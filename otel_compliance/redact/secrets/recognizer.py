"""Finds credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.recognize import LITERAL_BEFORE, MIN_RUN, Finding, Folded
from otel_compliance.redact.secrets import (
    ai,
    assignments,
    cloud,
    codes,
    commands,
    infrastructure,
    messaging,
    observability,
    pairs,
    payment,
    saas,
    source_hosting,
    statements,
)
from otel_compliance.redact.secrets.blocks import discord_tokens, password_hashes, private_keys, url_passwords
from otel_compliance.redact.secrets.family import Family, any_of
from otel_compliance.redact.secrets.names import NAME_ENDINGS, NAMED_TYPES

FAMILIES: Final[tuple[Family, ...]] = (
    *ai.FAMILIES,
    *cloud.FAMILIES,
    *source_hosting.FAMILIES,
    *messaging.FAMILIES,
    *payment.FAMILIES,
    *observability.FAMILIES,
    *infrastructure.FAMILIES,
    *saas.FAMILIES,
)
"""All families. Of two that match at the same place the first counts."""

_OTHER_TYPES: Final = frozenset(
    {
        "AUTHORIZATION",
        "BASIC_AUTH",
        "BEARER_TOKEN",
        "CREDENTIAL",
        "PASSWORD_HASH",
        "PRIVATE_KEY",
        "SESSION_COOKIE",
        "URL_CREDENTIAL",
    }
)

SECRET_TYPES: Final = frozenset(family.type for family in FAMILIES) | NAMED_TYPES | _OTHER_TYPES
"""Entity types that are credentials, not personal data. ``CREDENTIAL`` is one of no known vendor, known by its name."""

# It looks ahead for its second character, since what begins with one literal is found faster than with two.
_DASHES: Final = re.compile(rb"-(?=-)")
_HEXADECIMAL: Final = re.compile(rb"[0-9a-f\-]++")
_LONGEST: Final = 4
"""Characters of the longest literal that is hexadecimal itself."""

LITERAL: Final = any_of(literal for family in FAMILIES for literal in family.literals)
"""A regular expression of what is in every credential of a known format."""

_ENDINGS: Final = "|".join(sorted(ending.decode("ascii") for ending in NAME_ENDINGS))
_LITERALS: Final = re.compile(LITERAL.encode("ascii"))


def _by_literal() -> dict[bytes, tuple[Family, ...]]:
    """Families by the first two characters of their literals."""
    index: dict[bytes, tuple[Family, ...]] = {}
    for family in FAMILIES:
        for key in dict.fromkeys(literal[:2] for literal in family.literals):
            index[key] = (*index.get(key, ()), family)
    return index


_INDEX: Final = _by_literal()

_DOT: Final = b"."
LITERALS: Final = tuple(
    any_of(literal for family in FAMILIES for literal in family.literals if literal.endswith(_DOT) is dotted).encode()
    + (rb"[\w\-]" if dotted else b"")  # or the end of many a sentence would be one
    for dotted in (False, True)
)
"""Patterns of the literals for one scan of the whole text; see `prefilter`."""
GATES: Final = {
    **assignments.GATES,
    **codes.GATES,
    **commands.GATES,
    **statements.GATES,
    "dashes": (rb" --", rb"-----BEGIN "),
    "definition": (rb"define\(",),
    "url password": (rb"://[^/@]{0,128}:[^/]{1,128}@", rb"@(?:tcp|unix)\("),
}


class SecretRecognizer:
    """Credentials of known families, and values that are credentials by their name."""

    entity_types = SECRET_TYPES
    hint = (
        rf"{LITERAL}|[=@]|:(?<![0-9]:)(?!//)|-----BEGIN |\$(?=[1256ayps])|[ \"'`|,>(\t\n\r*\]](?=[\w\-]{{16}})"
        rf"|[\w\-]{{16}}[\"'`)]{{0,2}} ?(?:as|is|\()| is (?<=(?i:{_ENDINGS}) is )| --| -[apPskuwU]|ecret|</"
        r"|define\(|\.[\w\-]{6}\.|:[^:]*:[^:]*:[^:]*:|[aA]uth=|\.login\(|/user:|net user"
        r"|(?i:pin|otp|puk|nip|cv[vc]|cod[eio]|kod)[^0-9]{0,64}[0-9]{4}"
        rf"|(?i:{statements.HINT}|identified by|securestring|networkcredential|snmp-server)"
    )

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The credentials; those that overlap are settled by the caller."""
        data = folded.ascii
        yield from _of_families(folded)
        yield from assignments.assignments(folded)
        yield from statements.statements(folded)
        yield from pairs.elements(data)
        if folded.may_hold("definition"):
            yield from pairs.definitions(data)
        yield from pairs.beside_names(folded)
        if folded.may_hold("dashes") and _DASHES.search(data):
            yield from assignments.options(data)
            yield from private_keys(data)
        if folded.may_hold("url password"):
            yield from url_passwords(data)
        yield from password_hashes(data)
        yield from discord_tokens(folded)
        yield from commands.commands(folded)
        yield from codes.codes(folded)


def _of_families(folded: Folded) -> Iterator[Finding]:
    data, done = folded.ascii, 0
    for first, end in folded.literal_runs:
        if end - done < MIN_RUN:
            continue
        start = max(first, done)
        position = max(done, start - LITERAL_BEFORE)
        # Digests and UUIDs are the most frequent long runs; no literal is within one.
        last = start + _LONGEST if _HEXADECIMAL.fullmatch(data, start, end) else end
        while literal := _LITERALS.search(data, position, last):
            finding = _at(data, literal.start())
            position = literal.start() + 1
            if finding:
                # What stands behind "Bearer" may be of a known vendor.
                position = finding.start if finding.start > literal.start() else finding.end
            if finding:
                yield finding
        done = max(position, end)


def _at(data: bytes, literal: int) -> Finding | None:
    """The credential whose literal begins at an offset."""
    for family in _INDEX[data[literal : literal + 2]]:
        if match := family.match(data, literal):
            return Finding(family.type, *match.span(match.re.groups), family.confidence)
    return None
