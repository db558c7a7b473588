"""The client of ClickHouse works with the front as it does with a server."""

import gzip
import threading
from typing import Any

import pyarrow
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from otel_compliance.local.clickhouse.access import User

ROWS = 50_000


def texts(count: int) -> list[list[Any]]:
    """Rows in which an empty line, a quote and a semicolon stand: what would end SQL must not end data."""
    return [[number, f"{number}\n\n'; DROP TABLE front_test; --\t\\ é"] for number in range(count)]


def test_the_handshake(writer: Any) -> None:
    """Ping, version and the settings that the client asks for at the start."""
    assert writer.ping()
    assert writer.server_version == writer.command("SELECT version()")
    assert writer.server_settings["max_threads"].readonly == 0
    assert writer.query("SELECT currentDatabase() AS d").result_rows == [("otel",)]


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", False])
def test_native_inserts(connect, table: str, compression: str | bool) -> None:
    """50,000 rows, which the client sends in several frames, arrive whole with every encoding, and come back."""
    client = connect(compress=compression)
    rows = texts(ROWS)
    assert client.insert(table, rows, column_names=["Id", "Text"]).written_rows == ROWS
    assert client.query(f"SELECT Id, Text FROM {table} ORDER BY Id").result_rows == [tuple(row) for row in rows]


def test_a_token_makes_an_insert_count_once(writer: Any, table: str) -> None:
    """The settings of an insert reach the engine: one with the same deduplication token is dropped."""
    for rows in (texts(10), texts(20)):
        writer.insert(table, rows, column_names=["Id", "Text"], settings={"insert_deduplication_token": "once"})
    assert writer.command(f"SELECT count() FROM {table}") == 10


def test_other_ways_to_insert(writer: Any, table: str) -> None:
    """Arrow, CSV with a compressed body, JSON lines, VALUES and INSERT SELECT."""
    writer.insert_arrow(table, pyarrow.table({"Id": pyarrow.array([1], pyarrow.uint64()), "Text": ["arrow"]}))
    writer.raw_insert(table, ["Id", "Text"], gzip.compress(b'2,"a\n\nb"\n'), fmt="CSV", compression="gzip")
    writer.raw_insert(table, insert_block=b'{"Id": 3, "Text": "json"}', fmt="JSONEachRow")
    writer.command(f"INSERT INTO {table} (Id, Text) VALUES (4, 'semi;colon'), (5, 'b')")
    writer.command(f"INSERT INTO {table} SELECT 6, 'selected'")
    assert writer.query(f"SELECT * FROM {table} ORDER BY Id").result_rows == [
        (1, "arrow"),
        (2, "a\n\nb"),
        (3, "json"),
        (4, "semi;colon"),
        (5, "b"),
        (6, "selected"),
    ]


def test_rows_that_do_not_fit_are_refused(writer: Any, table: str) -> None:
    """An insert that fails inserts nothing, and says what is wrong with the engine's own code."""
    with pytest.raises(DatabaseError) as caught:
        writer.raw_insert(table, ["Id", "Text"], b"1,a\nnot a number,b\n", fmt="CSV")
    assert (caught.value.code, caught.value.name) == (27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED")
    assert writer.command(f"SELECT count() FROM {table}") == 0


def test_parameters(writer: Any) -> None:
    """Parameters are bound by the engine, whatever stands in them; one of 50 KB goes as a form."""
    hostile = "x'); DROP TABLE front_test; --\n\n\t\\ \" ` é $$"
    assert writer.query("SELECT {a:String}, {b:UInt8}", {"a": hostile, "b": 7}).result_rows == [(hostile, 7)]
    writer.form_encode_query_params = True
    large = "é" * 25_000
    assert writer.query("SELECT length({a:String}), {l:Array(String)}", {"a": large, "l": ["a", "'"]}).result_rows == [
        (50_000, ["a", "'"])
    ]


def test_ways_to_read(writer: Any) -> None:
    """Whole, in blocks, as a data frame and as Arrow; and the columns alone."""
    sql = "SELECT number, toString(number) AS text FROM numbers(100000)"
    with writer.query_row_block_stream(sql) as stream:
        assert sum(len(block) for block in stream) == 100_000
    assert writer.query_df(sql).shape == (100_000, 2)
    assert writer.query_arrow(sql).num_rows == 100_000
    assert writer.raw_query("SELECT 1 AS a, 'x' AS b", fmt="JSONEachRow") == b'{"a":1,"b":"x"}\n'
    columns = writer.query(f"{sql} LIMIT 0")
    assert (columns.column_names, columns.result_rows) == (("number", "text"), [])
    assert writer.query("SELECT 1").summary["result_rows"] == "1"


def test_statements_about_tables(writer: Any, table: str) -> None:
    """What clients and dashboards ask the catalogue."""
    described = [("Id", "UInt64"), ("Text", "String")]
    for sql in (f"DESCRIBE TABLE {table}", f"DESC {table}", f"describe `otel`.`{table}`"):
        assert [row[:2] for row in writer.query(sql).result_rows] == described
    assert writer.command(f"EXISTS TABLE {table}") == 1
    assert "MergeTree" in str(writer.command(f"SHOW CREATE TABLE {table}"))
    assert (table,) in writer.query("SHOW TABLES").result_rows
    assert writer.query("EXPLAIN SELECT 1").row_count > 0
    assert writer.query("EXPLAIN AST SELECT 1").result_rows[0] == ("SelectWithUnionQuery (children 2)",)


def test_changes_of_tables(writer: Any, table: str) -> None:
    """The statements by which this package makes, changes and erases."""
    writer.insert(table, [[1, "a"], [2, "b"], [3, "c"]], column_names=["Id", "Text"])
    writer.command(f"ALTER TABLE {table} ADD COLUMN Size UInt64 DEFAULT length(Text)")
    writer.command(f"ALTER TABLE {table} DELETE WHERE Id = 1 SETTINGS mutations_sync = 2")
    writer.command(f"DELETE FROM {table} WHERE Id = 2")
    writer.command(f"CREATE OR REPLACE VIEW front_view AS SELECT Id, Size FROM {table}")
    writer.command(f"OPTIMIZE TABLE {table} FINAL")
    assert writer.query("SELECT * FROM front_view").result_rows == [(3, 1)]
    writer.command("DROP VIEW front_view")


def test_sessions_keep_temporary_tables(connect: Any) -> None:
    """A session has its own temporary tables and settings, which no other has."""
    ours, other = connect(session_id="ours"), connect(session_id="other")
    ours.command("CREATE TEMPORARY TABLE mine (a UInt8)")
    ours.command("INSERT INTO mine VALUES (1), (2)")
    ours.command("SET max_threads = 3")
    assert ours.query("SELECT count(), getSetting('max_threads') FROM mine").result_rows == [(2, 3)]
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        other.query("SELECT * FROM mine")


def test_many_clients_one_after_the_other_are_served(ask: Any) -> None:
    """A client leaves its session behind; the idle one that would expire first makes room, and those in use do not."""
    long = "SELECT sum(sipHash64(number)) FROM numbers(300000000)"
    answers: list[Any] = []
    busy = threading.Thread(target=lambda: answers.append(ask(long, path="/?session_id=in+use&session_timeout=1")[:2]))
    busy.start()
    assert {ask("SELECT 1", path=f"/?session_id=client-{number}")[0] for number in range(300)} == {200}
    busy.join()
    assert answers == [(200, "")]
    assert ask("SELECT 1", path="/?session_id=client-0&session_check=1")[1] == "372"
    assert ask("SELECT 1", path="/?session_id=client-299&session_check=1")[0] == 200


def test_settings_of_a_statement_end_with_it(connect: Any) -> None:
    """A setting that comes with one statement of a session does not stay, whether or not the session had set it."""
    client = connect(session_id="settings")
    client.command("SET max_block_size = 1234")
    sql = "SELECT getSetting('max_block_size'), getSetting('max_result_rows')"
    given = {"max_block_size": 4321, "max_result_rows": 99}
    assert client.query(sql, settings=given).result_rows == [(4321, 99)]
    assert client.query(sql).result_rows == [(1234, 0)]


def test_a_session_runs_one_statement_at_a_time(ask: Any) -> None:
    """A second statement at the same time is told so; an unknown session is too, where the client wants to know."""
    path, codes = "/?session_id=one", set()
    long = "SELECT sum(sipHash64(number)) FROM numbers(300000000)"
    slow = threading.Thread(target=lambda: codes.add(ask(long, path=path)[1]))
    slow.start()
    while slow.is_alive() and "373" not in codes:
        codes.add(ask("SELECT 1", path=path)[1])
    slow.join()
    # Whichever came second was told.
    assert codes == {"", "373"}
    assert ask("SELECT 1", path="/?session_id=never&session_check=1")[:2] == (500, "372")
    assert ask("SELECT 1", path="/?session_id=long&session_timeout=3601")[1] == "374"


@pytest.mark.parametrize(
    ("sql", "code", "name"),
    [
        ("SELECT nope", 47, "UNKNOWN_IDENTIFIER"),
        ("SELECT * FROM nope", 60, "UNKNOWN_TABLE"),
        ("SELECT nope()", 46, "UNKNOWN_FUNCTION"),
        ("SELECT (", 62, "SYNTAX_ERROR"),
        ("SELECT throwIf(1)", 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
        ("SELECT 1 SETTINGS nope = 1", 115, "UNKNOWN_SETTING"),
        ("SELECT {a:UInt8}", 456, "UNKNOWN_QUERY_PARAMETER"),
        ("SELECT 1 FORMAT Nope", 73, "UNKNOWN_FORMAT"),
    ],
)
def test_errors_have_the_codes_of_clickhouse(writer: Any, sql: str, code: int, name: str) -> None:
    """Number, name and message are those of the engine, and the next statement works."""
    with pytest.raises(DatabaseError) as caught:
        writer.command(sql)
    assert (caught.value.code, caught.value.name) == (code, name)
    assert "parseQueryToJSON" not in str(caught.value)
    assert writer.command("SELECT 1") == 1


def test_threads(connect: Any, table: str) -> None:
    """Many clients insert and read at the same time, and nothing is lost or mixed up."""
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            client = connect(user=User.WRITER)
            for turn in range(10):
                client.insert(table, [[number * 100 + turn, f"{number}"]], column_names=["Id", "Text"])
                asked = number * 1000 + turn
                assert client.query("SELECT {n:UInt64} AS n", {"n": asked}).result_rows == [(asked,)]
        except Exception as error:  # noqa: BLE001 - whatever it is, the test fails
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert connect().command(f"SELECT uniqExact(Id) FROM {table}") == 80
