"""What is installed: the wheel's content, entry points, the public names."""

import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import otel_compliance

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from the tree as it is."""
    target = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(target)]
    name = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip().splitlines()[-1]
    return zipfile.ZipFile(target / name)


def test_the_wheel_has_everything_that_is_read_at_run_time(wheel: zipfile.ZipFile) -> None:
    """Activation file, types marker, policy, SQL, rules and styles are in the wheel; tests are not."""
    names = set(wheel.namelist())
    assert {"otel_compliance.pth", "otel_compliance/py.typed", "otel_compliance/default_policy.toml"} <= names
    data = {
        str(path.relative_to(ROOT))
        for suffix in ("sql", "toml", "css", "py")
        for path in (ROOT / "otel_compliance").rglob(f"*.{suffix}")
    }
    assert data <= names
    assert not [name for name in names if name.startswith("tests/")]


def test_activation_is_one_look_up(wheel: zipfile.ZipFile) -> None:
    """The file that the interpreter reads at every start does nothing else when the variable is unset."""
    assert wheel.read("otel_compliance.pth").decode() == (
        'import os; os.environ.get("OTEL_COMPLIANCE") and __import__("otel_compliance.autoload")\n'
    )


def test_entry_points_load() -> None:
    """Every entry point that is declared exists."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    for group, points in declared.items():
        for name, target in points.items():
            [point] = [point for point in metadata.entry_points(group=group, name=name) if point.value == target]
            assert point.load().__name__ == target.partition(":")[2]


def test_public_names() -> None:
    """What is exported is sorted, exists, and nothing else can be had by accident."""
    assert otel_compliance.__all__ == sorted(otel_compliance.__all__)
    assert set(otel_compliance.__all__) <= set(dir(otel_compliance))
    for name in otel_compliance.__all__:
        assert callable(getattr(otel_compliance, name))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        otel_compliance.nothing  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    """The package itself is light; its parts load when they are used."""
    code = (
        "import sys, otel_compliance; print(sorted(m for m in sys.modules if 'opentelemetry' in m or 'pydantic' in m))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
