"""Presidio's pattern recognisers for the types that both engines know, without a language model.

A blank spaCy pipeline cuts the text into words, which Presidio needs. It knows no type of credential.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

RECOGNIZERS = (
    *("CreditCardRecognizer", "CryptoRecognizer", "EmailRecognizer", "IbanRecognizer", "IpRecognizer"),
    *("MacAddressRecognizer", "PhoneRecognizer", "AbaRoutingRecognizer", "UsItinRecognizer", "UsLicenseRecognizer"),
    *("UsMbiRecognizer", "UsNpiRecognizer", "UsPassportRecognizer", "UsSsnRecognizer", "NhsRecognizer"),
    *("UkNinoRecognizer", "UkPassportRecognizer", "UkDrivingLicenceRecognizer", "CaSinRecognizer", "AuTfnRecognizer"),
    *("AuMedicareRecognizer", "InAadhaarRecognizer", "InPanRecognizer", "InPassportRecognizer", "SgFinRecognizer"),
    *("DeTaxIdRecognizer", "DeSocialSecurityRecognizer", "DePassportRecognizer", "DeFuehrerscheinRecognizer"),
    *("EsNieRecognizer", "EsNifRecognizer", "EsPassportRecognizer", "ItFiscalCodeRecognizer", "ItPassportRecognizer"),
    *("ItDriverLicenseRecognizer", "KrRrnRecognizer", "KrPassportRecognizer", "PlPeselRecognizer"),
)
"""Those whose types this package finds, too. It has none of credentials, Brazil, China, France, Japan, and Mexico."""


def presidio() -> Callable[[str], object] | None:
    """What finds entities in a text; `None` where Presidio is not installed."""
    if find_spec("presidio_analyzer") is None:
        return None
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry, predefined_recognizers
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    # The list of domains that comes with the library, instead of the newest from the network.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR

    class Blank(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
            self.nlp = {"en": spacy.blank("en")}

        def load(self) -> None:
            """There is nothing to load."""

    registry = RecognizerRegistry(recognizers=[_recognizer(predefined_recognizers, name) for name in RECOGNIZERS])
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])
    return lambda text: engine.analyze(text, "en")


def _recognizer(module: Any, name: str) -> Any:
    return getattr(module, name)(supported_language="en")
