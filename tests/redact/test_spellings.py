"""What must be found, in every spelling, and what must not."""

from pathlib import Path

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

LEAKS = Path(__file__).parents[1] / "leaks"
REDACTOR = Redactor(KeyRing(bytes(range(32))))


def decoded(line: str) -> str:
    r"""A line of a fixture: ``\uXXXX`` and ``\n`` stand for characters, ``\\`` for a backslash."""
    return line.encode("ascii").decode("unicode_escape")


def lines(name: str) -> list[str]:
    """The lines of a fixture."""
    return (LEAKS / name).read_text(encoding="ascii").splitlines()


@pytest.mark.parametrize("line", lines("spellings.txt"))
def test_found_in_every_spelling(line: str) -> None:
    """The entity is found, once, and its characters are gone."""
    entity_type, _, text = line.partition("\t")
    redacted = REDACTOR.redact(decoded(text))
    assert [finding.type for finding in redacted.findings] == [entity_type]
    [(token, value)] = redacted.replacements.items()
    assert token in redacted.text
    assert value not in redacted.text


@pytest.mark.parametrize("line", lines("harmless.txt"))
def test_not_found_where_there_is_nothing(line: str) -> None:
    """Order numbers, hashes, versions, times, prices, coordinates and code stay as they are."""
    text = decoded(line)
    assert REDACTOR.redact(text).text == text


@pytest.mark.parametrize(
    "spellings",
    [
        ["jane.doe@example.com", "Jane.Doe@Example.COM", "jane.doe\uff20example.com", "jane.doe%40example.com"],
        ["4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111", "\uff14111 1111 1111 1111"],
        ["(415) 555-2671", "415.555.2671", "+1 415 555 2671", "+14155552671"],
        ["123-45-6789", "123 45 6789", "ssn 123456789"],
        ["DE89 3704 0044 0532 0130 00", "DE89370400440532013000"],
        ["2001:db8::1:2", "2001:0db8:0:0:0:0:1:2"],
    ],
)
def test_every_spelling_gives_the_same_token(spellings: list[str]) -> None:
    """Analysts can count and join by token, however a value was written."""
    tokens = {token for text in spellings for token in REDACTOR.redact(text).replacements}
    assert len(tokens) == 1
