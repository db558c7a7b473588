"""Find and replace: text, and the values of structures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from string import ascii_letters, digits
from typing import Final, Self

from otel_compliance.config import Settings
from otel_compliance.errors import RedactionError
from otel_compliance.keys import VERSION, KeyRing
from otel_compliance.policy import Policy
from otel_compliance.redact.fields import FieldNames
from otel_compliance.redact.fold import TOKEN_FILL, FoldedText
from otel_compliance.redact.identity import NUMBER_TYPES
from otel_compliance.redact.memo import Inspected, Memo
from otel_compliance.redact.plain import is_short_words, is_words
from otel_compliance.redact.prefilter import prefilter
from otel_compliance.redact.recognize import Finding, Folded, Recognizer
from otel_compliance.redact.recognizers import default_recognizers
from otel_compliance.redact.structure import FIELD_TYPE, Count, RedactedValue, Walk
from otel_compliance.redact.transform import Transforms

TOKEN: Final = re.compile(rf"\[[A-Z][A-Z0-9_]{{1,31}}:{VERSION}:[a-z2-7]{{16}}\]")
"""What `KeyRing.token` makes: the one stand-in from which a value can be had back."""

_SHORTEST_ENTITY: Final = 6
"""No recognised entity is shorter: ``a@b.co``."""

_SHORT_CHARS: Final = 256
"""Up to here one search for all hints is cheaper than asking each recogniser; most attributes are shorter."""

_SCHEMES: Final = frozenset({b"", b"basic", b"bearer"})
"""Schemes of HTTP authentication (RFC 7617, RFC 6750); the empty one is none."""

_MAX_LOOKS: Final = 4
"""How often a text is looked at again for what touches a value: a hostile one could ask for it without end."""

_WORD: Final = frozenset(bytes([byte]) for byte in b"+" + ascii_letters.encode() + digits.encode())
"""Characters of words, and the sign with which a telephone number begins."""

_NOTHING: Final = Inspected()

_OURS: Final = "otel_compliance.redact."

_HIDING: Final = r"[\\%\x7f]|&(?:#|[a-z]{2,6};)|\+[^&]*&|&[^&+]*\+|[\[(] ?(?i:at|dot|\.) ?[\])]"
"""What may hide an entity from a hint, besides characters outside ASCII: the spellings of `spellings`."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """Redacted text.

    Attributes:
        text: The text, in which something stands for each value.
        findings: What was found, with offsets in the original text.
        stand_ins: What stands for each finding: a token, or what the policy's ``[transforms]`` say.
        replacements: Token to the value it stands for, in the spelling that stood first. Values that are masked,
            dropped or hashed are not in it. Personal data: never log it.
    """

    text: str
    findings: tuple[Finding, ...] = ()
    stand_ins: tuple[str, ...] = ()
    replacements: Mapping[str, str] = field(default_factory=dict, repr=False)


class Redactor:
    """Finds personal data and secrets and replaces them, by keyed tokens unless the policy says otherwise. Thread-safe.

    Texts are remembered by a keyed digest with what was found in them, never by their content.

    Args:
        keys: Makes the tokens: the same value gives the same token, in whatever spelling.
        recognizers: What to look for; the built-in and installed recognisers when left out.
        policy: Its ``[transforms]`` say what stands for a value; the built-in policy when left out.
        fast: Whether to scan with Hyperscan first, where it is installed. The findings are the same.

    Raises:
        RedactionError: There is no recogniser, an installed one is broken, or the policy's pipeline is.
        MissingExtra: The policy names a pipeline, and the extra for it is not installed.
    """

    def __init__(
        self,
        keys: KeyRing,
        recognizers: Sequence[Recognizer] | None = None,
        *,
        policy: Policy | None = None,
        fast: bool = True,
    ) -> None:
        policy = policy or Policy.default()
        self._keys = keys.for_tenant(policy.transforms.tenant)
        self._transforms = Transforms(policy)
        self._recognizers = tuple(default_recognizers(policy.ner.pipeline) if recognizers is None else recognizers)
        if not self._recognizers:
            raise RedactionError("there is no recogniser, so nothing would be redacted")
        hints = [recognizer.hint for recognizer in self._recognizers]
        self._hint = re.compile("|".join([_HIDING, *hints])) if all(hints) else None
        found = {name for recognizer in self._recognizers for name in recognizer.entity_types}
        self._types = frozenset(name.encode() for name in found | {FIELD_TYPE})
        # Recognisers of others may look for words.
        self._knows_plain = all(type(item).__module__.startswith(_OURS) for item in self._recognizers)
        self._prefilter = prefilter() if fast else None
        # Apart, so that many short texts do not make long ones forgotten.
        self._memo, self._short_memo = Memo(), Memo()
        self._names = FieldNames()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The redactor of a deployment, with its key and its policy.

        Args:
            settings: The deployment's; `Settings.from_env` reads them.

        Raises:
            ComplianceError: The key or the policy is wrong.
        """
        return cls(KeyRing.from_settings(settings), policy=Policy.from_settings(settings))

    def surely_clean(self, text: str) -> bool:
        """Whether a look at `text` is enough to know that there is nothing to find. `False` says nothing.

        Attributes come again and again, so that what a longer look told is remembered.
        """
        if len(text) < _SHORTEST_ENTITY:
            return True
        if len(text) > _SHORT_CHARS or self._hint is None:
            return False
        if self._knows_plain and is_short_words(text):
            return True
        digest = self._short_memo.digest(text)
        known = self._short_memo.get(digest)
        if known is not None:
            return not known.findings
        if (self._knows_plain and is_words(text)) or (text.isascii() and self._hint.search(text) is None):
            self._short_memo.add(digest, _NOTHING)
            return True
        return False

    def find(self, text: str) -> list[Finding]:
        """What is in `text`, sorted, without overlaps: of two that overlap the union is one finding."""
        if self.surely_clean(text):
            return []
        folded = FoldedText(text, self._types, self._prefilter)
        return folded.original(self._merged_in(folded.folded))

    def redact(self, text: str, *, label: str = "") -> Redacted:
        """Replace what is found in `text`. Redacting again changes nothing: what stands for a value is left alone.

        Args:
            text: Any string.
            label: What is to be read before it, such as the name of its field; not part of the result.
        """
        if self.surely_clean(label + text):
            return Redacted(text)
        inspected = self.inspect(text, tokens=True, label=label)
        if not inspected.findings:
            return Redacted(text)
        stand_ins = self._transforms.stand_ins(text, inspected.findings, inspected.tokens)
        pieces: list[str] = []
        replacements: dict[str, str] = {}
        position = 0
        for finding, token, stand_in in zip(inspected.findings, inspected.tokens, stand_ins, strict=True):
            if stand_in is token:
                replacements.setdefault(token, text[finding.start : finding.end])
            pieces += text[position : finding.start], stand_in
            position = finding.end
        pieces.append(text[position:])
        return Redacted("".join(pieces), inspected.findings, stand_ins, replacements)

    def is_redacted(self, text: str) -> bool:
        """Whether nothing is left in `text` but what stands for values, behind the name of a scheme perhaps."""
        return FoldedText(text, self._types).folded.ascii.translate(None, TOKEN_FILL + b" ").lower() in _SCHEMES

    def redact_field(self, value: str) -> str:
        """What stands for a value that is a credential by the name of its field, whatever it looks like."""
        token = self._keys.token(FIELD_TYPE, value)
        [stand_in] = self._transforms.stand_ins(value, (Finding(FIELD_TYPE, 0, len(value), 1.0),), (token,))
        return stand_in

    def restore(self, text: str, replacements: Mapping[str, str]) -> str:
        """Put the values back, each in the spelling that stood first; what is not a token of `replacements` stays.

        This undoes `redact` where no value stands in two spellings.

        Args:
            text: Text with tokens, such as the model's answer to a redacted prompt.
            replacements: `Redacted.replacements` of that prompt.
        """
        return TOKEN.sub(lambda match: replacements.get(match[0], match[0]), text)

    def redact_value(self, value: object, *, name: str = "") -> RedactedValue:
        """Redact a structure of mappings, sequences and scalars: its strings, its keys and its numbers.

        The input is not changed. What cannot be inspected becomes a tombstone, and `RedactedValue.failed` is set.

        Args:
            value: The structure.
            name: Name of the attribute that it is the value of; it may tell what a number is.
        """
        return Walk(self, self._keys, self._names).run(value, name)

    def count_value(self, value: object) -> RedactedValue:
        """Count what `redact_value` would replace, for less: there is no redacted copy, so `value` is `None`."""
        return Count(self, self._keys, self._names).run(value)

    def inspect(self, text: str, *, tokens: bool = False, label: str = "") -> Inspected:
        """What is in `text`, looked for or remembered from an earlier inspection.

        Args:
            text: Any string.
            tokens: Whether to make the tokens, too; they cost more than the look.
            label: What is to be read before it.
        """
        if label:
            return self.inspect(label + text, tokens=tokens).behind(len(label))
        memo = self._short_memo if len(text) <= _SHORT_CHARS else self._memo
        digest = memo.digest(text)
        known = memo.get(digest)
        if known is None or (tokens and len(known.tokens) < len(known.findings)):
            known = self._look(text, tokens=tokens)
            memo.add(digest, known)
        return known

    def _look(self, text: str, *, tokens: bool) -> Inspected:
        folded = FoldedText(text, self._types, self._prefilter)
        merged = self._merged_in(folded.folded)
        findings = tuple(folded.original(merged))
        return Inspected(findings, tuple(self._token(folded.folded, item) for item in merged) if tokens else ())

    def _merged_in(self, source: Folded) -> list[Finding]:
        found = self._found_in(source)
        merged = _merged(found)
        for _ in range(_MAX_LOOKS):
            if not _touched(source.ascii, found):
                break
            # What touches a value may be another one, which cannot be told before the first is gone.
            source = _without(source, found)
            found = self._found_in(source)
            merged = _merged([*merged, *found])
        return merged

    def _found_in(self, source: Folded) -> list[Finding]:
        return [finding for recognizer in self._recognizers for finding in recognizer.find(source)]

    def _token(self, source: Folded, item: Finding) -> str:
        return self._keys.token(item.type, _normal_form(item.type, source.ascii, source.text, item.start, item.end))


def _touched(data: bytes, findings: list[Finding]) -> bool:
    """Whether a letter or a digit stands directly before or behind one of the findings."""
    return any(
        data[item.start - 1 : item.start] in _WORD or data[item.end : item.end + 1] in _WORD for item in findings
    )


def _without(source: Folded, findings: list[Finding]) -> Folded:
    """The same text with nothing to be found where something was."""
    data = bytearray(source.ascii)
    for item in findings:
        data[item.start : item.end] = TOKEN_FILL * (item.end - item.start)
    return Folded(bytes(data), source.text, source.prefilter)


def _merged(candidates: list[Finding]) -> list[Finding]:
    """Findings without overlaps. The union is kept, so that no tail of a value stays; the surer one gives the type."""
    if len(candidates) < 2:
        return candidates
    merged: list[Finding] = []
    for item in sorted(candidates, key=lambda finding: (finding.start, -finding.end)):
        last = merged[-1] if merged else None
        if last is None or item.start >= last.end:
            merged.append(item)
        elif item.end > last.end or item.confidence > last.confidence:
            surer = max(last, item, key=lambda finding: (finding.confidence, finding.end - finding.start))
            merged[-1] = Finding(surer.type, last.start, max(last.end, item.end), surer.confidence)
    return merged


def _canonical_address(text: str) -> str:
    """An IPv6 address as RFC 5952 writes it; the text itself where a finding that overlaps made it longer."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def _normal_form(entity_type: str, data: bytes, text: str, start: int, end: int) -> str:
    """A value in the form in which every spelling of it is the same."""
    if entity_type == "EMAIL":
        # The folded form where it is ASCII, so that "%40" is "@", and the original letters elsewhere.
        chars = (chr(byte) if byte < 0x80 else text[start + i] for i, byte in enumerate(data[start:end]))
        return unicodedata.normalize("NFKC", "".join(chars)).casefold()
    plain = data[start:end]
    match entity_type:
        case "PHONE":
            digits = bytes(byte for byte in plain if 48 <= byte <= 57).decode("ascii")
            return f"1{digits}" if len(digits) == 10 and not plain.startswith(b"+") else digits
        case "CREDIT_CARD" | "SSN":
            return bytes(byte for byte in plain if 48 <= byte <= 57).decode("ascii")
        case "IBAN":
            # One that overlaps another finding may have other characters.
            return plain.translate(None, b" -\r\n").decode("ascii", "replace")
        case "MAC_ADDRESS":
            return plain.translate(None, b":-.").lower().decode("ascii", "replace")
        case "IPV6":
            return _canonical_address(plain.partition(b"%")[0].decode("ascii", "replace"))
        case _ if entity_type in NUMBER_TYPES:
            return plain.translate(None, b" .-/()").decode("ascii", "replace")
        case _:
            return text[start:end]
