"""Identifiers with a form of their own: found by shape, confirmed by check digits, weak ones by a word before them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from otel_compliance.redact.identity.context import Around, names_another, words
from otel_compliance.redact.identity.mixed import HINT, LENGTHS, mixed
from otel_compliance.redact.identity.schemes import IDENTIFIERS, LOCAL, Identifier
from otel_compliance.redact.identity.small import HINT as SMALL
from otel_compliance.redact.identity.small import in_small_letters
from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.shapes import ByShape

_SEPARATORS: Final = b" .-/()"
_CONTINUED: Final = re.compile(rb" [0-9]{2,4}(?![0-9A-Za-z,:/.\-])")
_CONTINUES: Final = re.compile(rb"(?<![0-9])[0-9]{4} \Z")
_WORD: Final = re.compile(rb"(?<![0-9A-Z])[A-Z]{2,}+(?![0-9A-Z])")
"""In a run, which has no small letters."""
_JOINING: Final = frozenset({b".", b"-", b"/"})
_NEXT: Final = re.compile(rb"[ ,;/(\[]{1,3}(?:[a-z]{2,9} ){0,4}[(\"'`]?")
_WITHOUT_CHECK: Final = frozenset({"PASSPORT", "DRIVERS_LICENSE", "DATE_OF_BIRTH"})
_NEXT_CHARS: Final = 28
"""Few words, between a number and another one of the same kind."""


_ALL: Final = (*IDENTIFIERS, *LOCAL)
_MIXED: Final = re.compile(rb"(?=.*0)(?=.*A)[0A]{%d,%d}" % (LENGTHS[0], LENGTHS[-1]))
"""Of capitals and digits in any order: passports of many countries, and licences of some states."""


def _by_shape() -> dict[bytes, list[tuple[Identifier, bool]]]:
    """Shape to the schemes that have it, each with whether a word before it is needed."""
    schemes: dict[bytes, list[tuple[Identifier, bool]]] = {}
    for item in _ALL:
        for named, shapes in ((False, item.shapes), (True, item.named)):
            for shape in shapes:
                schemes.setdefault(shape.encode("ascii"), []).append((item, named))
    for form, known in schemes.items():
        if _MIXED.fullmatch(form):
            known += [(item, True) for item in _ALL if item.mixed and (item, True) not in known]
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
_MIXED_SCHEMES: Final = _with_starts([(item, True) for item in _ALL if item.mixed])
_GROUPED: Final = re.compile(
    rb"(?:(?=A{0,2}0)(?=[0 ]*A)[0A]{3} (?:[0A]{6}|[0A]{3} [0A]{3})|AAA (?=A*0)(?=0*A)[0A]{6})(?![0A])"
)
"""Nine capitals and digits in groups, as in German and French passports. Three capitals may be the name of a number."""
_PASSPORTS: Final = _with_starts([(item, True) for item in IDENTIFIERS if item.type == "PASSPORT"])
_BEFORE: Final = b"  "
"""Before the first group of a run stands what stands behind an empty one."""
_WINDOW: Final = len(_BEFORE) + max(map(len, _SCHEMES)) + len(b" 0")
"""The longest shape, with one character of the group before it, and of the one behind."""

_SIX: Final = 6
_SIX_DIGITS: Final = re.compile(rb"(?<![0A])000000(?![0A])")
_SHORT_CHARS: Final = 4_000
_TURKISH: Final = (b"hliyet", b"hl\x80yet", b"r\x80c\x80 bel")
GATES: Final = {"turkish": (rb"(?i)hl[i\x80]yet|r\x80c\x80 bel",)}
_TURKISH_LICENSE: Final = words(r"ehl[i\x80]yet", "sürücü belge", nearest=True)


class IdentifierRecognizer:
    """National, health and tax numbers of people."""

    entity_types = frozenset(item.type for item in IDENTIFIERS)
    hint = (
        r"[0-9]{6}|[0-9][ .\-/()][0-9]{1,2}[ .\-/()][0-9]{2}"
        r"|[0-9]{3}[ .\-/()]?[0-9]{2,3}[ .\-/()]?[0-9]{3}|[0-9]{2}[ .\-/()][0-9]{3}[ .\-/()][0-9]{3}"
        r"|[0-9]{2}[ .\-/()][0-9]{7}|[0-9]{4}[ .\-/()][0-9]{4}|[0-9] [0-9]{2} [0-9]{2} [0-9]"
        r"|[A-Z]{2}[ .\-/()]?[0-9]{2}[ .\-/()]?[0-9]{2}|[A-Z][ .\-/()][0-9]{7}|[A-Z]{3} ?[A-Z]{2,3} ?[0-9]{2}"
        rf"|[0-9][A-Z][A-Z0-9][0-9]|{HINT}|{SMALL}"
    )

    def find(self, folded: Folded) -> list[Finding]:
        """The identifiers."""
        found: list[Finding] = []
        for offset, candidates in _candidates.within(folded):
            _confirm(found, folded, candidates, offset)
        found += _turkish_licenses(folded)
        found += in_small_letters(folded)
        for start, end in mixed(folded):
            _confirm(found, folded, ((0, ((end - start, True, _MIXED_SCHEMES),)),), start)
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
                said = bool(spoken and identifier.context and identifier.context.names(spoken)) or (
                    bool(found) and _goes_on(found[-1], identifier, data, start)
                )
            else:
                said = not _is_part(data, start, end)
            if said and identifier.valid(data[start:end].translate(None, _SEPARATORS).decode("ascii")):
                found.append(Finding(identifier.type, start, end, identifier.confidence))


def _goes_on(last: Finding, identifier: Identifier, data: bytes, start: int) -> bool:
    """Whether an offset is shortly behind another number of the same kind, as in "… 1234 (was keyed as 1243)"."""
    if last.type != identifier.type or last.type in _WITHOUT_CHECK or start - last.end > _NEXT_CHARS:
        return False
    between = data[last.end : start]
    return _NEXT.fullmatch(between) is not None and not names_another(between)


def _turkish_licenses(folded: Folded) -> Iterator[Finding]:
    """Driving licences of Turkey, whose six digits are too common for a look at the words before each."""
    data, runs, is_ascii = folded.ascii, _six_digits.within(folded), folded.text.isascii()
    # A longer text in Turkish has letters beyond ASCII.
    if not runs or (is_ascii and len(data) > _SHORT_CHARS) or not folded.may_hold("turkish"):
        return
    if not any(name in folded.lower for name in (_TURKISH[:1] if is_ascii else _TURKISH)):
        return
    for start in (offset + place for offset, places in runs for place in places):
        end = start + _SIX
        if not _continues(data, start, end) and _TURKISH_LICENSE.names(Around(folded, start, start, end)):
            yield Finding("DRIVERS_LICENSE", start, end, 0.75)


def _is_part(data: bytes, start: int, end: int) -> bool:
    """Whether groups of digits beside a value make it part of a longer number: beside its letters they do not."""
    if data[end - 1 : end].isdigit() and _CONTINUED.match(data, end):
        return True
    return data[start : start + 1].isdigit() and _CONTINUES.search(data, max(0, start - 5), start) is not None


@ByShape
def _six_digits(run: bytes) -> Sequence[int]:
    """Where six digits stand in a run of this shape."""
    return [match.start() for match in _SIX_DIGITS.finditer(run)]


@ByShape
def _candidates(run: bytes) -> Sequence[tuple[int, Sequence[_Candidate]]]:
    """What a run of this shape may hold, one group of characters or several: (offset, what may begin there)."""
    # The shortest are India's PAN and a date of birth with two digits for the year.
    if run.count(b"0") < (4 if b"A" in run else 5) and not (
        any(map(_MIXED.fullmatch, run.split(b" "))) or _GROUPED.search(run)
    ):
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
    if grouped := _GROUPED.match(b" ".join(groups[:4])):
        found.append((grouped.end(), True, _PASSPORTS))
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
