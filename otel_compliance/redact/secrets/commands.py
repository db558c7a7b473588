"""Passwords among the arguments of commands and of functions, which give them no name.

``mysql -u root -p…``, ``curl -u bob:…``, ``gh secret set NAME --body …``, ``auth=("bob", …)``; and ``.pgpass``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.secrets.values import is_code, is_passphrase, is_path, is_placeholder

_OPTION: Final = re.compile(
    rb" -(?:(?:u|-user|-proxy-user)[ =]?[\"']?[\w.@\-]{1,64}:(?P<user>[^\s\"'@:/]{4,128})"
    rb"|(?:pass(?:in|out) pass:|(?:store|key|srcstore|deststore)pass )[\"']?(?P<named>[^\s\"']{4,128})"
    rb"|U[ =]?[\"']?[\w.\\\-]{1,64}%(?P<samba>[^\s\"']{4,128})"
    rb"|(?:p(?!ass)|P|a|w|-pass(?=[ =])|-body(?=[ =])) ?=?[\"']?(?P<option>[^\s\"'\-][^\s\"']{3,128}))"
)
# It begins with a literal, so it is found at the speed of a search for one character.
_DASH: Final = re.compile(rb"-(?<= -)")
_TOOL: Final = re.compile(
    rb"(?:sshpass|mysql\w*|mongo\w*|docker login|redis-cli|htpasswd|smbclient|ldapsearch|zip|unzip|7z|gh secret set)\b"
    rb"[^\n]{0,80}\Z"
)
_TOOL_CHARS: Final = 100

_QUOTED: Final = rb"[\"'](?P<value>[^\"'\r\n]{4,128})[\"']"
_CALLS: Final = tuple(
    (signs, literal, re.compile(pattern))
    for signs, literal, pattern in (
        (b"\"'", b"identified by", rb"(?i:identified by)(?: password)? " + _QUOTED),
        (b"\"'", b"securestring", rb"(?i:securestring(?: -(?:string|asplaintext|force)){0,3}) " + _QUOTED),
        (b'"', b"networkcredential(", rb"(?i:networkcredential)\([\"'][^\"'\r\n]{1,64}[\"'], ?" + _QUOTED),
        (b"\"'", b".login(", rb"(?i:\.login)\([\"'][^\"'\r\n]{1,64}[\"'], ?" + _QUOTED),
        (b"\"'", b"connect(", rb"(?i:connect)\((?:[\"'][^\"'\r\n]{1,120}[\"'], ?){2}" + _QUOTED),
        (b"\"'", b"auth=(", rb"(?i:auth)=\([\"'][^\"'\r\n]{1,64}[\"'], ?" + _QUOTED),
        (b"-", b"snmp-server community", rb"(?i:snmp-server community) (?P<value>[^\s\"']{4,128})"),
        (b"/", b"net user", rb"(?i:net user) [\w.\-]{1,64} (?P<value>[^\s\"'/*]{4,128})"),
        (b"/", b"/user:", rb"(?i:/user:)(?:[\w.\-]{1,32}(?:\\| {2,4}))?[\w.\-@]{1,64} (?P<value>[^\s\"'/*]{4,128})"),
    )
)
"""Signs of which one must be there, as they are rare in prose; what is looked for in lower case; and what is there."""
_CALL_SIGNS: Final = frozenset(sign for signs, _, _ in _CALLS for sign in signs)
GATES: Final = {
    "command": (rb" -(?:u|p|a|P|s|k|d|w|U|-user|-proxy-user|-pass|-body)",),
    "call": (b"chpasswd", *(b"(?i:" + re.escape(literal) + b")" for _, literal, _ in _CALLS)),
}
_CHPASSWD: Final = re.compile(rb"[\"'\s](?P<user>[\w.\-]{1,32}):(?P<value>[^\s\"':]{4,128})[\"']? ?\| ?(?:sudo )?\Z")
_CHPASSWD_CHARS: Final = 180

_PGPASS: Final = re.compile(rb":(?:[0-9]{2,5}|\*):[\w*\-]{1,64}:[\w.\-]{1,64}:(?P<value>[^\s:]{4,128})(?=\s|\Z)")
_PGPASS_HOST: Final = re.compile(rb"(?<![\w.\-*:/@])[\w.\-*]{1,120}\Z")
_PGPASS_CHARS: Final = 200
_RELAY: Final = re.compile(rb":[0-9]{2,5}[ \t]{1,8}[\w.@\-]{1,64}:(?P<value>[^\s:]{4,128})(?=\s|\Z)")
_CONFIDENCE: Final = 0.85


def commands(folded: Folded) -> Iterator[Finding]:
    """Passwords among the arguments of commands and functions."""
    data = folded.ascii
    if folded.may_hold("command"):
        for dash in _DASH.finditer(data):
            match = _OPTION.match(data, dash.start() - 1)
            if match and (finding := _option(data, match)):
                yield finding
    if folded.may_hold("call"):
        yield from _calls(folded)
        yield from _piped(data)
    yield from _relays(folded)
    if folded.has_colons_within(4, _PGPASS_CHARS):
        yield from _password_files(data)


def _option(data: bytes, match: re.Match[bytes]) -> Finding | None:
    group = match.lastgroup or ""
    if group == "option" and not _TOOL.search(data, max(0, match.start() - _TOOL_CHARS), match.start()):
        return None
    return _finding(match, group)


def _calls(folded: Folded) -> Iterator[Finding]:
    data, lower = folded.ascii, folded.lower
    present = frozenset(sign for sign in _CALL_SIGNS if sign in data)
    for signs, literal, pattern in _CALLS:
        if present.isdisjoint(signs):
            continue
        # From the end, a long literal that is not there costs least.
        at = lower.rfind(literal)
        while at >= 0:
            match = pattern.match(data, at)
            if match and (finding := _finding(match, "value")):
                yield finding
            at = lower.rfind(literal, 0, at)


def _piped(data: bytes) -> Iterator[Finding]:
    """``echo "root:…" | chpasswd``."""
    at = data.rfind(b"chpasswd") if b"|" in data else -1
    while at >= 0:
        match = _CHPASSWD.search(data, max(0, at - _CHPASSWD_CHARS), at)
        if match and (finding := _finding(match, "value")):
            yield finding
        at = data.rfind(b"chpasswd", 0, at)


def _relays(folded: Folded) -> Iterator[Finding]:
    """Lines of Postfix's table of passwords: ``[mail.example.com]:587 user:password``."""
    data = folded.ascii
    for colon in folded.colons:
        match = _RELAY.match(data, colon) if data[colon - 1 : colon] == b"]" else None
        if match and (finding := _finding(match, "value")):
            yield finding


def _password_files(data: bytes) -> Iterator[Finding]:
    """Lines of PostgreSQL's password file: host, port, database, user and password."""
    for match in _PGPASS.finditer(data):
        if _PGPASS_HOST.search(data, max(0, match.start() - _PGPASS_CHARS), match.start()) and (
            finding := _finding(match, "value")
        ):
            yield finding


def _finding(match: re.Match[bytes], group: str) -> Finding | None:
    value = match[group]
    if is_placeholder(value) or is_path(value) or value.isdigit():
        return None
    if group == "value" and is_code(value) and not is_passphrase(value):
        return None
    return Finding("CREDENTIAL", *match.span(group), _CONFIDENCE)
