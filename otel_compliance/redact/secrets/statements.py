"""Passwords in sentences and commands, in which no sign stands between a name and its value.

"The password to the server is …", "user bob, pass …", ``mysql -u root -p…``, ``curl -u bob:…``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.secrets.placeholders import is_code, is_path, is_placeholder, is_word

_NOUN: Final = b"pass"
_FOREIGN: Final = (b"kennwort", b"contrase", b"senha", b"wachtwoord", b"creds", b" pw")
"""Parts of the words for a password, in lower case."""
_LONG: Final = 4_000
"""A longer text in one of those languages has letters beyond ASCII, too."""
HINT: Final = "|".join(noun.decode("ascii") for noun in (_NOUN, *_FOREIGN, b"login", b"credential"))

GATES: Final = {
    "statement": (("(?i:" + HINT + ")").encode("ascii"),),
    "command": (rb" -(?:u|p|a|-user|-proxy-user|-pass)",),
}

_VALUE: Final = rb"(?:[\"'`](?P<quoted>[^\"'`\s\x81\x82]{4,128})[\"'`]|(?P<bare>[^\s\"'`,;<>|\x81\x82]{4,128}))"
_STATEMENT: Final = re.compile(
    rb" ?(?i:pass(?:wor[dt]|wd|phrase|code|e|)|pwd?|kennwort|contrase(?:n|\x80)a|senha|wachtwoord)(?:'?s)?(?![a-z])"
    # "… to the server", "… for bob", "… de la base"
    rb"(?: (?:to|for|of|on|zu|f\x80r|de|del|para|van|voor)(?: [\w.\-]{1,20}){1,4}?)?"
    rb"(?P<link>(?: (?:is|was)(?: now)?(?: set to)?| (?:will|should) be| has been (?:re)?set to| (?:re)?set to"
    rb"| changed to"
    rb"| ist| lautet| est| es| e| \x80| to):?[ \n]| ?[\-=]> ?| ?\| ?|,|\t| (?=[^\s0-9]{0,40}[0-9]))" + _VALUE
)
_BARE_PASS: Final = re.compile(rb" ?(?i:pass|pwd?|passe)(?![A-Za-z])")
_LOGIN: Final = re.compile(
    rb"(?i:creds|credentials?|login)(?: are| is| with)?[ :=]{1,3}[\w.@\-]{2,40} ?[/:|] ?" + _VALUE
)
_LOGIN_BEGINS: Final = (b"cred", b"logi")
_AS: Final = re.compile(rb"(?<=[ \"'`])(?:as|is) (?:the |my |our |your |a |its )?(?:[a-z]{1,16} ){0,2}\Z")
_AS_CHARS: Final = 48
_MOST_CHARS: Final = 130
_EDGE_CHARS: Final = tuple(bytes([char]) for char in b"\"'`,; ")
_WHITE: Final = (b" ", b"\n", b"\t")
_EDGES: Final = b"\"'`,;<>| "

_CHOSEN: Final = re.compile(rb"(?=.*[A-Za-z\x80])(?=.*[0-9!@#$%^&*?+=]).{5,}")
_NOT_CHOSEN: Final = re.compile(
    rb"(?i)(?:sha|md|aes|utf|base|oauth|pbkdf|bcrypt|argon|v|rfc|http|ipv|section|step|field|option|rule|page)[\-_]?[0-9.]+\W*"
    rb"|[0-9]+-?[a-z]{1,12}|[\w\-]+\(.*|[a-z]+[?!]+|[A-Za-z]+(?:[&+/=][A-Za-z]+)+"
)
"""Names of methods and counts, such as ``SHA256`` and ``12-character``; and a word before a question mark."""

_COMMAND: Final = re.compile(
    rb" -(?:(?:u|-user|-proxy-user)[ =]?[\"']?[\w.@\-]{1,64}:(?P<user>[^\s\"'@:/]{4,128})"
    rb"|(?:p(?!ass)|a|-pass(?=[ =])) ?[\"']?(?P<option>[^\s\"'\-][^\s\"']{3,128}))"
)
# It begins with a literal, so it is found at the speed of a search for one character.
_DASH: Final = re.compile(rb"-(?<= -)")
_TOOL: Final = re.compile(
    rb"(?:sshpass|mysql\w*|mongo\w*|docker login|redis-cli|htpasswd|smbclient|ldapsearch)\b[^\n]{0,80}\Z"
)
_TOOL_CHARS: Final = 100
_TRAILING: Final = b".,:?)]}*`\\"
_LETTER: Final = b"\x80"
_CONFIDENCE: Final = 0.85


def statements(folded: Folded) -> Iterator[Finding]:
    """Passwords that a sentence tells."""
    if not folded.may_hold("statement"):
        return
    lower = folded.lower
    short = len(lower) < _LONG
    nouns = (_NOUN, *(_FOREIGN if short or _LETTER in lower else ()), *((b"login", b"credential") if short else ()))
    for noun in nouns:
        at = lower.find(noun)
        while at >= 0:
            if finding := _at(folded.ascii, at):
                yield finding
            at = lower.find(noun, at + len(noun))


def _at(data: bytes, at: int) -> Finding | None:
    """The password that is told by a word at an offset."""
    match = (_LOGIN if data[at : at + 4].lower() in _LOGIN_BEGINS else _STATEMENT).match(data, at)
    if match and _is_word_of_its_own(data, at):
        start, end = match.span("quoted" if match["quoted"] else "bare")
        end = end if match["quoted"] else start + len(data[start:end].rstrip(_TRAILING))
        if is_chosen(data[start:end]):
            return Finding("CREDENTIAL", start, end, _CONFIDENCE)
    return _before(data, at)


def _before(data: bytes, at: int) -> Finding | None:
    """The password before a word, as in "use … as the password"."""
    link = _AS.search(data, max(0, at - _AS_CHARS), at) if data[at - 1 : at] == b" " else None
    if link is None:
        return None
    end = link.start()
    while end > at - _AS_CHARS and data[end - 1 : end] in _EDGE_CHARS:
        end -= 1
    start = max(data.rfind(char, max(0, end - _MOST_CHARS), end) for char in _WHITE) + 1
    value = data[start:end].lstrip(_EDGES)
    return Finding("CREDENTIAL", end - len(value), end, _CONFIDENCE) if is_chosen(value) else None


def _is_word_of_its_own(data: bytes, at: int) -> bool:
    """Whether a short word for a password does not belong to another one, such as "bypass"."""
    if not _BARE_PASS.match(data, at) or data[at] == 0x20:
        return True
    french = data[at : at + 5].lower() != b"passe" or data[max(0, at - 7) : at].lower() == b"mot de "
    return french and not data[at - 1 : at].isalnum() and data[at - 1 : at] not in (b"-", b"_", b".")


def is_chosen(value: bytes) -> bool:
    """Whether a value looks like a password that somebody chose, not like a word of a sentence."""
    if _CHOSEN.fullmatch(value) is None or _NOT_CHOSEN.fullmatch(value):
        return False
    return not (is_placeholder(value) or is_code(value) or is_path(value) or is_word(value))


def commands(folded: Folded) -> Iterator[Finding]:
    """Passwords among the options of commands."""
    if not folded.may_hold("command"):
        return
    data = folded.ascii
    for dash in _DASH.finditer(data):
        match = _COMMAND.match(data, dash.start() - 1)
        if match and (finding := _option(data, match)):
            yield finding


def _option(data: bytes, match: re.Match[bytes]) -> Finding | None:
    group = "user" if match["user"] else "option"
    value = match[group]
    if group == "option" and not _TOOL.search(data, max(0, match.start() - _TOOL_CHARS), match.start()):
        return None
    if is_placeholder(value) or is_path(value) or value.isdigit():
        return None
    return Finding("CREDENTIAL", *match.span(group), _CONFIDENCE)
