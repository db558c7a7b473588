"""How the embedded engine is opened. What it may do is fixed in ``engine.xml``, for everything in the process.

Without it the engine reads and writes whatever its process may: any file is a table to it.
"""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape


def options(path: Path) -> dict[str, str]:
    """The options with which the store at `path` is opened; the file they name is written. Own the store first.

    Raises:
        OSError: The file cannot be written.
    """
    file = _configuration(path)
    text = resources.files("otel_compliance.store").joinpath("engine.xml").read_text(encoding="utf-8")
    text = text.replace("{file}", escape(str(file)))
    # The engine of this process may be open already, and looks at the file again when it changes.
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        draft = file.with_name(f".{file.name}.tmp")
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    return {"config-file": str(file)}


def open_handle(path: Path) -> Any:
    """One more handle of the engine that this process has open at `path`, in 0.1 ms.

    Settings, database and temporary tables belong to a handle. Two threads do not use one at the same time.
    """
    import chdb

    # The engine compares this text, not what it stands for, with the one it was opened with.
    address = f"{os.path.realpath(path)}?{urlencode({'config-file': str(_configuration(path))})}"
    return chdb.connect(address)  # type: ignore[no-untyped-call] # chdb has no types for it


def _configuration(path: Path) -> Path:
    return path.with_name(f"{path.name}.xml")
