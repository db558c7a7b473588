"""What the policy puts in the place of a value: a token, a mask, the type alone or a hash."""

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from redact.test_redactor import PADDING, PLANTED, VALUES

from otel_compliance.errors import PolicyError
from otel_compliance.keys import KeyRing
from otel_compliance.policy import Policy, Transform
from otel_compliance.redact import Redactor
from otel_compliance.redact.transform import mask

KEYS = KeyRing(bytes(range(32)))


def redactor(transforms: str) -> Redactor:
    """A redactor under a policy with this table."""
    return Redactor(KEYS, policy=Policy.parse(f"version = 1\n[transforms]\n{transforms}"))


REDACTORS = {transform: redactor(f'default = "{transform}"') for transform in Transform}
ALL = pytest.mark.parametrize("transform", list(Transform))


@ALL
@given(parts=st.lists(st.tuples(PADDING, PLANTED), min_size=1, max_size=5))
@example(parts=[(" passport ", VALUES[0]), (" no. ", VALUES[2])])
def test_no_planted_value_survives_any_transform(transform: Transform, parts: list[tuple[str, str]]) -> None:
    """Whatever stands around a value, it is gone, and redacting again changes nothing."""
    text = "".join(padding + value for padding, value in parts) + " "
    redacted = REDACTORS[transform].redact(text)
    assert not [value for _, value in parts if value in redacted.text]
    assert REDACTORS[transform].redact(redacted.text).text == redacted.text


@ALL
@given(parts=st.lists(st.tuples(PADDING, PLANTED), min_size=1, max_size=3))
def test_structures_are_redacted_by_any_transform(transform: Transform, parts: list[tuple[str, str]]) -> None:
    """JSON in a string stays JSON, and loses the values, also those that only the name of their field gives away."""
    document = {"items": [{"text": padding + value} for padding, value in parts], "password": "correct horse"}
    redacted = REDACTORS[transform].redact_value(json.dumps(document))
    shown = json.loads(redacted.value)
    assert not redacted.failed
    assert not [value for value in (*VALUES, "correct horse") if value in json.dumps(shown)]
    assert REDACTORS[transform].redact_value(redacted.value).value == redacted.value


@ALL
@given(text=st.text(max_size=60), value=PLANTED)
def test_restore_undoes_tokens_alone(transform: Transform, text: str, value: str) -> None:
    """What is restored is the text itself where there are tokens; other stand-ins stay as they are."""
    redacted = REDACTORS[transform].redact(f"{text} {value} ")
    restored = REDACTORS[transform].restore(redacted.text, redacted.replacements)
    if transform is not Transform.TOKEN:
        assert (restored, redacted.replacements) == (redacted.text, {})
    elif len(redacted.findings) == len(redacted.replacements):
        assert restored == f"{text} {value} "


def test_several_spellings_are_restored_as_the_first() -> None:
    """One value has one token, so that records can be joined; restored, all have the spelling that stood first."""
    tokens = REDACTORS[Transform.TOKEN]
    redacted = tokens.redact("4111 1111 1111 1111 or 4111-1111-1111-1111")
    assert tokens.restore(redacted.text, redacted.replacements) == "4111 1111 1111 1111 or 4111 1111 1111 1111"


def test_each_transform_has_its_form() -> None:
    """The four forms, for a value of which the end may be shown and one of which nothing may."""
    text = "jane.doe@example.com paid with 4111 1111 1111 1111."
    email, card = KEYS.token("EMAIL", "jane.doe@example.com"), KEYS.token("CREDIT_CARD", "4111111111111111")
    shown = {transform: REDACTORS[transform].redact(text).text for transform in Transform}
    assert shown.pop(Transform.TOKEN) == f"{email} paid with {card}."
    assert shown.pop(Transform.MASK) == "[EMAIL:****] paid with [CREDIT_CARD:****1111]."
    assert shown.pop(Transform.DROP) == "[EMAIL] paid with [CREDIT_CARD]."
    hashed = r"\[EMAIL:hash:[a-z2-7]{16}\] paid with \[CREDIT_CARD:hash:[a-z2-7]{16}\]\."
    assert re.fullmatch(hashed, shown.pop(Transform.HASH))
    assert shown == {}


def test_a_hash_joins_within_a_text_and_nowhere_else() -> None:
    """Two spellings in one text have the same hash; the same text again has another, which the key does not give."""
    hashes = REDACTORS[Transform.HASH]
    text = "4111 1111 1111 1111 or 4111-1111-1111-1111" + " and so on" * 30  # long enough to be remembered
    first, again = hashes.redact(text), hashes.redact(text)
    assert first.stand_ins[0] == first.stand_ins[1]
    assert not set(first.stand_ins) & {*again.stand_ins, KEYS.token("CREDIT_CARD", "4111111111111111")}


@pytest.mark.parametrize(
    ("entity_type", "value", "shown"),
    [
        ("CREDIT_CARD", "4111 1111 1111 1111", "1111"),
        ("CREDIT_CARD", "４１１１１１１１１１１１１１１１", "1111"),
        ("CREDIT_CARD", r"4111\u002d1111\u002d1111\u002d1234", "1234"),
        ("CREDIT_CARD", "41111111111", ""),
        ("CREDIT_CARD", "4111 1111 1111 1111 hunter2", ""),
        ("CREDIT_CARD", "4111 1111 1111 1111 2222 3333", ""),
        ("IBAN", "DE89 3704 0044 0532 0130 00", "3000"),
        ("IBAN", "GB29NWBK60161331926819é@example.com", ""),
        ("PHONE", "+49 151 2345 6789", "6789"),
        ("PHONE", "415-555-2671", ""),
        ("SSN", "123-45-6789", ""),
        ("CN_RESIDENT_ID", "11010519491231002X", ""),
        ("ANTHROPIC_KEY", "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz", ""),
        ("CUSTOMER_ID", "123456789012345", ""),
    ],
)
def test_a_mask_shows_the_end_of_long_account_numbers(entity_type: str, value: str, shown: str) -> None:
    """At most four characters, of cards, IBANs and phone numbers, where at least eight stay hidden; else none."""
    assert mask(entity_type, value) == f"[{entity_type}:****{shown}]"


@pytest.mark.parametrize("text", ["BIC: [DEUTDEFF500]", "[AKIAQWERTYUIOPASDFGH:****]", "[AKIAQWERTYUIOPASDFGH]"])
def test_only_known_types_in_brackets_are_left_alone(text: str) -> None:
    """Brackets around a value do not make it a stand-in."""
    assert REDACTORS[Transform.DROP].redact(f"{text} ").findings


def test_the_type_decides_before_its_class_and_the_class_before_the_default() -> None:
    """A card is masked by its type, another RESTRICTED entity dropped by its class, an e-mail address hashed."""
    policy = Policy.parse(
        'version = 1\n[transforms]\ndefault = "hash"\n'
        '[transforms.classes]\nRESTRICTED = "drop"\n[transforms.entities]\nCREDIT_CARD = "mask"\n'
    )
    secret_types = {"SLACK_TOKEN"}
    assert {
        item: policy.transform(item, secret_types) for item in ("CREDIT_CARD", "SSN", "SLACK_TOKEN", "EMAIL", "NEW")
    } == {
        "CREDIT_CARD": Transform.MASK,
        "SSN": Transform.DROP,
        "SLACK_TOKEN": Transform.DROP,
        "EMAIL": Transform.HASH,
        "NEW": Transform.HASH,
    }


def test_tokens_of_tenants_cannot_be_joined() -> None:
    """One value has one token for each tenant; without a tenant it is the key ring's own."""
    tokens = [redactor(line).redact(VALUES[0]).text for line in ('tenant = "a"', 'tenant = "b"', 'tenant = "a"', "")]
    assert tokens[0] == tokens[2]
    assert len(set(tokens)) == 3
    assert tokens[3] == KEYS.token("EMAIL", VALUES[0])


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (
            'default = "encrypt"',
            "key transforms.default has value 'encrypt': Input should be 'token', 'mask', 'drop' or 'hash'",
        ),
        ("[transforms.classes]\nSECRET = 'drop'", "key transforms.classes.SECRET is not known"),
        (
            "[transforms.entities]\nemail = 'drop'",
            "key transforms.entities.email has value 'email': String should match pattern '^[A-Z][A-Z0-9_]{1,31}$'",
        ),
        ("tenant = 7", "key transforms.tenant has value 7: Input should be a valid string"),
    ],
)
def test_a_wrong_table_is_named(table: str, problem: str) -> None:
    """The message names the file, the key, its value and what was expected."""
    with pytest.raises(PolicyError) as caught:
        Policy.parse(f"version = 1\n[transforms]\n{table}", source="policy.toml")
    assert str(caught.value) == f"policy.toml: {problem}"


def test_counting_does_not_depend_on_the_transform() -> None:
    """What is counted is what was found."""
    document: Any = {"text": " and ".join(VALUES), "password": "correct horse"}
    counts = [REDACTORS[transform].redact_value(document).counts for transform in Transform]
    assert counts == [REDACTORS[Transform.TOKEN].count_value(document).counts] * len(Transform)
