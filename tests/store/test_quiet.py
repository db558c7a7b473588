"""The driver of ClickHouse says nothing in the app's logs on our behalf, and everything on the app's own."""

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError
from store.blocks import block

from otel_compliance.errors import StoreUnavailable
from otel_compliance.store.client import Store, connect

NOBODY = "http://127.0.0.1:9/otel"
"""Nothing listens on the port of the discard service."""


def test_a_store_that_is_away_is_not_logged_by_the_driver(caplog: pytest.LogCaptureFixture) -> None:
    """Each attempt of the drainer would put a line into the app's logs."""
    with pytest.raises(StoreUnavailable):
        connect(NOBODY)
    assert caplog.records == []


def test_values_that_do_not_fit_are_not_logged_by_the_driver(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """A traceback of the driver may quote the value."""
    with pytest.raises(ValueError, match="do not fit"):
        store.insert(block("a", Duration=["canary-7f3a"]))
    assert caplog.records == []


def test_the_app_sees_what_its_own_use_of_the_driver_logs(caplog: pytest.LogCaptureFixture) -> None:
    """The same failure, in the app's own connection, is logged as ever, also after we had it."""
    with pytest.raises(StoreUnavailable):
        connect(NOBODY)
    with pytest.raises(ClickHouseError):
        clickhouse_connect.get_client(host="127.0.0.1", port=9)
    assert {record.name.partition(".")[0] for record in caplog.records} == {"clickhouse_connect", "urllib3"}
