"""The head of a column tells what its values are."""

import time

import pytest

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor

REDACTOR = Redactor(KeyRing(bytes(range(32))))

TABLES = (
    "id,name,phone,status\n1,Ana,27 92 24 03,active\n2,Li,27 92 24 04,active\n",
    "id;mobile\r\n1;27 92 24 03\r\n2;27 92 24 04\r\n",
    "name\tcell\nAna\t27 92 24 03\nLi\t27 92 24 04\n",
    "| name | phone |\n|---|---|\n| Ana | 27 92 24 03 |\n| Li | 27 92 24 04 |\n",
    "name | phone\n-----+------\nAna | 27 92 24 03\nLi | 27 92 24 04\n",
    "INSERT INTO users (name, phone) VALUES ('Ana', '27 92 24 03'), ('Li, B.', '27 92 24 04');",
    (
        "<tr><th>name</th><th>phone</th></tr><tr><td>A</td><td>27 92 24 03</td></tr>"
        "<tr><td>B</td><td>27 92 24 04</td></tr>"
    ),
    '"name","電話番号"\n"佐藤","27 92 24 03"\n"田中","27 92 24 04"\n',
)


def found(text: str) -> list[tuple[str, str]]:
    """(type, value) of each finding."""
    return [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)]


@pytest.mark.parametrize("table", TABLES)
def test_the_head_of_a_column_names_its_values(table: str) -> None:
    """In CSV, tabs, Markdown, the output of database clients, SQL and HTML."""
    assert found(table) == [("PHONE", "27 92 24 03"), ("PHONE", "27 92 24 04")]


def test_other_columns_are_left_alone() -> None:
    """A head names its own column, and no other."""
    assert found(f"phone,quantity\n{'-' * 60},27 92 24 03\n") == []
    assert found("a phone, an order\n27 92 24 03 pieces, 5\n") == []


def test_a_row_with_several_delimiters() -> None:
    """Which of them divides the columns is told for each value, whatever stood before it."""
    far = "-" * 60
    table = f"note;phone;{far}\n27 92 24 01,{far};27 92 24 03;x\nx;27 92 24 04;x\n"
    assert found(table) == [("PHONE", "27 92 24 03"), ("PHONE", "27 92 24 04")]


def test_a_password_below_its_head() -> None:
    """What looks random below the name of a credential is one."""
    assert found("user,api_key\nbob,Zx81Qq0pLm77aaBb99cc\n") == [("CREDENTIAL", "Zx81Qq0pLm77aaBb99cc")]


def test_long_tables_take_linear_time() -> None:
    """A megabyte of rows is looked at in seconds, whatever the column."""
    begin = time.process_time()
    REDACTOR.find("a,b\n" + "1234567,7654321\n" * 60_000)
    assert time.process_time() - begin < 10
