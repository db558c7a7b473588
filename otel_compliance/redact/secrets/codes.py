"""Numbers that open something: PINs, security codes of cards, codes that are sent to a telephone.

Four to eight digits by themselves, shortly behind a word that says what they are, in many languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from string import ascii_letters, digits
from typing import Final

from otel_compliance.redact.characters import without_marks
from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.secrets.names import PASSWORD_NOUNS
from otel_compliance.redact.shapes import ByShape

_GROUP: Final = re.compile(rb"(?<![0A])(?<!0 )(?:0{4,8}|000 000)(?![0A]| 0)")
"""In the shape of a run: digits beside others are of a longer number, or of a date."""
_BEFORE_CHARS: Final = 64
_PART: Final = (b".", b",", b"-", b"/", b":")
_LETTER: Final = b"\x80"
_NOT_BEFORE: Final = frozenset((ascii_letters + digits + "$#").encode())
_PARTS: Final = re.compile(rb"ode|ODE|[Pp]in|PIN|OTP|kod|KOD|ood|CV|PUK|NIP|ass|ASS|enha|lave|\x80|eslo|arola")
"""One of them is in every word of ASCII below: looking for them costs less than the pattern."""
GATES: Final = {"code word": (_PARTS.pattern, _LETTER)}

_GAP: Final = rb"(?:[^0-9.;!?\n]{0,40}+(?:(?<=[:)\]])\r?\n[ >]{0,4})?|[^0-9.;!?\n]{0,16}+\.{3,40}+ ?)"
"""Between the word and the digits: the rest of a clause, the end of the line behind a colon, or dots."""
_PASSWORDS: Final = (
    rb"(?:pass(?:word|code|wort|ord(?:et)?)|kennwort|senha|contrase(?:n|\x80)a|clave|has\x80o|heslo|wachtwoord|l\x80senordet"
    rb"|adgangskoden?|salasana|parola|mot de passe|mdp|pwd)"
    rb"(?P<link>(?:[ \"']{0,2}[:=]|(?: [\w\x80'\-]{1,16}){0,5}?"
    rb" (?:is|was|ist|lautet|es|est|\x80|\x80r|er|on|je|to|ficou|fue|era|now)) ?[\"'(\[*`]{0,2})"
)
"""Words for a password, which digits follow only where a verb or a sign says so."""
_WORDS: Final = re.compile(
    rb"(?:(?<![A-Za-z])(?:PIN|OTP|PUK|NIP|CVV2?|CVC2?|(?i:one-time password)|Pin(?=[ \-]?[CcKk]od|koodi|[ :])"
    rb"|pin(?=[ \-]?(?:code|kod|number|nummer)|koodi|[:=\"']| is )"
    rb"|pin(?=(?: [a-z]{2,10}){0,3}(?: ?[:=]| (?:is|ist|es|est|neu) | ?\.{3}))"
    rb"|(?i:(?:screen|banking|lockbox|voicemail|door|card|lock|safe|gate|bank|old|new|atm|sim|el|code) pin(?= )))"
    rb"|(?i:(?<![a-z])(?:verification|security|confirmation|access|door|gate|alarm|entry|unlock|secret|log-?in|sign-?in"
    rb"|authentication|one-?time|2fa|mfa|two-factor|sms|recovery|voicemail|safe|vault|lock|lockbox|keypad"
    rb"|garage|building|activation|disarm|passe?) ?code"
    rb"|code (?:secret|confidentiel|otp|sms|de v\x80rification|de s\x80curit\x80|d'acc\x80s|de confirmation"
    rb"|du portail|de la porte|de l'alarme|d'entr\x80e)"
    rb"|c\x80digo (?:de (?:verifica|segur|ace|confirma|la alarma|la puerta)[a-z\x80]{0,12}|secreto)"
    rb"|codice (?:di (?:verifica|sicurezza|accesso|conferma)|segreto|dell'allarme)"
    rb"|(?:verificatie|toegangs|beveiligings|deur|best\x80tigungs|sicherheits|zugangs|t\x80r|freischalt|verifizierungs"
    rb"|einmal)code"
    rb"|kod (?:weryfik|dost\x80p|zabezp|jednoraz|do (?:drzwi|alarmu|domofonu|sejfu)|sms)"
    rb"|(?:verifierings|eng\x80ngs|port|larm|s\x80kerhets|d\x80r|alarm|bekr\x80ftelses|engangs|sikkerheds|sikkerhets"
    rb"|verifiserings)kode?n?"
    rb"|koden? (?:till|til|for) (?:larmet|porten|d\x80ren|alarmen)"
    rb"|(?:vahvistus|ovi|h\x80lytys|turva)koodi|(?:do\x80rulama|g\x80venlik|kap\x80|onay) kodu?"
    rb"|kode (?:verifikasi|otp|akses|keamanan)|m\x80 (?:x\x80c (?:minh|nh\x80n)|otp|pin|b\x80o m\x80t)))"
    rb"(?P<gap>" + _GAP + rb")\Z|(?i:(?<![a-z])" + _PASSWORDS + rb")\Z"
)
_OTHER_NOUNS: Final = (
    *("пин", "пін", "код (?:подтвержд|доступа|безопасн|из смс|підтвердж|доступу)", "पिन", "ओटीपी", "κωδικ"),
    *("קוד (?:ה)?(?:סודי|אימות|גישה)", "الرقم السري", "رمز (?:التحقق|المرور|الدخول)", "認証コード", "確認コード"),
    *("인증 ?번호", "보안 ?코드", "验证码", "驗證碼", "รหัส", "mật khẩu"),
)
_WORDS_IN_LETTERS: Final = re.compile(
    "(?i:" + "|".join((*PASSWORD_NOUNS, *map(without_marks, _OTHER_NOUNS))) + r")(?P<gap>[^\d.;!?\n。！？]{0,32})$"
)
_COUNTED: Final = re.compile(
    rb" (?:line|file|item|user|time|row|record|word|character|day|hour|minute|second|byte|page|step|test|commit|unit"
    rb"|point|request|call|message|token|error|ticket|order|mile|meter|euro|dollar)s(?![a-z])"
)
"""A plural behind digits: so many of them."""
_YEAR: Final = re.compile(rb"(?:19|20)[0-9]{2}")
_SINCE: Final = re.compile(
    r"(?i)(?:^|\W)(?:in|since|of|from|until|by|on|am|en|im|seit|depuis|desde|nel|dal|em|od|до|в|с|з|year) $"
)
"""A year behind one of them is one."""
_CONFIDENCE: Final = 0.8


def codes(folded: Folded) -> Iterator[Finding]:
    """The numbers, without the words."""
    if not folded.may_hold("code word"):
        return
    data = folded.ascii
    for offset, groups in _groups.within(folded):
        for start, end in groups:
            at = offset + start
            # One look rejects what is in digests and identifiers.
            if (
                data[at - 1] not in _NOT_BEFORE
                and _stands_alone(data, at, offset + end)
                and _is_code(folded, at, offset + end)
            ):
                yield Finding("CREDENTIAL", at, offset + end, _CONFIDENCE)


@ByShape
def _groups(run: bytes) -> Sequence[tuple[int, int]]:
    """Where four to eight digits stand in a row in a run of this shape."""
    return [match.span() for match in _GROUP.finditer(run)]


def _stands_alone(data: bytes, start: int, end: int) -> bool:
    """Whether digits are no part of a word, of an amount, a date, a time or a longer number."""
    before, behind = data[start - 1 : start], data[end : end + 1]
    if behind.isalnum() or behind == b"%" or _COUNTED.match(data, end):
        return False
    return not (
        (before in _PART and data[start - 2 : start - 1].isdigit())
        or (behind in _PART and data[end + 1 : end + 2].isdigit())
    )


def _is_code(folded: Folded, start: int, end: int) -> bool:
    """Whether a word before digits says that they open something."""
    first = max(0, start - _BEFORE_CHARS)
    # Behind other digits the word is theirs; those of "CVV2" and "2FA" are fewer.
    if (other := folded.shape.rfind(b"000", first, start)) >= 0:
        first = other + 3
    window = folded.ascii[first:start]
    match: re.Match[bytes] | re.Match[str] | None = None
    if _PARTS.search(window):
        match = _WORDS.search(window)
    if match is None and _LETTER in window:
        match = _WORDS_IN_LETTERS.search(folded.text[first:start])
    if match is None:
        return False
    gap = folded.text[first + match.start("gap" if match["gap"] is not None else "link") : start]
    return not (_YEAR.fullmatch(folded.ascii, start, end) and _SINCE.search(gap))
