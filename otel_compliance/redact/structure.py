"""Redact structures: walk decoded values, never the serialised text of one."""

from __future__ import annotations

import json
import math
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from otel_compliance import health
from otel_compliance.errors import RedactionError
from otel_compliance.keys import KeyRing
from otel_compliance.redact.fields import Field, FieldNames, is_secret_field, label

if TYPE_CHECKING:
    from otel_compliance.redact.redactor import Redactor

MAX_TEXT_CHARS: Final = 1 << 20
"""Text of one value that is inspected; beyond it the value becomes a tombstone."""

MAX_DEPTH: Final = 64
"""Levels of nesting that are inspected; deeper ones, and cycles, become tombstones."""

_BLOB_CHARS: Final = 512
_BLOB: Final = re.compile(r"(?:data:[^,]{0,128},)?([A-Za-z0-9+/=_\-]{512,}+)")
_MEDIA_TYPES: Final = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBERi0": "application/pdf",
    "UEsDB": "application/zip",
}
"""First characters of base64 to the media type of such a file. What somebody calls it is not believed."""

_BLOB_WITHIN: Final = re.compile(
    rf"(?:data:[^,\s]{{0,128}};base64,|(?<![A-Za-z0-9+/=_\-])(?={'|'.join(_MEDIA_TYPES)}))"
    r"((?:[A-Za-z0-9+/=_\-\r\n]++|\\[rn/])++)"
)
"""A file within a text or a document, in lines perhaps. What does not say that it is one is looked into.

How long it is, is asked afterwards, so that what is too short is passed over once.
"""

_NO_BASE64: Final = re.compile(r"[\r\n]|\\[rn]?")

_WINDOW_CHARS: Final = 256
"""A run of `_BLOB_CHARS` fills one of the windows of this length into which a text is cut."""

SAFE_NUMBER: Final = 10**8
"""Integers below it have fewer digits than any identifier, and are not inspected."""

MAX_SECONDS: Final = 2.0
"""Processor time for one value, several times what the slowest known text of `MAX_TEXT_CHARS` takes; beyond it what is
left becomes a tombstone."""

FIELD_TYPE: Final = "CREDENTIAL"
"""Entity type of a value that is secret by the name of its field."""

_LABELLED_CHARS: Final = 128
"""A number, with what may be around it; in a longer text the text says what it is."""

_FEW_DIGITS: Final = re.compile(r"(?:\D*\d){4}")
_SAFE_LABELLED: Final = 10**5
"""As `SAFE_NUMBER`, where the name of a field may tell what a number is."""


def tombstone(reason: str) -> str:
    """What stands for a value that could not be inspected."""
    return f"[REDACTED:{reason}]"


@dataclass(frozen=True, slots=True)
class RedactedValue:
    """A redacted structure.

    Attributes:
        value: A copy of the structure with tokens, blob descriptions and tombstones.
        counts: Findings by entity type.
        failed: Whether any part could not be inspected.
    """

    value: Any
    counts: Counter[str]
    failed: bool


class Walk:
    """One walk over one structure.

    Args:
        redactor: Redacts each string.
        keys: Makes the digests of blobs.
        names: The names of fields seen in other walks.
    """

    def __init__(self, redactor: Redactor, keys: KeyRing, names: FieldNames) -> None:
        self._redact = redactor.redact
        self._redact_field = redactor.redact_field
        self._surely_clean = redactor.surely_clean
        self._is_redacted = redactor.is_redacted
        self._keys = keys
        self._names = names
        self._counts: Counter[str] = Counter()
        self._failed = False
        self._budget = MAX_TEXT_CHARS
        self._label = ""
        self._deadline = 0.0

    def run(self, value: object, name: str = "") -> RedactedValue:
        """Redact `value`, that of an attribute of this name. Never raises."""
        self._label = label(name) if name else ""
        self._deadline = time.thread_time() + MAX_SECONDS
        try:
            redacted = self._value(value, 0)
        except Exception as error:  # noqa: BLE001 - what cannot be inspected is not kept
            health.swallow("redact.value", error)
            self._failed = True
            redacted = tombstone(type(error).__name__)
        return RedactedValue(redacted, self._counts, self._failed)

    def _value(self, value: object, depth: int) -> Any:
        if isinstance(value, str):
            return self._string(value, depth)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value)
        return self._container(value, depth)

    def _container(self, value: object, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            return self._fail("depth")
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, bytes | bytearray | memoryview):
            return f"[BYTES:{len(value)}]"
        if isinstance(value, Sequence):
            return [self._value(item, depth + 1) for item in value]
        return self._fail("type")

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        redacted: dict[str, Any] = {}
        outer = self._label
        for key, item in value.items():
            name, field = self._name(str(key))
            self._label = field.label
            redacted[name] = self._secret(item, depth + 1) if field.secret else self._value(item, depth + 1)
        self._label = outer
        return redacted

    def _name(self, name: str) -> tuple[str, Field]:
        """(a field's name, redacted, and what it says of its value)."""
        known = self._names.get(name)
        if known is not None and self._budget >= len(name):
            self._budget -= len(name)
            return name, known
        self._label = ""
        redacted = self._string(name, MAX_DEPTH)
        return redacted, self._names.add(name) if redacted == name else Field(is_secret_field(name), "")

    def _string(self, text: str, depth: int) -> str:
        if len(text) >= _BLOB_CHARS:
            # Base64 of an image or a document: not text, and expensive to keep.
            if blob := _BLOB.fullmatch(text):
                return self._blob(blob[1])
            if _may_hold_blob(text):
                text = _BLOB_WITHIN.sub(self._blob_within, text)
        self._budget -= len(text)
        if self._budget < 0:
            return self._fail("size")
        if depth < MAX_DEPTH and text[:1] in ("{", "["):
            document = _json(text)
            if document is not None:
                return self._document(text, document, depth)
        before = self._label_of(text)
        if self._surely_clean(before + text):
            return text
        if time.thread_time() > self._deadline:
            return self._fail("time")
        return self._text(text, before)

    def _label_of(self, text: str) -> str:
        """The name of the field, where it may tell what a number in a short text is."""
        return self._label if len(text) <= _LABELLED_CHARS and _FEW_DIGITS.match(text) else ""

    def _text(self, text: str, before: str) -> str:
        redacted = self._redact(text, label=before)
        for finding in redacted.findings:
            self._counts[finding.type] += 1
        return redacted.text

    def _blob(self, data: str) -> str:
        """What stands for base64: the type where it is known, bytes, and a keyed digest."""
        data = _NO_BASE64.sub("", data)
        kind = next((kind for begin, kind in _MEDIA_TYPES.items() if data.startswith(begin)), "unknown")
        return f"[BLOB:{kind}:{len(data.rstrip('=')) * 3 // 4}:{self._keys.fingerprint(data)}]"

    def _blob_within(self, match: re.Match[str]) -> str:
        return match[0] if len(match[1]) < _BLOB_CHARS else self._blob(match[1])

    def _document(self, text: str, document: Any, depth: int) -> str:
        """A string that is a JSON document: its values are redacted, so that it stays one."""
        redacted = self._value(document, depth + 1)
        return text if redacted == document else encoded(redacted)

    def _number(self, value: float) -> Any:
        if not math.isfinite(value):
            return str(value)
        whole = int(value)
        # What went through a table or through JavaScript may be a float; coordinates and times have a fraction.
        if abs(whole) < (_SAFE_LABELLED if self._label else SAFE_NUMBER) or whole != value:
            return value
        text = self._string(str(whole), MAX_DEPTH)
        return value if text == str(whole) else text

    def _secret(self, value: object, depth: int) -> Any:
        """A value that is secret by the name of its field: every text and number in it."""
        if isinstance(value, str):
            return self._secret_text(value) if value else value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._secret_text(str(value))
        if isinstance(value, list | tuple) and depth < MAX_DEPTH:
            return [self._secret(item, depth + 1) for item in value]
        # The names of the fields of a structure say more than the name of the whole: it may be the schema of a secret.
        return self._value(value, depth)

    def _secret_text(self, text: str) -> str:
        """A text that is secret as a whole. Redacted before, it stays as it is."""
        redacted = self._redact(text)
        if self._is_redacted(redacted.text):
            self._counts.update(finding.type for finding in redacted.findings)
            return redacted.text
        self._counts[FIELD_TYPE] += 1
        return self._redact_field(text)

    def _fail(self, reason: str) -> str:
        """A tombstone, counted."""
        self._failed = True
        health.swallow(f"redact.{reason}", RedactionError("a value could not be inspected"))
        return tombstone(reason)


class Count(Walk):
    """A walk that only counts. What it returns has no value."""

    def __init__(self, redactor: Redactor, keys: KeyRing, names: FieldNames) -> None:
        super().__init__(redactor, keys, names)
        self._inspect = redactor.inspect

    def run(self, value: object, name: str = "") -> RedactedValue:
        """Count what is in `value`. Never raises."""
        counted = super().run(value, name)
        return RedactedValue(None, counted.counts, counted.failed)

    def _blob(self, data: str) -> str:
        return ""

    def _text(self, text: str, before: str) -> str:
        for finding in self._inspect(text, label=before).findings:
            self._counts[finding.type] += 1
        return text

    def _document(self, text: str, document: Any, depth: int) -> str:
        self._value(document, depth + 1)
        return text


def _may_hold_blob(text: str) -> bool:
    """Whether a blob may be in a text: a look that prose does not pass, and that takes far less than a search."""
    return any(" " not in text[start : start + _WINDOW_CHARS] for start in range(0, len(text), _WINDOW_CHARS))


def encoded(document: Any, separators: tuple[str, str] | None = None) -> str:
    """A document as JSON that any exporter can encode: halves of surrogate pairs are escaped, as they came.

    Args:
        document: What `json.loads` gives.
        separators: As for `json.dumps`.
    """
    text = json.dumps(document, ensure_ascii=False, separators=separators)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(document, separators=separators)
    return text


def _json(text: str) -> Any:
    """A decoded document; `None` when there is none, or when a field in it stands twice, which decoding would hide."""
    try:
        return json.loads(text, object_pairs_hook=_fields)
    except (ValueError, RecursionError):
        return None


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError
    return fields
