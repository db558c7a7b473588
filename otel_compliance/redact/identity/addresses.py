"""Postal addresses with a postcode, in the order of each country, and those that a name announces.

A postcode has a shape that is searched for as a literal; the street is looked for shortly before it. Streets without a
postcode are in `documents`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from otel_compliance.redact.identity import address_labels, announced
from otel_compliance.redact.identity.scripts import in_letters
from otel_compliance.redact.identity.streets import in_words
from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.shapes import ByShape

_BEFORE: Final = 110
"""Characters from the house number or the street to the postcode, at most."""
_BEFORE_CODE: Final = 84
_BEHIND: Final = 48
_CODE_CHARS: Final = 12

_WORD: Final = rb"[A-Z\x80][A-Za-z\x80'\-]*\.?"
_CITY: Final = _WORD + rb"(?: (?:am|an der|im|in|bei|de|la|del|di|da|do|sur|sous|les|" + _WORD + rb")){0,3}"
_FILLER: Final = bytes(
    ord("a") if chr(byte).isalnum() or byte in b" .,'#/-\n\x80" else ord("|") for byte in range(129)
).ljust(256, b"|")
"""To an alphabet in which a search for one literal finds what cannot be part of an address."""
_SHORTEST: Final = 6
"""Characters of a street and a city at least."""

_Form = tuple[re.Pattern[bytes], re.Pattern[bytes]]

# What an address begins with, and the postcode it ends with. United States: "12 Main St Apt 4, Springfield, IL 62704",
# and mail for the armed forces.
_US: Final = (
    re.compile(
        rb"(?<![\w.#$\-])(?:[0-9]{1,6}[A-Za-z]?(?:-[0-9]{1,4})? (?=[A-Z0-9])|P\.?O\.? Box |USNS |USS |USCGC |USNV |PSC "
        rb"|Unit )"
    ),
    re.compile(
        rb"[, \n](?:A[AEKLPRZ]|C[AOT]|D[CE]|F[LM]|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]|N[CDEHJMVY]|O[HKR]|P[ARW]|RI"
        rb"|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]) [0-9]{5}(?:-[0-9]{4})?(?![0-9A-Za-z])"
    ),
)
_AUSTRALIA: Final = (
    re.compile(
        rb"(?<![\w.#$\-])(?:(?:Unit|Flat|Level|Shop) [0-9]{1,4}[A-Za-z]?[ ,/]{1,2})?"
        rb"[0-9]{1,5}[A-Za-z]?(?:/[0-9]{1,4})? (?=[A-Z])"
    ),
    re.compile(rb"[, \n](?:NSW|VIC|QLD|WA|SA|TAS|ACT|NT) [0-9]{4}(?![0-9A-Za-z])"),
)
# United Kingdom, and Canada.
_UK: Final = (
    re.compile(
        rb"(?<![\w.#$\-])(?:(?:Flat|Apartment|Unit|Studio|Suite) [0-9A-Za-z]{1,4},?[ \n])?"
        rb"(?:[0-9]{1,4}-)?[0-9]{1,5}[A-Za-z]? (?=[A-Z\x80])"
    ),
    re.compile(rb"[, \n](?:[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}|[A-Z][0-9][A-Z] [0-9][A-Z][0-9])(?![0-9A-Za-z])"),
)
_IRELAND: Final = (
    _UK[0],
    re.compile(rb"[, \n](?:D6W|[AC-FHKNPRTV-Y][0-9]{2}) [0-9AC-FHKNPRTV-Y]{4}(?![0-9A-Za-z])"),
)
_SINGAPORE: Final = (
    re.compile(rb"(?<![\w.#$\-])(?:(?:Blk|Block|Apt|Unit) ?)?[0-9]{1,4}[A-Z]?,? (?=[A-Z])"),
    re.compile(rb"Singapore \(?[0-9]{6}\)?(?![0-9A-Za-z])"),
)
_INDIA: Final = (
    re.compile(
        rb"(?<![\w.#$\-])(?:(?:Flat|Plot|House|Door|Shop|Unit|H\.?)(?: ?No\.?:?)? ?[0-9A-Za-z/\-]{1,8},? "
        rb"|[0-9]{1,5}[A-Za-z]?(?:/[0-9A-Za-z]{1,5})?, )(?=[A-Z0-9])"
    ),
    re.compile(rb", [A-Z][a-z]{2,20}(?: [A-Z][a-z]{2,20}){0,2}(?: ?[,\-] ?| )[1-9][0-9]{2} ?[0-9]{3}(?![0-9A-Za-z])"),
)
# Brazil: the street first.
_BRAZIL: Final = (
    re.compile(
        rb"(?<![\w\x80])(?:Rua|R\.|Avenida|Av\.|Alameda|Al\.|Travessa|Pra\x80a|Rodovia|Estrada|Largo) "
        rb"(?:d[aeo]s? )?(?=[A-Z\x80])"
    ),
    re.compile(rb"[, \n:](?:CEP:? ?)?[0-9]{5}-[0-9]{3}(?![0-9])"),
)
# The continent: street, number, postcode, city; in France and Belgium the number may stand first.
_STREET: Final = (
    rb"(?<![\w\-])(?:(?:ul|al|pl|os)\. )?(?:[A-Z\x80][\w\x80'\-]*\.?(?:/ ?| |(?=,)))"
    rb"(?:(?:de|del|della|dei|da|das|do|dos|la|las|los|le|les|van|von"
    rb"|der|den|gate|vei|gata|v\x80g|plass|plads|torg|zu[rm]|am|an|im|in|und|y|e|II|\x80t|"
    + _WORD
    + rb")(?: |(?=,))){0,5}?"
    rb",? ?(?:[nN]\.?[o\x81]? ?|N[o\x81][.:]? ?|nr\.? ?|# ?)?[0-9]{1,5}[A-Za-z]?\.?"
    rb"(?:[/\-](?:[0-9]{1,4}[A-Za-z]?|[A-Z]))?"
    # Floor and door.
    rb"(?:(?:,? |-|,\n)[0-9A-Za-z\x80\x81./:]{1,5}(?: [0-9A-Za-z]{1,4}\.?)?){0,3}"
    # The quarter, in Mexico.
    rb"(?:, (?:Col\.|Colonia|Fracc\.|Barrio|Urb\.) " + _WORD + rb"(?: " + _WORD + rb"){0,2})?"
)
_STREET_NUMBER_FIRST: Final = (
    rb"(?<![\w.])[0-9]{1,4}(?: ?bis| ?ter)?,? (?i:jalan|jln|lorong|persiaran"
    rb"|rue|avenue|av\.|boulevard|bd\.?|place|chemin|all\x80es?|impasse|quai"
    rb"|cours|route|square|passage|sentier|voie|r\.)[A-Za-z\x80 .'\-]{3,50}"
)
_POSTCODE: Final = (
    rb"(?:[A-Z]{1,2}-)?(?:[0-9]{5,6}|[A-Z][0-9]{4}|[0-9]{4}(?: [A-Z]{2}|-[0-9]{3})?"
    rb"|[0-9]{3} [0-9]{2}|[0-9]{2}-[0-9]{3})"
)
_CODE: Final = re.compile(rb"[0-9]{4,6}|[0-9]{3} [0-9]{2}|[0-9]{2}-[0-9]{3}|[0-9]{4}-[0-9]{3}")
_CONTINENT: Final = re.compile(
    rb"(?:" + _STREET + rb"|" + _STREET_NUMBER_FIRST + rb")(?: ?,[ \n]{0,2}|[ \r]?\n| - |  )"
    rb"(?P<code>" + _POSTCODE + rb") " + _CITY + rb"(?: \([A-Z]{2}\)|/" + _WORD + rb")?"
)  # fmt: skip
_SHORT_CODE: Final = 4
_SMALL: Final = re.compile(rb"[a-z\x80]{2}")
"""Digits behind capitals are those of journals and cases of law."""
_YEAR: Final = re.compile(rb"(?:19|20)[0-9]{2}\Z")
_STREET_WORD: Final = re.compile(
    rb"(?i)str(?:a\x80e|asse|aat|\.)|weg|gasse|platz|allee|ring|laan|gracht|gate|vej|vei|gade|rue|calle|via |damm|ufer"
    rb"|avenue|avenida|avda|boulevard|plein|steenweg|lei |bus [0-9]|bte [0-9]|plaza|paseo|c/|corso|viale|piazza|strada"
)
_CODES: Final = frozenset((b"000000", b"00000", b"0000", b"000 00", b"00 000", b"0000 000"))
"""Shapes of postcodes of the continent."""
_ENDS: Final = re.compile(rb"(?:[,\n\x81] ?|  )(?:[A-Z]{1,2}-|[A-Z])?\Z")
_ENDS_CHARS: Final = 5
"""What stands before a postcode: a comma, the end of a line, or two blanks, and the sign of a country perhaps."""
_CODE_AND_CITY: Final = re.compile(rb"00 (?:A|\Z)")
"""The end of each of them, and what follows; behind a run, a city may begin with a letter beyond ASCII."""
_CAPITALS: Final = frozenset(bytes([byte]) for byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\x80")
_CODE_AND_CITY_CHARS: Final = 4

_FORMS: Final = (
    # What is in the shape of a postcode, and the forms that have it.
    (re.compile(rb"A 0000"), (_US, _AUSTRALIA)),
    (re.compile(rb"00000 000"), (_BRAZIL,)),
    (re.compile(rb"A00 (?=[A0]{4}(?![A0]))"), (_IRELAND,)),
)
_PIN: Final = re.compile(rb"(?<!0)(?:000000|000 000)(?!0)")
_BEFORE_PIN: Final = (b" ", b"(")
_UK_SHAPE: Final = re.compile(rb"0A(?<= 0A)")
"""Its digits are no run. It begins with what is rare."""


class AddressRecognizer:
    """``ADDRESS``."""

    entity_types = frozenset({"ADDRESS"})
    hint = (
        rf"{announced.HINT}|{address_labels.HINT}|"
        r"[A-Z][ -]?[0-9]{4}|[0-9][0-9A-Z]? [0-9][A-Z]{2}|[0-9A-Z] ?[0-9][A-Z][0-9]|[0-9]{2} [A-Z]|[0-9]{5}-[0-9]{3}"
        r"|[0-9]{3} ?[0-9]{3}|J(?:[lL]|[aA][lL])|\^.*\^.*\^"
    )

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The addresses."""
        data = folded.ascii
        for offset, (codes, cities, pins) in _codes.within(folded):
            for place, (first, last) in codes:
                yield from _between(data, first, last, offset + place)
            for start, end in cities:
                if found := _continental(data, offset + start, offset + end):
                    yield found
            for place in pins:
                if data[offset + place - 1 : offset + place] in _BEFORE_PIN:
                    yield from _between(data, *_SINGAPORE, offset + place)
                    yield from _between(data, *_INDIA, offset + place)
        yield from _british(folded)
        yield from in_words(folded)
        yield from announced.in_messages(data)
        if folded.may_hold("address name"):
            yield from announced.announced(folded)
        if not folded.text.isascii():
            yield from address_labels.labelled(folded)
            yield from in_letters(folded)
        elif folded.may_hold("address label"):
            yield from address_labels.labelled(folded)


@ByShape
def _codes(run: bytes) -> tuple[Sequence[tuple[int, _Form]], Sequence[tuple[int, int]], Sequence[int]] | None:
    """Where postcodes may be in a run of this shape.

    Those with a form, where one with a city behind it begins and ends, and where one of six digits begins.
    """
    codes = [(match.start(), form) for shape, forms in _FORMS for match in shape.finditer(run) for form in forms]
    # A postcode of the continent is all that a run begins with.
    begins = _CODE_AND_CITY.finditer(run, 0, _CODE_CHARS + _CODE_AND_CITY_CHARS)
    ends = [match.start() + 2 for match in begins]
    cities = [(end - len(code), end) for end in ends if (code := _code(run[:end])) in _CODES]
    pins = [match.start() for match in _PIN.finditer(run)]
    return (codes, cities, pins) if codes or cities or pins else None


def _british(folded: Folded) -> Iterator[Finding]:
    """Addresses of the United Kingdom and of Canada."""
    for match in _UK_SHAPE.finditer(folded.shape):
        yield from _between(folded.ascii, *_UK, match.start() - 1)


def _between(data: bytes, first: re.Pattern[bytes], last: re.Pattern[bytes], at: int) -> Iterator[Finding]:
    """The address whose postcode is about an offset: from its house number or street on."""
    code = last.search(data, max(0, at - _CODE_CHARS), at + _CODE_CHARS)
    if code is None:
        return
    limit = max(0, code.start() - _BEFORE)
    limit += data[limit : code.start()].translate(_FILLER).rfind(b"|") + 1
    start = first.search(data, limit, max(limit, code.start() - _SHORTEST))
    if start:
        yield Finding("ADDRESS", start.start(), code.end(), 0.8)


def _code(run: bytes) -> bytes:
    """The postcode that the beginning of a run ends with, if it is one."""
    return run.rpartition(b"  ")[2].lstrip(b" A")


def _continental(data: bytes, start: int, end: int) -> Finding | None:
    """The address with the street first, whose postcode, behind which a city stands, is between two offsets."""
    if data[end + 1 : end + 2] not in _CAPITALS or not _CODE.fullmatch(data, start, end):
        return None
    if not _ENDS.search(data, max(0, start - _ENDS_CHARS), start):
        return None
    city = end + 2
    if _YEAR.match(data, start, end) and not _STREET_WORD.search(data, max(0, city - _BEFORE_CODE), start):
        return None
    match = _CONTINENT.search(data, max(0, city - _BEFORE_CODE), city + _BEHIND)
    while match and match.end() < city:
        match = _CONTINENT.search(data, match.end(), city + _BEHIND)
    return Finding("ADDRESS", *match.span(), 0.8) if match and _is_street(match) else None


def _is_street(match: re.Match[bytes]) -> bool:
    """Whether a continental address is one: "March 12, 2024 …" has its form."""
    code = match["code"]
    if len(code) == _SHORT_CODE and not _SMALL.search(match[0], 0, match.start("code") - match.start()):
        return False
    return not _YEAR.match(code) or _STREET_WORD.search(match[0]) is not None
