"""Postal addresses that a name announces, as in "address: …", and those of East Asia and Russia by their words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded

_ENDINGS: Final = frozenset(
    (
        *(
            b"ess",
            b"ddr",
            b"sse",
            b"res",
            b"esa",
            b"ift",
            b"aft",
            b"ort",
            b"itz",
            b"ion",
            b"i\x80n",
            b"lio",
            b"zzo",
            b"eco",
        ),
        *(
            b"e\x80o",
            b"ada",
            b"eet",
            b"ne1",
            b"ne2",
            b"e 1",
            b"e 2",
            b"ss1",
            b"ss2",
            b"es1",
            b"es2",
            b"ed)",
            b"_1",
            b"_2",
        ),
    )
)
"""The last letters of the names: one look at them rejects most words that stand before a sign."""
_CLOSE: Final = b" \"'`*"
_LAST_LETTERS: Final = bytes({ending[-1] for ending in _ENDINGS})
_BEFORE_SIGN: Final = frozenset(_CLOSE + _LAST_LETTERS + _LAST_LETTERS.upper())
_NAME: Final = re.compile(
    rb"(?i)(?:ad?dr(?:ess?e?)?(?:[ _]?line)?[ _]?[0-9]?|adres?|adresa|anschrift|wohn(?:haft|ort|sitz)"
    rb"|direcci(?:o|\x80)n|domicilio|indirizzo|endere(?:c|\x80)o|morada"
    rb"|street(?:[ _]?address)?(?:[ _]?line)?[ _]?[0-9]?)(?:\([a-z]{1,12}\))?\Z"
)
_NAME_CHARS: Final = 28
GATES: Final = {
    "address name": (
        rb"(?i:addr|adr|ddress|adres|anschrift|wohn|direcc|domicil|indirizz|endere|morada|street)[^:=>]{0,24}[:=>]",
    )
}
HINT: Final = "[:=>]"

_VALUE: Final = re.compile(
    rb"[ \n\t*]{0,8}(?:(?P<quote>[\"'`])(?P<quoted>[^\"'`<>]{6,160})(?P=quote)"
    # Up to the end of the line, of a sentence, or to another name and its value.
    rb"|(?P<bare>[^\"'`<>\n\t|;{}=:\x81\x82 ][^\"'`<>\n\t|;{}=\x81\x82]{5,160}?)"
    rb"(?=[\n\t|;<>\"'`{}\x81]|\Z|\. [A-Z\x80]|\.\Z|  |,? [A-Za-z.\x80]{2,16} ?[:=]| \())"
)
_DIGIT_AND_WORD: Final = re.compile(rb"(?=.*[0-9])(?=.*[A-Za-z\x80]{3}).*[ ,\-\x80].*", re.DOTALL)
_NO_ADDRESS: Final = re.compile(
    rb"(?i).*(?:@|://|0x[0-9a-f]{6}|\x82).*|[0-9.:/]+|[\w.\-]+:[0-9]+|[\w.\-]+"
    rb"|.*\b(?:books?|bar|bus|space|pool|range|port|issues?|type|family)\b.*",
    re.DOTALL,
)
_TRAILING: Final = b" ,.)]*"

_DASH: Final = r"[\-\u2010-\u2015\u2212\uff0d]"
# China, Japan and Korea.
_ASIA: Final = re.compile(
    r"[\u4e00-\u9fff]{2,8}(?:省|市|区|县|縣|州)[\u4e00-\u9fff0-9]{2,30}?(?:路|街|道|巷|弄|大道|胡同|村|镇|段)"
    r"[\u4e00-\u9fff0-9\-]{0,12}[0-9](?:号|號|座|弄)?"
    r"(?:[0-9A-Za-z\u4e00-\u9fff\-]{0,20}(?:室|楼|樓|栋|座|单元|号))?"
    r"|(?:〒?[0-9]{3}-[0-9]{4} ?)?(?:東京都|北海道|(?:京都|大阪)府|[\u4e00-\u9fff]{2,3}県)"
    r"[\u3040-\u30ff\u4e00-\u9fff]{2,24}[0-9]{1,4}(?:" + _DASH + r"[0-9]{1,4}|丁目|番地?|号|[0-9]){0,8}"
    r"|[가-힣]{1,6}(?:특별시|광역시|특별자치시|도|시) [가-힣0-9 ]{2,30}(?:로|길|동|읍|면) ?[0-9]{1,4}(?:-[0-9]{1,4})?"
    r"(?:번길 ?[0-9]{1,4})?(?:,? ?[0-9]{1,4}동)?(?:,? ?[0-9]{1,4}호)?(?: ?\([0-9]{5}\))?"
)
_RUSSIA: Final = re.compile(
    r"(?:[0-9]{6},? ?)?(?:г\. ?)?(?:[А-ЯЁІЇЄ][\w\-]{2,30}(?: обл\.)?, ?)?"
    r"(?:(?:ул|пр|просп|пр-т|пер|наб|б-р|вул|ш|пл)\.? ?[А-ЯЁІЇЄ0-9][\w.\- ]{2,30}"
    r"|[А-ЯЁІЇЄ][\w\-]{2,30} (?:улица|проспект|переулок|шоссе|бульвар|набережная|площадь|проезд|аллея|вулиця|проспект)"
    r"|[А-ЯЁІЇЄ][\w\-]{2,30} (?:пр|ул|пер|наб)\.)"
    r",? ?(?:д\. ?|буд\. ?)?[0-9]{1,4}[а-я]?(?:[,/ ]{1,2}(?:к|корп|стр|кв|офис)\.? ?[0-9]{1,4}){0,2}"
    r"(?:, ?(?:[0-9]{6}(?![0-9])|г\. ?[А-ЯЁ][\w\-]{2,30}(?: [А-ЯЁ][\w\-]{2,30})?)){0,2}"
)
_ASIAN_MARKS: Final = ("号", "號", "番", "丁目", "県", "都", "府", "道", "로 ", "길 ", "路", "街")
_LETTERS: Final = b"\x80\x80"

_NAMES_IN_LETTERS: Final = re.compile(
    r"(?:住所|地址|住址|주소|адрес[уе]?|адреса|διεύθυνση|כתובת|العنوان|عنوان|पता|ที่อยู่|địa chỉ|آدرس|cím|osoite|alamat"
    r"|aadress|adrese|naslov)"
    r"[\"'`*]{0,3}(?:(?: [^\W\d]{2,20}){0,2}\s?[:：=は是]\s{0,3}|\s)[\"'`]?([^\n\t|;:<>\"'`{}]{6,120}?)"
    r"(?=[\n\t|;<>\"'`{}。]|$|\.\s|\.$|です|입니다)",
    re.IGNORECASE,
)


def announced(folded: Folded) -> Iterator[Finding]:
    """Addresses behind a name and a sign."""
    data = folded.ascii
    for at in folded.colons:
        if finding := _behind(data, at):
            yield finding
    for sign in (b"=", b">"):
        at = data.find(sign)
        while at > 0:
            if finding := _behind(data, at):
                yield finding
            at = data.find(sign, at + 1)


def _behind(data: bytes, sign: int) -> Finding | None:
    """The address behind a sign, if a name for one stands before it."""
    if data[sign - 1] not in _BEFORE_SIGN:
        return None
    before = data[max(0, sign - _NAME_CHARS) : sign].rstrip(_CLOSE)
    if before[-3:].lower() not in _ENDINGS or not _NAME.search(before):
        return None
    return _value(data, sign + 1)


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


def in_letters(folded: Folded) -> Iterator[Finding]:
    """Addresses in other letters: by their form, and behind a name."""
    if _LETTERS not in folded.ascii:
        return
    text = folded.text
    if any(mark in text for mark in _ASIAN_MARKS):
        yield from (Finding("ADDRESS", *match.span(), 0.75) for match in _ASIA.finditer(text))
    if "л." in text or "пр" in text or "д." in text:
        yield from (Finding("ADDRESS", *match.span(), 0.75) for match in _RUSSIA.finditer(text))
    for match in _NAMES_IN_LETTERS.finditer(text):
        start, end = match.span(1)
        if any(char.isdigit() for char in match[1]):
            yield Finding("ADDRESS", start, start + len(text[start:end].rstrip(" ,.)]*")), 0.7)
