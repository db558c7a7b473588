"""National, health and tax numbers, documents, dates of birth and addresses.

The numbers are those that the issuers or their documentation print as examples, or such that fit their check digits.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))

ALONE = (
    ("US_ITIN", "912-70-1234"),
    ("US_MBI", "1EG4-TE5-MK73"),
    ("US_MBI", "1EG4TE5MK73"),
    ("UK_NINO", "AB 12 34 56 C"),
    ("UK_NINO", "AB123456C"),
    ("CN_RESIDENT_ID", "11010519491231002X"),
    ("CN_RESIDENT_ID", "110105 19491231 002X"),
    ("IN_AADHAAR", "2341 2341 2346"),
    ("IN_PAN", "ABCPE1234F"),
    ("DE_SOCIAL_INSURANCE", "15070649C103"),
    ("DE_SOCIAL_INSURANCE", "15 070649 C 10 3"),
    ("FR_NIR", "1 85 05 78 006 084 91"),
    ("FR_NIR", "185057800608491"),
    ("ES_DNI", "12345678Z"),
    ("ES_NIE", "X1234567L"),
    ("IT_CODICE_FISCALE", "RSSMRA85M01H501Q"),
    ("SG_NRIC", "S1234567D"),
    ("KR_RRN", "900101-1234567"),
    ("BR_CPF", "111.444.777-35"),
    ("BR_CNPJ", "11.222.333/0001-81"),
    ("MX_CURP", "GODE561231HDFRRL09"),
)
NAMED = (
    ("US_EIN", "Payer's TIN: ", "12-3456789"),
    ("BR_CPF", "CPF nº ", "111444777-35"),
    ("IN_AADHAAR", "ஆதார் எண் ", "234123412346"),
    ("US_EIN", "EIN ", "12-3456789"),
    ("US_NPI", "NPI: ", "1234567893"),
    ("US_BANK_ROUTING", "routing number ", "021000021"),
    ("US_EIN", "Payer's federal identification number: ", "66-8630101"),
    ("US_NPI", "NM1*82*1*DOE*JANE****XX*", "1234567893"),
    ("KR_RRN", "주민등록번호는 ", "9001011234567"),
    ("KR_RRN", "resident registration number: ", "9001011234567"),
    ("BR_CPF", "Cadastro de Pessoa Física: ", "11144477735"),
    ("PASSPORT", "travel_document_number=", "292424268"),
    ("PASSPORT", "Reisepass ", "C0JX00T4M"),
    ("DRIVERS_LICENSE", "DLN: ", "Z-415-753-250-914"),
    ("DRIVERS_LICENSE", "DL number ", "27-318-1296"),
    ("DRIVERS_LICENSE", "my Drivers Lic. is ", "Z127-878-94-307-8"),
    ("DRIVERS_LICENSE", "Operator license (OH): ", "NM652011"),
    ("DRIVERS_LICENSE", "dln = ", "WDL380ZGGH4Q"),
    ("DRIVERS_LICENSE", "driving licence ", "MORGA753116SM9IJ"),
    ("DATE_OF_BIRTH", "ur. ", "5 października 1998"),
    ("DATE_OF_BIRTH", "Mi hermana nació el ", "26 de julio de 1941"),
    ("DATE_OF_BIRTH", "O síndico nasceu em ", "23 de fevereiro de 1965"),
    ("UK_NHS", "NHS number ", "943 476 5919"),
    ("UK_NHS", "nhs no. ", "9434765919"),
    ("IN_AADHAAR", "Aadhaar no ", "234123412346"),
    ("DE_TAX_ID", "Steuer-ID ", "86095742719"),
    ("PL_PESEL", "PESEL ", "44051401359"),
    ("AU_TFN", "TFN ", "123 456 782"),
    ("AU_MEDICARE", "Medicare ", "2123 45670 1"),
    ("BR_CPF", "CPF ", "11144477735"),
    ("CA_SIN", "SIN ", "046 454 286"),
    ("JP_MY_NUMBER", "My Number ", "1234 5678 9018"),
    ("PHONE", "Telefon: ", "030 901820"),
    ("PHONE", "mobile ", "0171 1234567"),
    ("PHONE", "call ", "020 7946 0958"),
    ("PHONE", "tel. ", "06 12 34 56 78"),
    ("PASSPORT", "my passport is ", "C01X00T47"),
    ("PASSPORT", "passeport ", "12AB34567"),
    ("DRIVERS_LICENSE", "driver's license ", "D1234567"),
    ("DATE_OF_BIRTH", "born on ", "12 March 1984"),
    ("DATE_OF_BIRTH", "DOB: ", "03/12/1984"),
    ("DATE_OF_BIRTH", "date of birth ", "1984-12-03"),
    ("DATE_OF_BIRTH", "geboren am ", "1.2.1990"),
    ("DATE_OF_BIRTH", "née le ", "12 mars 1984"),
)
ADDRESSES = (
    "742 Evergreen Terrace",
    "1600 Pennsylvania Ave",
    "221B Baker Street",
    "Hauptstraße 12, 10115 Berlin",
    "12 rue de la Paix, 75002 Paris",
)
WEAK = (
    "ES_DNI",
    "US_BANK_ROUTING",
    "US_EIN",
    "PASSPORT",
    "DRIVERS_LICENSE",
    "DATE_OF_BIRTH",
    "KR_RRN",
    "IN_PAN",
    "PHONE",
)
"""Types without a check, or whose check letter another character may fit."""


def found(text: str) -> list[tuple[str, str]]:
    """(type, value) of each finding."""
    return [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)]


@pytest.mark.parametrize(("entity_type", "value"), ALONE, ids=str)
@pytest.mark.parametrize("text", ["{}", "see {}, please", "({})", '{{"n": "{}"}}', "n={};x", "es ist {}."])
def test_a_number_with_a_form_of_its_own(entity_type: str, value: str, text: str) -> None:
    """It is found alone, whatever stands around it."""
    assert found(text.format(value)) == [(entity_type, value)]


@pytest.mark.parametrize(("entity_type", "before", "value"), NAMED, ids=str)
def test_a_number_that_a_word_must_name(entity_type: str, before: str, value: str) -> None:
    """It is found behind the word, and the word in capitals."""
    assert found(f"My {before}{value}, thanks") == [(entity_type, value)]
    assert (entity_type, value) in found(f"{before.upper()}{value}")


@pytest.mark.parametrize(("entity_type", "before", "value"), NAMED, ids=str)
def test_without_the_word_it_is_just_a_number(entity_type: str, before: str, value: str) -> None:
    """An order number of the same form is left alone."""
    assert entity_type not in [kind for kind, _ in found(f"order {value} was shipped")]


@pytest.mark.parametrize(
    ("entity_type", "before", "value"),
    [item for item in [*((kind, "", value) for kind, value in ALONE), *NAMED] if item[0] not in WEAK],
    ids=str,
)
def test_a_wrong_check_digit_is_no_number(entity_type: str, before: str, value: str) -> None:
    """With its last digit changed, a number with a check is none of that type."""
    position = max(index for index, char in enumerate(value) if char.isdigit())
    others = [value[:position] + str(digit) + value[position + 1 :] for digit in range(10)]
    hits = [other for other in others if (entity_type, other) in found(before + other)]
    # Some schemes have letters or ranges that more than one digit fits.
    assert value in hits
    assert len(hits) <= (10 if entity_type in ("US_ITIN", "US_MBI", "UK_NINO", "MX_CURP", "AU_MEDICARE") else 2)


@pytest.mark.parametrize("address", ADDRESSES)
def test_postal_addresses(address: str) -> None:
    """Street and number, with the town where it stands behind."""
    assert found(f"Ship it to {address}, please") == [("ADDRESS", address)]


def test_the_same_number_in_two_spellings_is_one_token() -> None:
    """Separators make no difference, nor do digits of another script."""
    one, other = REDACTOR.redact("NINO AB 12 34 56 C"), REDACTOR.redact("NINO AB123456C")
    assert list(one.replacements) == list(other.replacements)
    assert found("NHS \uff19\uff14\uff13 \uff14\uff17\uff16 \uff15\uff19\uff11\uff19")[0][0] == "UK_NHS"


@given(st.text("0123456789AX .-/", max_size=60))
def test_nothing_breaks_it(text: str) -> None:
    """Whatever digits, capitals and separators: it never raises, and redacting again changes nothing."""
    redacted = REDACTOR.redact(f"passport born {text}").text
    assert REDACTOR.redact(redacted).text == redacted


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("social insurance number 046 454 286 (was keyed as 130692544)", ["046 454 286", "130692544"]),
        ("her social insurance number may be 046-454-286 or perhaps 130-692-544", ["046-454-286", "130-692-544"]),
        ("social insurance number: 046 454 286, our latest new invoice 130692544", ["046 454 286"]),
    ],
)
def test_a_number_that_goes_with_one_of_its_kind(text: str, values: list[str]) -> None:
    """A few words behind a number that is named stands another one with a check that fits, as in a correction."""
    assert found(text) == [("CA_SIN", value) for value in values]
