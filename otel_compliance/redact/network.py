"""Network addresses: IPv4, IPv6 and MAC."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from socket import AF_INET6, inet_pton
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded
from otel_compliance.redact.shapes import ByShape

_OCTET: Final = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4: Final = re.compile(
    rb"(?<![0-9A-Za-z])(?<![0-9A-Za-z]_)(?<![^\x80]-)(?<!\A-)(?<![0-9]\.)"
    + _OCTET
    + rb"(?:\."
    + _OCTET
    + rb"){3}(?![0-9A-Za-z]|_[0-9A-Za-z]|\.[0-9])"
)
_IPV4_SHAPE: Final = re.compile(rb"(?<!0)(?=0{1,3} 0{1,3} 0{1,3} 0)")
_FOUR_DIGITS: Final = len("0 0 0 0")
_VERSIONED: Final = (
    *(b"version", b"release", b"build", b"firmware", b"driver", b"chapter", b"section", b"clause", b"paragraph"),
    *(b"oid", b"update", b"upgrade", b"ver", b"rev"),
)
_BEHIND_VERSIONED: Final = (b"from", b"to", b"no", b"number")
_BROWSERS: Final = (
    *(b"chrome", b"chromium", b"edge", b"edg", b"opr", b"brave", b"electron", b"vivaldi", b"yabrowser", b"crios"),
    b"fxios",
)
_VERSION_CONTEXT: Final = re.compile(
    rb"(?i)(?:\b(?:%s)(?: (?:%s))?\.?[ :=\"']{0,3}|\.so\.|[0-9] (?:to|->) version |(?:%s)/)\Z"
    % tuple(map(b"|".join, (_VERSIONED, _BEHIND_VERSIONED, _BROWSERS)))
)
_VERSION_ENDS: Final = (*_VERSIONED, *_BEHIND_VERSIONED, *_BROWSERS, b".so")
"""One of them ends what the pattern finds, before these signs."""
_VERSION_SIGNS: Final = b" :=\"'./"
_VERSION_BEHIND: Final = re.compile(rb" (?:to|->) version ")
_VERSION_CHARS: Final = 24
_NO_HOST: Final = re.compile(rb"127\.|0\.0\.0\.|255\.")
"""Loopback, the unspecified address, masks and broadcast (RFC 6890): nobody's."""

_IPV6_LIKELY: Final = re.compile(rb":(?::|(?:[0-9A-Fa-f]{1,4}:){5})")
"""In every address there is a double colon, or five groups between colons; in times of day there is neither."""
_LINK_LOCAL: Final = re.compile(rb"(?i)fe80::(?:[0-9a-f]{1,6}:){2}[0-9a-f]{1,6}:[0-9a-f]{1,6}")
"""Its prefix tells what it is, even where a digit too many stands in it (RFC 4291 section 2.5.6)."""
_LONG_RUN: Final = re.compile(rb"[0-9A-Fa-f:]{46,}+")
# One colon at the end is none of the address.
_IPV6: Final = re.compile(rb"[0-9A-Fa-f:]{2,39}(?:(?<=::)|(?<!:))(?:\.[0-9]{1,3}){0,3}")
_SMALLEST: Final = re.compile(rb"::[0-9A-Fa-f]{0,4}")
"""They are written in code far more often than as somebody's address."""
_ZONE: Final = re.compile(rb"%[0-9A-Za-z._\-]{1,16}")
_DIGIT: Final = re.compile(rb"[0-9]")
_IPV6_CHARS: Final = frozenset(b"0123456789abcdefABCDEF:.")
_BEHIND_COLON: Final = (b" ", b"/", b"\n", b"")
"""What may stand behind a colon that is not part of an address."""
_SIX_COLONS: Final = 25
"""From the first to the last of them in an address that has no two in a row."""
_MAX_GROUP: Final = 5
"""From a colon to the next one."""
_MAX_HEX: Final = 39
"""Characters of the longest form without an IPv4 address at its end."""
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
    )
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
        yield from self._ipv4(folded)
        yield from self._ipv6(folded)

    @staticmethod
    def _ipv4(folded: Folded) -> Iterator[Finding]:
        data, done = folded.ascii, 0
        for at in sorted(_ipv4_places(folded)):
            match = _IPV4.match(data, at) if at >= done else None
            if match is None:
                continue
            done = match.end()
            if _NO_HOST.match(match[0]) or _VERSION_BEHIND.match(data, done):
                continue
            if not _is_version(data[max(0, at - _VERSION_CHARS) : at]):
                yield Finding("IPV4", at, done, 0.9)

    @staticmethod
    def _ipv6(folded: Folded) -> Iterator[Finding]:
        data, done = folded.ascii, 0
        for anchor in _ipv6_places(data, folded.colons):
            if anchor < done:
                continue
            start = anchor
            while start > done and anchor - start <= 4 and data[start - 1] in _IPV6_CHARS:
                start -= 1
            match = _IPV6.match(data, start, start + _MAX_IPV6)
            if match and _SMALLEST.fullmatch(match[0]):
                done = match.end()
                continue
            if match is None or _continues(data, start, match.end()) or not _is_ipv6(match[0].rstrip(b".")):
                run = _LONG_RUN.match(data, anchor) if match is None or match.end() - start >= _MAX_HEX else None
                done = run.end() - _MAX_IPV6 if run else anchor + 1  # an address can only be at the end
                continue
            zone = _ZONE.match(data, match.end())
            done = zone.end() if zone else match.end()
            yield Finding("IPV6", start, done, 0.9)


@ByShape
def _octets(run: bytes) -> Sequence[int]:
    """Where an IPv4 address may begin in a run of this shape."""
    return [match.start() for match in _IPV4_SHAPE.finditer(run)]


def _ipv4_places(folded: Folded) -> Iterator[int]:
    """Where an IPv4 address may begin."""
    for offset, places in _octets.within(folded):
        yield from (offset + place for place in places)
    # Those of single digits are no run, but perhaps for their last two octets.
    for start, end in folded.single_digits:
        if end - start >= _FOUR_DIGITS or folded.shape.startswith(b"0 0", end):
            yield from range(start, end - 4, 2)


def _is_version(before: bytes) -> bool:
    """Whether what stands before four numbers makes them a version, or a number of a section."""
    return before.rstrip(_VERSION_SIGNS).lower().endswith(_VERSION_ENDS) and _VERSION_CONTEXT.search(before) is not None


def _ipv6_places(data: bytes, colons: Sequence[int]) -> Iterator[int]:
    """Those colons that may be of an address, ascending: near two in a row, or near five groups."""
    double = [first for first, second in pairwise(colons) if second - first == 1]
    six = (first for first, sixth in zip(colons, colons[5:], strict=False) if sixth - first <= _SIX_COLONS)
    groups = [first for first in six if _IPV6_LIKELY.match(data, first)]
    begin, done = 0, -1
    for likely in sorted(double + groups) if double and groups else double or groups:
        if likely + _MAX_GROUP <= done:
            continue
        begin = bisect_left(colons, max(done, likely - _MAX_IPV6), begin)
        done = likely + _MAX_IPV6
        end = bisect_right(colons, done, begin)
        yield from colons[begin:end]
        begin = end


def _continues(data: bytes, start: int, end: int) -> bool:
    """Whether a candidate is only part of a longer word."""
    before, after = data[start - 1 : start], data[end : end + 1]
    return before.isalnum() or after.isalnum() or (after == b":" and data[end + 1 : end + 2] not in _BEHIND_COLON)


def _is_ipv6(candidate: bytes) -> bool:
    # Most candidates are times of day, for which an exception is a long way round.
    # Names in code have double colons, too, and hardly a digit.
    if b":::" in candidate or not _IPV6_LIKELY.search(candidate) or not _DIGIT.search(candidate):
        return False
    if _LINK_LOCAL.fullmatch(candidate):
        return True
    try:
        address = inet_pton(AF_INET6, candidate.decode("ascii"))
    except OSError:
        return False
    # "::" and its like are written in code far more often than as somebody's address.
    return any(address[:-2])
