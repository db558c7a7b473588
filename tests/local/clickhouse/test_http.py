"""The front as a server of HTTP: who may speak to it, and what becomes of requests that are not what they seem."""

import gzip
import socket
import stat
import threading
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import lz4.frame
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError
from dirty_equals import IsStr
from local.clickhouse.conftest import TOKENS

from otel_compliance.errors import ConfigError, StoreUnavailable
from otel_compliance.local.clickhouse import ClickHouseFront
from otel_compliance.local.clickhouse.access import Access, User, token_file

AUTHORIZATION = f"Authorization: Basic {b64encode(f'writer:{TOKENS[User.WRITER]}'.encode()).decode()}"


def raw(front: ClickHouseFront, data: bytes, *, half_close: bool = True) -> bytes:
    """Send bytes as they are, and read until the front ends the connection."""
    with socket.create_connection(("127.0.0.1", front.port), timeout=60) as connection:
        connection.sendall(data)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


def post(headers: str, body: bytes) -> bytes:
    """A POST with credentials, as bytes."""
    return f"POST / HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\n{headers}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("credentials", "status", "code"),
    [
        ({}, 401, "194"),
        ({"Authorization": "Basic " + b64encode(b"writer:wrong").decode()}, 403, "516"),
        ({"Authorization": "Basic " + b64encode(f"default:{TOKENS[User.WRITER]}".encode()).decode()}, 403, "516"),
        ({"Authorization": "Basic " + b64encode(f"dashboards:{TOKENS[User.WRITER]}".encode()).decode()}, 403, "516"),
        ({"Authorization": "Basic ?"}, 401, "194"),
        ({"Authorization": f"Bearer {TOKENS[User.WRITER]}"}, 401, "194"),
        ({"X-ClickHouse-User": "writer", "X-ClickHouse-Key": "é" * 43}, 403, "516"),
        ({"X-ClickHouse-User": "writer", "X-ClickHouse-Key": TOKENS[User.WRITER]}, 200, ""),
    ],
)
def test_credentials(front: ClickHouseFront, credentials: dict[str, str], status: int, code: str) -> None:
    """Without the token of a user nothing is answered, and no answer repeats what was sent."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in credentials.items())
    request = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}Content-Length: 8\r\n\r\nSELECT 1"
    head, _, body = raw(front, request.encode("latin-1")).decode().partition("\r\n\r\n")
    assert head.split()[1] == str(status)
    assert (f"X-ClickHouse-Exception-Code: {code}" in head) is bool(code)
    assert all(value.partition(" ")[2] not in body or not value.partition(" ")[2] for value in credentials.values())


def test_the_token_is_not_taken_from_the_address(ask: Any, front: ClickHouseFront) -> None:
    """Addresses are logged by whoever stands between."""
    address = f"GET /?query=SELECT%201&user=writer&password={TOKENS[User.WRITER]} HTTP/1.0\r\n\r\n"
    assert raw(front, address.encode()).split()[1] == b"401"


def test_a_client_with_a_wrong_token_is_told(connect: Any) -> None:
    """The client shows ClickHouse's own error, also when it sends a large insert."""
    with pytest.raises(DatabaseError, match="AUTHENTICATION_FAILED"):
        connect(password="wrong")


def test_ping_needs_no_token(front: ClickHouseFront) -> None:
    """As with ClickHouse, so that a monitor can ask whether it is there."""
    answer = raw(front, b"GET /ping HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nOk.\n")
    assert raw(front, b"GET /ping/../ HTTP/1.0\r\n\r\n").split()[1] == b"401"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("lz4", lz4.frame.compress(b"SELECT ") + lz4.frame.compress(b"1")),
        ("gzip", gzip.compress(b"SELECT ", mtime=0) + gzip.compress(b"1", mtime=0)),
        ("deflate", zlib.compress(b"SELECT 1")),
        ("identity", b"SELECT 1"),
    ],
)
def test_bodies_of_several_frames(ask: Any, encoding: str, body: bytes) -> None:
    """All of them count."""
    assert ask(body, Content_Encoding=encoding) == (200, "", b"1\n")


@pytest.mark.parametrize(
    ("encoding", "body", "code"),
    [
        ("gzip", gzip.compress(b"SELECT 1", mtime=0)[:-3], "271"),
        ("lz4", lz4.frame.compress(b"SELECT 1" * 100)[:-9], "271"),
        ("zstd", b"SELECT 1", "271"),
        ("lz4", lz4.frame.compress(b"SELECT 1") + b"x", "271"),
        ("br", b"SELECT 1", "89"),
        ("gzip, gzip", b"SELECT 1", "89"),
    ],
)
def test_damaged_bodies_are_not_run(ask: Any, encoding: str, body: bytes, code: str) -> None:
    """A body that is cut, or not what it says, is an error as a whole."""
    assert ask(body, Content_Encoding=encoding)[1] == code


@pytest.mark.parametrize("encoding", ["gzip", "lz4", "deflate"])
def test_a_small_body_that_decodes_to_a_huge_one_is_refused(ask: Any, encoding: str) -> None:
    """The limit holds for what comes out, and nothing beyond it is decoded."""
    compress = {"gzip": gzip.compress, "lz4": lz4.frame.compress, "deflate": zlib.compress}[encoding]
    assert ask(compress(b" " * (64 << 20)), Content_Encoding=encoding)[:2] == (413, "241")


def test_huge_bodies_are_refused(front: ClickHouseFront) -> None:
    """By their length before they are read, by their chunks as they come; and the next request is served."""
    for headers, body in (
        ("Content-Length: 999999999999", b"SELECT 1"),
        (f"Content-Length: {'9' * 400}", b"SELECT 1"),
        ("Transfer-Encoding: chunked", b"FFFFFFFFFF\r\n"),
        ("Transfer-Encoding: chunked", (b"200000\r\n" + b" " * (2 << 20) + b"\r\n") * 5),
    ):
        assert raw(front, post(headers, body)).split()[1] == b"413"
    assert raw(front, post("Content-Length: 8\r\nConnection: close", b"SELECT 1")).endswith(b"\r\n\r\n1\n")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Length: -1", b""),
        ("Content-Length: +8", b"SELECT 1"),
        ("Content-Length: 1_0", b"SELECT 1  "),
        ("Content-Length: eight", b"SELECT 1"),
        ("Transfer-Encoding: gzip", b"SELECT 1"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 8", b"8\r\nSELECT 1\r\n0\r\n\r\n"),
        ("Content-Length: 8\r\nContent-Length: 0", b"SELECT 1"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"8\r\nSELECT 1\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", b"0x8\r\nSELECT 1\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", b"8\r\nSELECT 1 x\r\n0\r\n\r\n"),
        ("Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 8", b"SELECT 1"),
        ("Content-Type: multipart/form-data\r\nContent-Length: 8", b"SELECT 1"),
    ],
)
def test_requests_of_unclear_length_or_form_are_refused(front: ClickHouseFront, headers: str, body: bytes) -> None:
    """What could be read in two ways is not read at all, and the connection ends."""
    assert raw(front, post(headers, body)).split()[1] == b"400"


@pytest.mark.parametrize(
    "headers",
    ["Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"],
)
def test_pages_of_other_sites_are_refused(front: ClickHouseFront, headers: str) -> None:
    """A browser that was given the token once would add it to what any page sends."""
    answer = raw(front, post(f"{headers}\r\nConnection: close\r\nContent-Length: 8", b"SELECT 1"))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"Access-Control" not in answer
    own = f"Origin: {front.url}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\nContent-Length: 8"
    assert raw(front, post(own, b"SELECT 1")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "line", ["POST /ping", "GET /ping", "GET /x", "GET /?query=SELECT+1", "GET /?query=SELECT+1&user=writer"]
)
def test_a_body_that_is_not_read_is_no_request(front: ClickHouseFront, line: str) -> None:
    """What follows a request that is answered early is not taken for the next one."""
    second = b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = raw(front, f"{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(second)}\r\n\r\n".encode() + second)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_chunked_bodies(front: ClickHouseFront) -> None:
    """With extensions and trailers."""
    body = b"4;x=y\r\nSELE\r\n4\r\nCT 1\r\n0\r\nTrailer: x\r\n\r\n"
    assert raw(front, post("Transfer-Encoding: chunked\r\nConnection: close", body)).endswith(b"\r\n\r\n1\n")


@pytest.mark.parametrize(
    "headers", ["Content-Length: 1000", "Transfer-Encoding: chunked", "Content-Length: 1000\r\nContent-Encoding: lz4"]
)
def test_a_client_that_vanishes_in_the_middle_of_its_request(
    front: ClickHouseFront, writer: Any, table: str, headers: str
) -> None:
    """What arrived of it is not run, and the front goes on."""
    insert = f"INSERT INTO {table} FORMAT CSV\n".encode() + b"1,a\n" * 10
    body = b"%x\r\n%s\r\n" % (len(insert), insert) if "chunked" in headers else insert
    assert raw(front, post(headers, body)) == b""
    assert writer.command(f"SELECT count() FROM {table}") == 0


def test_a_client_that_does_not_wait_for_its_answer(front: ClickHouseFront, ask: Any) -> None:
    """Its statement ends on its own, and the next client is served."""
    for _ in range(5):
        sql = b"SELECT * FROM numbers(300000)"
        with socket.create_connection(("127.0.0.1", front.port)) as connection:
            connection.sendall(post(f"Content-Length: {len(sql)}", sql))
    assert ask("SELECT 1") == (200, "", b"1\n")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/?database=system", "81"),
        ("/?database=otel`", "81"),
        ("/?compress=1", "48"),
        ("/?decompress=1", "48"),
        ("/?a%20b=1", "115"),
        ("/?nope=1", "115"),
        ("/?default_format=Nope", "73"),
        ("/?default_format=Dataframe", "73"),
        ("/other", "48"),
    ],
)
def test_addresses_that_are_not_served(ask: Any, path: str, code: str) -> None:
    """Each with ClickHouse's own code."""
    assert ask("SELECT 1", path=path)[1] == code


def test_statements_that_are_too_long_or_too_deep(ask: Any) -> None:
    """An error, and neither a crash nor a hang."""
    for sql in (
        "SELECT " + "1+" * 200_000 + "1",
        "SELECT " + "(" * 900 + "1" + ")" * 900,
        "SELECT " + "-(" * 300 + "1" + ")" * 300,
    ):
        assert ask(sql)[0] in (200, 400, 500)
    assert ask(b"SELECT '\xff'")[1] == "62"
    assert ask("SELECT 1") == (200, "", b"1\n")


def test_a_query_id_does_not_end_a_header(ask: Any, front: ClickHouseFront) -> None:
    """What the client chose for it comes back only if it is fit for that."""
    sql = post("Connection: close\r\nContent-Length: 8", b"SELECT 1")
    answer = raw(front, sql.replace(b"POST / ", b"POST /?query_id=a%0d%0aX-Evil:%201 "))
    assert (b"X-Evil" in answer, answer.split()[1]) == (False, b"200")


def test_the_answer_to_the_driver_of_grafana(ask: Any, embedded: Any) -> None:
    """Its first question is answered in the driver's own revision, with a revision of 0 for all that follows."""
    sql = "SELECT displayName(), version(), revision(), timezone()"
    status, _, block = ask(sql, path="/?default_format=Native&client_protocol_version=54485")
    assert status == 200
    assert block[:10] == b"\x01\x00\x02\xff\xff\xff\xff\x00\x04\x01"
    assert embedded.server_version.encode() in block
    assert b"\x0arevision()\x06UInt32\x00\x00\x00\x00\x00" in block


def test_tokens_are_made_once_and_for_their_owner(tmp_path: Path) -> None:
    """Random, different, the same after a restart, and readable by nobody else."""
    Access.from_directory(tmp_path)
    files = [token_file(tmp_path, user) for user in User]
    texts = [file.read_text() for file in files]
    assert [stat.S_IMODE(file.stat().st_mode) for file in (*files, files[0].parent)] == [0o600, 0o600, 0o700]
    assert texts == [IsStr(regex=r"[\w-]{43}\n"), IsStr(regex=r"[\w-]{43}\n")]
    assert len(set(texts)) == 2
    Access.from_directory(tmp_path)
    assert [file.read_text() for file in files] == texts


@pytest.mark.parametrize(("mode", "text"), [(0o644, "x" * 43), (0o600, "tiny"), (0o600, "é" * 43)])
def test_a_token_that_cannot_be_trusted_is_refused(tmp_path: Path, mode: int, text: str) -> None:
    """One that others can read or guess, with a message that names the file and not the token."""
    file = token_file(tmp_path, User.WRITER)
    file.parent.mkdir()
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        Access.from_directory(tmp_path)
    assert (str(file) in caught.value.problem, text in caught.value.diagnostics()) == (True, False)


def test_it_listens_on_this_machine_only(front: ClickHouseFront) -> None:
    """On the loopback interface, and on no other."""
    assert front._server.server_address == ("127.0.0.1", front.port)


def test_a_port_that_is_taken_is_explained(front: ClickHouseFront, embedded: Any) -> None:
    """With its number and what to do."""
    with pytest.raises(StoreUnavailable) as caught:
        ClickHouseFront(embedded._lease.path, Access(TOKENS), port=front.port)
    assert caught.value.problem == f"127.0.0.1:{front.port}: the port cannot be opened: Address already in use"


def test_closing_stops_what_runs(embedded: Any) -> None:
    """A statement that would run for minutes ends with an error, and the store can be used on."""
    answers = []
    with ClickHouseFront(embedded._lease.path, Access(TOKENS)) as own:
        sql = b"SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"
        request = post(f"Content-Length: {len(sql)}", sql)
        running = threading.Thread(target=lambda: answers.append(raw(own, request, half_close=False)))
        running.start()
        while not embedded.query("SELECT 1 FROM system.processes WHERE query LIKE '%1000000000000)'"):
            continue
    running.join(60)
    assert not running.is_alive()
    assert answers[0].split()[1:2] in ([b"500"], [])
    assert embedded.query("SELECT 1 AS one") == [{"one": 1}]
