"""Postal addresses in other letters, by the words of their country: streets, houses, flats, districts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from otel_compliance.redact.characters import without_marks
from otel_compliance.redact.recognize import Finding, Folded

_DASH: Final = r"[\-\u2010-\u2015\u2212\uff0d]"
_BEFORE_CHARS: Final = 60
_LETTERS: Final = b"\x80\x80"


class _Form(NamedTuple):
    """How addresses are written in one script.

    Attributes:
        marks: One of these is in every text that has such an address.
        core: What is in every address, and is looked for faster.
        pattern: The address.
        before: What may stand before it.
    """

    marks: tuple[str, ...]
    core: re.Pattern[str]
    pattern: re.Pattern[str]
    before: re.Pattern[str] | None

    def within(self, text: str) -> Iterator[Finding]:
        """The addresses in a text."""
        if not any(mark in text for mark in self.marks) or not self.core.search(text):
            return
        for match in self.pattern.finditer(text):
            start, end = match.span()
            before = self.before and self.before.search(text, max(0, start - _BEFORE_CHARS), start)
            yield Finding("ADDRESS", before.start() if before else start, end, 0.75)


def _form(marks: str, pattern: str, *, core: str = r"\d", before: str = "") -> _Form:
    # Marks that belong to the letter before are not in a folded text.
    return _Form(
        tuple(without_marks(marks).split()),
        re.compile(core),
        re.compile(without_marks(pattern)),
        re.compile(before + r"\Z") if before else None,
    )


_CHINESE: Final = (
    r"(?:[\u4e00-\u9fff]{2,8}(?:省|市|区|區|县|縣|州)|香港|九龍|新界|澳門)[\u4e00-\u9fff\d]{2,30}?"
    r"(?:路|街|道|巷|弄|大道|胡同|村|镇|鎮|段)[\u4e00-\u9fff\d\-]{0,12}\d(?:号|號|座|弄)?"
    r"(?:[\dA-Za-z\u4e00-\u9fff\-]{0,20}(?:室|楼|樓|栋|座|单元|号|號)(?:\d{2,4}(?!\d))?)?"
)
_KANJI: Final = r"\u3040-\u30ff\u4e00-\u9fff"
_HOUSE: Final = r"\d{1,4}(?:" + _DASH + r"\d{1,4}|丁目|番地?|号(?!室)|の?\d){0,8}"
_JAPANESE: Final = (
    r"(?:〒?\d{3}" + _DASH + r"\d{4}\s?)?"
    r"(?:(?:東京都|北海道|(?:京都|大阪)府|[\u4e00-\u9fff]{2,3}県)[" + _KANJI + r"]{2,24}" + _HOUSE +
    # Without the prefecture, a block or two dashes tell as much.
    r"|[\u4e00-\u9fff]{1,5}[市区][" + _KANJI + r"]{1,20}\d{1,4}(?:丁目|番|" + _DASH + r"\d{1,4}" + _DASH + r")"
    r"(?:\d{1,4}|番地?|号(?!室)|" + _DASH + r"){0,6})"
    # The building and its room.
    r"(?:\s?[\u30a0-\u30ffA-Za-z\uff21-\uff5a][\u30a0-\u30ff\u4e00-\u9fffA-Za-z\uff21-\uff5a・ ]{1,24}\d{1,5})?"
    r"(?:\s?\d{0,5}(?:号室|号棟|号|室|階|F\b))?"
)  # fmt: skip
_KOREAN_CITIES: Final = (
    r"(?:서울|부산|대구|인천|광주|대전|울산|세종|제주|경기|강원|충북|충남|전북|전남|경북|경남)(?:특별자치시|특별자치도"
    r"|특별시|광역시|도|시)?"
)
_KOREAN: Final = (
    r"(?<![가-힣])(?:(?:\(?\d{5}\)? )?(?:" + _KOREAN_CITIES + r"|[가-힣]{1,6}(?:시|도|구|군)),? "
    r"(?:[가-힣]{1,6}(?:시|군|구|읍|면|동|리) ){0,3}"
    r"(?:[가-힣][가-힣\d]{0,12}(?:로|길) ?\d{1,4}(?:"
    + _DASH
    + r"\d{1,4})?(?:번?길 ?\d{1,4}(?:"
    + _DASH
    + r"\d{1,4})?)?"
    r"|[가-힣\d]{1,8}(?:동|리|가|읍|면) (?:산 ?)?\d{1,4}(?:" + _DASH + r"\d{1,4}|번지))"
    # What counts minutes, people or money is no number of a house.
    r"(?!\d|[분시년월일개명원번%](?!지|길)))"
    r"(?:번지)?(?:,? ?[가-힣A-Za-z]{0,12} ?\d{1,4}(?:동|층|호)(?![가-힣])){0,3}(?: ?\([가-힣\d, ]{2,30}\))?"
)

_CAPITAL: Final = r"[А-ЯЁІЇЄҐЎЂЈЉЊЋЏ]"
_STREET_TYPES: Final = (
    r"(?:ул|улица|пр|пр-т|просп|проспект|пер|переулок|наб|набережная|б-р|бул|бульв|бульвар|ш|шоссе|пл|площадь|площа"
    r"|проезд|пр-д|аллея|алея|тупик|туп|мкр|микрорайон|мкр-н|вул|вулиця|пров|провулок|узвіз|ж\.к|вулиця|вуліца)"
)
_TOWN: Final = (
    r"(?:(?:г|гор|м|гр|город|місто|с|пос|пгт|д|дер|смт|обл|р-н)\.? )?(?:(?:г|м|гр)\.)?" + _CAPITAL + r"[\w\-]{1,24}"
    r"(?: " + _CAPITAL + r"[\w\-]{2,24}){0,2}(?: (?:обл\.?|область|край|р-н|район))?"
)
_CYRILLIC: Final = (
    r"(?<!\w)(?:\d{5,6},? )?(?:" + _TOWN + r", ?){0,3}"
    r"(?:"
    + _STREET_TYPES
    + r"\.? ?[\"«]?(?:\d{1,3}-?\w{0,3} |[а-яё]{2,8}\.? )?"
    + _CAPITAL
    + r"[\w.\-]{0,24}(?: [\w.\-]{2,24}){0,3}?"
    r"|" + _CAPITAL + r"[\w\-]{2,24}(?: " + _CAPITAL + r"[\w\-]{2,24})? " + _STREET_TYPES + r"\.?)[\"»]?"
    r",? ?(?:д|дом|буд|будинок|дом №|№|бр)?\.? ?\d{1,4}[а-яА-Яі]?(?:[/\-]\d{1,4}[а-я]?)?(?![\d.]\d)"
    r"(?:[, ]{1,2}(?:к|корп|корпус|стр|строение|кв|квартира|оф|офис|под|подъезд|под'їзд|эт|этаж|пом|ком|комн|вх|ет|ап"
    r"|бл|секц|літ|лит|поверх)\.? ?\d{1,4}[а-я]?(?!\w)){0,4}"
    r"(?:, ?(?:\d{5,6}(?!\d)|(?:\d{4,6} )?" + _TOWN + r")){0,3}"
)

_HEBREW_WORD: Final = r"[\u05d0-\u05ea][\u05d0-\u05ea'\u05f3\"\u05f4\-]{0,14}"
_HEBREW: Final = (
    r"(?<![\u05d0-\u05ea])ב?(?:רחוב|רח['\u05f3.]?|שדרות|שד['\u05f3.]|דרך|סמטת|סמ['\u05f3]|כיכר|ככר|משעול) "
    + _HEBREW_WORD + r"(?: " + _HEBREW_WORD + r"){0,3} \d{1,4}(?:/\d{1,4})?[\u05d0-\u05ea]?(?![\d:%])"
    r"(?:,? (?:דירה|קומה|כניסה|בית|בניין|ת\.?ד\.?) ?[\d\u05d0-\u05ea]{1,5}){0,3}"
    r"(?:,? " + _HEBREW_WORD + r"(?:[ \-]" + _HEBREW_WORD + r"){0,2},? \d{7}(?!\d)|,? " + _HEBREW_WORD
    + r"(?:[ \-]" + _HEBREW_WORD + r"){0,2},? \d{5}(?!\d)|, ?" + _HEBREW_WORD + r"(?: " + _HEBREW_WORD + r")?)?"
)  # fmt: skip

_ARABIC_WORD: Final = r"[\u0621-\u064a\u067e-\u06d3\u06f0-\u06f9]{1,16}"
_ARABIC_NAME: Final = _ARABIC_WORD + r"(?:[ \u200c]" + _ARABIC_WORD + r"){0,3}"
_ARABIC_PART: Final = (
    r"(?:\s?[،,\-]\s?(?:(?:الطابق|طابق|شقة|مبنى|بناية|عمارة|فيلا|الدور|دور|رقم|برج|منزل|بيت|مكتب|حي|منطقة|ص\.ب|قطعة"
    r"|کوچه|کوی|پلاک|واحد|طبقه|ساختمان|بلوک|گلی|مکان|فلیٹ|کد ?پستی)\.?:? ?)?"
    r"(?:" + _ARABIC_NAME + r" ?)?(?:\d{1,10}(?:-\d{4})?(?!\d))?)"
)
_ARABIC: Final = (
    r"(?<!\w)(?:(?:رقم )?\d{1,5}(?:/\d{1,4})?[،, ]\s?(?:شارع|طريق|جادة|نهج|ميدان|زنقة|درب|حي|خیابان) " + _ARABIC_NAME
    + _ARABIC_PART + r"{0,5}"
    r"|(?:شارع|طريق|جادة|نهج|ميدان|زنقة|درب|حي|خیابان|بلوار|میدان|کوچه|گلی|سڑک) " + _ARABIC_NAME
    + r"(?: \d{1,5}(?:/\d{1,4})?" + _ARABIC_PART + r"{0,5}"
    r"|\s?[،,]\s?(?:رقم|شارع|مبنى|بناية|عمارة|فيلا|شقة|منزل|پلاک|کوچه|واحد)(?: " + _ARABIC_NAME + r")?:? ?\d{1,5}"
    + _ARABIC_PART + r"{0,5}))"
)  # fmt: skip

# Without the sign that ends a sentence.
_INDIC: Final = r"\u0900-\u0963\u0966-\u0dff"
_INDIC_PART: Final = rf"[{_INDIC}0-9A-Za-z][{_INDIC}\w./ \-]{{1,40}}"
_HINDI: Final = (
    r"(?<!\w)(?:मकान|फ्लैट|फ़्लैट|प्लॉट|प्लाट|कोठी|म\.|हाउस|क्वार्टर|सदनिका|বাড়ি|বাসা|ফ্ল্যাট|হোল্ডিং"
    r"|வீட்டு|கதவு|ఇంటి|ఫ్లాట్|ಮನೆ|ઘર|મકાન|ਮਕਾਨ)"
    r"(?: (?:नंबर|नम्बर|नं\.?|न\.|संख्या|क्रमांक|क्र\.|নং|নম্বর|எண்|నం\.?|ನಂ\.?|નં\.?|ਨੰ\.?|ਨੰਬਰ))?[:.]? ?"
    r"[\dA-Z]{1,6}(?:[/\-][\dA-Z]{1,5})?"
    rf"(?:, ?{_INDIC_PART}){{1,5}}(?:(?:,| ?[\-\u2013])? ?\d{{3}} ?\d{{3}}(?!\d))?"
)

_THAI: Final = (
    r"(?<![\d/])(?:(?:บ้าน)?เลขที่ )?\d{1,5}(?:/\d{1,4})?"
    r"(?:,? (?:หมู่(?:ที่|บ้าน)?|ม\.|ซอย|ซ\.|ถนน|ถ\.|ตำบล|ต\.|แขวง|อำเภอ|อ\.|เขต|จังหวัด|จ\.|กรุงเทพ|อาคาร|ชั้น|ห้อง)"
    r" ?[\u0e01-\u0e4e\d/.]{0,30}(?: \d{1,4}(?!\d))?){2,8}(?:,? [\u0e01-\u0e4e]{2,24})?(?:,? \d{5}(?!\d))?"
)

_GREEK_NAME: Final = r"[Α-ΩΆΈΉΊΌΎΏ][\w.\-]{1,24}"
_GREEK: Final = (
    r"(?<!\w)(?:(?:[Οο]δός|ΟΔΟΣ|Λεωφόρος|λεωφόρος|Λεωφ\.|Λ\.|Πλατεία|Πλ\.) " + _GREEK_NAME
    + r"(?: [\w.\-]{2,24}){0,3} \d{1,4}[Α-Ωα-ω]?(?!\d)|" + _GREEK_NAME + r"(?: " + _GREEK_NAME
    + r"){0,2} \d{1,4}[Α-Ωα-ω]?,? (?:Τ\.?Κ\.? ?)?\d{3} ?\d{2} " + _GREEK_NAME + r")"
    r"(?:,? (?:Τ\.?Κ\.? ?)?\d{3} ?\d{2}(?!\d))?(?:,? " + _GREEK_NAME + r"(?: " + _GREEK_NAME + r")?"
    r"(?:,? (?:Τ\.?Κ\.? ?)?\d{3} ?\d{2}(?!\d))?)?"
)  # fmt: skip

# Vietnam, whose letters are Latin with marks.
_VIETNAMESE_NAME: Final = r"[^\W\d_a-z][\w.]{0,10}(?: (?:[^\W\d_a-z][\w.]{0,10}|\d{1,3}(?!\d))){0,4}"
_VIETNAMESE_STREET: Final = (
    r"(?:[đĐ]ường|[pP]hố|[nN]gõ|[nN]gách|[hH]ẻm|[tT]ổ|[ấẤ]p|[tT]hôn|[kK]hu phố) (?:số )?"
    r"(?:" + _VIETNAMESE_NAME + r"|\d{1,4}(?:/\d{1,4})?)"
)
_VIETNAMESE: Final = (
    r"(?<![\w/])(?:[Ss]ố(?: nhà)? ?)?\d{1,5}[A-Z]?(?:/\d{1,4}[A-Z]?){0,4},? "
    r"(?:" + _VIETNAMESE_STREET + r"(?:,? " + _VIETNAMESE_STREET + r"){0,2}|" + _VIETNAMESE_NAME
    + r"(?=, ?(?:[pP]hường|P\.|[qQ]uận|Q\.|[xX]ã|[hH]uyện)))"
    r"(?:, ?(?:(?:[pP]hường|[qQ]uận|[hH]uyện|[xX]ã|[tT]hị [xtT][ãr]\w*|[tT]hành phố|[tT]ỉnh|[kK]hu phố|[tT]ổ|[đĐ]ường"
    r"|P\.|Q\.|TP\.?) ?)?(?:" + _VIETNAMESE_NAME + r"|\d{1,3}(?!\d))){0,5}(?:,? \d{5,6}(?!\d))?"
)  # fmt: skip

_FORMS: Final = (
    _form("号 號 路 街", _CHINESE, core=r"[路街道巷弄同村镇鎮段][\u4e00-\u9fff\d\-]{0,12}\d"),
    _form("県 都 府 道 市 区", _JAPANESE, core=rf"[県都府道市区][{_KANJI}]{{1,24}}\d"),
    _form("로 길 동 리 가 읍 면", _KOREAN, core=r"[로길동리가읍면] ?(?:산 ?)?\d"),
    _form("л. пр вул пер ш. улиц пл. наб мкр б-р бул", _CYRILLIC),
    _form("רח שד דרך כיכר סמ", _HEBREW),
    _form(
        "شارع طريق جادة ميدان حي نهج زنقة خیابان بلوار کوچه گلی میدان",
        _ARABIC,
        before=rf"(?<!\w)(?:{_ARABIC_NAME}[،,] ?){{1,2}}",
    ),
    _form("ถนน ซอย ตำบล แขวง ต. ถ. หมู่ เขต อำเภอ", _THAI),
    _form("δός Λ Πλ ΟΔΟΣ Αθήνα Θεσ", _GREEK),
)
_VIETNAM: Final = _form("ường hố gõ gách ẻm uận P. Q. hôn ấp", _VIETNAMESE)
"""Its letters beyond ASCII seldom stand side by side."""
_INDIAN: Final = re.compile(without_marks(_HINDI))
_INDIAN_LETTER: Final = re.compile(f"[{_INDIC}]")
_PIN: Final = re.compile(r" ?[\-\u2013] ?[1-9]\d{2} ?\d{3}(?!\d)")
_BEFORE_PIN: Final = re.compile(rf"(?<![\w,])[\d{_INDIC}][{_INDIC}\w./\- ]{{1,40}}(?:, ?{_INDIC_PART}){{1,6}}\Z")
_BEFORE_PIN_CHARS: Final = 140


def in_letters(folded: Folded) -> Iterator[Finding]:
    """Addresses in other letters, by their form."""
    text = folded.text
    forms = (*_FORMS, _VIETNAM) if _LETTERS in folded.ascii else (_VIETNAM,)
    for form in forms:
        yield from form.within(text)
    if len(forms) > 1 and _INDIAN_LETTER.search(text):
        yield from _indian(text)


def _indian(text: str) -> Iterator[Finding]:
    """Addresses in the scripts of India: by the word for a house, and by the postcode at their end."""
    yield from (Finding("ADDRESS", *match.span(), 0.75) for match in _INDIAN.finditer(text))
    for pin in _PIN.finditer(text):
        parts = _BEFORE_PIN.search(text, max(0, pin.start() - _BEFORE_PIN_CHARS), pin.start())
        if parts and _INDIAN_LETTER.search(parts[0]):
            yield Finding("ADDRESS", parts.start(), pin.end(), 0.75)
