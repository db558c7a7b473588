"""Postal addresses with a postcode, in the order of each country, and those that a name announces.

A postcode has a shape that is searched for as a literal; the street is looked for shortly before it. Streets without a
postcode are in `documents`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.identity.announced import HINT, announced
from otel_compliance.redact.recognize import Finding, Folded

_BEFORE: Final = 110
"""Characters from the house number or the street to the postcode, at most."""
_BEHIND: Final = 48

_WORD: Final = rb"[A-Z\x80][A-Za-z\x80'\-]*\.?"
_CITY: Final = _WORD + rb"(?: (?:am|an der|im|in|bei|de|la|del|di|da|do|sur|sous|les|" + _WORD + rb")){0,3}"
_FILLER: Final = rb"[A-Za-z0-9\x80 .,'#/\-\n]"

# United States: "12 Main St Apt 4, Springfield, IL 62704", and mail for the armed forces.
_US: Final = re.compile(
    rb"(?<![\w.#$\-])(?:[0-9]{1,6}[A-Za-z]?(?:-[0-9]{1,4})? (?=[A-Z0-9])|P\.?O\.? Box |USNS |USS |USCGC |USNV |PSC |Unit )"
    + _FILLER + rb"{4,80}?[, \n](?:A[AEKLPRZ]|C[AOT]|D[CE]|F[LM]|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]|N[CDEHJMVY]|O[HKR]"
    rb"|P[ARW]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]),? [0-9]{5}(?:-[0-9]{4})?(?![0-9A-Za-z])"
)  # fmt: skip
# United Kingdom and Canada: the postcode tells enough; a number or a street stands before it.
_UK: Final = re.compile(
    rb"(?<![\w.#$\-])(?:(?:Flat|Apartment|Unit|Studio|Suite) [0-9A-Za-z]{1,4},?[ \n])?[0-9]{1,5}[A-Za-z]? (?=[A-Z\x80])"
    + _FILLER + rb"{4,80}?[, \n](?:[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}|[A-Z][0-9][A-Z] [0-9][A-Z][0-9])(?![0-9A-Za-z])"
)  # fmt: skip
_AUSTRALIA: Final = re.compile(
    rb"(?<![\w.#$\-])(?:(?:Unit|Flat|Level|Shop) [0-9]{1,4}[A-Za-z]?[ ,/]{1,2})?[0-9]{1,5}[A-Za-z]?(?:/[0-9]{1,4})? (?=[A-Z])"
    + _FILLER + rb"{4,80}?[, \n](?:NSW|VIC|QLD|WA|SA|TAS|ACT|NT),? [0-9]{4}(?![0-9A-Za-z])"
)  # fmt: skip
# The continent: street, number, postcode, city; in France and Belgium the number may stand first.
_STREET: Final = (
    rb"(?<![\w\-])(?:[A-Z\x80][\w\x80'\-]*\.?(?:/ ?| ))(?:(?:de|del|della|dei|da|das|do|dos|la|las|los|le|les|van|von|der|den"
    rb"|zu[rm]|am|an|im|in|und|y|e|II|" + _WORD + rb") ){0,5}?"
    rb"(?:n\.?\x81? ?|No[.:]? ?|,? ?)?[0-9]{1,5}[A-Za-z]?(?:[/\-][0-9]{1,4}[A-Za-z]?)?"
    rb"(?:,? ?(?:[0-9]{1,2}[.\x81\x80]{0,2} ?[A-Za-z]{0,4}\.?|(?:Piso|Apto|apto|apt|Whg|Top|bus|bte|esc|D)[ .:]{1,2}[0-9A-Za-z]{1,4})){0,3}"
)
_STREET_NUMBER_FIRST: Final = (
    rb"(?<![\w.])[0-9]{1,4}(?: ?bis| ?ter)?,? (?i:rue|avenue|av\.|boulevard|bd\.?|place|chemin|all\x80es?|impasse|quai|cours|route"
    rb"|square|passage|sentier|voie|r\.)" + rb"[A-Za-z\x80 .'\-]{3,50}"
)
_POSTCODE: Final = rb"(?:[A-Z]{1,2}-)?(?:[0-9]{5}|[0-9]{4}(?: [A-Z]{2}|-[0-9]{3})?|[0-9]{3} [0-9]{2}|[0-9]{2}-[0-9]{3})"
_CONTINENT: Final = re.compile(
    rb"(?:" + _STREET + rb"|" + _STREET_NUMBER_FIRST + rb")(?:,[ \n]{0,2}|[ ]?\n| - |  )(?P<code>" + _POSTCODE + rb") "
    + _CITY + rb"(?: \([A-Z]{2}\)|/" + _WORD + rb")?"
)  # fmt: skip
_YEAR: Final = re.compile(rb"(?:19|20)[0-9]{2}\Z")
_STREET_WORD: Final = re.compile(
    rb"(?i)str(?:a\x80e|asse|aat|\.)|weg|gasse|platz|allee|ring|laan|gracht|gate|vej|vei|gade|rue|calle|via |damm|ufer"
)
# Brazil: the street first, and the postcode last.
_BRAZIL: Final = re.compile(
    rb"(?<![\w\x80])(?:Rua|R\.|Avenida|Av\.|Alameda|Al\.|Travessa|Pra\x80a|Rodovia|Estrada|Largo) [A-Z\x80]"
    rb"[A-Za-z0-9\x80 .,'/\-]{4,90}?(?:, | - | )(?:CEP:? ?)?[0-9]{5}-[0-9]{3}(?![0-9])"
)

_SHAPES: Final = (
    # The literal in the shape, how far its end is behind the beginning of what follows, and the form.
    (b"AA 00000", _US),
    (b" 0AA", _UK),
    (b"0A 0A0", _UK),
    (b"A 0000", _AUSTRALIA),
    (b"00 A", _CONTINENT),
    (b"00000 000", _BRAZIL),
)


class AddressRecognizer:
    """``ADDRESS``."""

    entity_types = frozenset({"ADDRESS"})
    hint = (
        rf"(?i:{HINT})|"
        r"[A-Z][ -]?[0-9]{4}|[0-9][0-9A-Z]? [0-9][A-Z]{2}|[0-9A-Z] ?[0-9][A-Z][0-9]|[0-9]{2} [A-Z]|[0-9]{5}-[0-9]{3}"
    )

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The addresses."""
        for literal, form in _SHAPES:
            yield from _with_postcode(folded, literal, form)
        yield from announced(folded)


def _with_postcode(folded: Folded, literal: bytes, form: re.Pattern[bytes]) -> Iterator[Finding]:
    """Addresses of one form, whose postcode has a literal in its shape."""
    data, shape = folded.ascii, folded.shape
    done = 0
    at = shape.find(literal)
    while at >= 0:
        end = at + len(literal)
        match = _last(form, data, max(done, at - _BEFORE), end)
        if match and _is_street(match):
            done = match.end()
            yield Finding("ADDRESS", *match.span(), 0.8)
        at = shape.find(literal, end)


def _last(form: re.Pattern[bytes], data: bytes, start: int, end: int) -> re.Match[bytes] | None:
    """The address whose postcode ends at an offset."""
    match = form.search(data, start, end + _BEHIND)
    while match and match.end() < end:
        match = form.search(data, match.end(), end + _BEHIND)
    return match


def _is_street(match: re.Match[bytes]) -> bool:
    """Whether a continental address is one: "March 12, 2024 …" has its form."""
    code = match.groupdict().get("code")
    return code is None or not _YEAR.match(code) or _STREET_WORD.search(match[0]) is not None
