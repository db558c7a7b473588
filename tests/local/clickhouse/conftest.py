"""A front over the embedded store of the test process, and clients for it."""

import http.client
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest

from otel_compliance.local.clickhouse import ClickHouseFront
from otel_compliance.local.clickhouse.access import Access, User
from otel_compliance.store.client import Store

TOKENS = {User.WRITER: "w" * 43, User.DASHBOARDS: "d" * 43}

Connect = Callable[..., Any]


@pytest.fixture(scope="session")
def front(embedded: Store) -> Iterator[ClickHouseFront]:
    """The front, which takes bodies of at most 8 MiB."""
    assert embedded._lease is not None
    with ClickHouseFront(embedded._lease.path, Access(TOKENS), max_body_bytes=8 << 20) as front:
        yield front


@pytest.fixture
def connect(front: ClickHouseFront) -> Iterator[Connect]:
    """Connect with the client of ClickHouse, as the writer unless told otherwise."""
    clients = []

    def connect(user: User = User.WRITER, **options: Any) -> Any:
        options = {"username": user, "password": TOKENS[user], "database": "otel"} | options
        client = clickhouse_connect.get_client(host="127.0.0.1", port=front.port, **options)
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def writer(connect: Connect) -> Any:
    """A client that may write."""
    return connect()


@pytest.fixture
def dashboards(connect: Connect) -> Any:
    """A client that may read."""
    return connect(User.DASHBOARDS)


@pytest.fixture
def table(writer: Any) -> Iterator[str]:
    """An empty table with an id and a text."""
    writer.command(
        "CREATE TABLE front_test (Id UInt64, Text String) ENGINE = MergeTree ORDER BY Id"
        " SETTINGS non_replicated_deduplication_window = 100"
    )
    yield "front_test"
    writer.command("DROP TABLE front_test")


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """A file of the host that nobody may read through the front."""
    file = tmp_path / "secret.csv"
    file.write_text("hunter2\n")
    return file


Ask = Callable[..., tuple[int, str, bytes]]


@pytest.fixture
def ask(front: ClickHouseFront) -> Ask:
    """Send one request as it is; returns the status, ClickHouse's code and the body."""

    def ask(
        body: bytes | str = b"", *, user: User = User.WRITER, path: str = "/", method: str = "POST", **headers: str
    ) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=60)
        credentials = b64encode(f"{user}:{TOKENS[user]}".encode()).decode()
        every = {"Authorization": f"Basic {credentials}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        connection.request(method, path, body.encode() if isinstance(body, str) else body, every)
        with connection.getresponse() as response:
            answer = response.status, response.getheader("X-ClickHouse-Exception-Code", ""), response.read()
        connection.close()
        return answer

    return ask
