"""Words that tell what a value is: before it, behind it, or at the head of its column, in many languages."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from otel_compliance.redact.identity.columns import Columns
from otel_compliance.redact.recognize import Folded

CONTEXT_CHARS: Final = 48
"""How far before a value its word may stand."""

_BEHIND_CHARS: Final = 40
_LETTER: Final = b"\x80"

_PLAIN: Final = bytes(ord(" ") if byte == ord("_") else ord(chr(byte).lower()) if byte < 128 else byte for byte in range(256))
_HUMP: Final = re.compile(rb"(?<=[a-z])(?=[A-Z])")

# "… is my number", "… (mobile)", "… as the tax id"; a word before a colon or a sign names the next value.
_BEHIND: Final = re.compile(
    rb"[\"'`*\])]{0,3}(?:,? ?[(\[]|,? ?[-=] |,? (?:is|was|as|ist|est|es)(?= ))([^0-9.,;:=(){}|\r\n]{2,32}+)(?![:=0-9])"
)

# What may stand between a word and its value: the name of a number that is nobody's, or another value and a word.
_OTHER_NUMBER: Final = re.compile(
    rb"(?<![a-z])(?:invoice|ticket|tracking|parcel|shipment|sku|isbn|serial|booking|reservation|transaction|request|imei"
    rb"|uuid|bestell|auftrag|rechnung|factur|facture|commande|pedido|ordine|fattura|sendung|part ?n"
    rb"|(?:order|case|part|model|batch|lot|version|build|port|room|flight|page|rows?|amount|price|total|code|issue|zip|plz"
    rb"|po|pos)(?![a-z]))"
)
_OTHER_VALUE: Final = re.compile(rb"[0-9][^a-z0-9]{0,9}(?!(?:and|or|und|oder|et|ou|y|e|o|i|en)(?![a-z]))[a-z]{2}")


def plain(window: bytes) -> bytes:
    """Folded text in the form in which ``tax_id``, ``taxId`` and ``Tax ID`` are the same."""
    return _HUMP.sub(b" ", window).translate(_PLAIN)


def names_another(window: bytes) -> bool:
    """Whether a plain window before a value names a number that is nobody's, such as that of an order."""
    return _OTHER_NUMBER.search(window) is not None


class Around:
    """What stands around a value. Each part is made when it is asked for.

    Args:
        folded: The text.
        columns: Its columns.
        first: Where the value begins, or the first one of a run, whose words count for all.
        start: Offset of the value.
        end: Offset behind it.
    """

    __slots__ = ("_behind", "_columns", "_end", "_first", "_folded", "_head", "_start", "before")

    def __init__(self, folded: Folded, columns: Columns, first: int, start: int, end: int) -> None:
        self._folded, self._columns = folded, columns
        self._first, self._start, self._end = first, start, end
        self.before = plain(folded.ascii[max(0, first - CONTEXT_CHARS) : first])
        self._behind: bytes | None = None
        self._head: tuple[int, int] | None = None

    def moved(self, start: int, end: int) -> None:
        """Go on to another value of the same run."""
        self._start, self._end, self._behind, self._head = start, end, None, None

    @property
    def letters_before(self) -> str:
        """The same as `before` in its own letters; empty where all of them are ASCII."""
        if _LETTER not in self.before:
            return ""
        return self._folded.text[max(0, self._first - CONTEXT_CHARS) : self._first].lower()

    @property
    def behind(self) -> bytes:
        """What a value is said to be right behind it."""
        if self._behind is None:
            match = _BEHIND.match(self._folded.ascii, self._end, self._end + _BEHIND_CHARS)
            self._behind = plain(match[1]) if match else b""
        return self._behind

    @property
    def letters_behind(self) -> str:
        """The next characters, where one of them is a letter beyond ASCII."""
        end = self._end + _BEHIND_CHARS // 2
        return self._folded.text[self._end : end].lower() if _LETTER in self._folded.ascii[self._end : end] else ""

    @property
    def head(self) -> bytes:
        """The head of the column."""
        start, end = self._head_span()
        return plain(self._folded.ascii[start:end])

    @property
    def letters_head(self) -> str:
        """The head of the column in its own letters."""
        start, end = self._head_span()
        return self._folded.text[start:end].lower()

    def _head_span(self) -> tuple[int, int]:
        if self._head is None:
            self._head = self._columns.head(self._start, self._end)
        return self._head


@dataclass(frozen=True, slots=True)
class Context:
    """Words, one of which must stand near a value.

    Attributes:
        gates: Parts of the words, in lower case: where none of them is, none of the words is, which is quickly seen.
        pattern: Finds a word of ASCII in lower case.
        letters: Finds a word with other letters; `None` when there is none.
        nearest: Whether nothing else that has a name may stand between word and value, since the value has no check.
    """

    gates: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    letters: re.Pattern[str] | None
    nearest: bool

    def within(self, window: bytes) -> bool:
        """Whether one of the words of ASCII stands in a plain window."""
        for gate in self.gates:
            if gate in window:
                if not self.nearest:
                    return self.pattern.search(window) is not None
                last = None
                for last in self.pattern.finditer(window):
                    pass
                if last is None:
                    return False
                between = window[last.end() :]
                return not names_another(between) and _OTHER_VALUE.search(between) is None
        return False

    def names(self, around: Around) -> bool:
        """Whether one of the words says what a value is."""
        if self.within(around.before) or (around.behind and self.within(around.behind)) or self.within(around.head):
            return True
        if self.letters is None:
            return False
        return any(
            text and self.letters.search(text)
            for text in (around.letters_before, around.letters_behind, around.letters_head)
        )


_UNSURE: Final = re.compile(r"\((?:[^()]|\([^()]*\))*\)\??|\[[^]]*\][?+*]?|\\?.[?*]|\\[a-z]")
"""What of a pattern need not stand in a word as it is written."""


def _gate(word: str) -> str:
    """The longest part of a pattern that stands in each of its words."""
    return max(re.findall(r"[a-z]+", _UNSURE.sub("|", word)), key=len)


def _without_marks(text: str) -> str:
    """As `FoldedText` leaves it: without marks that belong to the letter before."""
    return "".join(char for char in text if unicodedata.category(char) != "Mn")


def words(*alternatives: str, nearest: bool = False) -> Context:
    """The context of these words, as patterns in lower case. An accent may be left out.

    Args:
        alternatives: The words.
        nearest: Whether nothing else that has a name may stand between word and value.
    """
    others = [word for word in alternatives if not word.isascii()]
    bare = [_without_marks(unicodedata.normalize("NFKD", word)) for word in others]
    known = [*(word for word in alternatives if word.isascii()), *(word for word in bare if word.isascii())]
    gates = sorted({_gate(word) for word in known}, key=len)
    return Context(
        tuple(
            gate.encode("ascii")
            for place, gate in enumerate(gates)
            if not any(shorter in gate for shorter in gates[:place])
        ),
        re.compile(rb"(?<![a-z])(?:" + "|".join(known).encode("ascii") + rb")"),
        re.compile("|".join(map(_without_marks, others))) if others else None,
        nearest,
    )


def any_text(text: str) -> bool:
    """For schemes without a check: the word tells everything."""
    return bool(text)


PASSPORT: Final = words(
    *("passport", "reisepass", r"pass ?nummer", "passeport", "pasaporte", "passaport", "paszport", "paspoort", "pasaport"),
    *(r"passi(?![a-z])", "паспорт", "护照", "護照", "パスポート", "旅券", "여권", "hộ chiếu", "διαβατ", "جواز", "דרכון"),
    nearest=True,
)
DRIVERS_LICENSE: Final = words(
    r"driv(?:er'?s?|er s|ing)[ -]?licen[cs]e",
    r"licen[cs]e (?:no|num|#)",
    r"dl(?![a-z])",
    *("fuehrerschein", "führerschein", "permis de conduire", "permiso de conduc", "licencia de conduc"),
    *("patente di guida", "carta de condu", "rijbewijs", "prawo jazdy", "ajokortti", "körkort", "førerkort", "kørekort"),
    *("carné de conducir", "carteira de habilitação", "водительск", "驾驶证", "駕照", "運転免許", "운전면허"),
    nearest=True,
)
BIRTH: Final = words(
    *(r"birth", r"born(?![a-z])", r"bday", r"d\.?o\.?b(?![a-z])", "geburtsdatum", "geburtstag", r"geb(?:oren|\.)"),
    *("date de naissance", "date naissance", r"née? le", r"né\(e\)", r"f(?:echa)?\.? ?(?:de )?nac", "nacimiento"),
    *(r"nacid[oa](?![a-z])", "nací el", "data di nascita", r"nat[oa] il", "nascita", "data de nasc", "nascimento"),
    *(r"nascid[oa]", r"nasci(?![a-z])", "data urodz", "urodz", r"ur\. ", "geboortedatum", "geboren", "narozen", "naroden"),
    *("narozen[ií]", "fødselsdato", "født", "födelsedatum", "född", "syntymä", "syntynyt", "szület", "nașter", "născut"),
    *("γέννησ", "γεννήθ", "doğum", "рожден", "родил", "народжен", "раждане", "rođen", "rojstva", "gimimo", "dzimšan"),
    *("sünni", "生年月日", "出生", "生日", "생년월일", "วันเกิด", "ngày sinh", "tanggal lahir", "ميلاد", "תאריך לידה", "जन्म", "تولد"),
    nearest=True,
)
TELEPHONE: Final = words(
    *("phone", r"tele?f", r"tel(?![a-z])", r"tlf", r"telp", "mobil", "handy", r"cell(?![a-z])", "cellphone", "cellul"),
    *(r"celular", r"cel(?![a-z])", "gsm", "fax", "whatsapp", "msisdn", "hotline", "landline", "rufnummer", "durchwahl"),
    *(r"r(?:ü|ue)ckruf", "erreich", "ruf(?:en)? sie", "puh(?:elin|\.)", "matkapuh", "komórk", r"kom\.", "portable", "joignable"),
    *("appel", "rappel", "llamam", "llamar", "llame", "llámam", "llámem", "chiam", r"ligue(?![a-z])", r"bel (?:me|ons)", "zadzwo", "zavol", r"ring (?:me|mi|ti|t)"),
    *("soita", "hívj", "sunați", "nazovite", "pokličite", "skambink", "zvaniet", "tālr", "helistage", r"cep(?![a-z])"),
    *(r"contact (?:number|no|me|us)", "contactar", r"(?:my|the|his|her|our|your) (?:new )?number is", "numéro est"),
    *("nummer (?:ist|lautet|is|är)", "número (?:es|é)", "numero è", "número de contacto", "hubungi", r"hp(?![a-z])"),
    *("numer to", "číslo", "τηλ", "κινητ", "καλέστε", "τηλέφωνο", "телефон", r"тел\.?", r"моб\.?", "позвоните", "обадете"),
    *("звон", "電話", "电话", "手机", "手機", "携帯", "连络", "連絡", "联系", "전화", "휴대폰", "휴대전화", "연락처"),
    *("โทร", "มือถือ", "gọi", "sđt", "điện thoại", "هاتف", "جوال", "اتصل", "موبایل", "تلفن", "تماس", "טלפון", "נייד"),
    *("התקשר", "फ़ोन", "फोन", "मोबाइल", "arayın"),
    nearest=True,
)
