"""From the head of a column to the cells below it."""

import time

import pytest

from otel_compliance.redact.cells import cells_below
from otel_compliance.redact.fold import FoldedText

TABLES = (
    "id,home,status\n1,12 Elm St,new\n2,9 Oak Rd,old\n",
    'id,"home",status\n1,"12 Elm St",new\r\n2,"9 Oak Rd",old',
    "home;id\r\n12 Elm St;1\r\n9 Oak Rd;2\r\n",
    "name\thome\nAna\t12 Elm St\nLi\t9 Oak Rd\n\nhome\n",
    "name | home\nAna | 12 Elm St\nLi  | 9 Oak Rd",
    "| name | **home** |\n|:---|---:|\n| Ana | 12 Elm St |\n| Li | `9 Oak Rd` |\n",
    (
        "+------+-----------+\n| name | home      |\n+======+===========+\n| Ana  | 12 Elm St |\n+------+-----------+\n"
        "| Li   | 9 Oak Rd  |\n+------+-----------+\n"
    ),
    " name | home\n------+-----------\n Ana  | 12 Elm St\n Li   | 9 Oak Rd\n(2 rows)\n",
    "│ name │ home      │\n├──────┼───────────┤\n│ Ana  │ 12 Elm St │\n│ Li   │ 9 Oak Rd  │\n└──────┴───────────┘\n",
    (
        "<table><tr><th>name</th><th>home</th></tr><tr><td>A</td><td>12 Elm St</td></tr>"
        "<tr><td>B</td><td>9 Oak Rd</td></tr></table>"
    ),
    (
        '<thead>\n<tr>\n <th scope="col"><b>home</b></th>\n <th>n</th>\n</tr>\n</thead>\n<tr class="x">\n'
        " <td>\n12 Elm St</td>\n <td></td>\n</tr>\n<tr><td><i>9 Oak Rd</i></td><td>2</td></tr>"
    ),
    "Our list, as agreed:\nname, home\nAna, 12 Elm St\nLi, 9 Oak Rd\n",
    "INSERT INTO t (id, home, at) VALUES (1, '12 Elm St', NOW()), (NULL,'9 Oak Rd', 'x, y');",
    "insert into t (home)\nvalues\n('12 Elm St'),\n('9 Oak Rd')",
    '{"columns": ["id", "home"], "rows": [[1, "12 Elm St"], [2, "9 Oak Rd"]]}',
    '[["home","id"],["12 Elm St",1],["9 Oak Rd",null]]',
)
NO_HEADS = (
    "come home, now\n1,2\n",
    "home\n12 Elm St\n",
    "home\n\n12 Elm St,1\n",
    "go home; 1\na;b\n",
    "home, sweet, home\nno table follows\n",
    "home;name\n",
    "<p>home</p><p>12</p>",
    "<tr><th>home</th><td>1 a</td></tr><tr><th>cell</th><td>2 b</td></tr>",
    "home | 12 Elm St\ncell | 27 92 24\n",
    "name,email\nAna,b\nhome,c\nLi,d\n",
    "run(\n    home,\n    other=1 a,\n)\n",
    "home, sweet home, it was.\nwe ran, 12 miles, or more.\n",
    "call(a, home)\n",
    '["home", "away"], "12 Elm St"',
)


def below(text: str) -> list[str]:
    """What stands below the first "home"."""
    data, start = FoldedText(text).folded.ascii, text.index("home")
    return [text[first:last] for first, last in cells_below(data, start, start + len("home"))]


@pytest.mark.parametrize("table", TABLES)
def test_the_cells_below_a_head(table: str) -> None:
    """In CSV, with tabs, semicolons and bars, drawn, and in HTML."""
    assert below(table) == ["12 Elm St", "9 Oak Rd"]


def test_quoted_cells_may_hold_the_delimiter() -> None:
    """Of both kinds of quotes, and apostrophes are none."""
    assert below('name,home,n\n"Li, B.","12, Elm ""St""",\'a, b\'\nO\'Neil,9 Oak,it\'s\n') == ['12, Elm ""St', "9 Oak"]


def test_empty_cells_are_left_out() -> None:
    """Whatever stands in for their content."""
    assert below('home,n\n,1\n"",2\n  ,3\n9 Oak Rd,4\n') == ["9 Oak Rd"]


def test_the_table_ends_where_the_number_of_cells_does() -> None:
    """What follows belongs to something else."""
    assert below("home;n\na 1;1\nb 2;2;3\nc 3;3\n") == ["a 1"]


@pytest.mark.parametrize("text", NO_HEADS)
def test_what_is_no_head(text: str) -> None:
    """Words in sentences, names of fields before their values, cells in the middle of a table."""
    assert below(text) == []


@pytest.mark.parametrize(
    "unit",
    [
        '["home"],',
        "(home) values ('x'),",
        "home,x\n",
        "home,x:\n",
        "home|x\n-|-|\n",
        "home,,\nhome,\n",
        "<tr><td>home<td>x",
        "home;\n---\n---\n",
    ],
)
def test_no_text_takes_long(unit: str) -> None:
    """If every row has a head in it, each line is looked at for few of them."""
    text = unit * (200_000 // len(unit))
    data, begin, at = text.encode(), time.process_time(), text.find("home")
    while at >= 0:
        for _ in cells_below(data, at, at + len("home")):
            pass
        at = text.find("home", at + 1)
    assert time.process_time() - begin < 5
