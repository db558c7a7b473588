"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from otel_compliance.detect.engine import install
from otel_compliance.store.client import Store, connect
from otel_compliance.store.schema import migrate
from otel_compliance.testing import ClaudeAPI

# Hypothesis takes fixed examples where the variable CI is set, new ones elsewhere; `make explore` takes many more.
settings.register_profile("explore", max_examples=20_000, deadline=None)


@pytest.fixture
def claude() -> Iterator[ClaudeAPI]:
    """A Claude API on this machine."""
    with ClaudeAPI() as api:
        yield api


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes the developer's own settings and data."""
    for name in ("OTEL_COMPLIANCE", "OTEL_COMPLIANCE_POLICY", "OTEL_COMPLIANCE_STORE", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OTEL_COMPLIANCE_DIR", str(tmp_path_factory.mktemp("compliance")))


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The embedded store of this test process, migrated. The engine allows one path per process."""
    with connect(f"chdb://{tmp_path_factory.mktemp('store') / 'store'}") as store:
        migrate(store)
        install(store)
        yield store


@pytest.fixture
def store(embedded: Store) -> Store:
    """The embedded store with empty tables."""
    for row in embedded.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    ):
        if row["name"] != "schema_migrations":
            embedded.command(f"TRUNCATE TABLE {row['name']}")
    return embedded
