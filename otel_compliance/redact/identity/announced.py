"""Postal addresses that a name announces, "address: …", and those of East Asia and Russia, which have words of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded

_NAMES: Final = (
    b"addr",
    b"adres",
    b"anschrift",
    b"wohn",
    b"direcc",
    b"domicil",
    b"indirizz",
    b"endere",
    b"morada",
    b"street",
)
"""Parts of the names, in lower case."""
HINT: Final = "|".join(name.decode("ascii") for name in _NAMES)

_NAME: Final = re.compile(
    rb"(?i)(?:addr(?:ess)?(?:[ _]?line)?[ _]?[0-9]?|adress?e?[nr]?|adresa|anschrift|wohn(?:haft|e|ort|sitz)(?: in| an)?|direcci(?:o|\x80)n"
    rb"|domicilio(?: en| in)?|indirizzo|endere(?:c|\x80)o|morada|street(?:[ _]?address)?(?:[ _]?line)?[ _]?[0-9]?)"
    rb"(?:\([a-z]{1,12}\))?"
    rb"(?:[\"'`*]{0,3} ?(?:[:=|\t>\x81]|-> |=> )[ \n*]{0,8}| (?:is|ist|es|est|war|lautet)[: ]{1,2}|[\"'`*]{0,3}, ?| {2,})"
)
_VALUE: Final = re.compile(
    rb"(?:(?P<quote>[\"'`])(?P<quoted>[^\"'`<>]{6,160})(?P=quote)"
    # Up to the end of the line, of a sentence, or to another name and its value.
    rb"|(?P<bare>[^\"'`<>\n\t|;{}=:\x81\x82 ][^\"'`<>\n\t|;{}=\x81\x82]{5,160}?)(?=[\n\t|;<>\"'`{}\x81]|\Z|\. [A-Z\x80]|\.\Z|  |,? [A-Za-z.\x80]{2,16} ?[:=]| \())"
)
_DIGIT_AND_WORD: Final = re.compile(rb"(?=.*[0-9])(?=.*[A-Za-z\x80]{3}).*[ ,\-\x80].*", re.DOTALL)
_NO_ADDRESS: Final = re.compile(
    rb"(?i).*(?:@|://|0x[0-9a-f]{6}|\x82).*|[0-9.:/]+|[\w.\-]+:[0-9]+|[\w.\-]+|.*\b(?:books?|bar|bus|space|pool|range|port|issues?|type|family)\b.*",
    re.DOTALL,
)
_TRAILING: Final = b" ,.)]*"

# China, Japan and Korea; "-" may be any dash there.
_ASIA: Final = re.compile(
    r"[\u4e00-\u9fff]{2,8}(?:省|市|区|县|縣|州)[\u4e00-\u9fff0-9]{2,30}?(?:路|街|道|巷|弄|大道|胡同|村|镇|段)[\u4e00-\u9fff0-9\-]{0,12}"
    r"(?:[0-9]+(?:号|號|座|弄)?)(?:[0-9A-Za-z\u4e00-\u9fff\-]{0,20}(?:室|楼|樓|栋|座|单元|号))?"
    r"|(?:東京都|北海道|(?:京都|大阪)府|[\u4e00-\u9fff]{2,3}県)[\u3040-\u30ff\u4e00-\u9fff]{2,24}[0-9]{1,4}"
    r"(?:[\-\u2010-\u2015\u2212\uff0d][0-9]{1,4}|丁目|番地?|号|[0-9])*(?: ?[\u3040-\u30ff\u4e00-\u9fffA-Za-z]{2,16}[0-9]{1,4}号室?)?"
    r"|[가-힣]{1,6}(?:특별시|광역시|특별자치시|도|시) [가-힣0-9 ]{2,30}(?:로|길|동|읍|면) ?[0-9]{1,4}(?:-[0-9]{1,4})?"
    r"(?:번길 ?[0-9]{1,4})?(?:,? ?[0-9]{1,4}동)?(?: ?[0-9]{1,4}호)?"
)
_RUSSIA: Final = re.compile(
    r"(?:[0-9]{6}, ?)?(?:г\. ?)?(?:[А-ЯЁІЇЄ][\w\-]+(?: обл\.)?, ?)?(?:ул|пр|просп|пр-т|пер|наб|б-р|вул|ш|пл)\.? ?[А-ЯЁІЇЄ0-9][\w.\- ]{2,30}"
    r",? ?(?:д\. ?|буд\. ?)?[0-9]{1,4}[а-я]?(?:[,/ ]{1,2}(?:к|корп|стр|кв|офис)\.? ?[0-9]{1,4}){0,2}"
)
_ASIAN_MARKS: Final = ("号", "號", "番", "丁目", "県", "都", "府", "道", "로 ", "길 ", "路", "街")
_LETTERS: Final = b"\x80\x80"

_NAMES_IN_LETTERS: Final = re.compile(
    r"(?:住所|地址|住址|주소|адрес[уе]?|адреса|διεύθυνση|כתובת|العنوان|عنوان|पता|ที่อยู่|địa chỉ|آدرس|cím|osoite|alamat|aadress|adrese|naslov)"
    r"[\"'`*]{0,3}(?:\s?[:：=は是]\s{0,3}|\s)[\"'`]?([^\n\t|;<>\"'`{}]{6,120}?)(?=[\n\t|;<>\"'`{}。]|$|\.\s|\.$|です|입니다)",
    re.IGNORECASE,
)


def announced(folded: Folded) -> Iterator[Finding]:
    """Addresses behind a name."""
    data = folded.ascii
    lower = data.lower()
    for part in _NAMES:
        at = lower.find(part)
        while at >= 0:
            name = _NAME.match(data, at)
            if name and (finding := _value(data, name.end())):
                yield finding
            at = lower.find(part, at + len(part))
    if _LETTERS in data:
        yield from _in_letters(folded)


def _value(data: bytes, at: int) -> Finding | None:
    match = _VALUE.match(data, at)
    if match is None:
        return None
    start, end = match.span("quoted" if match["quoted"] else "bare")
    end = start + len(data[start:end].rstrip(_TRAILING))
    value = data[start:end]
    if _NO_ADDRESS.fullmatch(value) or not _DIGIT_AND_WORD.fullmatch(value):
        return None
    return Finding("ADDRESS", start, end, 0.75)


def _in_letters(folded: Folded) -> Iterator[Finding]:
    """Addresses in other letters: by their form, and behind a name."""
    text = folded.text
    if any(mark in text for mark in _ASIAN_MARKS):
        yield from (Finding("ADDRESS", *match.span(), 0.75) for match in _ASIA.finditer(text))
    if "л." in text or "пр" in text:
        yield from (Finding("ADDRESS", *match.span(), 0.75) for match in _RUSSIA.finditer(text))
    for match in _NAMES_IN_LETTERS.finditer(text):
        start, end = match.span(1)
        if any(char.isdigit() for char in match[1]):
            yield Finding("ADDRESS", start, start + len(text[start:end].rstrip(" ,.)]*")), 0.7)
