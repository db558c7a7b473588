"""Run the tests with the lowest versions of the dependencies that pyproject.toml claims.

Usage: python tests/lowest/run.py [pytest arguments]

The bounds are read from pyproject.toml, so they are claimed in one place. The environment is made in a temporary
folder. Tools of development are as new as ever.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLAIMED_EXTRAS = ("instruments", "embedded", "dashboards")
LOWER_BOUND = re.compile(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?\s*(?:>=|==)\s*([0-9][A-Za-z0-9.]*)")


def constraints() -> list[str]:
    """``name==version`` for each dependency of the package and of the extras that users install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    claimed = [*project["dependencies"], *(line for name in CLAIMED_EXTRAS for line in extras[name])]
    return [f"{match[1]}=={match[2]}" for line in claimed if (match := LOWER_BOUND.match(line))]


def main() -> int:
    """Make the environment, install, run; the exit code is that of pytest."""
    with tempfile.TemporaryDirectory() as home:
        venv.create(home, with_pip=True)
        python = str(Path(home) / "bin" / "python")
        pinned = Path(home) / "constraints.txt"
        pinned.write_text("\n".join(constraints()) + "\n")
        print(pinned.read_text(), flush=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--constraint", str(pinned), "--editable", ".[dev]"], cwd=ROOT, check=True)
        arguments = sys.argv[1:] or ["-n", "auto"]
        return subprocess.run([python, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
