"""The driver of Grafana's ClickHouse datasource works with the front. Needs Go, and the driver in Go's module cache.

To get the driver: ``cd tests/local/clickhouse/clickhouse_go && go mod download``.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from local.clickhouse.conftest import TOKENS

from otel_compliance.local.clickhouse import ClickHouseFront
from otel_compliance.local.clickhouse.access import User

SOURCES = Path(__file__).parent / "clickhouse_go"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that asks what Grafana asks."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go is not installed")
    environ = os.environ | {"GOPROXY": "off", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local"}
    if subprocess.run(
        [go, "list", "-deps", "."], cwd=SOURCES, env=environ, capture_output=True, check=False
    ).returncode:
        pytest.skip("clickhouse-go is not in Go's module cache")
    program = tmp_path_factory.mktemp("go") / "program"
    subprocess.run([go, "build", "-o", str(program), "."], cwd=SOURCES, env=environ, check=True, capture_output=True)
    return program


@pytest.mark.timeout(300)
def test_the_driver_of_grafana(front: ClickHouseFront, program: Path) -> None:
    """It connects, decodes every kind of column and 200,000 rows in blocks, and gets ClickHouse's own error codes."""
    command = [str(program), f"127.0.0.1:{front.port}", TOKENS[User.DASHBOARDS]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "maps": {"a": "b"},
        "time": "2026-11-23T12:00:00.123456789Z",
        "rows": 200_000,
        "refused": [47, 497, 164],
    }
