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

WIDE = (
    (
        "+----------------+---------------+\n| name           | phone         |\n+----------------+---------------+\n"
        "| Ana            | 27 92 24 03   |\n| Li             | 27 92 24 04   |\n+----------------+---------------+\n"
    ),
    (
        "┌──────────┬───────────────┐\n│ name     │ phone         │\n├──────────┼───────────────┤\n"
        "│ Ana      │ 27 92 24 03   │\n│ Li       │ 27 92 24 04   │\n└──────────┴───────────────┘\n"
    ),
    (
        "╔══════╦═════════════╗\n║ name ║ phone       ║\n╠══════╬═════════════╣\n"
        "║ Ana  ║ 27 92 24 03 ║\n║ Li   ║ 27 92 24 04 ║\n╚══════╩═════════════╝\n"
    ),
    "name          phone          city\nAna Lima      27 92 24 03    Oslo\nLi            27 92 24 04    Bergen\n",
    "NAME                PHONE\n--------  ---------------\nAna           27 92 24 03\nLi            27 92 24 04\n",
    "name        ; phone         ; city\nAna         ; 27 92 24 03   ; Oslo\nLi          ; 27 92 24 04   ; Bergen\n",
    "COPY public.people (id, phone, city) FROM stdin;\n1\t27 92 24 03\tOslo\n2\t27 92 24 04\tBergen\n\\.\n",
    "insert into users (id, phone) values (NOW(), '27 92 24 03'), ('O''Neil (jr; 2)', '27 92 24 04');",
    "name,note,phone,by\nO'Brien,it's,27 92 24 03,D'Arcy\nLi,it's,27 92 24 04,O'Neil\n",
    (
        '<thead><tr class="a"><th scope="col" style="width: 10em; text-align: left; border: 0">name</th>'
        '<th scope="col" style="width: 10em; text-align: left; border: 0">phone</th></tr></thead>'
        '<tr>\n <td class="b">\n  Ana Lima of the lane in Lisbon\n </td>\n <td>\n  27 92 24 03\n </td></tr>'
        '<tr>\n <td class="b">\n  Li of another lane in that city\n </td>\n <td>\n  27 92 24 04\n </td></tr>'
    ),
)


def found(text: str) -> list[tuple[str, str]]:
    """(type, value) of each finding."""
    return [(item.type, text[item.start : item.end]) for item in REDACTOR.find(text)]


@pytest.mark.parametrize("table", TABLES)
def test_the_head_of_a_column_names_its_values(table: str) -> None:
    """In CSV, tabs, Markdown, the output of database clients, SQL and HTML."""
    assert found(table) == [("PHONE", "27 92 24 03"), ("PHONE", "27 92 24 04")]


@pytest.mark.parametrize("table", WIDE)
def test_the_head_of_a_column_in_a_table_that_is_drawn(table: str) -> None:
    """Padded, drawn with lines, aligned by blanks, in dumps, and in HTML on lines of its own."""
    assert found(table) == [("PHONE", "27 92 24 03"), ("PHONE", "27 92 24 04")]


def test_a_head_far_above() -> None:
    """Long statements and long tables of HTML are read from their first row on."""
    numbers = [f"27 92 24 {number:02}" for number in range(99)]
    note = "a note that is as long as notes are, or longer"
    rows = ",\n".join(f"('{note}', '{number}')" for number in numbers)
    cells = "\n".join(f"<tr><td>{note}</td><td>{number}</td></tr>" for number in numbers)
    expected = [("PHONE", number) for number in numbers]
    assert found(f"INSERT INTO users (note, phone) VALUES\n{rows};") == expected
    assert found(f"<tr><th>note</th><th>phone</th></tr>{cells}") == expected


def test_other_columns_are_left_alone() -> None:
    """A head names its own column, and no other."""
    assert found(f"phone,quantity\n{'-' * 60},27 92 24 03\n") == []
    assert found("a phone, an order\n27 92 24 03 pieces, 5\n") == []
    assert found("name        phone        order\nAna         none         27 92 24 03\n") == []
    assert found("| phone    | order       |\n|----------|-------------|\n| none     | 27 92 24 03 |\n") == []
    assert found(f"    a phone rings\n    for {'-' * 60}\n    27 92 24 03  pieces\n") == []


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
