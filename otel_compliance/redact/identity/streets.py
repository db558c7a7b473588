"""Streets by the words of their language where no postcode tells: in letters of ASCII or with marks.

Turkish and Indonesian ones are driven by what is rare in other texts, the others are looked for only where a text has
letters beyond ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded

_NAME: Final = rb"[A-Z0-9\x80][\w\x80.'\-]{0,20}"
_CITY: Final = rb"[A-Z\x80][A-Za-z\x80'\-]{1,20}(?: [A-Z\x80][A-Za-z\x80'\-]{1,20}){0,2}"

# Turkey: "Bağdat Caddesi No: 41 D:3, 06420 Çankaya/Ankara".
_TURKISH_WORD: Final = re.compile(
    rb" (?:Cad(?:desi)?|Cd|CADDES[I\x80]|Sok(?:a[kg\x80]\x80?)?|Sk|SOK(?:A[KG\x80]I?)?|Bulvar[i\x80]?|Blv"
    rb"|Mah(?:allesi)?|Meydan[i\x80]|Yolu|Apt)\.?,? ?\Z"
)
_TURKISH_WORD_CHARS: Final = 14
_TURKISH_NAMES: Final = re.compile(rb"(?<![\w\x80])" + _NAME + rb"(?:,? " + _NAME + rb"){0,7}\Z")
_TURKISH_NUMBER: Final = re.compile(
    rb"N[oO] ?[:.]? ?[0-9]{1,5}(?:[/\-][0-9A-Z]{1,4})?[A-Z]?"
    rb"(?:[ ,/]{1,3}(?:[kK]at|K|[dD]aire|D|[bB]lok|Apt|\x80\x80 Kap\x80 No)\.? ?[:.]? ?[0-9A-Z]{1,4}(?![\w\x80])){0,4}"
    rb"(?:[, ]{1,3}[0-9]{5})?(?:[, ]{1,3}" + _CITY + rb"(?: ?/ ?" + _CITY + rb")?)?(?: [0-9]{5}(?![0-9]))?"
)
_TURKISH_CHARS: Final = 120

# Indonesia and Malaysia: "Jl. Gatot Subroto No. 94, Yogyakarta 57127", "12, Jalan Ampang, 50450 Kuala Lumpur".
_INDONESIAN: Final = re.compile(
    rb"J(?:ln?|L|LN|alan|ALAN)\.? (?:" + _NAME + rb"[ \n]){0,5}?" + _NAME +
    rb",?[ \n](?:(?:N[oO]|Nomor|Kav|Blok|K[mM])\.?:?[ \n]?)?[A-Z]{0,2}[\-/]?[0-9]{1,5}[A-Za-z]?"
    rb"(?:[/\-][0-9A-Z]{1,4}){0,2}(?![\w:%])(?: N[oO]\.? ?[0-9]{1,4}[A-Z]?(?!\w))?"
    rb"(?:[,/]? ?(?:RT|RW|Rt|Rw)[ .]{0,2}[0-9]{1,3}(?:/[0-9]{1,3})?){0,2}"
    rb"(?:,[ \n](?:[0-9]{5} )?(?:K[ae][lcb]\. |Desa |Kota |Blok )?" + _CITY + rb"){0,5}(?:,?[ \n][0-9]{5}(?![0-9]))?"
)  # fmt: skip
_MALAY: Final = re.compile(
    rb"J(?:ln?|alan)\.? (?:" + _NAME + rb" ){0,4}?" + _NAME + rb"(?:,[ \n](?:[0-9]{5} )?" + _CITY + rb"){0,4}"
)
_MALAY_NUMBER: Final = re.compile(
    rb"(?<![\w.#$])(?:(?:No|Lot|Unit)\.? ?)?[0-9]{1,5}[A-Z]?(?:[\-/][0-9]{1,4}){0,2},? \Z"
)
_MALAY_CHARS: Final = 24
_JALAN: Final = (b"l", b"a", b"L", b"A")
_NO: Final = (b"o", b"O")
"""The second letters of a street in Indonesia, and of "No"."""

# Colombia: "Carrera 7 # 71-21, Bogotá". The sign is the number of the crossing street.
_CROSSING: Final = re.compile(rb"# ?[0-9]{1,3}[A-Z]? ?- ?[0-9]{1,3}(?![\w\-])(?:, ?" + _CITY + rb"){0,2}")
_BEFORE_CROSSING: Final = re.compile(
    rb"(?<![\w\x80])(?:Carrera|Cra?\.?|Kra?\.?|Calle|Cll?\.?|Diagonal|Diag\.|Transversal|Transv\.|Avenida|Av\.|Autopista)"
    rb" ?[0-9]{1,3} ?[A-Z]{0,2}(?: ?(?:Sur|Norte|Este|Oeste|Bis|BIS))? ?\Z"
)
_CROSSING_CHARS: Final = 30

# Romania, Poland, Hungary, Spain, Portugal and Italy without a postcode.
_WORD: Final = rb"[A-Z\x80][\w\x80.'\-]{1,20}"
_WORDS: Final = _WORD + rb"(?: (?:d[aeio]s? |del |della |la |los |las |dei |y |e )?" + _WORD + rb"){0,3}"
_EUROPEAN: Final = (
    # What is in every text that has such an address, and the address.
    (
        (b" nr", b" Nr", b",nr"),
        re.compile(
            rb"(?<![\w\x80])(?:Str(?:ada|\.)|B-?dul\.?|Bd\.|Bulevardul|Calea|Aleea|\x80os(?:eaua|\.)|Pia\x80a) "
            + _WORDS + rb",? ?[nN]r\.? ?[0-9]{1,4}[A-Za-z]?(?:, ?(?:bl|sc|et|ap)\.? ?[0-9A-Z]{1,4}){0,4}"
            rb"(?:, ?(?:[sS]ector(?:ul)? [1-6]|(?:(?:jud\.|jude\x80ul|mun\.|com\.|sat) ?)?" + _CITY + rb")){0,3}"
            rb"(?:,? [0-9]{6}(?![0-9]))?"
        ),
    ),
    (
        (b"ul. ", b"al. ", b"pl. ", b"os. ", b"Ul. ", b"Al. ", b"Pl. ", b"Os. "),
        re.compile(
            rb"(?<![\w\x80])(?:ul|al|pl|os|Ul|Al|Pl|Os)\. (?:[A-Z0-9\x80][\w\x80.\-]{0,20} ){1,4}[0-9]{1,4}[A-Za-z]?"
            rb"(?:/[0-9]{1,4})?(?: ?m\.? ?[0-9]{1,4})?(?:, (?:[0-9]{2}-[0-9]{3} )?" + _CITY + rb")?"
        ),
    ),
    (
        (
            *(b" utca ", b" \x80t ", b" u. ", b" t\x80r ", b"k\x80r\x80t ", b" krt. ", b" k\x80z ", b"t\x80ny "),
            *(b" fasor ", b" rakpart "),
        ),
        re.compile(
            rb"(?<![\w\x80])(?:(?:[0-9]{4} )?" + _CITY + rb", )?(?:[A-Z\x80][\w\x80.\-]{1,24} ){1,3}"
            rb"(?:utca|\x80t|u\.|t\x80r|k\x80r\x80t|krt\.|k\x80z|s\x80t\x80ny|fasor|rakpart) [0-9]{1,4}\.?"
            rb"(?:/[A-Z])?(?:,? [0-9]{4} " + _CITY +
            rb"|(?:[, ]{1,2}[0-9IVXA-Z.]{1,5}(?: ?(?:em|emelet|ajt\x80)\.?)?(?:/[0-9]{1,3}\.?)?){0,2})"
        ),
    ),
    (
        (b"all\x80e", b"hemin ", b"mpasse ", b"place ", b"quai "),
        re.compile(
            rb"(?<![\w.\-])[0-9]{1,4}(?: ?bis| ?ter)?,? (?:all\x80es?|chemin|impasse|place|quai) "
            rb"(?:d[eu]s? |d')?(?:l[ea]s? |l')?" + _WORD + rb"(?: (?:d[eu]s? )?" + _WORD + rb"){0,2}"
            rb"(?:, [0-9]{5} " + _CITY + rb")?"
        ),
    ),
    (
        (
            *(b"alle ", b"C/", b"vda. ", b"vd. ", b"venida ", b"aseo ", b"laza ", b"onda ", b"amino ", b"arrera "),
            *(b"ua ", b"v. ", b"essa ", b"ameda ", b"ia ", b"iale ", b"iazza ", b"orso ", b"argo ", b"icolo "),
        ),
        re.compile(
            rb"(?<![\w\x80])"
            rb"(?:[cC]alle|C/|[aA]vda?\.|[aA]venida|[pP]aseo|[pP]laza|[rR]onda|[cC]amino|[cC]arrera"
            rb"|[rR]ua|[aA]v\.|[tT]ravessa|[aA]lameda|[vV]ia|[vV]iale|[pP]iazza|[cC]orso|[lL]argo|[vV]icolo) ?"
            rb"(?:d[aeio]s? |del(?:la|le|l')? ?|de la |de los |de las )?" + _WORDS +
            # No year.
            rb",? ?(?:n\.?[o\x80\x81]?\.? ?)?(?!(?:19|20)[0-9]{2}(?![0-9]))[0-9]{1,4}[A-Za-z]?"
            rb"(?:/[0-9A-Z]{1,3})?(?![\w:%])"
            rb"(?:, ?[0-9]{1,2}[o\x80\x81.]{0,2} ?[A-Za-z]{0,4}\.?(?![\w\x80])){0,2}"
        ),
    ),
)  # fmt: skip


def turkish(data: bytes, colon: int) -> Finding | None:
    """The address in which a colon stands behind "No"."""
    at = data.rfind(b"N", max(0, colon - 3), colon)
    return _at_number(data, at) if at >= 0 else None


def _at_number(data: bytes, at: int) -> Finding | None:
    """The Turkish address whose number begins with "No" at an offset."""
    number = _TURKISH_NUMBER.match(data, at)
    if number is None:
        return None
    word = _TURKISH_WORD.search(data, max(0, at - _TURKISH_WORD_CHARS), at)
    names = _TURKISH_NAMES.search(data, max(0, at - _TURKISH_CHARS), word.start()) if word else None
    return Finding("ADDRESS", names.start(), number.end(), 0.75) if names else None


def in_words(folded: Folded) -> Iterator[Finding]:
    """Streets by their words."""
    data = folded.ascii
    for at in _places(data, b"J"):
        if data[at + 1 : at + 2] in _JALAN and (finding := _jalan(data, at)):
            yield finding
    for at in _places(data, b"#"):
        if finding := _crossing(data, at):
            yield finding
    if not folded.text.isascii() and b"\x80" in data:
        yield from _with_marks(data)


def _places(data: bytes, sign: bytes) -> Iterator[int]:
    at = data.find(sign)
    while at >= 0:
        yield at
        at = data.find(sign, at + 1)


def _with_marks(data: bytes) -> Iterator[Finding]:
    """The streets of languages whose texts have letters beyond ASCII."""
    for at in _places(data, b" N"):
        if data[at + 2 : at + 3] in _NO and (finding := _at_number(data, at + 1)):
            yield finding
    for marks, street in _EUROPEAN:
        if any(mark in data for mark in marks):
            yield from (Finding("ADDRESS", *match.span(), 0.7) for match in street.finditer(data))


def _crossing(data: bytes, at: int) -> Finding | None:
    """The Colombian address whose sign for a number is at an offset."""
    crossing = _CROSSING.match(data, at)
    street = _BEFORE_CROSSING.search(data, max(0, at - _CROSSING_CHARS), at) if crossing else None
    return Finding("ADDRESS", street.start(), crossing.end(), 0.75) if crossing and street else None


def _jalan(data: bytes, at: int) -> Finding | None:
    """A street of Indonesia, whose number follows, or of Malaysia, where it stands before."""
    if data[at - 1 : at].isalnum():
        return None
    number = _MALAY_NUMBER.search(data, max(0, at - _MALAY_CHARS), at)
    match = _INDONESIAN.match(data, at)
    if match is None and number:
        match = _MALAY.match(data, at)
    return Finding("ADDRESS", number.start() if number else at, match.end(), 0.75) if match else None
