"""``otel-compliance up``: own the embedded store, deliver the spool as it fills, and serve the store."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from otel_compliance.cli.answer import Answer, progress
from otel_compliance.cli.session import embedded_folder, make_current, store_dsn
from otel_compliance.config import Settings
from otel_compliance.errors import ConfigError

if TYPE_CHECKING:
    from otel_compliance.local.clickhouse import ClickHouseFront

Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 chooses a free one.")]


def up(port: Port = 8123) -> Answer:
    """Deliver what the instrumented processes spool, and serve the embedded store on this machine until interrupted.

    Grafana and clickhouse-connect use it like a ClickHouse server, and the other commands of otel-compliance use it
    meanwhile. It listens on 127.0.0.1 only. There are two users, each with a random token in a file that only you can
    read: writer, and dashboards, which reads everything but content.

    Example: otel-compliance up --port 8123
    """
    settings = Settings.from_env()
    path = _embedded_path(settings)
    started = datetime.now(UTC)
    with _stop_signals() as stopped, ExitStack() as stack:
        front = _open(stack, settings, path, port)
        _explain(front, settings)
        stopped.wait()
        progress().print("Stopping …", style="dim")
        url = front.url
    return Answer(
        document={"url": url, "started": started, "stopped": datetime.now(UTC)},
        view="Stopped. What is spooled from now on is delivered by the next command that reads the store.",
    )


def _embedded_path(settings: Settings) -> Path:
    folder = embedded_folder(settings)
    if folder is None:
        raise ConfigError(
            "OTEL_COMPLIANCE_STORE is a server, which needs nothing in front of it",
            remedy="use the server's own address, or unset OTEL_COMPLIANCE_STORE",
        )
    return folder


def _open(stack: ExitStack, settings: Settings, path: Path, port: int) -> ClickHouseFront:
    """Open everything, to be closed in the opposite order."""
    from otel_compliance.detect import engine
    from otel_compliance.local.clickhouse import ClickHouseFront
    from otel_compliance.local.clickhouse.access import Access
    from otel_compliance.local.clickhouse.address import published
    from otel_compliance.store.client import connect
    from otel_compliance.store.drain import BackgroundDrainer
    from otel_compliance.store.spool import Spool

    store = stack.enter_context(connect(store_dsn(settings)))
    make_current(store, settings)
    engine.install(store)
    front = stack.enter_context(ClickHouseFront(path, Access.from_directory(settings.directory), port=port))
    stack.enter_context(published(settings.directory, front.port))
    drainer = BackgroundDrainer(Spool.from_settings(settings), store_dsn(settings))
    stack.callback(drainer.stop)
    drainer.notify()
    return front


def _explain(front: ClickHouseFront, settings: Settings) -> None:
    """Say how to connect."""
    from otel_compliance.local.clickhouse.access import User, token_file
    from otel_compliance.store.client import DATABASE

    console = progress()
    console.print(f"Serving the embedded store at {front.url}, database {DATABASE}. Stop with Ctrl-C.", style="bold")
    for user, may in ((User.DASHBOARDS, "reads"), (User.WRITER, "reads and writes")):
        file = token_file(settings.directory, user)
        console.print(f"  user {user} {may}; its token is in {file}", soft_wrap=True)
    console.print(
        "Grafana's datasource: type ClickHouse, protocol HTTP, host 127.0.0.1, "
        f"port {front.port}, user {User.DASHBOARDS}, with that token as the password.",
        soft_wrap=True,
    )
    console.print("  As a file for provisioning: docs/for-soc-analysts.md", style="dim")


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """Set an event on Ctrl-C, and on the signal with which a service manager asks a process to end."""
    stopped = threading.Event()

    def stop(*_: Any) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
