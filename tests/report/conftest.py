"""A store with a day of calls in it."""

from datetime import timedelta

import pytest
from support.store import NOW, audit_row, insert_calls

from otel_compliance.detect.engine import run
from otel_compliance.store.client import Store


@pytest.fixture
def busy(store: Store) -> Store:
    """Calls of three teams, hostile names among them, with findings of every rule."""
    rows = [
        audit_row(
            at=NOW - timedelta(minutes=7 * number),
            team=("support", "billing", '<script>alert("x")</script>')[number % 3],
            key=f"k1:key{number % 4}",
            model=("claude-haiku-4-5", "claude-sonnet-5")[number % 2],
            outcome="error" if number % 9 == 0 else "completed",
            classification=("INTERNAL", "CONFIDENTIAL", "RESTRICTED")[number % 3],
            input_types=(("EMAIL", "PHONE"), ("SSN",), ())[number % 3],
            secret=number == 5,
            region="global" if number == 7 else "us",
            violation=number == 7,
            tokens=100 + number,
        )
        for number in range(60)
    ]
    rows.append(audit_row(at=NOW - timedelta(minutes=5), key="k1:key1", model="claude-opus-5"))
    insert_calls(store, rows, ingested=NOW - timedelta(seconds=30))
    run(store, window_end=NOW)
    return store
