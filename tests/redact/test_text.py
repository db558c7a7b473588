"""E-mail addresses that are spelled in words."""

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))

SPELLED = (
    ("my email is {} thanks", "jane at example dot com"),
    ("reach me on {} please", "jane dot doe at example dot co dot uk"),
    ("{}", "mike99 at gmail dot com"),
    ("escríbeme a {}", "juan arroba empresa punto com"),
    ("Schreib an {}", "max.muster ät firma punkt de"),
    ("mon courriel : {}", "jean point dupont arobase exemple point fr"),
)
NONE = (
    "look at example dot com for docs",
    "contact us at example dot com",
    "the dot product at point com",
    "the point is at stake point com",
)


@pytest.mark.parametrize(("text", "value"), SPELLED)
def test_an_address_in_words(text: str, value: str) -> None:
    """In several languages, with a sign, a provider or a word that says what it is."""
    text = text.format(value)
    assert [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)] == [("EMAIL", value)]


@pytest.mark.parametrize("text", NONE)
def test_a_place_at_which_something_is(text: str) -> None:
    """A preposition makes no address."""
    assert REDACTOR.find(text) == []
