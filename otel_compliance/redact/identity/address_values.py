"""What stands behind a name for an address: where it ends, and whether it is one."""

from __future__ import annotations

import re
from typing import Final

from otel_compliance.redact.recognize import Finding

_VALUE: Final = re.compile(
    rb"[ \n\t*]{0,8}(?:\[\s{0,12}(?=[\"']))?"
    rb"(?:\"(?P<double>[^\"<>\n]{6,160})\"|(?P<quote>[\"'`])(?P<quoted>[^\"'`<>]{6,160})(?P=quote)"
    # Up to the end of the line, of a sentence, or to another name and its value.
    rb"|(?P<bare>[^\"'`<>\n\t|;{}=:\[$\x81\x82 ]"
    rb"(?:[^\"'`<>\n\t|;{}=\x81\x82]|(?<=[A-Za-z\x80])'(?=[A-Za-z\x80 ])){5,160}?)"
    rb"(?=[\n\t|;<>\"`{}\x81\x82]|'(?![A-Za-z\x80 ])|\Z|(?:(?<=[0-9A-Z)])|(?<=[A-Za-z\x80]{4}))\. [A-Z\x80]|\.\Z"
    rb"|  | \[| \(|,? (?:and|und|et|y|e|og|och|en) (?:my|our|his|her|their|meine?|mon|ma|mi|min|meu|minha|mijn)(?= )"
    rb"|,? (?!(?:No|Nr|Kat|Daire|Blok|Apt|RT|RW|CEP|PLZ|PIN)\b)[A-Za-z.\x80]{2,16} ?[:=]|&[A-Za-z_]{1,20}=))"
)
_DIGIT_AND_WORD: Final = re.compile(rb"(?=.*[0-9])(?=.*[A-Za-z\x80]{3}).*[ ,\-\x80].*", re.DOTALL)
_NO_ADDRESS: Final = re.compile(rb"(?i).*(?:@|://|0x[0-9a-f]{2}|\x82).*|[0-9.:/]+|[\w.\-]+:[0-9]+|[\w.\-]+", re.DOTALL)
_NO_PLACE: Final = re.compile(
    rb"(?i).*\b(?:books?|bar|bus(?! ?[0-9])|space|pool|range|port|issues?|type|family|bits?|bytes?|chars?"
    rb"|characters?|required)\b.*",
    re.DOTALL,
)
"""Behind a sign: words of computers, and of lists of things to do."""
_BEGIN: Final = re.compile(
    rb"(?![0-9]{1,3}[.)] |[0-9]{1,2}:[0-9]{2}|[0-9]{1,2}[./\-][0-9]{1,2}[./\-]"
    rb"|[0-9]{1,6} (?!rue|av|boul|bd|place|pl |chemin|all|impasse|quai|cours|route|square|de|d'|bis|ter|jalan|lorong)"
    rb"[a-z])"
    rb"(?![A-Z]{2,8} [0-9.]+\Z|[A-Z][a-z]{2,8}\.? [0-9]{1,2},? (?:19|20)[0-9]{2})[A-Z0-9\x80]"
)
"""What a place begins with; lists, times, dates and quantities begin otherwise."""
_SMALL: Final = re.compile(rb"(?<![\w\x80])[a-z]{4,}(?![\w\x80])")
_NUMBER: Final = re.compile(rb"(?<![A-Za-z])[0-9]")
_CAPITAL: Final = re.compile(rb"(?<![\w\x80])(?:[A-Z]|\x80)")
_DIGIT: Final = re.compile(rb"[0-9]")
_END: Final = re.compile(rb"[\n\t|;<>\"`'{}\x81\x82\[(=:]|  |\. | (?:and|und|et|y|e|og|och|en) ")
"""What may end a value: one look rejects a hostile text, in which the pattern would walk through all of it."""
_MOST_CHARS: Final = 190
"""Of a value, with what may stand before it: without a digit there is no address."""
_TRAILING: Final = b" ,.)]*\\"


def is_address(value: bytes) -> bool:
    """Whether words with a number, of which a name says that they are an address, may be one."""
    return _NO_ADDRESS.fullmatch(value) is None and _DIGIT_AND_WORD.fullmatch(value) is not None


def is_place(value: bytes) -> bool:
    """Whether they look like one even where nothing but a word before them says so: they are names, not a sentence."""
    if not _BEGIN.match(value) or not _NUMBER.search(value) or not is_address(value):
        return False
    return len(_SMALL.findall(value)) <= len(_CAPITAL.findall(value))


def behind_sign(data: bytes, at: int, *, place: bool = False) -> Finding | None:
    """The address that begins at an offset behind a name and its sign.

    Args:
        data: Folded text.
        at: Offset behind the sign; blanks and a quotation mark may follow.
        place: Whether it must look like a place, since the sign or the name tells too little.
    """
    limit = at + _MOST_CHARS
    if not _DIGIT.search(data, at, limit) or not (limit >= len(data) or _END.search(data, at + 1, limit)):
        return None
    match = _VALUE.match(data, at)
    if match is None:
        return None
    start, end = match.span(match.lastgroup or 0)
    end = start + len(data[start:end].rstrip(_TRAILING))
    value = data[start:end]
    place = place or b"\n" in data[at:start]
    if not is_address(value) or _NO_PLACE.fullmatch(value) or (place and not is_place(value)):
        return None
    return Finding("ADDRESS", start, end, 0.75)
