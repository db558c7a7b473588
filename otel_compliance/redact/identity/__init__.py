"""Identifiers of people: national, health and tax numbers, documents, dates of birth, addresses."""

from otel_compliance.redact.identity.addresses import AddressRecognizer
from otel_compliance.redact.identity.dictated import DictatedRecognizer
from otel_compliance.redact.identity.documents import DocumentRecognizer
from otel_compliance.redact.identity.phones import PhoneRecognizer
from otel_compliance.redact.identity.recognizer import IdentifierRecognizer
from otel_compliance.redact.identity.schemes import NUMBER_TYPES
from otel_compliance.redact.identity.wrapped import WrappedRecognizer

__all__ = [
    "NUMBER_TYPES",
    "AddressRecognizer",
    "DictatedRecognizer",
    "DocumentRecognizer",
    "IdentifierRecognizer",
    "PhoneRecognizer",
    "WrappedRecognizer",
]
