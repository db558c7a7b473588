"""Identifiers of people: national, health and tax numbers, documents, dates of birth, addresses."""

from otel_compliance.redact.identity.addresses import AddressRecognizer
from otel_compliance.redact.identity.documents import DocumentRecognizer
from otel_compliance.redact.identity.phones import PhoneRecognizer
from otel_compliance.redact.identity.recognizer import NUMBER_TYPES, IdentifierRecognizer

__all__ = ["NUMBER_TYPES", "AddressRecognizer", "DocumentRecognizer", "IdentifierRecognizer", "PhoneRecognizer"]
