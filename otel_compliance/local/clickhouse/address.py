"""Where the running front is, for the commands of this package. Written by the process that owns the store."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from otel_compliance.local.clickhouse.access import User, token_file
from otel_compliance.store.client import DATABASE
from otel_compliance.store.lease import owner_pid


@contextmanager
def published(directory: Path, port: int) -> Iterator[None]:
    """Say in `directory` where the front of this process is.

    Raises:
        OSError: The folder cannot be written.
    """
    file = _file(directory)
    draft = file.with_name(f".{file.name}.tmp")
    draft.write_text(json.dumps({"pid": os.getpid(), "port": port}), encoding="ascii")
    draft.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def dsn_of_running(directory: Path, store: Path) -> str | None:
    """The DSN of the front of the process that owns `store`, if it has one.

    The process must be the one that holds the store: what listens on the port of one that was killed may be anybody's,
    and would get the token.
    """
    try:
        document = json.loads(_file(directory).read_text(encoding="ascii"))
        pid, port = int(document["pid"]), int(document["port"])
        token = token_file(directory, User.WRITER).read_text(encoding="ascii").strip()
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if pid != owner_pid(store):
        return None
    return f"http://{User.WRITER}:{quote(token, safe='')}@127.0.0.1:{port}/{DATABASE}"


def _file(directory: Path) -> Path:
    return directory / "front.json"
