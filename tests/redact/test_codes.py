"""PINs, security codes and codes that are sent to a telephone."""

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))

TOLD = (
    ("My debit card PIN is {}, don't tell.", "5991"),
    ("Voicemail PIN: {}", "4754"),
    ("door code {}, then the green key", "156188"),
    ("The PIN for the safe is *{}*", "78681"),
    ("Your verification code is «{}». Do not share it.", "271796"),
    ("OTP {} expires in 5 minutes", "724866"),
    ("CVV: {}", "1234"),
    ("PIN:\n{}\n", "48211"),
    ('{{"card_pin": "{}"}}', "4821"),
    ("dial in, PIN {}#", "7799"),
    ("my password is {}", "123456"),
    ("a senha do cofre ficou {}", "034213"),
    ("alarm code ............. {}", "2338"),
    ("lockbox pin = {}, her cell", "9167"),
    ("LOCKBOX CODE {}. BINS GO OUT", "0726"),
    ("verification code is '{}'", "352-095"),
    ("screen pin {} then call", "610546"),
    ("현관 비번 {} (택배용)", "365122"),
    ("Die PIN für den Tresor ist {}.", "78681"),
    ("Le code confidentiel de l'alarme est {}.", "3506"),
    ("El PIN de la alarma es {}", "6811"),
    ("Il PIN del bancomat è {}, grazie", "9721"),
    ("De pincode van de kluis is {}.", "88611"),
    ("Kod PIN do sejfu to {}", "1829"),
    ("PIN k trezoru je {}", "1897"),
    ("Koden till larmet (PIN) är {}", "5010"),
    ("PIN-koodi on {}", "5723"),
    ("Kasanın PIN kodu {}", "3055"),
    ("Το PIN είναι {}.", "5639"),
    ("ПИН-код от сейфа {}.", "5540"),
    ("הקוד הסודי של הכספת {}", "32406"),
    ("एटीएम पिन {} है", "9865"),
    ("暗証番号は「{}」です", "1234"),
    ("取款密码{},记得改。", "1530"),
    ("금고 비밀번호는 {}예요.", "4078"),
    ("Mã PIN là {}.", "19814"),
    ("PIN ATM saya _{}_", "3978"),
)
NONE = (
    "connect pin 1234 of the board",
    "PIN changed in 2024",
    "PIN length: 4 to 8 digits",
    "error code 4004, exit code 1001, status code 2000",
    "the zip code 90210 and the product code 12345",
    "please pin version 20240501",
    "spin: 1234",
    "approved, auth code 665550",
    "PIN #48213377 of the tracker",
    "door code reviewed, 1200 lines in 40 files",
    "verification code path took 1500ms",
    "PIN 4821-2204-11",
    "access code costs $4000",
    "password expires in 2024",
    "password was changed 20240501 by admin",
    "password reset 123456 users",
)


@pytest.mark.parametrize(("text", "value"), TOLD, ids=str)
def test_a_code_that_is_told(text: str, value: str) -> None:
    """The digits alone are found, in whatever language they are named."""
    text = text.format(value)
    assert [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)] == [("CREDENTIAL", value)]


@pytest.mark.parametrize("text", NONE)
def test_other_numbers_near_such_words(text: str) -> None:
    """Years, versions, counts, amounts, and codes that open nothing."""
    assert REDACTOR.find(text) == []
