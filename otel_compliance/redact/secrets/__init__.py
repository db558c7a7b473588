"""Credentials: keys and tokens by the formats of their vendors, and values by the names that they are given."""

from otel_compliance.redact.secrets.recognizer import FAMILIES, LITERAL, SECRET_TYPES, SecretRecognizer

__all__ = ["FAMILIES", "LITERAL", "SECRET_TYPES", "SecretRecognizer"]
