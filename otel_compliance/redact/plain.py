"""Texts of which one look tells that there is nothing in them: most attributes of spans."""

from __future__ import annotations

import re
from typing import Final

from otel_compliance.redact.recognize import MIN_RUN
from otel_compliance.redact.secrets import LITERAL

_FEW_DIGITS: Final = r"(?!(?:[^0-9]*+[0-9]){4})"
"""Fewer than an address of the internet has."""

_SHORT_WORDS: Final = re.compile(rf"{_FEW_DIGITS}[./]?(?:[\w\-]{{1,{MIN_RUN - 1}}}(?:[./]|\Z))+", re.ASCII)
"""Words each too short for a credential, without signs: hosts, paths, names."""

_WORDS: Final = re.compile(rf"{_FEW_DIGITS}[\w./\-]+", re.ASCII)
"""The same of any length: names of models and services, identifiers of messages."""

_LONG_VALUE: Final = re.compile(
    # Of what needs neither a sign nor four digits: credentials, wallets, account numbers, codes of banks and MACs.
    rf"{LITERAL}|[0-9A-Za-z]{{25}}|[A-Z]{{2}}[0-9]{{2}}|[A-Z]{{6}}[A-Z0-9]{{2}}|[0-9A-Fa-f]{{2}}-[0-9A-Fa-f]{{2}}-"
    rf"|[0-9A-Fa-f]{{4}}\.[0-9A-Fa-f]{{4}}|/[\w\-]{{{MIN_RUN}}}"
)


def is_short_words(text: str) -> bool:
    """Whether a text is nothing but short words, in which no built-in recogniser finds anything; the cheapest look."""
    return _SHORT_WORDS.fullmatch(text) is not None


def is_words(text: str) -> bool:
    """The same of words of any length. `False` says nothing."""
    return _WORDS.fullmatch(text) is not None and _LONG_VALUE.search(text) is None
