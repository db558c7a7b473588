"""Run tests in environments with other versions of the dependencies than the newest.

Usage: python tests/environments.py lowest|matrix [pytest arguments]

``lowest`` runs all tests with the lowest versions that pyproject.toml claims. ``matrix`` runs the tests of capture with
each version of the SDK in `MATRIX`. The environments are made in a temporary folder; tools of development are as new as
ever.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLAIMED_EXTRAS = ("instruments", "embedded", "dashboards")
LOWER_BOUND = re.compile(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?\s*(?:>=|==)\s*([0-9][A-Za-z0-9.]*)")
MATRIX = ("0.125.0", "1.13.0", "1.14.0", "1.17.0", "2.0.0", "2.12.0")
"""Around each change of the SDK that matters here: its HTTP library (1.0), its own spans (1.14), its headers (2.0)."""

OLDEST_WITH_SPANS = "1.14.0"
"""Most tests look at the SDK's own spans; how older versions are captured is what the matrix is for."""


def lowest() -> list[str]:
    """``name==version`` for each dependency of the package and of the extras that users install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    claimed = [*project["dependencies"], *(line for name in CLAIMED_EXTRAS for line in extras[name])]
    bounds = dict(match.groups() for line in claimed if (match := LOWER_BOUND.match(line)))
    return [f"{name}=={version}" for name, version in {**bounds, "anthropic": OLDEST_WITH_SPANS}.items()]


def run(pinned: list[str], arguments: list[str]) -> int:
    """Make an environment with these versions and run pytest in it; its exit code."""
    with tempfile.TemporaryDirectory() as home:
        venv.create(home, with_pip=True)
        python = str(Path(home) / "bin" / "python")
        constraints = Path(home) / "constraints.txt"
        constraints.write_text("\n".join(pinned) + "\n")
        print(" ".join(pinned), flush=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--constraint", str(constraints), "--editable", ".[dev]"], cwd=ROOT, check=True)
        return subprocess.run([python, "-m", "pytest", "-n", "auto", *arguments], cwd=ROOT, check=False).returncode


def main() -> int:
    """Run what the command line names; the exit code is the worst of pytest's."""
    match sys.argv[1:]:
        case ["lowest", *arguments]:
            return run(lowest(), arguments)
        case ["matrix", *arguments]:
            return max(run([f"anthropic=={version}"], [*arguments, "tests/capture"]) for version in MATRIX)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main())
