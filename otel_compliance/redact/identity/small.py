"""Identifiers whose letters are written small, as in "s1234567d" and "rssmra85t10a562s".

Their letters end a run of digits, so that only the digits are looked for there, and the letters beside them here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from otel_compliance.redact.identity import letters, numbers
from otel_compliance.redact.identity.context import Around, Context, any_text, words
from otel_compliance.redact.identity.vocabulary import DRIVERS_LICENSE, PASSPORT
from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.shapes import ByShape


class _Form(NamedTuple):
    """How an identifier is written.

    Attributes:
        type: The entity type.
        pattern: What it is, from its first letter or digit on.
        valid: Whether its characters, without separators and in capitals, can be one.
        context: The words, one of which must stand near; `None` where its check tells enough.
    """

    type: str
    pattern: re.Pattern[bytes]
    valid: Callable[[str], bool]
    context: Context | None = None


_NINO: Final = words(r"nat(?:ional)? ins", "insurance n", r"nino(?![a-z])", r"ni(?![a-z])", nearest=True)
_PAN: Final = words(r"pan(?![a-z])", "permanent account", "पैन", nearest=True)
_DNI: Final = words(r"dni(?![a-z])", r"nif(?![a-z])", r"d\.n\.i", r"n\.i\.f", "documento", "identidad", "identitat")
_SOCIAL: Final = words("sozialvers", "rentenvers", r"versicherungsn", r"sv[ -]?n", r"rv[ -]?n")

_DOCUMENTS: Final = (("PASSPORT", PASSPORT), ("DRIVERS_LICENSE", DRIVERS_LICENSE))
_SERIES: Final = (
    # As many digits behind one letter or several.
    (6, re.compile(rb"[A-Za-z]{1,3}[0-9]{6}")),
    (7, re.compile(rb"[A-Za-z]{1,2}[0-9]{7}")),
    (8, re.compile(rb"[A-Za-z][0-9]{8}")),
)

_FORMS: Final[dict[bytes, tuple[_Form, ...]]] = {
    b"0000": (_Form("IN_PAN", re.compile(rb"[A-Za-z]{5}[0-9]{4}[A-Za-z]"), letters.in_pan, _PAN),),
    b"000000": (
        _Form("UK_NINO", re.compile(rb"[A-Za-z]{2}[ \-]?[0-9]{6}[ \-]?[A-Da-d]"), letters.uk_nino, _NINO),
        _Form("MX_CURP", re.compile(rb"[A-Za-z]{4}[0-9]{6}[A-Za-z]{6}[0-9A-Za-z][0-9]"), letters.mx_curp),
        _Form("DRIVERS_LICENSE", re.compile(rb"[A-Za-z]{5}[0-9]{6}[A-Za-z][0-9A-Za-z]{2}[A-Za-z]{2}"),
              letters.uk_driving, DRIVERS_LICENSE),
    ),
    b"00 00 00": (
        _Form("UK_NINO", re.compile(rb"[A-Za-z]{2}[ \-]?[0-9]{2}([ \-])[0-9]{2}\1[0-9]{2}[ \-]?[A-Da-d]"),
              letters.uk_nino, _NINO),
    ),
    b"0000000": (
        _Form("SG_NRIC", re.compile(rb"[A-Za-z][0-9]{7}[A-Za-z]"), letters.sg_nric),
        _Form("ES_NIE", re.compile(rb"[A-Za-z][ \-]?[0-9]{7}[ \-]?[A-Za-z]"), letters.es_nie),
    ),
    b"00000000": (
        _Form("ES_DNI", re.compile(rb"[0-9]{8}[ \-]?[A-Za-z]"), numbers.es_dni, _DNI),
        _Form("DE_SOCIAL_INSURANCE", re.compile(rb"[0-9]{8}[A-Za-z][0-9]{3}"), letters.de_social_insurance, _SOCIAL),
    ),
    b"00 000 000": (
        _Form("ES_DNI", re.compile(rb"[0-9]{2}([. ])[0-9]{3}\1[0-9]{3}[ \-]?[A-Za-z]"), numbers.es_dni, _DNI),
    ),
    b"00 000000": (
        _Form("DE_SOCIAL_INSURANCE", re.compile(rb"[0-9]{2} [0-9]{6} [A-Za-z] [0-9]{3}"), letters.de_social_insurance,
              _SOCIAL),
    ),
    b"00000000000000000": (_Form("CN_RESIDENT_ID", re.compile(rb"[0-9]{17}[Xx]"), numbers.cn_resident_id),),
    b"000000 00000000 000": (
        _Form("CN_RESIDENT_ID", re.compile(rb"[0-9]{6}([ \-])[0-9]{8}\1[0-9]{3}[Xx]"), numbers.cn_resident_id),
    ),
}  # fmt: skip
"""The digits of a shape, and what they may be part of."""
for _digits, _pattern in _SERIES:
    _FORMS[b"0" * _digits] += tuple(_Form(name, _pattern, any_text, context) for name, context in _DOCUMENTS)

# The letters right before the digits, or one sign before them.
_LETTERS: Final = re.compile(rb"(?<![0-9A-Za-z_])[A-Za-z]{1,5}([ \-]?)\Z")
_LETTERS_CHARS: Final = 6
_SEPARATORS: Final = b" .-"
_JOINING: Final = (b".", b"-", b"/")
_DIGITS: Final = re.compile(
    # Behind letters, which are small, so that a run begins there; behind a letter; or behind anything.
    rb"\A(?:0000\Z|(?:000000|00 00 00)(?=(?:A ?| )?\Z))"
    rb"|(?:\A|(?<=A)|(?<=A ))0000000(?=(?:A ?| )?\Z)"
    rb"|(?<!0)(?:00 000000(?= \Z)|(?:0{17}|000000 00000000 000|00000000|00 000 000)(?=(?:A ?| )?\Z))"
)
"""At the end of a run, but for a capital behind them, or for a blank before the letter that ends it."""
_CODICE: Final = re.compile(rb"[A-Za-z]{6}[0-9]{2}[A-Za-z][0-9]{2}[A-Za-z][0-9]{3}[A-Za-z]")
_CODICE_CHARS: Final = 16

HINT: Final = (
    r"[0-9]{4}[a-z]|[0-9]{6}[ \-][a-z]|[. ][0-9]{3}[ \-]?[a-z]|[a-z][ \-]?[0-9]{6}|[a-z][0-9]{4}[A-Z]"
    r"|[a-z][ \-]?[0-9]{2}[ \-][0-9]{2}[ \-][0-9]{2}|[0-9]{2}[A-Za-z][0-9]{2}[A-Za-z][0-9]{3}[A-Za-z]"
)


def in_small_letters(folded: Folded) -> list[Finding]:
    """The identifiers that have a small letter."""
    data, found = folded.ascii, list[Finding]()
    for offset, (place, length, forms) in _places.within(folded):
        at, end = offset + place, offset + length
        # Hardly any number has a letter right beside it, but for those in digests.
        if not data[at - 2 : at - 1].isdigit() if data[at - 1 : at].islower() else _is_letter(data, end):
            for start in _starts(data, at):
                found += _at(folded, start, forms)
    for start, end in folded.runs:
        if end - start == _CODICE_CHARS and _CODICE.fullmatch(data, start, end):
            value = data[start:end]
            if not value.isupper() and letters.it_codice_fiscale(value.decode("ascii").upper()):
                found.append(Finding("IT_CODICE_FISCALE", start, end, 0.85))
    return found


@ByShape
def _places(run: bytes) -> tuple[int, int, Sequence[_Form]] | None:
    """Where the digits begin that end a run of this shape, where the run ends, and what they may be part of."""
    match = _DIGITS.search(run)
    return (match.start(), len(run), _FORMS[match[0]]) if match else None


def _is_letter(data: bytes, end: int) -> bool:
    """Whether a small letter is right behind a run that ends at an offset, but for the first of another word."""
    if not data[end : end + 1].islower():
        return False
    return data[end - 1 : end].isalnum() or not data[end + 1 : end + 2].isalpha()


def _starts(data: bytes, at: int) -> Iterator[int]:
    """Where an identifier may begin whose digits begin at an offset."""
    before = _LETTERS.search(data, max(0, at - _LETTERS_CHARS), at)
    if before:
        yield before.start()
    if not data[at - 1 : at].isalnum():
        yield at


def _at(folded: Folded, start: int, forms: Sequence[_Form]) -> Iterator[Finding]:
    """What begins at an offset."""
    data = folded.ascii
    for form in forms:
        match = form.pattern.match(data, start)
        # What has capitals alone is looked for where they are part of a run.
        if match is None or match[0].isupper() or match[0].translate(None, _SEPARATORS).isdigit():
            continue
        end, characters = match.end(), match[0].translate(None, _SEPARATORS).decode("ascii").upper()
        if _continues(data, start, end) or not form.valid(characters):
            continue
        if form.context is None or form.context.names(Around(folded, start, start, end)):
            yield Finding(form.type, start, end, 0.75 if form.valid is any_text else 0.85)


def _continues(data: bytes, start: int, end: int) -> bool:
    """Whether what stands between two offsets is part of a longer word, or of a path."""
    before, behind = data[start - 1 : start], data[end : end + 1]
    return (
        before.isalnum()
        or behind.isalnum()
        or b"_" in (before, behind)
        or (before in _JOINING and data[start - 2 : start - 1].isalnum())
        or (behind in _JOINING and data[end + 1 : end + 2].isalnum())
    )
