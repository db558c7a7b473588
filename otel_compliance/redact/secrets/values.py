"""What a value looks like: a placeholder, code, a word, something random, or a password that somebody chose."""

from __future__ import annotations

import re
from typing import Final

_NOUN: Final = (
    rb"(?:secret|password|passwd|pwd|passphrase|passcode|token|credentials?|key|value|string"
    rb"|(?:api|access|secret|private|auth)[ _\-]?(?:key|token))"
)
_PLACEHOLDER: Final = re.compile(
    rb"(?i)[*x.\-_#?0\x81 :]+"  # a mask
    rb"|[<\[{].*|\$?\$?[{(].*|.*\$\{.*|.*\{\{.*"  # <password>, ${VAR}, $(command), {{ value }}
    rb"|\$[a-z_]+(?:[\[(\-].*)?|%[a-z_]+%?|%\(.*|@[a-z_]+"  # $VAR, %s, %VAR%, @variable
    rb"|.*\x82.*"  # a token that stands for a value that is redacted already
    rb"|(?:(?:an?|my|the|your|own|some|new|old|db|user|insert|enter|add|put|example|dummy|fake|test)[ _\-]?){0,3}"
    + _NOUN
    + rb"(?:[ _\-]?(?:goes[ _\-])?(?:here|hash|field))?"
    rb"|\?[a-z_ ]*"  # ${VAR:?message}
    rb"|your[ _\-].*|change[ _\-]?(?:me|it|this)!?|replace[ _\-].*|placeholder.*|.*redacted.*"
    rb"|passwort.*|kennwort.*|mot de passe.*|contrase.a.*|senha.*|secretstr.*|secretbytes.*"
    rb"|@[\w.\-]+@|[a-z]{2,3}-[.]{3}"
    rb"|masked|hidden|removed|omitted|empty|blank|unset|todo|tbd|yes|no|on|off"
    rb"|!vault|!secret|!ref|!sub|!env"  # tags of YAML
    rb"|none|null|nil|nan|n/a|na|true|false|undefined"
    rb"|str|string|text|bytes|int|integer|number|bool|boolean|object|any|optional|required|(?:var)?char(?:\(.*)?"
    rb"|example|sample|dummy|foo|bar|foobar|default|basic|bearer|digest"
)
_CODE: Final = re.compile(
    rb"[A-Za-z_][A-Za-z_]*(?:\.[A-Za-z_]\w*)+\W*|[A-Za-z_][\w.]*[(\[].*|(?:process\.env|os\.environ|secrets|vault|env|var|data)[.:].*"
)
"""``self.password``, ``get_secret("x")``, ``os.environ["X"]``: an expression, no value."""

_NUMBERED: Final = re.compile(
    rb"(?!(?:self|this|os|env|cfg|conf|config|settings|data|req|request|args|params|app|user|var|vault|secrets)\.)"
    rb"[A-Za-z]{3,}\.[A-Za-z]{3,}[0-9]{2,4}[\s,;.\"'<]?"
)
"""Two words and a number, as people choose them for a password."""

_WORD: Final = re.compile(rb"[A-Za-z\x80][A-Za-z\x80'_/\-]*")
_PATH: Final = re.compile(rb"(?:~|\.{0,2})/.*|[A-Za-z]:\\.*|https?://.*|arn:aws[a-z\-]*:.*")
_SCRAMBLED: Final = re.compile(rb"[A-Z][a-z](?=[A-Z])|[a-z](?=[A-Z]{2,}[a-z])")
"""What one of 140 names in code has twice, and half of all texts of ten random letters, and nearly all of 20."""
_PASSPHRASE: Final = re.compile(rb"[a-z]{3,12}([.\-_])[a-z]{3,12}(?:\1[a-z]{3,12}){1,6}(?:\1?[0-9]{1,4})?")
_PAIR: Final = re.compile(rb"([a-z]{3,12})_([a-z]{3,12})")
_NAMES_IN_CODE: Final = frozenset(
    b"""
    admin app args auth body client com config context credential credentials creds data database default edu
    encrypted env event field fields file form get gov hash hashed html http id info input io items json key kwargs
    line list local login metadata model module name net new next old options org output param params pass
    passphrase passwd password path php plain process prod prompt props pwd raw request res response root schema
    secret secrets self session set settings spec state string test text this token txt type user username value
    values var vars vault www xml yaml yml
    """.split()
)
"""Words of expressions, of domains and of files, of which hardly anybody makes a passphrase."""


_BASE_64: Final = re.compile(rb"(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/]{36,}={0,2}")
_LETTER: Final = re.compile(rb"[A-Za-z]")
_DIGIT: Final = re.compile(rb"[0-9]")

_CHOSEN: Final = re.compile(rb"(?=.*[A-Za-z\x80])(?=.*[0-9!@#$%^&*?+=]).{5,}")
_UNSPOKEN: Final = re.compile(rb"[a-z]+(?:-[a-z]+){3,}")
"""Passphrases."""
_NOT_CHOSEN: Final = re.compile(
    rb"(?i)(?:sha|md|aes|utf|base|oauth|pbkdf|bcrypt|argon|v|rfc|http|ipv|section|step|field|option|rule|page)[\-_]?[0-9.]+\W*"
    rb"|[0-9]+-?(?-i:[a-z]{1,12}|[A-Z][a-z]{0,11}|[A-Z]{1,12})|[\w\-]+\(.*|[a-z]+[?!]+|[A-Za-z]+(?:[&+/=][A-Za-z]+)+"
)
"""Names of methods and counts, such as ``SHA256`` and ``12-character``; and a word before a question mark."""


def is_placeholder(value: bytes) -> bool:
    """Whether a value only marks the place of one."""
    return _PLACEHOLDER.fullmatch(value) is not None


def is_code(value: bytes) -> bool:
    """Whether a value without quotes is an expression of a program."""
    return _CODE.fullmatch(value) is not None and _NUMBERED.fullmatch(value) is None


def is_word(value: bytes) -> bool:
    """Whether a value is a word or an identifier: letters, hyphens and underscores, in no random order."""
    return _WORD.fullmatch(value) is not None and not is_scrambled(value)


def is_scrambled(value: bytes, times: int = 2) -> bool:
    """Whether small letters and capitals stand in any order, so many times."""
    return len(_SCRAMBLED.findall(value)) >= times


def is_passphrase(value: bytes) -> bool:
    """Whether a value is three words and more that somebody chose, joined by hyphens, dots or underscores."""
    match = _PASSPHRASE.fullmatch(value)
    return match is not None and _NAMES_IN_CODE.isdisjoint(value.split(match[1]))


def is_path(value: bytes) -> bool:
    """Whether a value is the path of a file or the address of a page, not base64 that begins with a slash."""
    return _PATH.fullmatch(value) is not None and not (_BASE_64.fullmatch(value) and is_opaque(value))


def is_pair(value: bytes) -> bool:
    """Whether a value is two words that somebody joined by an underscore, and no name in code."""
    match = _PAIR.fullmatch(value)
    return match is not None and _NAMES_IN_CODE.isdisjoint(match.groups())


def is_opaque(value: bytes) -> bool:
    """Whether a value looks random: letters and digits, or letters of any case, and many different characters."""
    mixed = (_LETTER.search(value) and _DIGIT.search(value)) or is_scrambled(value)
    return len(value) >= 8 and bool(mixed) and len(set(value)) >= 6


def is_chosen(value: bytes) -> bool:
    """Whether a value looks like a password that somebody chose, not like a word of a sentence."""
    if _UNSPOKEN.fullmatch(value) or (b"(" not in value and is_scrambled(value)):
        return True
    if _CHOSEN.fullmatch(value) is None or _NOT_CHOSEN.fullmatch(value):
        return False
    return not (is_placeholder(value) or is_code(value) or is_path(value) or is_word(value))
