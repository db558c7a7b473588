"""Redacting and restoring text and structures."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_compliance import health
from otel_compliance.errors import RedactionError
from otel_compliance.keys import KeyRing
from otel_compliance.redact import Finding, Folded, Redactor, verify
from otel_compliance.redact.characters import folded
from otel_compliance.redact.identity.context import names_another, plain

KEYS = KeyRing(bytes(range(32)))
REDACTOR = Redactor(KEYS)
VALUES = (
    "jane.doe@example.com",
    "415-555-2671",
    "123-45-6789",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "203.0.113.77",
    "2001:db8::8a2e:370:7334",
    "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz",
    "ghp_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
)
PLANTED = st.sampled_from(VALUES)
# Text between values; a letter or digit that touches a value may make it another word, and a word such as "ref" says
# that digits are no telephone number. Half of it looks like numbers, since those are what a recogniser may take for the
# beginning of a value.
PADDING = (
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        st.text("0123456789 -.()/+:AGDE", max_size=25),
        st.sampled_from(("DE89", "4111 1111", "+1000", "00")),
    )
    .filter(lambda text: not names_another(plain(folded(text))))
    .map(lambda text: f" {text} ")
)


@given(st.lists(st.tuples(PADDING, PLANTED), min_size=1, max_size=5))
def test_no_planted_value_survives(parts: list[tuple[str, str]]) -> None:
    """Whatever stands around a value, it is gone, and redacting again changes nothing."""
    text = "".join(padding + value for padding, value in parts) + " "
    redacted = REDACTOR.redact(text)
    assert not [value for _, value in parts if value in redacted.text]
    assert REDACTOR.redact(redacted.text).text == redacted.text


@pytest.mark.parametrize("value", ["DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111", "2001:db8::8a2e:370:7334"])
@pytest.mark.parametrize("before", ["0", "DE89 3704 0044 0532 0130 00 0", "2234 4111", "+1000"])
def test_what_stands_before_a_value_does_not_hide_it(before: str, value: str) -> None:
    """Characters that could belong to a value of the same kind do not take it with them."""
    assert value not in REDACTOR.redact(f"{before} {value} ").text


@given(PADDING, PLANTED, PADDING)
def test_restoring_gives_the_text_back(before: str, value: str, behind: str) -> None:
    """Redacting and restoring one value is lossless."""
    text = before + value + behind
    redacted = REDACTOR.redact(text)
    if len(redacted.findings) == len(redacted.replacements):
        assert REDACTOR.restore(redacted.text, redacted.replacements) == text


@given(st.text(st.characters(codec=None), max_size=40), PLANTED, st.text(st.characters(codec=None), max_size=40))
def test_hints_miss_nothing(before: str, value: str, behind: str) -> None:
    """A text that is surely clean has nothing to find when it is looked at whole."""
    text = f"{before} {value} {behind}"
    padded = text + " " * 300
    assert bool(REDACTOR.find(text)) == bool(REDACTOR.find(padded))
    assert REDACTOR.surely_clean(before + behind) <= (REDACTOR.find((before + behind) + " " * 300) == [])


@given(st.text(st.characters(codec=None), max_size=400))
def test_any_text_is_survived(text: str) -> None:
    """No text, lone surrogates included, raises; offsets are sorted, valid and apart."""
    end = 0
    for finding in REDACTOR.find(text):
        assert end <= finding.start < finding.end <= len(text)
        end = finding.end


def test_an_iban_that_runs_into_letters_outside_ascii_is_redacted() -> None:
    """Two findings that overlap are one, whatever characters the union has."""
    text = "GB29NWBK60161331926819\u00e9@example.com"
    redacted = REDACTOR.redact(text)
    assert [(item.type, item.start, item.end) for item in redacted.findings] == [("IBAN", 0, len(text))]
    assert REDACTOR.restore(redacted.text, redacted.replacements) == text


@pytest.mark.parametrize("first", VALUES)
@pytest.mark.parametrize("second", VALUES)
def test_values_without_anything_between_them(first: str, second: str) -> None:
    """What touches a value is looked at once that is gone, so that redacting again changes nothing."""
    redacted = REDACTOR.redact(f"{first}{second} ")
    assert REDACTOR.redact(redacted.text).text == redacted.text
    assert REDACTOR.restore(redacted.text, redacted.replacements) == f"{first}{second} "


@pytest.mark.parametrize("lines", [1, 76])
@pytest.mark.parametrize("begin", ["data:image/png;base64,", ""])
def test_blobs_within_a_text_are_described(lines: int, begin: str) -> None:
    """An image in the middle of a text, in lines as in an e-mail too, is not kept; the text around it is redacted.

    However large it is, the text is inspected.
    """
    data = b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 6000).decode()
    data = "\n".join(data[at : at + 76] for at in range(0, len(data), 76)) if lines == 76 else data
    for document in (f"look: {begin}{data} from jane.doe@example.com", json.dumps({"image": f"{begin}{data}"})):
        redacted = REDACTOR.redact_value({"text": document})
        assert not redacted.failed
        assert "[BLOB:image/png:1536008:k1:" in redacted.value["text"]
        assert data[200:230] not in redacted.value["text"]
        assert "jane" not in redacted.value["text"]
        assert REDACTOR.redact_value(redacted.value).value == redacted.value


def test_a_long_token_within_a_text_is_no_blob() -> None:
    """What is long and does not begin like a file may be a credential, and is found as one."""
    payload = b64encode(b'{"sub": "' + b"x" * 900 + b'"}').decode().rstrip("=")
    text = f"use eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmF0dXJlMTIz now"
    assert REDACTOR.redact_value(text).counts == {"JWT": 1}


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("203.0.113.77ghp_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789", ["IPV4", "GITHUB_TOKEN"]),
        ("415-555-2671sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz", ["PHONE", "ANTHROPIC_KEY"]),
        ("AKIAIOSFODNN7EXAMPLE+1 415 555 2671", ["AWS_KEY", "PHONE"]),
        ("DE89 3704 0044 0532 0130 004111 1111 1111 1111", ["IBAN", "CREDIT_CARD"]),
    ],
)
def test_what_touches_a_value_is_found(text: str, types: list[str]) -> None:
    """A value hides none that stands directly before or behind it."""
    assert [finding.type for finding in REDACTOR.find(text)] == types


def test_restore_leaves_unknown_tokens() -> None:
    """Only tokens of this mapping are replaced."""
    redacted = REDACTOR.redact("a@example.com and b@example.com")
    first, second = redacted.replacements
    assert REDACTOR.restore(f"{second} {first}", {first: "a@example.com"}) == f"{second} a@example.com"


def test_values_never_show_in_reprs() -> None:
    """What was replaced is personal data, so it is not in any repr."""
    assert "jane" not in repr(REDACTOR.redact("jane.doe@example.com"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | PLANTED,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10) | PLANTED, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200)
@given(JSON)
def test_structures_keep_their_shape_and_lose_their_values(document: Any) -> None:
    """A structure is copied, not changed; no planted value is left in it, in keys neither."""
    before = json.dumps(document)
    redacted = REDACTOR.redact_value(document)
    assert json.dumps(document) == before
    shown = json.dumps(redacted.value)
    assert not [value for value in VALUES if value in shown]
    assert not redacted.failed


def test_json_in_a_string_stays_json() -> None:
    """A string that is a document is redacted inside, and still parses."""
    text = json.dumps({"to": "jane.doe@example.com", "body": 'say "hi"\n', "n": 1})
    redacted = REDACTOR.redact_value(text)
    assert json.loads(redacted.value) == {
        "to": KEYS.token("EMAIL", "jane.doe@example.com"),
        "body": 'say "hi"\n',
        "n": 1,
    }
    assert redacted.counts == Counter({"EMAIL": 1})


def test_half_a_surrogate_pair_stays_escaped() -> None:
    """A document that is encoded anew can be encoded as UTF-8, too, or an exporter would lose its whole batch."""
    redacted = REDACTOR.redact_value(r'{"a": "\ud800 jane.doe@example.com", "b": "ü"}').value
    redacted.encode()
    assert json.loads(redacted) == {"a": f"\ud800 {KEYS.token('EMAIL', 'jane.doe@example.com')}", "b": "ü"}


def test_cut_json_is_redacted_too() -> None:
    """A document that was cut in the middle does not parse, and is redacted as text."""
    assert "jane" not in REDACTOR.redact_value('{"to": "jane.doe@example.com", "bo').value


def test_secrets_are_known_by_the_name_of_their_field() -> None:
    """A value in a field called password is a secret whatever it looks like, and is counted once."""
    redacted = REDACTOR.redact_value({"db": {"password": "correct horse"}, "api_key": "sk-ant-api03-" + "x" * 20})
    assert redacted.counts == Counter({"CREDENTIAL": 1, "ANTHROPIC_KEY": 1})
    assert REDACTOR.redact_value(redacted.value).value == redacted.value


def test_numbers_are_inspected() -> None:
    """A card number that is an integer is a card number."""
    assert REDACTOR.redact_value([4111111111111111, 42, 1.5, True]).value == [
        KEYS.token("CREDIT_CARD", "4111111111111111"),
        42,
        1.5,
        True,
    ]


@pytest.mark.parametrize(
    ("begin", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"%PDF-1.7", "application/pdf"),
        (b"whatever", "unknown"),
    ],
)
@pytest.mark.parametrize("url", ["", "data:image/png;name=jane.doe@example.com;base64,"])
def test_blobs_are_described_not_kept(begin: bytes, kind: str, url: str) -> None:
    """Base64 of a file becomes its type, as its content tells, its size in bytes and a keyed digest."""
    file = begin + bytes(3001 - len(begin))
    redacted = REDACTOR.redact_value({"data": url + b64encode(file).decode()})
    digest = KEYS.fingerprint(b64encode(file).decode())
    assert redacted.value == {"data": f"[BLOB:{kind}:3001:{digest}]"}
    assert (redacted.counts, redacted.failed) == ({}, False)
    assert REDACTOR.redact_value(redacted.value).value == redacted.value


def _cycle() -> list[Any]:
    endless: list[Any] = []
    endless.append(endless)
    return endless


@pytest.mark.parametrize("value", [_cycle(), "a b " * 300_000, object(), {"deep": json.loads("[" * 100 + "]" * 100)}])
def test_what_cannot_be_inspected_is_not_kept(value: Any) -> None:
    """Cycles, excessive depth or size and unknown types become tombstones, are counted, and the result says so."""
    before = sum(health.swallowed().values())
    redacted = REDACTOR.redact_value(value)
    assert redacted.failed
    assert "[REDACTED:" in json.dumps(redacted.value)
    assert sum(health.swallowed().values()) > before


class Broken:
    """A recogniser that raises, with content in its message."""

    entity_types = frozenset({"X"})
    hint = ""

    def find(self, folded: Folded) -> Iterator[Finding]:
        raise LookupError(folded.text)


def test_a_broken_recogniser_fails_closed(caplog: pytest.LogCaptureFixture) -> None:
    """If inspection raises, nothing is kept, the error is counted, and the log has its type alone."""
    redacted = Redactor(KEYS, [Broken()]).redact_value({"text": "jane.doe@example.com"})
    assert (redacted.value, redacted.failed) == ("[REDACTED:LookupError]", True)
    assert health.swallowed()["redact.value", "LookupError"] >= 1
    assert "jane" not in caplog.text


def test_no_recogniser_is_an_error() -> None:
    """A redactor that would find nothing is refused."""
    with pytest.raises(RedactionError, match="no recogniser"):
        Redactor(KEYS, [])


def test_the_canary_is_redacted() -> None:
    """The self-test passes on the installed SDK."""
    verify()


@pytest.mark.parametrize(
    "text",
    [
        "@",
        "a@",
        "1",
        "12-",
        ":",
        "a:",
        "sk-ant-",
        "eyJ",
        "QUJD",
        "DE12 3456 ",
        "\u200b",
        "é",
        "+1",
        "-----BEGIN PRIVATE KEY-----",
        "://a:",
        "1.",
        "\\u0040",
        "%40",
        "[EMAIL:k1:",
        "ghp_",
        "aws secret = ",
    ],
)
def test_hostile_repetition_ends(text: str) -> None:
    """A megabyte of what a pattern begins with is done within the test's time limit, and finds nothing absurd."""
    assert len(REDACTOR.find(text * (1_000_000 // len(text)))) <= 1_000_000
