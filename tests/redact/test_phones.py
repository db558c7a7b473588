"""Telephone numbers of many countries: by their sign, by their groups, or by a word near them."""

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))

ALONE = (
    "8-903-123-45-67",
    "8 916 123 45 67",
    "+1-224-957-0170x941",
    "+49 (0) 30 / 901 820",
    "+(370) 59850850",
    "001-582-503-6131",
    "0049 30 901820",
    "(321)456-4915x65834",
    "020 7946 0958",
    "07700 900123",
    "(0131) 496 0061",
    "06.12.34.56.78",
    "0171-1234567",
    "030/901820",
    "8 (495) 123-45-67",
    "090-1544-1495",
    "138 1234 5678",
    "(11) 91234-5678",
)
SAID = (
    ("update my ph to ", "1300 975 707"),
    ("call karo ", "9876543210"),
    ("Contato: ", "11 961234567"),
    ("j'ai changé, mon num c le ", "0612345678"),
    ("мой новый номер ", "8 916 123 45 670"),
    ("Contacts\n- vet ", "07700900123"),
    ("* next door (Deb): ", "07700900123"),
    ("call me at ", "5551 2026"),
    ("Her mobile: ", "27 92 24 03"),
    ("Mon numéro est le ", "0612345678"),
    ("Teléfono: ", "612 345 678"),
    ("電話番号は", "312345678"),
    ("Телефон: ", "604-65-38"),
    ("msisdn=", "573051154301"),
    ('{"homePhone": "', "044846377"),
    ("Handy ", "1511234567"),
    ("móvil ", "612 33 98 99"),
    ("zmiana numeru na ", "12 572 13 00"),
    ("https://wa.me/", "63232320833"),
    ("a=1&phone=", "%2B48+12+361+30+06"),
)
BEHIND = (
    ("5551 2026", " is my new cell"),
    ("4155552671", " (mobile)"),
    ("310-5550", " as the phone number"),
)
NONE = (
    "order 415-555-2671 was shipped",
    "please call me about case 7103841073",
    "Reach 1000000000 users",
    "from 2019-2021 I called",
    "phone model released 2024-10-15",
    "doi:10.2495/j.cell.3700.80.337",
    "lat 52.520008, 13.404954",
    "call 192.168.200.1",
    "the number is 12345678",
    "offset +00000000 of the dump",
    "- order 07700900123\n",
    "contatore 86944473, lettura",
    "pH 7.4 at 20240101123",
    "07700900123\n",
)


def found(text: str) -> list[tuple[str, str]]:
    """(type, value) of each finding."""
    return [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)]


@pytest.mark.parametrize("number", ALONE)
@pytest.mark.parametrize("text", ["{}", "It is {}.", "({})", "a\n{}\nb", '"{}",'])
def test_a_number_with_groups_of_a_telephone(number: str, text: str) -> None:
    """It is found alone and whole, with its sign, its brackets and its extension."""
    assert found(text.format(number)) == [("PHONE", number)]


@pytest.mark.parametrize(("before", "number"), SAID)
def test_a_number_behind_a_word(before: str, number: str) -> None:
    """A word of many languages tells what digits are, which alone would be nothing."""
    assert found(f"{before}{number}\n") == [("PHONE", number)]
    assert found(f"{number}\n") == []


@pytest.mark.parametrize(("number", "behind"), BEHIND)
def test_a_number_before_its_word(number: str, behind: str) -> None:
    """What is said right behind a number counts, too."""
    assert found(f"Note {number}{behind}, thanks") == [("PHONE", number)]


@pytest.mark.parametrize("text", NONE)
def test_other_digits_are_left_alone(text: str) -> None:
    """Orders, cases, counts, dates, coordinates and addresses of hosts are no telephone numbers."""
    assert "PHONE" not in [kind for kind, _ in found(text)]


def test_other_digits_hide_no_number() -> None:
    """Digits before a number, and a second number behind it, change nothing."""
    assert found("0 415-555-2671") == [("PHONE", "415-555-2671")]
    assert found("415-555-2671  415-555-2672") == [("PHONE", "415-555-2671"), ("PHONE", "415-555-2672")]
