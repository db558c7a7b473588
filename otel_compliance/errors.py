"""Every error this package raises, in one tree.

```
ComplianceError
├── ConfigError            an OTEL_COMPLIANCE_* variable is wrong
├── PolicyError            a policy file is wrong
├── PolicyViolation        the policy blocked a call before it was sent
├── KeyRingError           the key for pseudonyms cannot be read or made
├── DecryptionError        sealed data was changed, or its key is another one
├── RedactionError         redaction cannot be trusted (self-test failed, no recogniser)
├── VaultError             the vault cannot be read or written
├── AuditError             the audit chain cannot be written or does not verify
├── HoldError              a legal hold is wrong, or forbids what was asked for
├── ExportError            what is to be exported, or where to, is wrong
├── MissingExtra           an optional dependency is not installed
├── StoreError
│   ├── StoreUnavailable   the store cannot be reached, or another process owns it
│   ├── SchemaError        the schema is missing, newer than this version, or was edited
│   └── SpoolError         the spool cannot be written or holds a damaged segment
│       ├── SpoolFull      the spool takes no more
│       └── SpoolKeyError  a segment is encrypted with another key
└── RuleError              a detection rule is wrong
```
"""

from __future__ import annotations


class ComplianceError(Exception):
    """Base of every error of this package.

    Args:
        problem: What is wrong, naming the file, line, variable or key, never content.
        remedy: What the reader can do about it; empty when there is nothing to do.
    """

    def __init__(self, problem: str, *, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def diagnostics(self) -> str:
        """The problem and its remedy as text for a person, on one or two lines."""
        return f"{self.problem}\n  → {self.remedy}" if self.remedy else self.problem


class ConfigError(ComplianceError):
    """An environment variable of this package is unknown or has a value that is not accepted."""


class PolicyError(ComplianceError):
    """A policy file cannot be read, parsed or validated."""


class PolicyViolation(ComplianceError):
    """The policy forbids a call, and says that such calls are blocked. Nothing was sent.

    The only exception of this package that reaches an app whose policy asks for it, and no other app.
    """


class KeyRingError(ComplianceError):
    """The key for pseudonyms and tokens cannot be read, or is too weak."""


class DecryptionError(ComplianceError):
    """Sealed data cannot be opened: it was changed, belongs elsewhere, or its key is another one or destroyed."""


class RedactionError(ComplianceError):
    """Redaction cannot be trusted, so content must not be captured."""


class VaultError(ComplianceError):
    """The vault, which keeps what tokens stand for, cannot be read or written."""


class AuditError(ComplianceError):
    """An audit chain cannot be written, read or verified."""


class HoldError(ComplianceError):
    """A legal hold cannot be added or released, or forbids what was asked for."""


class ExportError(ComplianceError):
    """An export asks for what there is not or may not be asked for, or its file cannot be written."""


class MissingExtra(ComplianceError):
    """A feature needs an optional dependency that is not installed.

    Args:
        feature: What the user asked for, such as ``"the embedded store"``.
        extra: The extra of this package that provides it, such as ``"embedded"``.
    """

    def __init__(self, feature: str, *, extra: str) -> None:
        super().__init__(
            f"{feature} needs the extra [{extra}], which is not installed",
            remedy=f"pip install 'otel-compliance[{extra}]'",
        )
        self.extra = extra


class StoreError(ComplianceError):
    """The store or the way to it failed."""


class StoreUnavailable(StoreError):
    """The store cannot be reached, refuses the credentials, or belongs to another process."""


class SchemaError(StoreError):
    """The schema in the store is missing, newer than this version, or its history was edited."""


class SpoolError(StoreError):
    """The spool cannot be written, or one of its segments is damaged."""


class SpoolFull(SpoolError):
    """The spool has reached its bound."""


class SpoolKeyError(SpoolError):
    """A segment of the spool is encrypted with another key than the one in force. It waits for its key."""


class RuleError(ComplianceError):
    """A detection rule is malformed."""
