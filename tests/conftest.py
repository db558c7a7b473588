"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest

from otel_compliance.testing import ClaudeAPI


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
