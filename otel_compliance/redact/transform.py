"""What stands for a value that was found, by the policy's ``[transforms]``.

```
token   [EMAIL:k1:q7f3nx2ma5c6t4d8]     the same for the same value; can be restored
mask    [CREDIT_CARD:****1111]          [EMAIL:****] where no digit may be shown
drop    [EMAIL]
hash    [EMAIL:hash:m2k6q7f3nx5ca4td]   the same for the same value within one text
```

`fold` knows all of them: a recogniser sees in them neither a value nor a word of context.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from otel_compliance.keys import MIN_KEY_BYTES, KeyRing
from otel_compliance.policy import Policy, Transform
from otel_compliance.redact.fold import FoldedText
from otel_compliance.redact.recognize import Finding
from otel_compliance.redact.secrets import SECRET_TYPES

_SHOWN: Final = 4
"""PCI DSS 4.0 requirement 3.4.1 allows the last four digits of a card's number to be shown to anyone."""

_MIN_HIDDEN: Final = 8
"""Of a number with fewer hidden digits the rest could be tried out."""

_LONGEST: Final = {"CREDIT_CARD": 19, "IBAN": 34, "PHONE": 15}
"""Types by whose end people know an account, and the most characters that such a number has (ISO/IEC 7812, ISO 13616,
E.164): a longer one overlaps another finding, whose end that would be. Of any other type nothing is shown, least of
all of credentials and national ids."""


class Transforms:
    """The transforms of one policy.

    Args:
        policy: The policy in force.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._known: dict[str, Transform] = {}
        self._only_tokens = policy.transforms.names == {Transform.TOKEN}

    def stand_ins(self, text: str, findings: Sequence[Finding], tokens: tuple[str, ...]) -> tuple[str, ...]:
        """What stands for each finding of one text.

        Args:
            text: The text.
            findings: What was found in it.
            tokens: The keyed token of each.
        """
        if self._only_tokens:
            return tokens
        # A key of this text alone, which nobody sees again.
        record = KeyRing(secrets.token_bytes(MIN_KEY_BYTES), version="hash")
        made: list[str] = []
        for finding, token in zip(findings, tokens, strict=True):
            match self._of(finding.type):
                case Transform.TOKEN:
                    made.append(token)
                case Transform.MASK:
                    made.append(mask(finding.type, text[finding.start : finding.end]))
                case Transform.DROP:
                    made.append(f"[{finding.type}]")
                case Transform.HASH:
                    # The token is the same for every spelling of a value.
                    made.append(record.token(finding.type, token))
        return tuple(made)

    def _of(self, entity_type: str) -> Transform:
        """What happens to values of a type. Types are few, so that each is looked up once."""
        known = self._known.get(entity_type)
        if known is None:
            known = self._known[entity_type] = self._policy.transform(entity_type, SECRET_TYPES)
        return known


def mask(entity_type: str, value: str) -> str:
    """The mask of a value: its last four digits where its type allows that and enough of it stays hidden.

    Args:
        entity_type: The type of the value.
        value: The value, in any spelling.
    """
    return f"[{entity_type}:****{_end(entity_type, value) if entity_type in _LONGEST else ''}]"


def _end(entity_type: str, number: str) -> str:
    """The end of a number that may be shown; nothing where that would be too much, or something else."""
    plain = FoldedText(number).folded.ascii.translate(None, b" -.()/+")
    is_whole = plain.isalnum() if entity_type == "IBAN" else plain.isdigit()
    if is_whole and _SHOWN + _MIN_HIDDEN <= len(plain) <= _LONGEST[entity_type]:
        return plain[-_SHOWN:].decode("ascii")
    return ""
