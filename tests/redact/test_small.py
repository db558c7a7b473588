"""Identifiers whose letters are written small. They are the examples of their issuers, or fit their check digits."""

import random

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))

ALONE = (
    ("IT_CODICE_FISCALE", "rssmra85m01h501q"),
    ("IT_CODICE_FISCALE", "Rssmra85m01h501q"),
    ("MX_CURP", "gode561231hdfrrl09"),
    ("SG_NRIC", "s1234567d"),
    ("SG_NRIC", "S1234567d"),
    ("SG_NRIC", "s1234567D"),
    ("ES_NIE", "x1234567l"),
    ("ES_NIE", "x-1234567-l"),
    ("CN_RESIDENT_ID", "11010519491231002x"),
    ("CN_RESIDENT_ID", "110105 19491231 002x"),
    ("IBAN", "de89370400440532013000"),
    ("IBAN", "De89 3704 0044 0532 0130 00"),
    ("IBAN", "gb29 nwbk 6016 1331 9268 19"),
    ("IBAN", "gb29nwbk60161331926819"),
    ("IBAN", "nl91-abna-0417-1643-00"),
    ("IBAN", "it60x0542811101000000123456"),
    ("IBAN", "it60 x054 2811 1010 0000 0123 456"),
    ("IBAN", "fr14 2004 1010 0505 0001 3m02 606"),
    ("IBAN", "mt84malt011000012345mtlcast001s"),
    ("IBAN", "ro49aaaa1b31007593840000"),
)
NAMED = (
    ("UK_NINO", "my nino is ", "ab123456c"),
    ("UK_NINO", "NI number: ", "ab 12 34 56 c"),
    ("UK_NINO", "national insurance no ", "ab-12-34-56-c"),
    ("UK_NINO", "name,ni_number\nx,", "ab123456c"),
    ("IN_PAN", "pan ", "abcpe1234f"),
    ("ES_DNI", "el meu DNI és ", "12345678z"),
    ("ES_DNI", "nif: ", "12.345.678-z"),
    ("ES_DNI", "DNI ", "12345678 z"),
    ("DE_SOCIAL_INSURANCE", "Sozialversicherungsnummer ", "15070649c103"),
    ("PASSPORT", "passport no. ", "ww916462"),
    ("PASSPORT", "Reisepass: ", "c01234567"),
    ("DRIVERS_LICENSE", "driving licence ", "morga753116sm9ij"),
    ("DRIVERS_LICENSE", "driver's license ", "d1234567"),
)


def found(text: str) -> list[tuple[str, str]]:
    return [(finding.type, text[finding.start : finding.end]) for finding in REDACTOR.find(text)]


@pytest.mark.parametrize(("kind", "value"), ALONE)
@pytest.mark.parametrize("text", ["{}", "please check {} again", 'x,y\n1,"{}"', "{{'id': '{}'}}"])
def test_a_check_tells_what_it_is(kind: str, value: str, text: str) -> None:
    """A strong check digit stands alone, whatever the case of the letters."""
    assert (kind, value) in found(text.format(value))


@pytest.mark.parametrize(("kind", "before", "value"), NAMED)
def test_a_word_tells_what_it_is(kind: str, before: str, value: str) -> None:
    """What has no check, or a weak one, is found behind its word, and never without it."""
    assert found(before + value) == [(kind, value)]
    assert found(f"{before}{value}, thanks") == [(kind, value)]
    assert found(f"see {value} there") == []


@pytest.mark.parametrize(
    "text",
    [
        "nric s1234567e",  # another check letter
        "codice fiscale rssmra85m01h501r",
        "nino ab123456e",  # no such letter
        "nino bg123456a",  # no such beginning
        "s1234567d.png and img-s1234567d_2 and /files/s1234567d",
        "dni 123456789z",
        "de89370400440532013000ab",  # too long
        "de88370400440532013000",  # no account's check digits
        "the pan abcde1234f",  # no such kind of holder
        "curp gode561331hdfrrl09",  # no such month
        "commit 4f1234567d, uuid 550e8400-e29b-41d4-a716-446655440000",
        "ab12 3456 cd78 de89 9012 ef34",
        "h264 1080p 1920x1080 20240101t000000z 00001234h",
    ],
)
def test_no_other_word_is_one(text: str) -> None:
    """Words that only look like one stay."""
    assert found(text) == []


def test_digests_and_names_in_code_stay() -> None:
    """Chance finds nothing in hexadecimal digests, in UUIDs and in words of letters and digits."""
    chance = random.Random(7)
    words = [f"{chance.getrandbits(256):064x}"[:length] for length in (7, 8, 9, 10, 12, 16, 20, 22, 24, 40) * 40]
    words += ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length)) for length in (9, 16, 18) * 40]
    text = " and ".join(words)
    kinds = {kind for kind, _ in ALONE} | {kind for kind, _, _ in NAMED}
    assert [item for item in found(text) if item[0] in kinds] == []
