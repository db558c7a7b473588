"""Credentials: API keys by their prefixes, private keys with their bodies, passwords in URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from otel_compliance.redact.recognize import Finding, Folded


@dataclass(frozen=True, slots=True)
class _Family:
    """One family of credentials.

    Attributes:
        type: The type of its findings.
        literals: One of them is in each credential.
        gates: The family is looked for only where one of them is. One rare byte is found much faster than a literal.
        pattern: Begins with a literal; then it is found several times faster than if it began by looking back.
        group: The part of a match that is secret.
        confidence: That of its findings.
    """

    type: str
    literals: tuple[bytes, ...]
    gates: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    group: int = 0
    confidence: float = 0.99


# No family asks for a delimiter behind the credential: in prose there is often a full stop or a bracket.
_FAMILIES: Final = (
    # api03, admin01, oat01, ort01, sid01 and their successors; a truncated key is a key.
    _Family(
        "ANTHROPIC_KEY",
        (b"sk-ant-",),
        (b"sk-ant-",),
        re.compile(rb"sk-ant-[a-z]{3,8}[0-9]{2}-[A-Za-z0-9_\-]{16,}+"),
    ),
    # Prefixes of IAM unique identifiers, AWS IAM User Guide.
    _Family(
        "AWS_KEY",
        (b"AKIA", b"ASIA", b"ABIA", b"ACCA"),
        (b"A",),
        re.compile(rb"A(?:KIA|SIA|BIA|CCA)(?<![A-Za-z0-9][A-Z]{4})[A-Z2-7]{16}(?![A-Za-z0-9])"),
    ),
    _Family(
        "AWS_KEY",
        (b"ecret", b"ECRET"),
        (b"ecret", b"ECRET"),
        re.compile(rb"(?i)aws.{0,20}?secret.{0,20}?[=:\"' ]{1,4}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"),
        group=1,
        confidence=0.95,
    ),
    _Family(
        "GITHUB_TOKEN",
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
        (b"_",),
        re.compile(rb"g(?:h[pousr]_[A-Za-z0-9]{20,255}+|ithub_pat_[A-Za-z0-9_]{22,255}+)"),
    ),
    _Family(
        "PRIVATE_KEY",
        (b"-----BEGIN ",),
        (b"-----BEGIN ",),
        re.compile(
            rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            rb"[^\-]{0,20000}+(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
    ),
    _Family(
        "JWT",
        (b"eyJ",),
        (b"J",),
        re.compile(
            rb"eyJ(?<![A-Za-z0-9_\-]eyJ)[A-Za-z0-9_\-]{10,8000}+\.eyJ[A-Za-z0-9_\-]{8,16000}+\.[A-Za-z0-9_\-]{8,2000}+"
        ),
    ),
    _Family(
        "URL_CREDENTIAL",
        # Not "://": then no URL could be seen to be clean at a glance.
        (b"@",),
        (b"@",),
        re.compile(rb"://[^\s/@:\"'<>]{0,128}+:([^\s/@\"'<>\x82]{1,128}+)@"),
        group=1,
        confidence=0.97,
    ),
)

SECRET_TYPES: Final = frozenset({"CREDENTIAL", *(family.type for family in _FAMILIES)})
"""Entity types that are credentials, not personal data. ``CREDENTIAL`` is the value of a field with such a name."""


class SecretRecognizer:
    """Credentials of known families."""

    entity_types = SECRET_TYPES - {"CREDENTIAL"}
    hint = "|".join(re.escape(literal.decode()) for family in _FAMILIES for literal in family.literals)

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The credentials."""
        data = folded.ascii
        for family in _FAMILIES:
            if any(gate in data for gate in family.gates):
                for match in family.pattern.finditer(data):
                    yield Finding(family.type, *match.span(family.group), family.confidence)
