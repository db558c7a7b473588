"""What the name of a field says about its value."""

import json
from typing import Any

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor
from otel_compliance.redact import structure as module
from otel_compliance.redact.fields import is_secret_field, label

KEYS = KeyRing(bytes(range(32)))
REDACTOR = Redactor(KEYS)


def types(value: object) -> dict[str, int]:
    """Entity types that are found in a structure, the same in both walks."""
    redacted, counted = REDACTOR.redact_value(value), REDACTOR.count_value(value)
    assert redacted.counts == counted.counts
    assert (redacted.failed, counted.failed) == (False, False)
    return dict(redacted.counts)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"nhs_number": "9434765919"}, "UK_NHS"),
        ({"nhsNumber": 9434765919}, "UK_NHS"),
        ({"patient": {"NHS Number": ["9434765919"]}}, "UK_NHS"),
        ({"passport_no": "C01X00T47"}, "PASSPORT"),
        ({"dob": "1990-01-02"}, "DATE_OF_BIRTH"),
        ({"date_of_birth": "02/01/1990"}, "DATE_OF_BIRTH"),
        ({"phone": "4155552671"}, "PHONE"),
        ({"ssn": 219099999}, "SSN"),
        ({"access": {"token": "9fQ2x7LmZ0pR4tVwB1cD"}}, "CREDENTIAL"),
    ],
)
def test_the_name_of_a_field_tells_what_a_number_is(value: dict[str, Any], found: str) -> None:
    """A value that says nothing by itself is found by the name of its field, also within lists and JSON text."""
    assert types(value) == {found: 1}
    assert types({"arguments": json.dumps(value)}) == {found: 1}


@pytest.mark.parametrize(
    "value",
    [
        {"order_number": "9434765919"},
        {"text": "4155552671"},
        {"call_id": "4155552671"},
        {"cell": "4155552671"},
        {"phone": {"order": "4155552671"}},
        {"phone": "none", "order": "4155552671"},
        {"created": "1990-01-02"},
        {"max_tokens": 128_000, "size": 12345678},
        {"key": "9fQ2x7LmZ0pR4tVwB1cD"},
        {"a phone number that was given in a very long name of a field": "4155552671"},
    ],
)
def test_other_names_tell_nothing(value: dict[str, Any]) -> None:
    """An order, an event or a size stays, and a name tells nothing of what stands beside or deep below it."""
    assert types(value) == {}
    assert REDACTOR.redact_value(value).value == value


def test_redacting_again_changes_nothing() -> None:
    """What was found by the name of its field is replaced by a token, which is left alone."""
    once = REDACTOR.redact_value({"nhs_number": 9434765919, "phone": "4155552671"}).value
    assert once == {"nhs_number": KEYS.token("UK_NHS", "9434765919"), "phone": KEYS.token("PHONE", "14155552671")}
    assert REDACTOR.redact_value(once).value == once


@pytest.mark.parametrize("name", ["db_password", "userPassword", "X-Api-Key", "accessToken", "client secret", "PWD"])
def test_names_of_credentials(name: str) -> None:
    """However it is written, the name makes any value a credential."""
    assert is_secret_field(name)
    assert types({name: "horse"}) == {"CREDENTIAL": 1}


@pytest.mark.parametrize("name", ["max_tokens", "next_page_token", "publicKey", "cache_key", "secret_name", "author"])
def test_names_of_no_credentials(name: str) -> None:
    """Names that are like one of a credential leave a value alone."""
    assert not is_secret_field(name)
    assert types({name: "horse"}) == {}


@pytest.mark.parametrize(
    ("name", "words"), [("nhsNumber", "nhs number "), ("X-Tax-ID", "x tax id "), ("call", ""), ("päss", ""), ("", "")]
)
def test_labels(name: str, words: str) -> None:
    """A name is read as words; what may mean something else, or is no name, is not read."""
    assert label(name) == words


def test_a_value_that_takes_too_long_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """When its time is over, what was not looked at yet becomes a tombstone, and the value counts as failed."""
    monkeypatch.setattr(module, "MAX_SECONDS", -1.0)
    redacted = REDACTOR.redact_value({"a": "clean", "b": ["jane.doe@example.com"], "n": 1})
    assert redacted.value == {"a": "clean", "b": ["[REDACTED:time]"], "n": 1}
    assert redacted.failed
    assert REDACTOR.count_value("jane.doe@example.com").failed
