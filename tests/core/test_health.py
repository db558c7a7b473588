"""Swallowed errors are counted and logged once, without content."""

import logging

import pytest

from otel_compliance import health


def test_an_error_is_contained_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The block's exception does not get out; only its type and place are kept."""
    with caplog.at_level(logging.WARNING, "otel_compliance"):
        for _ in range(3):
            with health.contained("test.health"):
                raise LookupError("secret@example.com")
    assert health.swallowed()["test.health", "LookupError"] == 3
    assert caplog.messages == ["otel-compliance: test.health failed with LookupError; further ones are only counted"]


def test_what_stops_the_app_is_not_contained() -> None:
    """KeyboardInterrupt and its like are the app's, and pass."""
    with pytest.raises(KeyboardInterrupt), health.contained("test.health"):
        raise KeyboardInterrupt
