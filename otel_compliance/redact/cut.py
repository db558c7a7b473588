"""Shorten values, after redaction and never before, so that JSON stays JSON; mistrust the end of what others cut."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any, Final

from otel_compliance.redact.structure import encoded

MARK: Final = "…[cut]"
"""Stands at the end of a text that was cut."""

_HALF_STAND_IN: Final = re.compile(r"\[[A-Z][A-Z0-9_]{0,31}(?::[a-z0-9*]{0,16}(?::[a-z2-7]{0,16})?)?\Z")
"""The beginning of what stands for a value, at the end of a text; see `transform`."""

_LABEL_CHARS: Final = 24
"""Texts of a document up to here are roles, types and names rather than content, and stay."""

_MAX_GROUPS: Final = 20
"""Words of which a number may consist. A card's number has 19 digits, an IBAN nine groups."""

_OPEN_QUOTATION: Final = re.compile(r"(?<=[:=])\s{0,8}\\?[\"'`][^\"'`]*\Z")
"""A value in quotation marks that has no end, such as that of a password."""

_JSON_PART: Final = re.compile(r'"(?:[^"\\]|\\.)*+("?)|[{}\[\],:]|[^\s"{}\[\],:]++', re.DOTALL)
_MAX_DEPTH: Final = 64
"""Levels of nesting that are closed; `structure` inspects no more."""


def shortened(text: str, limit: int) -> str:
    """A redacted text in at most `limit` characters. A JSON document stays one: its longest texts are cut.

    Where even its structure is too long, a list keeps its last items: of a chat, the newest messages.

    Args:
        text: The text.
        limit: At least 2, the length of an empty document.
    """
    if len(text) <= limit:
        return text
    if text[0] in "{[":
        try:
            return _document(json.loads(text), limit)
        except (ValueError, RecursionError):
            pass
    return _cut(text, limit)


def fitted(value: Any, limit: int) -> Any:
    """An attribute's value with each text in it `shortened`."""
    return _mapped(value, lambda text: shortened(text, limit))


def without_cut_end(value: Any, limit: int) -> Any:
    """A raw attribute's value without what a cut may have left of a personal datum or a secret.

    The SDK cuts values when they are set, before anybody can redact them, and the beginning of a key or a card's number
    is no longer known as one. What has exactly the greatest length loses its last word, the words with digits before
    that, since numbers are written in groups, and a quotation that has no end. JSON is closed, so that values which are
    secret by the name of their field are known.

    Args:
        value: The value.
        limit: The greatest length of a text.
    """
    return _mapped(value, lambda text: _mended(text) if len(text) == limit else text)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """A value with each text changed; the same object where there is none."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _mapped(item, change) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_mapped(item, change) for item in value)
    return value


def _mended(text: str) -> str:
    closed = _closed(text) if text[:1] in ("{", "[") else None
    if closed is not None and _is_json(closed):
        return closed
    return _cut(_trimmed(text) + MARK, len(text))


def _trimmed(text: str) -> str:
    """A text without the end that may be the beginning of a value."""
    end = len(text)
    for number, word in enumerate(reversed(text.rsplit(None, _MAX_GROUPS)[-_MAX_GROUPS:])):
        if number and not any(map(str.isdigit, word)):
            break
        end = text.rindex(word, 0, end)
    return _OPEN_QUOTATION.sub("", text[:end])


def _closed(text: str) -> str | None:
    """A JSON document that was cut, closed behind its last text or item that is of use; `None` when it is none."""
    closers: list[str] = []
    kept, previous = "", ""
    end, ending = 0, ""
    for match in _JSON_PART.finditer(text):
        part = match[0]
        if part in ("}", "]"):
            if not closers or closers.pop() != part:
                return None
        elif part in ("{", "["):
            closers.append("}" if part == "{" else "]")
            end, ending = match.end(), "".join(reversed(closers))
        elif part == ",":
            end, ending = match.start(), "".join(reversed(closers))
        elif part[0] == '"' and not match[1]:
            # Of a text the beginning is of use, of a name nothing is.
            if previous == ":" or closers[-1:] == ["]"]:
                kept = f'"{_trimmed(part[1:])}{MARK}"'
                end, ending = match.start(), "".join(reversed(closers))
            break
        if len(closers) > _MAX_DEPTH:
            return None
        previous = part
    return text[:end] + kept + ending if closers else text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    if limit < len(MARK):
        return ""
    return _HALF_STAND_IN.sub("", text[: limit - len(MARK)]) + MARK


def _document(document: Any, limit: int) -> str:
    if len(_encoded(document, 0)) > limit:
        if not isinstance(document, list):
            return "{}"
        document = document[len(document) - _greatest(len(document), lambda n: _encoded(document[-n:], 0), limit) :]
    return _encoded(document, _greatest(limit, lambda length: _encoded(document, length), limit))


def _encoded(document: Any, length: int) -> str:
    """A document as JSON, its texts cut to a length, but for those that are labels."""
    cut = _mapped(document, lambda text: _cut(text, max(length, _LABEL_CHARS)))
    return encoded(cut, (",", ":"))


def _greatest(most: int, encoded: Callable[[int], str], limit: int) -> int:
    """The greatest number, from 0 to `most`, of which the encoding fits; 0 where none does."""
    return max(0, bisect_left(range(most + 1), True, lo=1, key=lambda number: len(encoded(number)) > limit) - 1)
