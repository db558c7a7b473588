"""Texts that one look passes hold nothing, and no number is missed by the search for runs of digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor
from otel_compliance.redact.identity.schemes import IDENTIFIERS
from otel_compliance.redact.shapes import digit_runs, shape_of

REDACTOR = Redactor(KeyRing(bytes(range(32))), fast=False)
LONG = " the" * 100
"""Behind a text it makes one at which a look is not enough."""


@pytest.mark.parametrize(
    "text",
    [
        *("claude-sonnet-4-5", "checkout-service", "msg_01XFDUDYJgAACzvnptvVoYEL", "api.anthropic.com", "/v1/messages"),
        *("opentelemetry.instrumentation.httpx", "kubernetes_deployment_controller", "end_turn"),
    ],
)
def test_names_of_models_services_and_messages_are_plain(text: str) -> None:
    """Most attributes cost one look."""
    assert REDACTOR.surely_clean(text)


PIECES = st.one_of(
    st.text("abcdefgzABCDEFXYZ01-_./", min_size=1, max_size=30),
    st.sampled_from(
        ("sk-ant-api03-", "ghp_", "AKIA", "password", "swift", "DEUTDEFF", "GB29NWBKABCDEFGHIJKLMN", "1Boat")
    ),
    st.sampled_from(
        ("ab-cd-ef-ab-cd-ef", "abcd.efab.cdefabcdefab", "bc1qar0srr", "hf_abcdefghijklmnopqrstuvwxyzabcdef")
    ),
)


@given(st.lists(PIECES, min_size=1, max_size=4), st.sampled_from("-_./"))
def test_long_words_that_are_plain_hold_nothing(pieces: list[str], sign: str) -> None:
    """Where one look passes a text with a long word, all recognisers find nothing in it."""
    text = sign.join(["name-of-a-service", *pieces])
    assert not (REDACTOR.surely_clean(text) and REDACTOR.find(text + LONG))


FORMS = {shape for item in IDENTIFIERS for shape in item.shapes + item.named}


@pytest.mark.parametrize("shape", sorted(FORMS - {"0 0 00"}))
def test_every_form_of_an_identifier_is_a_run(shape: str) -> None:
    """The search for runs of digits finds what each scheme looks like, as the one run of its shape.

    A date with one digit for day and month, and two for the year, is looked for by itself.
    """
    text = shape.replace("0", "7").replace("A", "B")
    assert digit_runs(shape_of(f"x{text}x".encode())) == [(1, shape.encode())]
