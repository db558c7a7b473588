"""Numbers as people say and write them: digit by digit, over two lines, emphasised, and below their names."""

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))

DICTATED = (
    ("my number is ", "PHONE", "0 7 7 0 0 9 0 0 1 2 3"),
    ("phone: ", "PHONE", "2-0-2-5-5-5-0-1-4-7"),
    ("the long number is ", "CREDIT_CARD", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
    ("her social is ", "SSN", "1 2 3 4 5 6 7 8 9"),
    ("NHS number, from the card: ", "UK_NHS", "9 4 3 4 7 6 5 9 1 9"),
)
WRAPPED = (
    ("Give me a ring on ", "PHONE", "03 9180\n8244"),
    ("Mi trovi al ", "PHONE", "+39 02\n7199 9478"),
    ("> telefon ", "PHONE", "+44 (0)113\r\n> 698 5353"),
    ("my visa ", "CREDIT_CARD", "4111 1111\n1111 1111"),
)
CALLED = (
    ("Μπορείτε να με βρείτε στο ", "210 1234567"),
    ("Vous pouvez me joindre au ", "0612345678"),
    ("Vous pouvez me joindre au ", "[0612345678]"),
    ("Je kunt me bereiken op ", "0612345678"),
    ("mobiel ", "0612345678"),
    ("Du kan fange mig på ", "2012 3456"),
    ("ĐT: ", "0912345678"),
    ("WA: ", "081234567890"),
    ("İletişim: ", "0(532) 123 45 67"),
    ("Перезвоните: ", "8-912-345-67-89"),
    ("يمكنك الاتصال بي على الرقم ", "0512345678"),
    ("התקשרו ל-", "052-1234567"),
    ("ring me on ", "_07700 900123_"),
)
NOTHING = (
    "1 0 0 1 0 1 1 0 1\n0 1 1 0 1 0 0 1 0",
    "the digits 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "id_0612345678_x and user_0612345678",
    "see page 12\n345 and following, or call 10\n2000000 of them",
    "1700000000\n1700000001\n",
    "Regards,\nJane Doe\nInvoice Number\n0123456789",
    "Here is what we have,\nOrder Number\n0711234567\n",
    "version _1.2.3.4.5_ and _a1.2.3.4_",
)


def found(text: str) -> list[tuple[str, str]]:
    """(type, value) of each finding."""
    return [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)]


@pytest.mark.parametrize(("before", "kind", "value"), [*DICTATED, *WRAPPED])
def test_a_number_with_blanks_or_the_end_of_a_line_in_it(before: str, kind: str, value: str) -> None:
    """It is found behind its word."""
    assert found(f"So, {before}{value}, ok?") == [(kind, value)]


@pytest.mark.parametrize(("_", "kind", "value"), [*DICTATED, *WRAPPED[:1]])
def test_nothing_names_it(_: str, kind: str, value: str) -> None:
    """Digits without a word are rows of digits."""
    assert kind not in [name for name, _ in found(f"rows of {value}, ok")]


@pytest.mark.parametrize(("before", "value"), CALLED)
def test_a_number_to_call(before: str, value: str) -> None:
    """It is found behind what people say before it."""
    assert found(f"{before}{value}.") == [("PHONE", value.strip("[]_"))]


@pytest.mark.parametrize(
    ("letter", "value"),
    [
        ("Kind regards,\nJane Doe\n{}", "07700900123"),
        ("Atenciosamente,\nJoão Lima\njoao@example.com.br\n{}\n", "11 93672 3654"),
        ("धन्यवाद,\nसुनीता जोशी\n{}\n\n> ok", "98765 43210"),
        ("감사합니다.\n이민준 드림\n{}", "01012345678"),
    ],
)
def test_a_number_below_a_name(letter: str, value: str) -> None:
    """Alone on its line, under the name of who wrote, it is one to call."""
    assert ("PHONE", value) in found(letter.format(value))
    assert found(letter.format(value).replace(",", "").replace(".\n", "\n"))[-1:] != [("PHONE", value)]


def test_an_address_of_the_internet_behind_a_preposition_or_emphasised() -> None:
    """Hebrew joins its prepositions to what they are for."""
    assert found("השרת נמצא ב-8.8.4.4") == [("IPV4", "8.8.4.4")]
    assert found("it is _8.8.4.4_ now") == [("IPV4", "8.8.4.4")]


@pytest.mark.parametrize("text", NOTHING)
def test_rows_of_digits_and_parts_of_words(text: str) -> None:
    """What has the digits of a number, and nothing else of one, is left alone."""
    assert found(text) == []
