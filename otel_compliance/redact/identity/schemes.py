"""Schemes of identifiers: what each looks like, its check, and its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from otel_compliance.redact.identity import letters, numbers
from otel_compliance.redact.identity.context import Context, any_text, words
from otel_compliance.redact.identity.vocabulary import BIRTH, DRIVERS_LICENSE, PASSPORT


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
               words(r"ssn", r"ss ?#", r"social[ -]{0,2}security", r"soc\.? ?sec", r"social(?! media)(?![a-z])",
                     r"ref\*sy\*")),
    Identifier("US_ITIN", numbers.us_itin, ("000 00 0000",), ("000000000",), words("itin", "taxpayer")),
    Identifier("US_EIN", numbers.us_ein, (), ("00 0000000", "000000000"),
               words(r"ein(?![a-z])", r"fein(?![a-z])", "employer id", "federal tax", r"fed(?:eral)? id",
                     r"ref\*ei\*")),  # as X12 has it
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
    Identifier("CN_RESIDENT_ID", numbers.cn_resident_id, ("000000000000000000", "00000000000000000A",
                                                                "000000 00000000 0000", "000000 00000000 000A")),
    Identifier("IN_AADHAAR", numbers.in_aadhaar, ("0000 0000 0000",), ("000000000000",),
               words("aadha", "aadhar", "adhaar", "uidai", r"uid(?![a-z])", "आधार", "ஆதார்", "ఆధార్", "আধার", "આધાર", "ಆಧಾರ್",
                     "ആധാർ", "ਆਧਾਰ", "ଆଧାର", "آدھار")),
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
    Identifier("BR_CPF", numbers.br_cpf, ("000 000 000 00",), ("00000000000", "000000000 00"),
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
                                          "A000000AA", "A000000", "0000 000000", "AA 000000", "AAA 000000",
                                          # In groups, as they are printed.
                                          "A00 000000", "AA0 000000", "000 000000", "00A A00000", "000 000 000",
                                          "A00 000 000", "AA0 000 000"),
               PASSPORT, 0.75, mixed=True),
    Identifier("DRIVERS_LICENSE", any_text, (), ("A0000000", "A00000000", "000000000", "00000000", "0000000",
                                                 "AA000000", "A000 0000 0000", "A000 0000 0000 0",
                                                 "A00000000000", "A000000000000",
                                                 "A00000000000000", "AA000000A", "0000000000", "A000000",
                                                 "A00 00 0000", "A000 000 00 000 0",
                                                 "A000 0000 0000 00", "A0000 00000 00000", "00 000 000", "000 000 000",
                                                 "A 000 000 000 000", "A000 000 000 000", "00 000 0000",
                                                 "A00 000 000", "000000 000", "AAA 00 0000", "000000000000",
                                                 "AA00 00000000000", "AA0000000000000", "AA 0000000000000",
                                                 "AA00 0000 0000000", "AA 00 00000000000", "AA 00 0000 0000000",
                                                 "00000000000", "00AA00000", "00000 00 0000",
                                                 "AA 000000", "AAA 000000", "A00 00 000000", "00 00 000000",
                                                 "00 000000 00", "00 00 000000 00", "A 0000000 0", "AA 000000 0",
                                                 "00 00 000000 0", "A000 000 000 00 0", "0000 000000",
                                                 "0000 0000 0000", "00AA000000", *letters.UK_DRIVING_SHAPES),
               DRIVERS_LICENSE, 0.75, mixed=True),
    Identifier("DATE_OF_BIRTH", numbers.date, (), ("00 00 0000", "0 00 0000", "00 0 0000", "0 0 0000", "0000 00 00",
                                                   "00 00 00", "0000 0 00", "0000 0 0", "0000 00 0", "00000000",
                                                   "0 00 00", "00 0 00",
                                                   "0 0 00", "00   00   0000", "0000   00   00", "00  00  0000",
                                                   "00  0  0000", "0  00  0000", "0  0  0000", "00 AAA 00"),
               BIRTH, 0.75),
)  # fmt: skip


LOCAL: Final = (
    # Of the United States: on their forms it has the name of all numbers of taxes.
    Identifier("US_EIN", numbers.us_ein, (), ("00 0000000",),
               words(r"tin(?![a-z])", "tax ?id", "taxpayer id", "employer")),
    # Of the United Kingdom: with a date in it, any licence may be meant.
    Identifier("DRIVERS_LICENSE", letters.uk_driving, (), letters.UK_DRIVING_SHAPES, words("licen[cs]e", "dvla"), 0.75),
    # Of Italy and Indonesia: a patent, and a card of a telephone, have the same names.
    Identifier("DRIVERS_LICENSE", letters.it_driving, (), ("AA0000000A", "A00000000A"),
               words(r"patente(?: (?:n|nr|num[a-z]*|no|auto|b)(?![a-z])|[^a-z]*\Z)"), 0.75, mixed=True),
    Identifier("DRIVERS_LICENSE", any_text, (), ("0000 0000 000000",), words(r"sim(?![a-z]| ?card)"), 0.75),
)  # fmt: skip
"""Forms of a number that have a check, or words, of their own."""

NUMBER_TYPES: Final = frozenset(item.type for item in IDENTIFIERS) - {"DATE_OF_BIRTH"}
"""Types whose separators do not matter: with and without them it is the same number."""
