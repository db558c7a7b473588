"""Erasure of a data subject across systems (GDPR Art. 17)."""

from otel_compliance.govern.erasure.run import Certificate, Outcome, erase
from otel_compliance.govern.erasure.system import ErasureSystem, Subject

__all__ = ["Certificate", "ErasureSystem", "Outcome", "Subject", "erase"]
