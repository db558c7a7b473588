"""What the front refuses: everything by which a statement could reach files, programs or other machines."""

from pathlib import Path
from typing import Any

import pytest

from otel_compliance.local.clickhouse.access import User
from otel_compliance.store.engine import open_handle

ACCESS_DENIED, SYNTAX_ERROR, READONLY, CONSTRAINT = "497", "62", "164", "452"

FILE = "file('{file}')"
SOURCES = [
    FILE,
    "FILE('{file}')",
    "`file`('{file}')",
    "\"file\"('{file}')",
    "file /* a */ -- b\n ('{file}')",
    "file($$ {file} $$)",
    "file('{file}', 'CSV', 'a String')",
    "url('http://127.0.0.1:1/')",
    "s3('http://127.0.0.1:1/bucket/key')",
    "s3Cluster('default', 'http://127.0.0.1:1/bucket/key')",
    "remote('127.0.0.1:1', system.one)",
    "remoteSecure('127.0.0.1:1', system.one)",
    "cluster('default', system.one)",
    "executable('id', 'TSV', 'a String')",
    "mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "sqlite('{file}', 't')",
    "hdfs('hdfs://127.0.0.1:1/x')",
    "azureBlobStorage('a', 'b', 'c')",
    "iceberg('{file}')",
    "deltaLake('{file}')",
    "python(keep)",
    "Python(keep)",
    "merge('otel', '.*')",
    "dictionary('d')",
    "loop(system.one)",
    "view(SELECT * FROM file('{file}'))",
    "eval('SELECT 1')",
    "input('a UInt8')",
]
EXPRESSIONS = [
    "SELECT {e}",
    "SELECT length({e})",
    "SELECT arrayMap(x -> {e}, [1])",
    "SELECT (SELECT {e})",
    "SELECT * APPLY(x -> {e}) FROM system.one",
    "SELECT * REPLACE ({e} AS dummy) FROM system.one",
    "SELECT CASE WHEN {e} = '' THEN 1 END",
    "SELECT {e}::String, [1][1], ({e}, 1).1",
    "SELECT 1 WHERE {e} = ''",
    "SELECT 1 FROM system.one PREWHERE {e} = ''",
    "SELECT 1 HAVING {e} = ''",
    "SELECT 1 FROM system.one QUALIFY {e} = ''",
    "SELECT 1 GROUP BY {e}",
    "SELECT 1 GROUP BY GROUPING SETS (({e}))",
    "SELECT 1 ORDER BY {e}",
    "SELECT 1 ORDER BY 1 WITH FILL FROM length({e})",
    "SELECT 1 LIMIT length({e})",
    "SELECT 1 LIMIT 1 BY {e}",
    "SELECT sum(1) OVER (PARTITION BY {e})",
    "SELECT sum(1) OVER w WINDOW w AS (ORDER BY {e})",
    "SELECT DISTINCT ON ({e}) 1",
    "SELECT 1 FROM system.one ARRAY JOIN [{e}] AS z",
    "SELECT 1 FROM system.one a JOIN system.one b ON {e} = ''",
    "WITH {e} AS x SELECT x",
    "WITH x AS (SELECT {e}) SELECT * FROM x",
    "SELECT 1 UNION ALL SELECT {e}",
    "(SELECT 1) EXCEPT (SELECT {e})",
    "SELECT 1 IN (SELECT {e})",
    "SELECT * FROM (SELECT {e})",
    "SELECT * FROM numbers(length({e}))",
    "SELECT * FROM values('a String', {e})",
    "VALUES ({e})",
    "EXPLAIN SELECT {e}",
    "EXPLAIN AST SELECT {e}",
    "DESCRIBE (SELECT {e})",
    "DESCRIBE TABLE (SELECT {e})",
    "SHOW TABLES WHERE {e} = ''",
]
WRITES = [
    "INSERT INTO otel_logs SELECT {e}",
    "WITH {e} AS x INSERT INTO otel_logs SELECT x",
    "CREATE VIEW v AS SELECT {e}",
    "CREATE MATERIALIZED VIEW v TO otel_logs AS SELECT {e}",
    "CREATE TABLE t ENGINE = Memory AS SELECT {e}",
    "CREATE TABLE t (a String DEFAULT {e}) ENGINE = Memory",
    "CREATE TABLE t (a String MATERIALIZED {e}) ENGINE = Memory",
    "CREATE TABLE t (a String ALIAS {e}) ENGINE = Memory",
    "CREATE TABLE t (a String EPHEMERAL {e}) ENGINE = Memory",
    "CREATE TABLE t (a String, CONSTRAINT c CHECK {e} = '') ENGINE = Memory",
    "CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY {e}",
    "CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY a PARTITION BY {e}",
    "CREATE TABLE t (a String, d Date) ENGINE = MergeTree ORDER BY a TTL d WHERE {e} = ''",
    "CREATE TEMPORARY TABLE t AS SELECT {e}",
    "ALTER TABLE otel_logs ADD COLUMN a String DEFAULT {e}",
    "ALTER TABLE otel_logs UPDATE Body = {e} WHERE 1",
    "ALTER TABLE otel_logs DELETE WHERE {e} = ''",
    "ALTER TABLE otel_logs ADD CONSTRAINT c CHECK {e} = ''",
    "DELETE FROM otel_logs WHERE {e} = ''",
    "UPDATE otel_logs SET Body = {e} WHERE 1",
]
REFUSED = [
    # Written to or read from a file by the engine as its own client.
    "SELECT 1 INTO OUTFILE '{file}.out'",
    "select 1 into\n--x\noutfile/**/ '{file}.out' truncate",
    "SELECT 1 INTO OUTFILE $$/tmp/front.out$$",
    "SELECT 1 INTO OUTFILE '{file}.out' AND STDOUT FORMAT CSV",
    "(SELECT 1) UNION ALL (SELECT 2) INTO OUTFILE '{file}.out'",
    "EXPLAIN SELECT 1 INTO OUTFILE '{file}.out'",
    "SHOW TABLES INTO OUTFILE '{file}.out'",
    "DESCRIBE TABLE otel_logs INTO OUTFILE '{file}.out'",
    "EXISTS TABLE otel_logs INTO OUTFILE '{file}.out'",
    "INSERT INTO otel_logs FROM INFILE '{file}' FORMAT CSV",
    "insert into otel_logs(Body) from /* x */ infile '{file}' compression 'none' format CSV",
    "INSERT INTO FUNCTION file('{file}.out', 'CSV', 'a String') SELECT 'x'",
    "INSERT INTO TABLE FUNCTION file('{file}.out', 'CSV', 'a String') VALUES ('x')",
    "INSERT INTO FUNCTION url('http://127.0.0.1:1/', 'CSV', 'a String') FORMAT CSV\nx\n",
    # Functions by other names.
    "SELECT * APPLY(file) FROM (SELECT '{file}')",
    "SELECT COLUMNS('a') APPLY file FROM (SELECT '{file}' AS a)",
    "SELECT arrayMap(file, ['{file}'])",
    "SELECT arrayMap(`file`, ['{file}'])",
    "SELECT arrayFilter(x -> 1, arrayMap(file, ['{file}']))",
    "SELECT mapSort(file, map('{file}', 'a'))",
    "ALTER TABLE otel_logs UPDATE Body = arrayMap(file, ['{file}'])[1] WHERE 1",
    "SELECT sleep(1)",
    "SELECT getClientHTTPHeader('Authorization')",
    "SELECT aiGenerate('x', 'y')",
    # Tables that are files, and engines that reach out.
    "SELECT * FROM default.`{file}`",
    "CREATE TABLE t AS file('{file}')",
    "CREATE TABLE t (a String) ENGINE = File(CSV, '{file}')",
    "CREATE TABLE t (a String) ENGINE File(CSV)",
    "CREATE TABLE t (a String) eNgInE/**/=/**/uRl('http://127.0.0.1:1/', CSV)",
    "CREATE TABLE t (a String) ENGINE = Executable('id', TSV)",
    "CREATE TABLE t (a String) ENGINE = Kafka('127.0.0.1:1', 't', 'g', 'CSV')",
    "CREATE TABLE t (a String) ENGINE = Distributed('c', 'd', 't')",
    "CREATE TABLE t (a String) ENGINE = Merge('otel', '.*')",
    "CREATE MATERIALIZED VIEW v ENGINE = File(CSV) AS SELECT 1",
    "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = 'local', path = '/tmp/')",
    "CREATE DATABASE d ENGINE = Filesystem('/')",
    "CREATE DATABASE d ENGINE = MySQL('127.0.0.1:1', 'd', 'u', 'p')",
    "CREATE DICTIONARY d (a String) PRIMARY KEY a SOURCE(FILE(path '{file}' format 'CSV')) LAYOUT(FLAT()) LIFETIME(1)",
    "ATTACH TABLE t FROM '{file}' (a String) ENGINE = Memory",
    "CREATE FUNCTION f AS x -> file(x)",
    "CREATE FUNCTION f AS x -> x",
    # What only an operator of the engine does.
    "KILL QUERY WHERE 1",
    "/* x */ kIlL mutation WHERE 1",
    "SYSTEM FLUSH LOGS",
    "SYSTEM SHUTDOWN",
    "BACKUP TABLE otel_logs TO File('{file}.out')",
    "RESTORE TABLE otel_logs FROM File('{file}')",
    "DETACH TABLE otel_logs PERMANENTLY",
    "ALTER TABLE otel_logs DETACH PARTITION ALL",
    "ALTER TABLE otel_logs FREEZE",
    "ALTER TABLE otel_logs FREEZE PARTITION '2026-01-01' WITH NAME '../../x'",
    "CREATE USER u",
    "GRANT ALL ON *.* TO default",
    "EXECUTE AS default SELECT 1",
    "CREATE NAMED COLLECTION c AS a = 1",
    "USE default",
    "BEGIN TRANSACTION",
    "SELECT 1 PARALLEL WITH SELECT 2",
]
SEVERAL = [
    "SELECT 1; SELECT 2",
    "SELECT 1;SELECT 1 INTO OUTFILE '{file}.out'",
    "SELECT ';' ; /* ; */ KILL QUERY WHERE 1",
    "SELECT '\\'; DROP TABLE otel_logs; --'; DROP TABLE otel_logs",
    "SELECT $a$ ; $a$; DROP TABLE otel_logs",
    "SELECT /* /* */ 1; */ 1 */; DROP TABLE otel_logs",
    "SELECT 1 -- \r; \n; DROP TABLE otel_logs",
    "SELECT `;`; DROP TABLE otel_logs",
    "SELECT ‘;’; DROP TABLE otel_logs",
    "SELECT 1\0; DROP TABLE otel_logs",
    "DESCRIBE TABLE otel_logs; DROP TABLE otel_logs",
    "DROP TABLE IF EXISTS nope; DROP TABLE otel_logs",
]
HARMLESS = [
    (
        "SELECT 'file(''/etc/passwd'') INTO OUTFILE ; KILL QUERY'",
        b"file(\\'/etc/passwd\\') INTO OUTFILE ; KILL QUERY\n",
    ),
    ("SELECT $x$ ; INTO OUTFILE '/tmp/x' $x$", b" ; INTO OUTFILE \\'/tmp/x\\' \n"),
    ("SELECT 1 AS `INTO OUTFILE` -- ; KILL QUERY WHERE 1", b"1\n"),
    ("SELECT 1 AS file, file + 1 AS url /* ; file('x') */", b"1\t2\n"),
    ("SELECT arrayMap(length, ['file']), arrayMap(x -> x, ['file'])", b"[4]\t['file']\n"),
    ("SELECT 1;", b"1\n"),
    ("  \n-- a comment\n/* another */ SELECT 1 ; ; ", b"1\n"),
    ("FROM numbers(2) SELECT number FORMAT CSV", b"0\n1\n"),
]


@pytest.fixture
def untouched(secret_file: Path, writer: Any) -> Any:
    """After each test nothing was written beside the file, and the tables are still there."""
    yield secret_file
    assert list(secret_file.parent.iterdir()) == [secret_file]
    assert writer.command("EXISTS TABLE otel_logs") == 1


def spelled(sql: str, file: Path) -> str:
    """A statement with the file in it."""
    return sql.replace("{file}", str(file))


@pytest.mark.parametrize("user", list(User))
@pytest.mark.parametrize("source", SOURCES)
def test_table_functions_are_refused(ask: Any, untouched: Path, user: User, source: str) -> None:
    """As a table, in a subquery, in a common table expression, in a join, in a description and in a view."""
    table = spelled(source, untouched)
    for sql in (
        f"SELECT * FROM {table}",
        f"WITH x AS (SELECT * FROM {table}) SELECT * FROM x",
        f"SELECT (SELECT count() FROM {table})",
        f"SELECT 1 FROM system.one, {table} AS t",
        f"DESCRIBE TABLE {table}",
        f"DESC TABLE/**/{table}",
        f"EXPLAIN SELECT * FROM {table}",
    ):
        status, code, body = ask(sql, user=user)
        assert (status, code in (ACCESS_DENIED, SYNTAX_ERROR), b"hunter2" in body) in (
            (403, True, False),
            (400, True, False),
        ), sql


@pytest.mark.parametrize("sql", EXPRESSIONS)
def test_the_function_file_is_refused_everywhere(ask: Any, untouched: Path, sql: str) -> None:
    """An expression may stand in many places of a query; in none may it read a file."""
    statement = sql.replace("{e}", spelled(FILE, untouched))
    for user in User:
        assert ask(statement, user=user)[:2] == (403, ACCESS_DENIED)


@pytest.mark.parametrize("sql", WRITES)
def test_the_function_file_is_refused_in_writes(ask: Any, untouched: Path, sql: str) -> None:
    """Nor in what is made to run later: defaults, constraints, orders, views."""
    statement = sql.replace("{e}", spelled(FILE, untouched))
    assert ask(statement)[:2] == (403, ACCESS_DENIED)
    assert ask(statement, user=User.DASHBOARDS)[:2] == (403, READONLY)


@pytest.mark.parametrize("sql", REFUSED)
def test_dangerous_statements_are_refused(ask: Any, untouched: Path, sql: str) -> None:
    """For the writer, too: the front is for the store, not for the host."""
    for user in User:
        status, code, body = ask(spelled(sql, untouched), user=user)
        assert status in (400, 403), body
        assert code in (ACCESS_DENIED, READONLY, SYNTAX_ERROR), body
        assert b"hunter2" not in body


@pytest.mark.parametrize("sql", SEVERAL)
def test_one_statement_at_a_time(ask: Any, untouched: Path, sql: str) -> None:
    """Whatever hides the semicolon."""
    for user in User:
        assert ask(spelled(sql, untouched), user=user)[:2] == (400, SYNTAX_ERROR)


@pytest.mark.parametrize(("sql", "answer"), HARMLESS)
def test_harmless_statements_are_served(ask: Any, sql: str, answer: bytes) -> None:
    """What only looks dangerous, in quotes, comments, here-documents and names, is answered."""
    for user in User:
        assert ask(sql, user=user) == (200, "", answer)


def test_rows_are_data(ask: Any, writer: Any, table: str, untouched: Path) -> None:
    """What stands behind VALUES or FORMAT is neither evaluated nor run."""
    function = spelled(FILE, untouched)
    for sql in (
        f"INSERT INTO {table} VALUES (1, {function})",
        f"INSERT INTO {table} VALUES (1, 'a'), (2, file(CAST('{untouched}' AS String)))",
        f"INSERT INTO {table} VALUES (1, file(assumeNotNull('{untouched}')))",
        f"INSERT INTO {table} VALUES (1, 'a'); DROP TABLE otel_logs",
        f"INSERT INTO {table} FORMAT Values (1, {function})",
        f"INSERT INTO {table} SETTINGS input_format_values_interpret_expressions = 1 VALUES (1, {function})",
        f"INSERT INTO {table} FORMAT Template\nx",
        f"INSERT INTO {table} FORMAT MySQLDump\nINSERT INTO x VALUES (1, {function})",
    ):
        assert ask(sql)[0] in (400, 403), sql
    assert ask(f'INSERT INTO {table} FORMAT CSV\n1,"; DROP TABLE otel_logs; SELECT {function}"\n')[0] == 200
    assert writer.query(f"SELECT Text FROM {table}").result_rows == [(f"; DROP TABLE otel_logs; SELECT {function}",)]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("dialect", "kusto"),
        ("format_schema", "x"),
        ("format_template_row", "/etc/passwd"),
        ("output_format_schema", "/tmp/front.out"),
        ("input_format_values_interpret_expressions", "1"),
        ("input_format_values_deduce_templates_of_expressions", "1"),
        ("additional_table_filters", "{'otel_logs': 'file(1)'}"),
        ("additional_result_filter", "file(1)"),
    ],
)
def test_settings_that_reach_files_or_hold_sql_are_fixed(ask: Any, setting: str, value: str) -> None:
    """In the address, in the statement and in a session."""
    quoted = value.replace("'", "\\'")
    assert ask("SELECT 1", path=f"/?{setting}={value.replace(' ', '%20')}")[1] == CONSTRAINT
    assert ask(f"SELECT 1 SETTINGS {setting} = '{quoted}'")[1] in (CONSTRAINT, SYNTAX_ERROR, "36")
    assert ask(f"SET {setting} = '{quoted}'")[1] == CONSTRAINT


@pytest.mark.parametrize("user", list(User))
def test_a_parameter_does_not_name_a_function_that_is_refused(ask: Any, untouched: Path, user: User) -> None:
    """Neither one of the request nor one that a session has from before."""
    sql = spelled("SELECT arrayMap({f:Identifier}, ['{file}'])", untouched)
    assert ask(sql, user=user, path="/?param_f=file")[:2] == (403, ACCESS_DENIED)
    ask("SET param_f = 'file'", user=user, path="/?session_id=parameter")
    assert ask(sql, user=user, path="/?session_id=parameter")[:2] == (403, ACCESS_DENIED)


@pytest.mark.parametrize(
    "value",
    ["x'; SELECT 1 INTO OUTFILE '{file}.out'; --", "x\\'; DROP TABLE otel_logs; --", "two\nlines", "tab\tand \\n", ""],
)
def test_a_setting_of_a_session_is_text(ask: Any, untouched: Path, value: str) -> None:
    """It is taken back after a statement that had another one, whatever it says, and never run."""
    value = spelled(value, untouched)
    quoted = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
    asked = "SELECT hex(getSetting('log_comment'))"
    session = f"/?session_id={len(value)}"
    assert ask(f"SET log_comment = '{quoted}'", path=session)[0] == 200
    assert ask(asked, path=f"{session}&log_comment=other") == (200, "", b"other".hex().upper().encode() + b"\n")
    assert ask(asked, path=session) == (200, "", value.encode().hex().upper().encode() + b"\n")


def test_the_engine_refuses_files_by_itself(front: Any, embedded: Any, untouched: Path) -> None:
    """Should something get past the front: the engine has no right to files, addresses and programs."""
    handle = open_handle(embedded._lease.path)
    for sql in (
        "SELECT * FROM file('{file}')",
        "SELECT * FROM default.`{file}`",
        "SELECT * FROM url('http://127.0.0.1:1/')",
        "INSERT INTO FUNCTION file('{file}.out', 'CSV', 'a String') VALUES ('x')",
        "CREATE TABLE otel.t (a String) ENGINE = File(CSV, '{file}')",
        "CREATE DATABASE d ENGINE = Filesystem('/')",
        "SYSTEM FLUSH LOGS",
    ):
        with pytest.raises(Exception, match=r"Code: 497.*Not enough privileges"):
            handle.query(spelled(sql, untouched))
    handle.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SET max_threads = 1",
        "INSERT INTO otel_logs (Body) VALUES ('x')",
        "INSERT INTO otel_logs (Body) FORMAT CSV\nx\n",
        "CREATE TEMPORARY TABLE t (a UInt8)",
        "CREATE VIEW v AS SELECT 1",
        "DROP TABLE otel_logs",
        "TRUNCATE TABLE otel_logs",
        "ALTER TABLE otel_logs DELETE WHERE 1",
        "DELETE FROM otel_logs WHERE 1",
        "OPTIMIZE TABLE otel_logs",
        "RENAME TABLE otel_logs TO x",
        "SELECT 1 SETTINGS readonly = 0",
        "SET readonly = 0",
        "SELECT 1 SETTINGS max_execution_time = 0",
    ],
)
def test_dashboards_change_nothing(ask: Any, untouched: Path, sql: str) -> None:
    """Neither rows nor tables nor settings."""
    assert ask(sql, user=User.DASHBOARDS)[:2] == (403, READONLY)


@pytest.mark.parametrize("setting", ["readonly=0", "readonly=2", "max_memory_usage=0", "max_threads=1"])
def test_dashboards_send_no_settings(ask: Any, setting: str) -> None:
    """But for the limit of time that Grafana's driver always sends, which may only make it shorter."""
    assert ask("SELECT 1", user=User.DASHBOARDS, path=f"/?{setting}")[:2] == (403, READONLY)


def test_dashboards_have_a_limit_of_time(ask: Any) -> None:
    """One minute, whatever the client asks for beyond that."""
    sql = "SELECT getSetting('max_execution_time'), getSetting('readonly')"
    for asked, seconds in (
        ("", 60),
        ("?max_execution_time=5", 5),
        ("?max_execution_time=0", 60),
        ("?max_execution_time=999", 60),
    ):
        assert ask(sql, user=User.DASHBOARDS, path=f"/{asked}") == (200, "", f"{seconds}\t1\n".encode())


def test_a_dashboard_does_not_fill_the_memory(ask: Any) -> None:
    """Its result is held in the process that serves it, so that there is a largest one."""
    status, code, _ = ask("SELECT repeat(toString(number), 100) FROM numbers(1000000)", user=User.DASHBOARDS)
    assert (status, code) == (500, "396")
    assert ask("SELECT length(groupArray(number)) FROM numbers(1000000000)", user=User.DASHBOARDS)[:2] == (413, "241")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM genai_content",
        "SELECT * FROM otel.genai_content",
        "SELECT * FROM `otel`.`genai_content`",
        'SELECT * FROM otel . /* x */ "genai_content"',
        "SELECT 1 IN genai_content",
        "SELECT 1 FROM system.one WHERE 1 IN (SELECT 1 FROM genai_content)",
        "DESCRIBE TABLE genai_content",
        "SELECT * FROM {t:Identifier}",
        "SELECT * FROM {d:Identifier}.{t:Identifier}",
        "SELECT * FROM system.processes",
        "SELECT * FROM system.`processes`",
        "SELECT * FROM merge('otel', 'genai_content')",
        "SHOW CREATE TABLE genai_content",
    ],
)
def test_dashboards_do_not_read_content_or_other_users(ask: Any, sql: str) -> None:
    """The table of content is for those who may decrypt it, and what others run is not for dashboards."""
    path = "/?param_d=otel&param_t=genai_content"
    assert ask(sql, user=User.DASHBOARDS, path=path)[:2] == (403, ACCESS_DENIED)


def test_dashboards_read_the_rest(dashboards: Any) -> None:
    """The client connects as usual, and reads tables and the catalogue."""
    assert dashboards.query("SELECT count() FROM otel_logs").row_count == 1
    assert dashboards.query("SELECT name FROM system.tables WHERE database = 'otel'").row_count > 5
    assert dashboards.query("DESCRIBE TABLE otel_traces").row_count > 20
    assert dashboards.query("SELECT {a:String}", {"a": "x"}).result_rows == [("x",)]


@pytest.mark.parametrize("sql", ["DROP TABLE otel_logs", "INSERT INTO otel_logs (Body) VALUES ('x')"])
def test_get_changes_nothing(ask: Any, untouched: Path, sql: str) -> None:
    """An address alone, as in a link, never writes."""
    path = "/?query=" + sql.replace(" ", "%20")
    assert ask(method="GET", path=path)[:2] == (403, READONLY)
    assert ask(method="GET", path="/?query=SELECT%201") == (200, "", b"1\n")
