"""Passports, driving licences and dates of birth of many countries, each behind its word."""

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))

PASSPORTS = (
    ("Passport No.: ", "NP4 958235"),
    ("Passeport n° ", "45K Z83716"),
    ("Reisepass-Nr. ", "C0F Y8LTV6"),
    ("Paspoortnummer ", "NXT K5PR4F"),
    ("Reisepass ", "C01 X00 T47"),
    ("passport_no: ", "451 962385"),
    ("Passin numero: ", "PE1234567"),
    ("Pasnr. ", "208117345"),
    ("Passnr: ", "31195002"),
    ("Nomor paspor saya ", "X1234567"),
    ("Nombor pasport: ", "A51234567"),
    ("Útlevélszám: ", "BD1234567"),
    ("Číslo pasu: ", "43219876"),
    ("Št. potnega lista: ", "PB1234567"),
    ("Broj putovnice: ", "117203944"),
    ("Număr pașaport: ", "053211876"),
    ("Номер загранпаспорта: ", "72 1234567"),
    ("Загранпаспорт № ", "72 1234567"),
    ("паспорт: ", "4509 123456"),
    ("номер закордонного паспорта ", "FE123456"),
    ("Pasaport no: ", "U12345678"),
    ("رقم جواز السفر: ", "A12345678"),
    ("מספר דרכון: ", "31234567"),
    ("पासपोर्ट संख्या: ", "K1234567"),
    ("পাসপোর্ট নম্বর: ", "BX0123456"),
    ("Số hộ chiếu: ", "C1234567"),
    ("여권번호: ", "M12345678"),
    ("旅券番号：", "TK1234567"),
    ("护照号码：", "E12345678"),
    ("หนังสือเดินทางเลขที่ ", "AA1234567"),
    ("Reisepass ", "C4KTX7F2M"),
    ("Pass-Nr.: ", "L0F4T2K7R"),
    ("Paspoortnummer: ", "NWK6PFR28"),
    ("passport: ", "NXBTKLMR5"),
    ("passport: ", "K1234567E"),
)
LICENSES = (
    ("my license number is ", "W351-0012-3242-4"),
    ("Driving licence number: ", "MORGA753116S99IJ"),
    ("driving licence ", "FOX99753116SM9IJ 35"),
    ("DVLA licence ", "MORGA753116SM9IJ"),
    ("CNH: ", "01234567890"),
    ("Patente n. ", "MI1234567X"),
    ('"patente": "', "U1A12345BC"),
    ("N° de permis : ", "123456789012"),
    ("Permis de conduire n° ", "21AK24076"),
    ("Prawo jazdy nr ", "12345/18/1234"),
    ("Ehliyet no: ", "123456"),
    ("EHLİYET NO: ", "123456"),
    ("Sürücü belgesi no: ", "123456"),
    ("운전면허번호: ", "11-15-123456-01"),
    ("ड्राइविंग लाइसेंस नंबर ", "MH12 20110012345"),
    ("ड्राइविंग लाइसेंस नंबर ", "MH-1220110012345"),
    ("Nomor SIM ", "1234-5678-123456"),
    ("Řidičský průkaz č. ", "EJ 123456"),
    ("Водительское удостоверение ", "77 12 345678"),
    ("Driver's License # ", "WDLNKVXQR5X1"),
    ("Führerschein-Nr.: ", "B0R2RTE2I5K"),
    ("Giấy phép lái xe số ", "790123456789"),
    ("מספר רישיון נהיגה: ", "12345678"),
    ("Άδεια οδήγησης: ", "123456789"),
)
BIRTHS = (
    ("Jane Doe, nurse, jane@example.com, b. ", "12 May 1961"),
    ("JANE DOE, NURSE, jane@example.com, B. ", "12-MAY-1961"),
    ("Jane Doe (b. ", "12 May 1961"),
    ("Jane Doe, b. ", "1961-05-12"),
    ("SSN / GN 68 60 39 C / DOB ", "1961-05-12"),
    ("DMG*D8*", "19610512"),
    ("PID|1||12345^^^MRN||DOE^JANE||", "19610512"),
    ("Narodil jsem se ", "12. 5. 1961"),
    ("nar. ", "12.5.1961"),
    ("Saya lahir pada tanggal ", "12/05/1961"),
    ("Doğum tarihi: ", "12 Ağustos 1961"),
    ("जन्म तिथि: ", "12 दिसंबर 1961"),
    ("תאריך לידה: ", "12 במאי 1961"),
    ("дата рождения: ", "12 мая 1961"),
    ("تاريخ الميلاد: ", "12 مايو 1961"),
    ("Ngày sinh: ", "12 tháng 5 năm 1961"),
    ("วันเกิด: ", "12 สิงหาคม 2504"),
    ("Született: ", "1961. május 12"),
    ("date of birth: ", "1961-May-12"),
    ("dob=", "12-MAY-61"),
    ("Date of birth: ", "12 / 05 / 1961"),
    ("Data de naixement: ", "12 d'agost de 1961"),
)
NOTHING = (
    "Part NXK6PFR28 and part C4KTX7F2M are in stock.",
    "Patente EP1234567B1, la patente US12345678B2",
    "n'est pas ce que 12345678 veut dire",
    "Permis de construire PC 075 012 12 34567",
    "The SIM card 8931 0800 0012 3456 789 is new.",
    "Ehliyet sınavı 2024 yılında 123456 kişi",
    "The code is 123456, the build 654321.",
    "Section B. 12 May 2024: kickoff",
    "a. 12 May 2024: kickoff\nb. 12 May 2025: review",
    "We a. kick off, b. 12 May 2025 review",
    "Reviewed by Miller, B. 12 May 2025",
    "The field for a date of birth is required since release 19.7.11.",
    "passport office, order MORGA753116SM9IJ",
    "paso número 12345678",
)


def found(text: str) -> list[tuple[str, str]]:
    """(type, value) of each finding."""
    return [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)]


@pytest.mark.parametrize(("before", "value"), PASSPORTS)
def test_a_passport_behind_its_word(before: str, value: str) -> None:
    """In the languages of Europe and Asia, with the letters and digits that each country issues."""
    assert found(f"{before}{value}\n") == [("PASSPORT", value)]
    assert ("PASSPORT", value) in found(f"“{before}({value})”")


@pytest.mark.parametrize(("before", "value"), LICENSES)
def test_a_driving_licence_behind_its_word(before: str, value: str) -> None:
    """Likewise, where letters, or the length, tell a country."""
    assert found(f"{before}{value}\n") == [("DRIVERS_LICENSE", value)]


@pytest.mark.parametrize(("before", "value"), BIRTHS)
def test_a_date_of_birth_behind_its_word(before: str, value: str) -> None:
    """With the names of months in many scripts, the year first, and in messages between machines."""
    assert ("DATE_OF_BIRTH", value) in found(f"{before}{value}\n")


@pytest.mark.parametrize(("_", "value"), [*PASSPORTS, *LICENSES, *BIRTHS])
def test_without_its_word_it_is_nothing(_: str, value: str) -> None:
    """A number, or a date, that nothing names is left alone."""
    assert not {"PASSPORT", "DRIVERS_LICENSE", "DATE_OF_BIRTH"} & {name for name, _ in found(f"Item {value} is new")}


@pytest.mark.parametrize("text", NOTHING)
def test_words_that_are_like_those_of_documents(text: str) -> None:
    """Patents, other permits, cards of telephones, and points of a list."""
    assert found(text) == []


def test_groups_of_a_number() -> None:
    """Some write the letters of a number with its first digits, and blanks around a hyphen."""
    assert found("NI number: AB12 34 56C") == [("UK_NINO", "AB12 34 56C")]
    assert found("주민등록번호 900101 - 1234567") == [("KR_RRN", "900101 - 1234567")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("app.tax-file-number=123456782", ("AU_TFN", "123456782")),
        ("social-insurance-number=046-454-286", ("CA_SIN", "046-454-286")),
        ("kojin-bango=1234 5678 9018", ("JP_MY_NUMBER", "1234 5678 9018")),
        ("REF*EI*12-3456789~", ("US_EIN", "12-3456789")),
        ("REF*SY*123456789~", ("SSN", "123456789")),
    ],
)
def test_names_of_fields_with_hyphens_and_signs(text: str, value: tuple[str, str]) -> None:
    """A hyphen in a name is as good as a blank; X12 has codes for names."""
    assert found(text) == [value]
