"""Passwords in sentences, in which no sign stands between a name and its value.

"The password to the server is …", "user bob, pass …", "Пароль от сервера: …".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.secrets.names import PASSWORD_NOUNS
from otel_compliance.redact.secrets.tables import passwords_below
from otel_compliance.redact.secrets.values import is_chosen, is_pair, is_passphrase, is_scrambled

_NOUN: Final = b"pass"
_FOREIGN: Final = (
    *(b"kennwort", b"contrase", b"senha", b"wachtwoord", b"has\x80o", b"heslo", b"l\x80senord", b"jelsz\x80"),
    *(b"\x80ifre", b"kata sandi", b"parola", b"adgangskode", b"salasana", b"clave", b"kodeord"),
    *(b"geslo", b"nywila", b"kata laluan", b"contrasenya", b"lozink", b"wpa key", b"wifi key"),
    *(b"m\x80t kh\x80u", b"code wi", b"code secret", b"creds", b"pw"),
)
"""Parts of the words for a password, in lower case."""
_RARE: Final = (b"login", b"credential", b"shared secret", b"shared key", b"memorable word", b"security answer")
"""Words of which one is hardly the only one in a long text."""
_LONG: Final = 4_000
"""A longer text in one of those languages has letters beyond ASCII, too."""
HINT: Final = "|".join(noun.decode("ascii") for noun in (_NOUN, *_FOREIGN, *_RARE) if noun.isascii())

GATES: Final = {
    "statement": (
        ("(?i:" + HINT + ")").encode("ascii"),
        rb"(?i:has\x80o|l\x80senord|jelsz\x80|m\x80t kh\x80u|\x80ifre)",
    ),
}

_VALUE: Final = (
    rb"(?:\*\*|[\[(])?(?:[\"'`](?P<quoted>[^\"'`\s\x81\x82]{4,128})[\"'`]|(?P<bare>[^\s\"'`,;<>|\x81\x82]{4,128}))"
)
_PASSWORD: Final = (
    rb" ?(?i:pass(?:w?or[dt](?:et|en)?|wd|phrase|code|e|)|pwd?|kennwort|contrase(?:n|\x80)a|senha|wachtwoord|has\x80o"
    rb"|heslo|l\x80senord(?:et)?|jelsz\x80|m\x80t kh\x80u|code wi-?fi"
    rb"|\x80ifre[a-z]{0,4}|adgangskoden?|kodeord(?:et)?|salasana|kata sandi(?:nya)?|parola(?: d'ordine)?|code secret"
    rb"|geslo|nywila|kata laluan|contrasenya|lozink[ae]|(?:wpa2?|wi-?fi|network) key"
    rb"|clave(?: secreta| de acceso)?|shared (?:secret|key)|memorable word|security answer)"
    rb"(?:'?s)?(?![a-z])"
)
_WORD: Final = re.compile(rb" ?(?P<word>" + _PASSWORD.removeprefix(b" ?") + rb")")
_OF_WHAT: Final = (
    # To the server, for bob, de la base, do Wi-Fi da loja.
    rb"(?: [a-z\x80]{4,14})?"
    rb"(?: (?i:to|for|of|on|zu[rm]?|f\x80rs?|dell[ao]|d[aeiou]s?|del|des|para|van|voor|til|till|ke?|wifi|na|za|od|p\x80"
    rb"|pro|pentru|au|im|al)"
    rb"(?: [\w.\-\x80/']{1,20}){1,4}?| wi-?fi(?: [\w\x80]{1,12}){0,2}?)?(?: \([^()\n]{1,40}\))?"
)
_VERB: Final = (
    rb"(?i: (?:is|was)(?: now)?(?: (?:re)?set to)?| (?:will|should) be| has been (?:re)?set to| (?:re)?set to"
    rb"| changed to| to| enter| type| of"
    rb"| ist| este| lautete?| auf| est| c'est| es| er| on| je| l\x80| \x80r| \x80 rimasta| e| \x80)"
    rb"(?: (?:now|still|currently|bisher|jetzt|nun|maintenant|ahora|agora|adesso|nu|teraz))?:?[ \n]"
)
_LINK: Final = (
    rb"(?:" + _VERB + rb"| ?[\-=]> ?| ?\| ?|,|\t| ?\x81 ?|: ?|\.{3,40}+ ?|\] ?|\((?=[\"'])"
    rb"| (?:[05-9] )?(?=[^\s0-9]{0,40}[0-9]|[\"'`]|[A-Za-z]{1,24}[a-z][A-Z]|(?:[a-z]{3,12}[._\-]){2}|[a-z]{3,12}_)"
    rb")"
)
_STATEMENT: Final = re.compile(_PASSWORD + _OF_WHAT + rb"(?P<link>" + _LINK + rb")" + _VALUE)
# A label, a dash or the end of the line, and nothing else in the line of the value.
_LABELLED: Final = re.compile(
    _PASSWORD + rb"(?: - |(?:" + _OF_WHAT + rb":)? {0,2}\r?\n {0,8})" + _VALUE + rb"(?=[ \t*]{0,8}(?:[\r\n]|\Z))"
)
_LABEL_BEFORE: Final = re.compile(rb"[ \t>*#,\-\x81\[|]{0,8}(?:[A-Za-z\x80]{1,16} ){0,3}")
_LABEL_CHARS: Final = 56
_LOOSE: Final = re.compile(
    rb" ?(?i:pass(?:word|wd|phrase|code)?|pwd?)\b(?:.*(?<! set)(?<!changed) (?:to|on|type|enter):?[ \n]| )[\[(*]{0,2}",
    re.DOTALL,
)
"""Links behind which a word of three parts is one of the sentence."""
_GIVEN: Final = re.compile(rb"(?i)(?:temp|initial|default|new|first)")
_GIVEN_CHARS: Final = 14
"""A password "of" something is somebody's, unless one was given."""
_FEWEST: Final = 8
_JOINED: Final = re.compile(rb"[._\-]")
_MANY_JOINED: Final = 3
_BARE_PASS: Final = re.compile(rb" ?(?i:pass|pwd?|passe)(?![A-Za-z])")
_LOGIN: Final = re.compile(
    rb"(?i:creds|credentials?|login)(?: are| is| with)?[ :=>\-\x81]{1,4}(?![0-9]{4}-)[\w.@\-]{2,40} ?[/:|] ?" + _VALUE
)
_LOGIN_BEGINS: Final = (b"cred", b"logi")
_AS: Final = re.compile(
    rb"(?<=[ \"'`])(?:as|is|for|als|comme|como|come|som|jako) (?:the |my |our |your |a |its )?(?:[a-z]{1,16} ){0,2}\Z"
)
_AS_CHARS: Final = 48
_MOST_CHARS: Final = 130
_EDGE_CHARS: Final = tuple(bytes([char]) for char in b"\"'`,; ")
_WHITE: Final = (b" ", b"\n", b"\t")
_QUOTES: Final = (b'"', b"'")
_EDGES: Final = b"\"'`,;<>| "

_IN_LETTERS: Final = re.compile(r"(?i:" + "|".join((*PASSWORD_NOUNS, "токен", "トークン")) + r")")
# Possessive, since between such words there may be no blank to tell where the next one begins.
_BEHIND_LETTERS: Final = re.compile(
    r"\*{0,2}(?:[^!-~\n]|-(?=[^!-~\n])){0,60}+(?:[A-Za-z\-]{2,12}(?=[^!-~]|[:=])[^!-~\n]{0,40}+)?"
    r"(?:(?:[:=>\"'`|\-\]\[(]{1,3}|\.{3,40}+)[^!-~\n]{0,3}+)?(?:\r?\n {0,8}(?=[!-~]{5,128}[ \t]{0,8}(?:[\r\n]|\Z)))?"
    r"[\"'`]?(?P<value>[!-~]{5,128})"
)
_VISIBLE: Final = re.compile(r"[!-~]")
_GAP_CHARS: Final = 70
"""More than may stand between such a word and the first sign of ASCII behind it."""
_BEYOND_ASCII: Final = b"\x80\x80"
_TRAILING: Final = b".,:?)]}*`\\"
_LETTER: Final = b"\x80"
_CONFIDENCE: Final = 0.85


def statements(folded: Folded) -> Iterator[Finding]:
    """Passwords that a sentence tells."""
    if not folded.text.isascii() and _BEYOND_ASCII in folded.ascii:
        yield from _in_letters(folded)
    if not folded.may_hold("statement"):
        return
    lower = folded.lower
    short = len(lower) < _LONG
    nouns = (_NOUN, *(_FOREIGN if short or _LETTER in lower else ()), *(_RARE if short else ()))
    for noun in nouns:
        at = lower.find(noun)
        while at >= 0:
            if finding := _at(folded.ascii, at):
                yield finding
            elif word := _WORD.match(folded.ascii, at):
                yield from passwords_below(folded, *word.span("word"))
            at = lower.find(noun, at + len(noun))


def _in_letters(folded: Folded) -> Iterator[Finding]:
    """Passwords behind words with other letters, without a blank between them perhaps, or in their columns."""
    text = folded.text
    visible: re.Match[str] | None = None
    for noun in _IN_LETTERS.finditer(text):
        yield from passwords_below(folded, *noun.span())
        # A hostile text has such words and no value.
        if visible is None or visible.start() < noun.end():
            visible = _VISIBLE.search(text, noun.end())
        if visible is None:
            return
        match = _BEHIND_LETTERS.match(text, noun.end()) if visible.start() - noun.end() <= _GAP_CHARS else None
        if match is None:
            continue
        start, end = match.span("value")
        if text[start] != chr(folded.ascii[start]):
            start += 1  # a sign that is spelled by an escape sequence
        value = folded.ascii[start:end].rstrip(_TRAILING + _EDGES)
        if is_chosen(value) or is_passphrase(value) or is_pair(value):
            yield Finding("CREDENTIAL", start, start + len(value), _CONFIDENCE)


def _at(data: bytes, at: int) -> Finding | None:
    """The password that is told by a word at an offset."""
    if _is_word_of_its_own(data, at):
        told = (_LOGIN if data[at : at + 4].lower() in _LOGIN_BEGINS else _STATEMENT).match(data, at)
        if told and (finding := _told(data, told)):
            return finding
        labelled = _LABELLED.match(data, at) if _is_label(data, at) else None
        if labelled and (finding := _told(data, labelled)):
            return finding
    return _before(data, at)


def _told(data: bytes, match: re.Match[bytes]) -> Finding | None:
    """What stands behind a word for a password, if it is one."""
    start, end = match.span("quoted" if match["quoted"] else "bare")
    end = end if match["quoted"] else start + len(data[start:end].rstrip(_TRAILING))
    value = data[start:end]
    # A filter of a template is none, nor is the name of an attribute.
    if data.startswith(b" }}", end) or (value.endswith(b"=") and data.startswith(_QUOTES, end)):
        return None
    link = match["link"] if match.re is _STATEMENT else b""
    if link == b" of " and not _GIVEN.search(data, max(0, match.start() - _GIVEN_CHARS), match.start()):
        return None
    is_loose = bool(link) and not match["quoted"] and _LOOSE.fullmatch(match[0][: start - match.start()]) is not None
    return Finding("CREDENTIAL", start, end, _CONFIDENCE) if _is_password(value, is_loose=is_loose) else None


def _is_password(value: bytes, *, is_loose: bool) -> bool:
    """Whether what stands behind a word for a password, and behind a link that says little perhaps, is one."""
    if is_chosen(value):
        return True
    if is_loose:
        return is_passphrase(value) and len(_JOINED.findall(value)) >= _MANY_JOINED
    return is_passphrase(value) or is_pair(value) or (len(value) >= _FEWEST and is_scrambled(value, times=1))


def _is_label(data: bytes, at: int) -> bool:
    """Whether nothing but a few words stands in the line before an offset."""
    line = data.rfind(b"\n", max(0, at - _LABEL_CHARS), at) + 1
    return at - line <= _LABEL_CHARS and _LABEL_BEFORE.fullmatch(data, line, at) is not None


def _before(data: bytes, at: int) -> Finding | None:
    """The password before a word, as in "use … as the password"."""
    link = _AS.search(data, max(0, at - _AS_CHARS), at) if data[at - 1 : at] == b" " else None
    if link is None:
        return None
    end = link.start()
    while end > at - _AS_CHARS and data[end - 1 : end] in _EDGE_CHARS:
        end -= 1
    # "Ask bob23 for the password" tells nobody's.
    if link[0].startswith(b"for") and not any(quote in data[end : link.start()] for quote in _QUOTES):
        return None
    start = max(data.rfind(char, max(0, end - _MOST_CHARS), end) for char in _WHITE) + 1
    value = data[start:end].lstrip(_EDGES)
    told = is_chosen(value) or is_passphrase(value)
    return Finding("CREDENTIAL", end - len(value), end, _CONFIDENCE) if told else None


def _is_word_of_its_own(data: bytes, at: int) -> bool:
    """Whether a short word for a password does not belong to another one, such as "bypass"."""
    if not _BARE_PASS.match(data, at) or data[at] == 0x20:
        return True
    if data[at : at + 5].lower() == b"passe" and not data[max(0, at - 7) : at].lower().endswith(b"mot de "):
        return data[max(0, at - 8) : at].lower() == b"palavra-"
    return not data[at - 1 : at].isalnum() and data[at - 1 : at] not in (b"-", b"_", b".")
