"""Kill -9 at any point, of whoever accepts and of whoever owns the store: nothing accepted is lost or counts twice.

``make crash`` does the same at 200 points.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.crash import FINE, ROWS, crash, kill, start

SETTLE = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from otel_compliance.store.client import connect
from otel_compliance.store.schema import migrate
from support.crash import settle
folder = Path(sys.argv[1])
with connect(f"chdb://{folder / 'store'}") as store:
    migrate(store)
    print(json.dumps(asdict(settle(folder, store, sys.stdin.read().split()))))
"""


def settled(folder: Path, accepted: list[str]) -> dict[str, object]:
    """What is left when everything is delivered, found out in a process of its own: each may open one store."""
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r})\n{SETTLE}", str(folder)],
        input="\n".join(accepted),
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_crash_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    """Exporters and the owner of the store are killed at random points, and everything is there once."""
    accepted = crash(tmp_path, kills=4, seed=seed)
    assert len(accepted) > 10
    assert settled(tmp_path, accepted) == {"accepted": len(accepted) * ROWS, "lost": 0, **FINE}


def test_an_absent_store_loses_nothing(tmp_path: Path) -> None:
    """While the store is away everything waits, and when it is back it catches up."""
    exporter = start("export", tmp_path)
    time.sleep(3)
    owner = start("deliver", tmp_path)
    assert owner.stdout is not None
    owner.stdout.readline()
    time.sleep(2)
    accepted = kill(exporter)
    kill(owner)
    assert settled(tmp_path, accepted) == {"accepted": len(accepted) * ROWS, "lost": 0, **FINE}
