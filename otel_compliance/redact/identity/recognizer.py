"""Identifiers with a form of their own: found by shape, confirmed by check digits, weak ones by a word before them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from otel_compliance.redact.identity import letters, numbers
from otel_compliance.redact.identity.context import (
    Around,
    Context,
    any_text,
    words,
)
from otel_compliance.redact.identity.vocabulary import BIRTH, DRIVERS_LICENSE, PASSPORT
from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.shapes import ByShape

_SEPARATORS: Final = b" .-/()"
_CONTINUED: Final = re.compile(rb" [0-9]{2,4}(?![0-9A-Za-z,:/.\-])")
_CONTINUES: Final = re.compile(rb"(?<![0-9])[0-9]{4} \Z")
_WORD: Final = re.compile(rb"(?<![0-9A-Z])[A-Z]{2,}+(?![0-9A-Z])")
"""In a run, which has no small letters."""
_JOINING: Final = frozenset({b".", b"-", b"/"})


@dataclass(frozen=True, slots=True)
class Identifier:
    """One scheme of identifiers.

    Attributes:
        type: The entity type.
        valid: Whether its characters, without separators, can be one.
        shapes: What it looks like in `Folded.shape` and may stand alone: its separators or its check tell enough.
        named: What it looks like where a word before it must say what it is.
        context: The words.
        confidence: That of its findings.
        mixed: Whether it may be any eight to twelve capitals and digits, where a word says so.
    """

    type: str
    valid: Callable[[str], bool]
    shapes: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    context: Context | None = None
    confidence: float = 0.85
    mixed: bool = False


IDENTIFIERS: Final = (
    Identifier("SSN", numbers.us_ssn, (), ("000000000",),
               words(r"ssn", r"ss ?#", r"social[ -]{0,2}security", r"soc\.? ?sec", r"social(?! media)(?![a-z])")),
    Identifier("US_ITIN", numbers.us_itin, ("000 00 0000",), ("000000000",), words("itin", "taxpayer")),
    Identifier("US_EIN", numbers.us_ein, (), ("00 0000000", "000000000"),
               words(r"ein(?![a-z])", r"fein(?![a-z])", r"ref\*ei\*", "employer id", "federal tax", r"fed(?:eral)? id")),
    Identifier("US_MBI", letters.us_mbi, ("0A00A00AA00", "0AA0A00AA00", "0A00AA0AA00", "0AA0AA0AA00",
                                          "0A00 A00 AA00", "0AA0 A00 AA00", "0A00 AA0 AA00", "0AA0 AA0 AA00")),
    Identifier("US_NPI", numbers.us_npi, (), ("0000000000",),
               # As X12 has it: NM1*…*XX*…
               words(r"npi(?![a-z])", "provider id", "national provider", r"xx\*")),
    Identifier("US_BANK_ROUTING", numbers.us_routing, (), ("000000000", "0000 0000 0"),
               words("routing", r"aba(?![a-z])", r"rtn(?![a-z])")),
    Identifier("UK_NHS", numbers.uk_nhs, (), ("000 000 0000", "0000000000"), words("nhs", "national health")),
    Identifier("UK_NINO", letters.uk_nino, ("AA000000A", "AA 00 00 00 A", "AA 000000 A", "AA000000 A",
                                             "AA00 00 00A", "AA00 00 00 A", "AA 00 00 00A", "AA 000000A")),
    Identifier("CN_RESIDENT_ID", numbers.cn_resident_id, ("000000000000000000", "00000000000000000A")),
    Identifier("IN_AADHAAR", numbers.in_aadhaar, ("0000 0000 0000",), ("000000000000",),
               words("aadha", "aadhar", "adhaar", "uidai", r"uid(?![a-z])", "आधार")),
    Identifier("IN_PAN", letters.in_pan, ("AAAAA0000A",)),
    Identifier("DE_TAX_ID", numbers.de_tax_id, (), ("00000000000", "00 000 000 000"),
               words("steuer", "identifikationsnummer", "idnr", r"id[ -]nr", "tax id", r"tin(?![a-z])", "tax number")),
    Identifier("DE_SOCIAL_INSURANCE", letters.de_social_insurance, ("00000000A000", "00 000000 A 000",
                                                                    "00 00 00 00 A 000", "00 000000 A 00 0",
                                                                    "00 00 00 00 A 00 0", "00 000000 A00 0")),
    Identifier("FR_NIR", numbers.fr_nir, ("000000000000000", "0 00 00 00 000 000 00", "0 00 00 0A 000 000 00",
                                          "0000000000000 00", "000000A000000 00", "000000A00000000")),
    Identifier("ES_DNI", numbers.es_dni, ("00000000A", "00000000 A", "00 000 000 A", "00 000 000A")),
    Identifier("ES_NIE", letters.es_nie, ("A0000000A", "A 0000000 A", "A0000000 A", "A 0000000A")),
    Identifier("IT_CODICE_FISCALE", letters.it_codice_fiscale, ("AAAAAA00A00A000A", "AAA AAA 00A00 A000A")),
    Identifier("PL_PESEL", numbers.pl_pesel, (), ("00000000000",), words("pesel")),
    Identifier("SG_NRIC", letters.sg_nric, ("A0000000A",)),
    Identifier("KR_RRN", numbers.kr_rrn, ("000000 0000000", "000000   0000000"), ("0000000000000",),
               words("resident reg", r"rrn(?![a-z])", r"jumin", "주민")),
    Identifier("AU_TFN", numbers.au_tfn, (), ("000 000 000", "000000000"), words("tfn", "tax file")),
    Identifier("AU_MEDICARE", numbers.au_medicare, (), ("0000 00000 0", "0000000000"), words("medicare")),
    Identifier("BR_CPF", numbers.br_cpf, ("000 000 000 00",), ("00000000000",),
               words(r"cpf(?![a-z])", r"c\.p\.f", "pessoa f", "cadastro de pess")),
    Identifier("BR_CNPJ", numbers.br_cnpj, ("00 000 000 0000 00",), ("00000000000000",), words("cnpj")),
    Identifier("CA_SIN", numbers.ca_sin, (), ("000 000 000", "000000000"),
               words(r"sin(?![a-z])", r"s\.i\.n", "social insurance", r"nas(?![a-z])", "assurance sociale")),
    Identifier("MX_CURP", letters.mx_curp, ("AAAA000000AAAAAA00", "AAAA000000AAAAAAA0")),
    Identifier("JP_MY_NUMBER", numbers.jp_my_number, (), ("0000 0000 0000", "000000000000"),
               words(r"my number(?! is)", "mynumber", "kojin bango", "individual number", "マイナンバー", "個人番号")),
    Identifier("PASSPORT", any_text, (), ("000000000", "00000000", "A0000000", "A00000000", "AA0000000", "AAA000000",
                                          "AA000000", "00AA00000", "A00A00A00", "A0AA00AA0", "AA 0000000",
                                          "A 0000000", "A 00000000", "00 0000000", "00 00 000000",
                                          "A000000AA", "A000000", "0000 000000", "AA 000000", "AAA 000000"),
               PASSPORT, 0.75, mixed=True),
    Identifier("DRIVERS_LICENSE", any_text, (), ("A0000000", "A00000000", "000000000", "00000000", "0000000",
                                                 "AA000000", "A000 0000 0000", "A00000000000", "A000000000000",
                                                 "A00000000000000", "AA000000A", "0000000000", "A000000",
                                                 "A00 00 0000", "A000 000 00 000 0",
                                                 "A000 0000 0000 00", "A0000 00000 00000", "00 000 000", "000 000 000",
                                                 "A 000 000 000 000", "A000 000 000 000", "00 000 0000",
                                                 "A00 000 000", "000000 000", "AAA 00 0000", "000000000000",
                                                 "AA00 00000000000", "AA0000000000000", "AA 0000000000000",
                                                 "AA00 0000 0000000", "AA 00 00000000000", "AA 00 0000 0000000",
                                                 "00000000000", "0000000000000", "00AA00000", "00000 00 0000",
                                                 "AA 000000", "AAA 000000", "A00 00 000000", "00 00 000000",
                                                 "00 000000", "00 000000 00", "00 00 000000 00", "A 0000000 0",
                                                 "AA 000000 0", "000000 0000", "00 00 000000 0", "A000 000 000 00 0",
                                                 "000 000 0000", "0000 0000", "0000 000000", "0000 0000 0000",
                                                 "0000 0000 000000", "00000000000000", "00AA000000"),
               DRIVERS_LICENSE, 0.75, mixed=True),
    # Of the United Kingdom: a name, a date and letters tell enough.
    Identifier("DRIVERS_LICENSE", letters.uk_driving, letters.UK_DRIVING_SHAPES),
    # Words for a licence that are words for much else: Italy's, Turkey's and Indonesia's.
    Identifier("DRIVERS_LICENSE", letters.it_driving, (), ("AA0000000A", "A00000000A"),
               words(r"patente(?: n(?![a-z])| nr| num| auto| b(?![a-z])|[\"']?[:=.]|\s*\Z)"), 0.75, mixed=True),
    Identifier("DRIVERS_LICENSE", any_text, (), ("000000",), words("ehliyet", "sürücü belge"), 0.75),
    Identifier("DRIVERS_LICENSE", any_text, (), ("0000 0000 000000",), words(r"sim(?![a-z]| ?card)"), 0.75),
    Identifier("DATE_OF_BIRTH", numbers.date, (), ("00 00 0000", "0 00 0000", "00 0 0000", "0 0 0000", "0000 00 00",
                                                   "00 00 00", "0000 0 00", "0000 0 0", "0000 00 0", "00000000",
                                                   "0 00 00", "00 0 00",
                                                   "0 0 00", "00   00   0000", "0000   00   00"),
               BIRTH, 0.75),
)  # fmt: skip


_MIXED: Final = re.compile(rb"(?=.*0)(?=.*A)[0A]{8,12}")
"""Of capitals and digits in any order: passports of many countries, and licences of some states."""

NUMBER_TYPES: Final = frozenset(item.type for item in IDENTIFIERS) - {"DATE_OF_BIRTH"}
"""Types whose separators do not matter: with and without them it is the same number."""


def _by_shape() -> dict[bytes, list[tuple[Identifier, bool]]]:
    """Shape to the schemes that have it, each with whether a word before it is needed."""
    schemes: dict[bytes, list[tuple[Identifier, bool]]] = {}
    for item in IDENTIFIERS:
        for named, shapes in ((False, item.shapes), (True, item.named)):
            for shape in shapes:
                schemes.setdefault(shape.encode("ascii"), []).append((item, named))
    for shape, known in schemes.items():
        if _MIXED.fullmatch(shape):
            known += [(item, True) for item in IDENTIFIERS if item.mixed and (item, True) not in known]
    return schemes


_Schemes = Sequence[tuple[Identifier, bool]]
"""Schemes, each with whether a word before is needed."""

_Possible = tuple[_Schemes, frozenset[bytes]]
"""(schemes, the first letters of the words that name one of those that need a word)."""

_Candidate = tuple[int, bool, _Possible]
"""(length, whether it may be part of something longer, schemes)."""


def _with_starts(schemes: _Schemes) -> _Possible:
    contexts = [item.context for item, named in schemes if named and item.context is not None]
    return schemes, frozenset().union(*(context.starts for context in contexts))


_SCHEMES: Final = {shape: _with_starts(schemes) for shape, schemes in _by_shape().items()}
_BEGINNINGS: Final = frozenset(
    b" ".join(groups[:count])
    for groups in (shape.split(b" ") for shape in _SCHEMES)
    for count in range(1, len(groups) + 1)
)
"""What a shape may begin with: a run that begins otherwise holds none."""
_MIXED_SCHEMES: Final = _with_starts([(item, True) for item in IDENTIFIERS if item.mixed])
_BEFORE: Final = b"  "
"""Before the first group of a run stands what stands behind an empty one."""
_WINDOW: Final = len(_BEFORE) + max(map(len, _SCHEMES)) + len(b" 0")
"""The longest shape, with one character of the group before it, and of the one behind."""


class IdentifierRecognizer:
    """National, health and tax numbers of people."""

    entity_types = frozenset(item.type for item in IDENTIFIERS)
    hint = (
        r"[0-9]{6}|[0-9][ .\-/()][0-9]{1,2}[ .\-/()][0-9]{2}"
        r"|[0-9]{3}[ .\-/()]?[0-9]{2,3}[ .\-/()]?[0-9]{3}|[0-9]{2}[ .\-/()][0-9]{3}[ .\-/()][0-9]{3}"
        r"|[0-9]{2}[ .\-/()][0-9]{7}|[0-9]{4}[ .\-/()][0-9]{4}|[0-9] [0-9]{2} [0-9]{2} [0-9]"
        r"|[A-Z]{2}[ .\-/()]?[0-9]{2}[ .\-/()]?[0-9]{2}|[A-Z][ .\-/()][0-9]{7}|[A-Z]{3} ?[A-Z]{2,3} ?[0-9]{2}"
        r"|[0-9][A-Z][A-Z0-9][0-9]"
    )

    def find(self, folded: Folded) -> list[Finding]:
        """The identifiers."""
        found: list[Finding] = []
        for offset, candidates in _candidates.within(folded):
            _confirm(found, folded, candidates, offset)
        return found


def _confirm(
    found: list[Finding],
    folded: Folded,
    candidates: Sequence[tuple[int, Sequence[_Candidate]]],
    offset: int,
) -> None:
    """Add those candidates of a run that are what they look like."""
    data = folded.ascii
    around: Around | None = None
    last = 0
    for start, (length, inner, (schemes, starts)) in (
        (offset + place, candidate) for place, begun in candidates for candidate in begun
    ):
        end = start + length
        if inner and _continues(data, start, end):
            continue
        spoken = None
        if starts:
            # The words before the first candidate tell what all of them are, but for words among them.
            if around is None or _WORD.search(data, last, start):
                around = Around(folded, start, start, end)
            around.move(start, end)
            last = max(last, end)
            spoken = None if around.is_silent(starts) else around
        for identifier, named in schemes:
            if named:
                said = bool(spoken and identifier.context and identifier.context.names(spoken))
            else:
                said = not _is_part(data, start, end)
            if said and identifier.valid(data[start:end].translate(None, _SEPARATORS).decode("ascii")):
                found.append(Finding(identifier.type, start, end, identifier.confidence))


def _is_part(data: bytes, start: int, end: int) -> bool:
    """Whether groups of digits beside a value make it part of a longer number."""
    return _CONTINUED.match(data, end) is not None or _CONTINUES.search(data, max(0, start - 5), start) is not None


@ByShape
def _candidates(run: bytes) -> Sequence[tuple[int, Sequence[_Candidate]]]:
    """What a run of this shape may hold, one group of characters or several: (offset, what may begin there)."""
    # The shortest are India's PAN and a date of birth with two digits for the year.
    if run.count(b"0") < (4 if b"A" in run else 5):
        return ()
    found: list[tuple[int, Sequence[_Candidate]]] = []
    # A hostile run repeats itself.
    known: dict[bytes, Sequence[_Candidate]] = {}
    padded, place = _BEFORE + run, 0
    while place >= 0:
        window = padded[place : place + _WINDOW]
        begun = known.get(window)
        if begun is None:
            begun = known[window] = _begun(window[:1].strip(), *window[len(_BEFORE) :].split(b" "))
        if begun:
            found.append((place, begun))
        place = run.find(b" ", place) + 1 or -1
    return tuple(found)


def _begun(before: bytes, *groups: bytes) -> Sequence[_Candidate]:
    """What begins with the first of some groups, behind a character."""
    found: list[_Candidate] = []
    if groups[0] not in _SCHEMES and _MIXED.fullmatch(groups[0]):
        found.append((len(groups[0]), True, _MIXED_SCHEMES))
    shape = b""
    for group, behind in zip(groups, (*groups[1:], b""), strict=True):
        shape = shape + b" " + group if shape else group
        if shape not in _BEGINNINGS:
            break
        if possible := _SCHEMES.get(shape):
            # Most groups beside it are capitals, not digits; what is beside the run is not known.
            inner = before in (b"", b"0") or behind[:1] in (b"", b"0")
            found.append((len(shape), inner, possible))
    return found


def _continues(data: bytes, start: int, end: int) -> bool:
    """Whether a letter or digit, or a separator and a digit, stand beside a candidate, as in something longer."""
    before, behind = data[start - 1 : start], data[end : end + 1]
    return (
        before.isalnum()
        or behind.isalnum()
        or (before in _JOINING and data[start - 2 : start - 1].isdigit())
        or (behind in _JOINING and data[end + 1 : end + 2].isdigit())
    )
