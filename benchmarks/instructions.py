"""Instructions that each way of watching adds to a call: what the processor is told to do, however busy the machine is.

Usage: python benchmarks/instructions.py [--smoke] [--size 8192] [CONFIGURATION ...]

The times of ``overhead.py`` are what an app feels, but on a machine with other work they vary by half from run to run.
Instructions vary by about one percent. Every configuration runs twice under ``valgrind --tool=callgrind``, which counts
them for each thread, with some calls and with twice as many: the difference is that of the calls, without start,
warm-up and end. What is added is the difference to the uninstrumented client. Calls, transport, providers and exporters
are those of ``overhead.py``.

What it does not see: what instructions wait for, such as memory, system calls, and another thread that has the
interpreter's lock. The garbage collector is off, since one collection of a large heap falls into one run or the other.
The thread that records does not look for calls by itself, as it does a hundred times a second: how often that is in a
call depends on how slow everything is here.
"""

from __future__ import annotations

import argparse
import gc
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import overhead
from corpus import prompt

CALLS: Final = 80
"""Calls of the shorter of two runs."""

_LONG: Final = 3600.0
_TOTAL: Final = re.compile(r"^totals: (\d+)$", re.MULTILINE)
_APP: Final = "callgrind-01"
"""File of the first thread."""


@dataclass(frozen=True)
class Counted:
    """Instructions of a call.

    Attributes:
        app: Of the thread that waits for its answer.
        others: Of all other threads.
    """

    app: float
    others: float


def serve(name: str, calls: int, size: int) -> None:
    """Make calls that are watched in one way. Runs in a process of its own.

    Args:
        name: Of the configuration.
        calls: How many.
        size: Characters of each prompt.
    """
    watched, text = overhead.Watched(name), prompt(size)
    if worker := sys.modules.get("otel_compliance.capture.worker"):
        worker.LINGER_SECONDS = _LONG  # type: ignore[attr-defined]
    for number in range(-overhead.WARM_UP, calls):
        watched.call(f"{number} {text}")
        if number < 0:
            overhead.record()
            gc.disable()
    # On a thread of its own: what is exported at the end is not the app's.
    end = threading.Thread(target=watched.settle)
    end.start()
    end.join()


def _instructions(name: str, calls: int, size: int) -> Counted:
    """All instructions of a process."""
    with tempfile.TemporaryDirectory() as home:
        out = Path(home) / "callgrind"
        valgrind = ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={out}"]
        subprocess.run(
            [*valgrind, sys.executable, __file__, "--serve", name, "--calls", str(calls), "--size", str(size)],
            env={**overhead.environment(name, home), "PYTHONHASHSEED": "0"},
            stderr=subprocess.DEVNULL,
            check=True,
        )
        threads = {path.name: _total(path) for path in Path(home).glob("callgrind-*")}
    app = threads.pop(_APP)
    return Counted(app, sum(threads.values()))


def _total(path: Path) -> int:
    match = _TOTAL.search(path.read_text())
    return int(match[1]) if match else 0


def _of_a_call(name: str, calls: int, size: int) -> Counted:
    short, long = (_instructions(name, number, size) for number in (calls, 2 * calls))
    return Counted((long.app - short.app) / calls, (long.others - short.others) / calls)


def table(counted: dict[str, Counted], size: int) -> list[str]:
    """The table of what is added, in thousands."""
    plain, reference = counted[overhead.BASELINE], counted[overhead.REFERENCE]
    lines = [
        f"| prompt of {size:,} characters | app's thread, × native content | added, thousands | other threads |",
        "| --- | --- | --- | --- |",
    ]
    for name, each in counted.items():
        added = each.app - plain.app
        ratio = f"{added / (reference.app - plain.app):.2f}" if name != overhead.BASELINE else ""
        lines.append(f"| {name} | {ratio} | {added / 1e3:.0f} | {each.others / 1e3:.0f} |")
    return lines


def _selected(names: Sequence[str]) -> list[str]:
    installed = [name for name, item in overhead.CONFIGURATIONS.items() if overhead.installed(item.module)]
    return [name for name in installed if not names or name in (overhead.BASELINE, overhead.REFERENCE, *names)]


def main() -> None:
    """Count and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="CONFIGURATION", help="those of overhead.py; all when left out")
    parser.add_argument("--smoke", action="store_true", help="count a few calls, to see that it works")
    parser.add_argument("--size", type=int, default=8_192, help="characters of each prompt")
    parser.add_argument("--calls", type=int, default=CALLS, help="calls of the shorter of two runs")
    parser.add_argument("--serve", choices=overhead.CONFIGURATIONS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.calls, arguments.size)
        return
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed")
    calls = 5 if arguments.smoke else arguments.calls
    names = _selected(arguments.names)
    counted = {name: _of_a_call(name, calls, arguments.size) for name in names}
    print("\n".join(table(counted, arguments.size)))


if __name__ == "__main__":
    main()
