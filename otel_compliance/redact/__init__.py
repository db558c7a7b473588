"""Find personal data and secrets, and replace them before anything is exported."""

from otel_compliance.redact.metrics import MetricsRedactor
from otel_compliance.redact.processors import TRUSTED_KEY, RedactingLogRecordProcessor, RedactingSpanProcessor
from otel_compliance.redact.recognize import Finding, Folded, Recognizer
from otel_compliance.redact.recognizers import built_in_recognizers
from otel_compliance.redact.redactor import Redacted, Redactor
from otel_compliance.redact.secrets import SECRET_TYPES
from otel_compliance.redact.selftest import verify
from otel_compliance.redact.structure import RedactedValue

__all__ = [
    "SECRET_TYPES",
    "TRUSTED_KEY",
    "Finding",
    "Folded",
    "MetricsRedactor",
    "Recognizer",
    "Redacted",
    "RedactedValue",
    "RedactingLogRecordProcessor",
    "RedactingSpanProcessor",
    "Redactor",
    "built_in_recognizers",
    "verify",
]
