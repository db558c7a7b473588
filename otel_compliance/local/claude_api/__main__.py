"""Serve until told to stop: ``python -m otel_compliance.local.claude_api --port-file FILE``."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

from otel_compliance.local.claude_api.server import ClaudeAPI


def main() -> None:
    """Serve; write the address into a file once the server listens; end at SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port to listen on; a free one by default")
    parser.add_argument("--port-file", type=Path, required=True, help="file for the port, written when it listens")
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ClaudeAPI(port=arguments.port) as api:
        draft = arguments.port_file.with_suffix(".tmp")
        draft.write_text(api.base_url.rpartition(":")[2], encoding="ascii")
        os.replace(draft, arguments.port_file)  # noqa: PTH105 - a reader never sees half a port
        stop.wait()


if __name__ == "__main__":
    main()
