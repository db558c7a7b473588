"""Network addresses: IPv4, IPv6 and MAC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from socket import AF_INET6, inet_pton
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded

_OCTET: Final = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4: Final = re.compile(
    rb"(?<![0-9A-Za-z_\-])(?<![0-9]\.)" + _OCTET + rb"(?:\." + _OCTET + rb"){3}(?![0-9A-Za-z_]|\.[0-9])"
)
# Beginning with a literal, it is found at the speed of a search for one character.
_IPV4_ANCHOR: Final = re.compile(rb"\.[0-9]{1,3}\.[0-9]{1,3}\.")
_VERSION_CONTEXT: Final = re.compile(
    rb"(?i)(?:\b(?:version|release|build|firmware|driver|chapter|section|clause|paragraph|oid|update|upgrade|ver|rev)"
    rb"(?: (?:from|to|no|number))?\.?[ :=\"']{0,3}|\.so\.|[0-9] (?:to|->) version "
    rb"|(?:Chrom(?:e|ium)|Edge?|OPR|Brave|Electron|Vivaldi|YaBrowser|CriOS|FxiOS)/)\Z"
)
_VERSION_BEHIND: Final = re.compile(rb" (?:to|->) version ")
_VERSION_CHARS: Final = 24
_NO_HOST: Final = re.compile(rb"127\.|0\.0\.0\.|255\.")
"""Loopback, the unspecified address, masks and broadcast (RFC 6890): nobody's."""

_IPV6_LIKELY: Final = re.compile(rb":(?::|(?:[0-9A-Fa-f]{1,4}:){5})")
"""In every address there is a double colon, or five groups between colons; in times of day there is neither."""
_IPV6_ANCHOR: Final = re.compile(rb":[0-9A-Fa-f]{0,4}:")
_LONG_RUN: Final = re.compile(rb"[0-9A-Fa-f:]{46,}+")
# One colon at the end is none of the address.
_IPV6: Final = re.compile(rb"[0-9A-Fa-f:]{2,39}(?:(?<=::)|(?<!:))(?:\.[0-9]{1,3}){0,3}")
_SMALLEST: Final = re.compile(rb"::[0-9A-Fa-f]{0,4}")
"""They are written in code far more often than as somebody's address."""
_ZONE: Final = re.compile(rb"%[0-9A-Za-z._\-]{1,16}")
_DIGITS: Final = b"0123456789"
_DIGIT: Final = re.compile(rb"[0-9]")
_IPV6_CHARS: Final = frozenset(b"0123456789abcdefABCDEF:.")
_BEHIND_COLON: Final = (b" ", b"/", b"\n", b"")
"""What may stand behind a colon that is not part of an address."""
_MAX_IPV6: Final = 45
"""Characters of the longest textual form, an IPv4-mapped address (RFC 4291 section 2.2)."""

# IEEE 802: six octets. One pattern for each separator, so that each begins with a literal. What stands before is looked
# at when the next octet has been seen, since looking back costs more.
_MAC: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rb":[0-9A-Fa-f]{2}:(?<=[0-9A-Fa-f]{2}:..:)(?<![0-9A-Za-z:]..:..:)(?:[0-9A-Fa-f]{2}:){3}[0-9A-Fa-f]{2}(?![0-9A-Za-z]|:[0-9A-Za-z])",
        rb"-[0-9A-Fa-f]{2}-(?<=[0-9A-Fa-f]{2}-..-)(?<![0-9A-Za-z\-]..-..-)(?:[0-9A-Fa-f]{2}-){3}[0-9A-Fa-f]{2}(?![0-9A-Za-z]|-[0-9A-Za-z])",
        rb"\.[0-9A-Fa-f]{4}\.(?<=[0-9A-Fa-f]{4}\..{4}\.)(?<![0-9A-Za-z.].{4}\..{4}\.)[0-9A-Fa-f]{4}(?![0-9A-Za-z]|\.[0-9A-Za-z])",
    )
)
_NOBODY: Final = (b"000000000000", b"ffffffffffff")
"""The unset address and that of everybody."""

GATES: Final = {
    "mac": (
        rb"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}",
        rb"(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}",
        rb"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}",
    ),
    "ipv4": (rb"[0-9](?:\.[0-9]{1,3}){3}",),
    "ipv6": (_IPV6_LIKELY.pattern,),
}


class MacRecognizer:
    """``MAC_ADDRESS``, with colons, hyphens, or in Cisco's groups of four."""

    entity_types = frozenset({"MAC_ADDRESS"})
    hint = r"[0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}[:\-]|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The addresses."""
        if not folded.may_hold("mac"):
            return
        data = folded.ascii
        for pattern, octet in zip(_MAC, (2, 2, 4), strict=True):
            if pattern is _MAC[0] and not folded.has_colons_within(5, 12):
                continue
            for match in pattern.finditer(data):
                start = match.start() - octet
                address = data[start : match.end()].translate(None, b":-.").lower()
                if address not in _NOBODY:
                    yield Finding("MAC_ADDRESS", start, match.end(), 0.9)


class IPRecognizer:
    """``IPV4`` and ``IPV6``."""

    entity_types = frozenset({"IPV4", "IPV6"})
    hint = r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|:[0-9A-Fa-f]{0,4}:"

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The addresses."""
        data = folded.ascii
        if folded.may_hold("ipv4"):
            yield from self._ipv4(data)
        if folded.may_hold("ipv6") and (folded.has_colons_within(2, 1) or folded.has_colons_within(6, 25)):
            yield from self._ipv6(data)

    @staticmethod
    def _ipv4(data: bytes) -> Iterator[Finding]:
        done = 0
        for anchor in _IPV4_ANCHOR.finditer(data):
            dot = anchor.start()
            before = data[max(done, dot - 3) : dot]
            # Without a number before the first dot, the first one is behind it.
            digits = len(before) - len(before.rstrip(_DIGITS)) or -1
            match = _IPV4.match(data, dot - digits, anchor.end() + 5)
            if match is None:
                continue
            done = match.end()
            if _NO_HOST.match(match[0]) or _VERSION_BEHIND.match(data, done):
                continue
            if not _VERSION_CONTEXT.search(data, max(0, match.start() - _VERSION_CHARS), match.start()):
                yield Finding("IPV4", *match.span(), 0.9)

    @staticmethod
    def _ipv6(data: bytes) -> Iterator[Finding]:
        done = 0
        likely = _IPV6_LIKELY.search(data)
        if likely is None:
            return
        for anchor in _IPV6_ANCHOR.finditer(data):
            if likely.start() < anchor.start() - 5:
                likely = _IPV6_LIKELY.search(data, anchor.start() - 5)
                if likely is None:
                    return
            if anchor.start() < done:
                continue
            if run := _LONG_RUN.match(data, anchor.start()):
                done = run.end() - _MAX_IPV6  # an address can only be at the end
                continue
            if likely.start() > anchor.start() + _MAX_IPV6:
                done = anchor.start() + 1
                continue
            start = anchor.start()
            while start > done and anchor.start() - start <= 4 and data[start - 1] in _IPV6_CHARS:
                start -= 1
            match = _IPV6.match(data, start, start + _MAX_IPV6)
            if match is None or _continues(data, start, match.end()) or not _is_ipv6(match[0].rstrip(b".")):
                done = anchor.start() + 1
                continue
            zone = _ZONE.match(data, match.end())
            done = zone.end() if zone else match.end()
            yield Finding("IPV6", start, done, 0.9)


def _continues(data: bytes, start: int, end: int) -> bool:
    """Whether a candidate is only part of a longer word."""
    before, after = data[start - 1 : start], data[end : end + 1]
    return before.isalnum() or after.isalnum() or (after == b":" and data[end + 1 : end + 2] not in _BEHIND_COLON)


def _is_ipv6(candidate: bytes) -> bool:
    # Most candidates are times of day, for which an exception is a long way round.
    # Names in code have double colons, too, and hardly a digit.
    if (
        b":::" in candidate
        or not _IPV6_LIKELY.search(candidate)
        or not _DIGIT.search(candidate)
        or _SMALLEST.fullmatch(candidate)
    ):
        return False
    try:
        address = inet_pton(AF_INET6, candidate.decode("ascii"))
    except OSError:
        return False
    # "::" and its like are written in code far more often than as somebody's address.
    return any(address[:-2])
