"""Which recognisers there are: those of this package, and those that are installed beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import metadata
from typing import Final

from otel_compliance.errors import RedactionError
from otel_compliance.redact.recognize import Recognizer

ENTRY_POINT_GROUP: Final = "otel_compliance_recognizer"
"""Third parties add recognisers under this group; the object is called without arguments."""


def default_recognizers(pipeline: str = "") -> Sequence[Recognizer]:
    """The built-in recognisers and those that are installed as entry points.

    Args:
        pipeline: spaCy pipeline that finds names; empty looks for none.

    Raises:
        RedactionError: An installed recogniser or the pipeline cannot be loaded, or is none.
        MissingExtra: spaCy is asked for and not installed.
    """
    return [*built_in_recognizers(), *_named_entities(pipeline), *_installed()]


def _named_entities(pipeline: str) -> Sequence[Recognizer]:
    if not pipeline:
        return ()
    from otel_compliance.redact.ner import NamedEntityRecognizer

    return (NamedEntityRecognizer(pipeline),)


def built_in_recognizers() -> Sequence[Recognizer]:
    """Those that need nothing but this package."""
    from otel_compliance.redact.financial import BicRecognizer
    from otel_compliance.redact.identity import (
        AddressRecognizer,
        DictatedRecognizer,
        DocumentRecognizer,
        IdentifierRecognizer,
        PhoneRecognizer,
        WrappedRecognizer,
    )
    from otel_compliance.redact.network import IPRecognizer, MacRecognizer
    from otel_compliance.redact.numbers import IbanRecognizer, NumberRecognizer
    from otel_compliance.redact.secrets import SecretRecognizer
    from otel_compliance.redact.text import EmailRecognizer
    from otel_compliance.redact.wallets import WalletRecognizer

    return [
        EmailRecognizer(),
        NumberRecognizer(),
        PhoneRecognizer(),
        IbanRecognizer(),
        IdentifierRecognizer(),
        DocumentRecognizer(),
        DictatedRecognizer(),
        WrappedRecognizer(),
        AddressRecognizer(),
        IPRecognizer(),
        MacRecognizer(),
        BicRecognizer(),
        WalletRecognizer(),
        SecretRecognizer(),
    ]


@cache
def _installed() -> tuple[Recognizer, ...]:
    return tuple(_load(point) for point in metadata.entry_points(group=ENTRY_POINT_GROUP))


def _load(point: metadata.EntryPoint) -> Recognizer:
    try:
        recognizer = point.load()()
    except Exception as error:
        raise RedactionError(
            f"the recogniser {point.name!r} ({point.value}) cannot be loaded: {type(error).__name__}",
            remedy="mend or uninstall the package that provides it",
        ) from error
    if not isinstance(recognizer, Recognizer):
        raise RedactionError(
            f"the recogniser {point.name!r} ({point.value}) lacks entity_types, hint or find()",
            remedy="mend or uninstall the package that provides it",
        )
    return recognizer
