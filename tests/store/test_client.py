"""Connecting to the store: what goes wrong is explained, and the embedded store has one owner."""

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from store.blocks import block, stored

from otel_compliance.errors import SchemaError, StoreError, StoreUnavailable
from otel_compliance.store.client import Store, connect
from otel_compliance.store.lease import not_opened

ROOT = Path(__file__).parents[2]


def path_of(store: Store) -> Path:
    """Folder of an embedded store."""
    assert store._lease is not None
    return store._lease.path


@pytest.fixture(
    params=[(516, "AUTHENTICATION_FAILED", 401), (81, "UNKNOWN_DATABASE", 404), (497, "ACCESS_DENIED", 403)]
)
def refusing_server(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Address of a server that refuses every login, and ClickHouse's name for why."""
    code, name, status = request.param

    class Refuse(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = f"Code: {code}. DB::Exception: user hunter2 is not welcome. ({name})".encode()
            self.send_response(status)
            self.send_header("X-ClickHouse-Exception-Code", str(code))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - names that the standard library looks for

        def log_message(self, *given: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuse) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}/otel", name
        server.shutdown()
        thread.join()


def test_a_refused_login_is_explained(refusing_server: tuple[str, str]) -> None:
    """Wrong credentials and a missing database are told apart, without the password or the server's words."""
    address, name = refusing_server
    with pytest.raises(StoreUnavailable) as caught:
        connect(f"http://user:hunter2@{address}")
    why = {
        "AUTHENTICATION_FAILED": "user or password is wrong",
        "UNKNOWN_DATABASE": "the database does not exist",
        "ACCESS_DENIED": "the user may not use the database",
    }[name]
    assert caught.value.problem == f"http://{address}: the store cannot be reached, or refuses: {why}"
    assert "hunter2" not in caught.value.diagnostics()
    assert caught.value.__cause__ is None


def test_a_server_that_hangs_up_is_explained() -> None:
    """What is no ClickHouse at all gives the same kind of error."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def hang_up() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                connection.close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        with pytest.raises(StoreUnavailable, match="cannot be reached, or refuses: OperationalError"):
            connect(f"http://127.0.0.1:{port}/otel")


@pytest.mark.parametrize(
    "dsn", ["http://user:hunter2/x@host:8123/otel", "http://host:hunter2/otel", "http://[hunter2/otel"]
)
def test_an_address_that_cannot_be_read_is_not_quoted(dsn: str) -> None:
    """The standard library's message would quote part of a password that has a slash in it."""
    with pytest.raises(StoreUnavailable, match="cannot be read") as caught:
        connect(dsn)
    assert "hunter2" not in caught.value.diagnostics()
    assert caught.value.__cause__ is None


def test_sessions_are_in_utc_and_in_our_database(tmp_path: Path) -> None:
    """Times mean the same on a machine in any time zone, and SQL need not name the database."""
    code = (
        "import sys\n"
        "from otel_compliance.store.client import connect\n"
        "with connect(f'chdb://{sys.argv[1]}/store') as store:\n"
        "    print(store.query('SELECT currentDatabase() AS name, toString(toDateTime(0)) AS zero'))\n"
        "    print(store.server_version.split('.')[0].isdecimal())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert result.stdout == "[{'name': 'otel', 'zero': '1970-01-01 00:00:00'}]\nTrue\n"


def test_parameters_are_values(store: Store) -> None:
    """A parameter is never read as SQL."""
    hostile = "'; DROP TABLE otel_traces; --\x00"
    assert store.query("SELECT {name:String} AS value", {"name": hostile}) == [{"value": hostile}]


def test_errors_do_not_quote_the_statement(store: Store) -> None:
    """The message of an error names ClickHouse's reason and not the values in the statement."""
    with pytest.raises(StoreError) as caught:
        store.query("SELECT toUInt8('hunter2')")
    assert caught.value.problem == "ClickHouse refused a statement: CANNOT_PARSE_TEXT"
    assert caught.value.__cause__ is None


def test_rows_that_do_not_fit_are_the_callers_error(store: Store) -> None:
    """A value of the wrong type is a ValueError that does not quote it, and leaves nothing behind."""
    with pytest.raises(ValueError, match="do not fit the columns' types: AttributeError"):
        store.insert(block("a", "b", SpanName=["fits", 7]))
    assert stored(store) == []


def test_a_missing_column_is_a_schema_error(store: Store) -> None:
    """A table that somebody altered is told apart from a statement that is wrong."""
    store.command("ALTER TABLE otel_traces RENAME COLUMN ScopeVersion TO Renamed")
    try:
        with pytest.raises(SchemaError, match="NO_SUCH_COLUMN_IN_TABLE"):
            store.insert(block("a"))
    finally:
        store.command("ALTER TABLE otel_traces RENAME COLUMN Renamed TO ScopeVersion")


def test_a_repeated_token_changes_no_table(store: Store) -> None:
    """An insert with the same token counts once in the table, in its views and in the views of those."""
    attributes = {
        "compliance.audit.chain.id": "c",
        "compliance.key.id": "k",
        "gen_ai.request.model": "m",
        "compliance.retention.days": "30",
    }
    rows = block(
        "e", table="otel_logs", LogAttributes=[attributes], EventName=["claude.api.request"], ServiceName=["s"]
    )
    for _ in range(3):
        store.insert(rows, token="exporter/1-0/abc")
        store.insert(block("a"), token="exporter/1-1/abc")
    tables = ("otel_traces", "otel_traces_trace_id_ts", "otel_logs", "otel_audit")
    counted = {name: store.query(f"SELECT count() AS n FROM {name}")[0]["n"] for name in tables}
    assert counted == dict.fromkeys(tables, 1)
    assert store.query("SELECT Dimension, Value, sum(Calls) AS n FROM genai_first_seen GROUP BY ALL ORDER BY ALL") == [
        {"Dimension": "model", "Value": "m", "n": 1},
        {"Dimension": "service", "Value": "s", "n": 1},
    ]


def test_threads_share_a_store(store: Store) -> None:
    """Several threads insert and read through one store and through stores of their own."""
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            with connect(f"chdb://{path_of(store)}") as own:
                for turn in range(5):
                    (own if turn % 2 else store).insert(block(f"{number}-{turn}"))
                    store.query("SELECT count() FROM otel_traces")
        except Exception as error:  # noqa: BLE001 - a thread reports what it met
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, len(stored(store))) == ([], 30)
    assert tempfile.tempdir != str(path_of(store) / "inserts")


def test_rows_pass_through_private_files_only(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client hands rows to the engine in a file: it is in the store's own folder, for its owner, and then gone."""
    seen: list[tuple[Path, int]] = []
    real = tempfile.NamedTemporaryFile

    def watched(*given: Any, **options: Any) -> Any:
        file = real(*given, **options)
        seen.append((Path(file.name), stat.S_IMODE(Path(file.name).parent.stat().st_mode)))
        return file

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", watched)
    store.insert(block("a"))
    [(file, mode)] = seen
    assert (file.parent, mode, file.exists()) == (path_of(store) / "inserts", 0o700, False)


def test_closing_twice_and_reopening(tmp_path: Path) -> None:
    """A process may close its store, and then open it again, or another one; what a killed one left is removed."""
    code = """
import sys
from pathlib import Path
from otel_compliance.store.client import connect
here = Path(sys.argv[1])
for name in ("one", "one", "two words"):
    with connect(f"chdb://{here}/{name}") as store, connect(f"chdb://{here}/{name}/") as again:
        assert not list((here / name / "inserts").iterdir())
        (here / name / "inserts" / "left.native").touch()
        again.close()
        again.close()
        print(store.query("SELECT 1 AS one"))
"""
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout == "[{'one': 1}]\n" * 3
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o700


def test_a_closed_store_says_so(store: Store) -> None:
    """Using a store after closing it is an error of its own, and the other stores of the process go on."""
    own = connect(f"chdb://{path_of(store)}")
    own.close()
    with pytest.raises(StoreUnavailable, match="the store was closed"):
        own.query("SELECT 1")
    assert store.query("SELECT 1 AS one") == [{"one": 1}]


def test_a_process_that_ends_without_closing_ends_well(tmp_path: Path) -> None:
    """Forgetting to close, with a thread still inserting, neither crashes nor hangs the interpreter."""
    code = """
import sys, threading
sys.path.insert(0, sys.argv[2])
from otel_compliance.store.client import connect
from otel_compliance.store.schema import migrate
from store.blocks import block
store = connect(f"chdb://{sys.argv[1]}/store")
migrate(store)
started = threading.Event()
def insert():
    while True:
        store.insert(block("a"))
        started.set()
threading.Thread(target=insert, daemon=True).start()
started.wait()
"""
    command = [sys.executable, "-c", code, str(tmp_path), str(ROOT / "tests")]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, timeout=60)


def test_a_forked_child_is_told(store: Store, tmp_path: Path) -> None:
    """The engine hangs in a forked child; the child gets an error for its parent's store and for a new one."""
    other = f"chdb://{tmp_path / 'never-made'}"
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        told = []
        for attempt in (lambda: store.query("SELECT 1"), lambda: connect(other), store.close):
            try:
                attempt()
            except StoreUnavailable as error:
                told.append(error.problem)
        os.write(writer, "\n".join(told).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read().splitlines()
    assert os.waitpid(child, 0)[1] == 0
    assert told == [
        "the embedded store was opened before this process was forked, and hangs in it",
        f"{other}: the embedded engine cannot be used in a process forked from one that loaded it",
    ]
    assert store.query("SELECT 1 AS one") == [{"one": 1}]


def test_an_owner_that_knows_no_lock_of_ours_is_named(tmp_path: Path) -> None:
    """Another program that has the store open is found by the engine's own status file."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (tmp_path / "status").write_text(f"PID: {other.pid}\nStarted at: 2026-11-23 12:00:00\nRevision: 1\n")
        problem = not_opened(tmp_path, RuntimeError()).problem
    assert problem == (
        f"chdb://{tmp_path}: the embedded store belongs to another process: "
        f"pid {other.pid} (by the engine's status file)"
    )
    assert "cannot be opened: RuntimeError" in not_opened(tmp_path, RuntimeError()).problem


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path, embedded: Store) -> None:
    """Where the store cannot be written the message names the folder and the variable."""
    (tmp_path / "file").touch()
    code = (
        "from otel_compliance.store.client import connect\n"
        "from otel_compliance.errors import StoreUnavailable\n"
        f"try: connect('chdb://{tmp_path}/file/store')\n"
        "except StoreUnavailable as error: print(error.diagnostics())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout == (
        f"chdb://{tmp_path}/file/store: the folder cannot be written: Not a directory\n"
        "  → point OTEL_COMPLIANCE_STORE or OTEL_COMPLIANCE_DIR at a writable folder\n"
    )
