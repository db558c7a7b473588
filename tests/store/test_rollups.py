"""Roll-ups: what calls add up to, once, whatever is delivered how often."""

from datetime import UTC, datetime
from typing import Any

from store.blocks import RING, block

from otel_compliance.store.client import Store
from otel_compliance.store.drain import drain
from otel_compliance.store.spool import Spool

MOMENT = int(datetime(2026, 11, 23, 10, 20, 30, tzinfo=UTC).timestamp()) * 10**9
CALL = {
    "compliance.audit.chain.id": "c",
    "compliance.key.id": "k1:key",
    "compliance.team.id": "support",
    "compliance.call.outcome": "completed",
    "compliance.call.duration": "2000000000",
    "compliance.classification": "CONFIDENTIAL",
    "compliance.pii.detected": "true",
    "compliance.request.type": "messages.create",
    "gen_ai.request.model": "m",
    "gen_ai.usage.input_tokens": "10",
    "gen_ai.usage.output_tokens": "5",
}
FAILED = {**CALL, "compliance.call.outcome": "error", "compliance.pii.detected": "false"}


def events(*attributes: dict[str, str], minutes: int = 0) -> Any:
    """Audit events of calls in one minute."""
    names = [str(number) for number in range(len(attributes))]
    return block(
        *names,
        table="otel_logs",
        EventName=["claude.api.request"] * len(names),
        LogAttributes=[
            {**item, "compliance.audit.sequence": name} for item, name in zip(attributes, names, strict=True)
        ],
        Timestamp=[MOMENT + minutes * 60 * 10**9] * len(names),
    )


def test_calls_add_up_by_hour_and_minute(store: Store, tmp_path: Any) -> None:
    """Calls, errors, tokens and findings are counted; events of other kinds and other hours are apart."""
    spool = Spool(tmp_path, RING)
    spool.append(events(CALL, CALL, FAILED))
    spool.append(events(CALL, minutes=1))
    spool.append(events(CALL, minutes=60))
    drain(spool, store)
    hours = store.query(
        "SELECT Hour, CallOutcome, sum(Calls) AS calls, sum(InputTokens) AS tokens, sum(PiiCalls) AS pii "
        "FROM genai_usage_hour WHERE KeyId = 'k1:key' GROUP BY Hour, CallOutcome ORDER BY Hour, CallOutcome"
    )
    assert [(row["Hour"].hour, row["CallOutcome"], row["calls"], row["tokens"], row["pii"]) for row in hours] == [
        (10, "completed", 3, 30, 3),
        (10, "error", 1, 10, 0),
        (11, "completed", 1, 10, 1),
    ]
    minutes = store.query(
        "SELECT Minute, sum(Calls) AS calls, sum(Errors) AS errors, sum(OutputTokens) AS tokens "
        "FROM genai_usage_minute GROUP BY Minute ORDER BY Minute"
    )
    assert [(row["Minute"].minute, row["calls"], row["errors"], row["tokens"]) for row in minutes] == [
        (20, 3, 1, 15),
        (21, 1, 0, 5),
        (20, 1, 0, 5),
    ]
    [latency] = store.query(
        "SELECT quantilesTDigestMerge(0.5, 0.95, 0.99)(DurationNs) AS q FROM genai_latency_hour "
        "WHERE Hour < '2026-11-23 11:00:00'"
    )
    assert [round(value / 1e9, 3) for value in latency["q"]] == [2.0, 2.0, 2.0]


def test_what_is_delivered_again_counts_once(store: Store, tmp_path: Any) -> None:
    """A segment that is replayed after a crash changes no roll-up."""
    spool = Spool(tmp_path, RING)
    segment = spool.append(events(CALL, CALL))
    copy = segment.read_bytes()
    drain(spool, store)
    for _ in range(2):
        segment.parent.mkdir(exist_ok=True)
        segment.write_bytes(copy)
        drain(spool, store)
    for table in ("genai_usage_hour", "genai_usage_minute"):
        assert store.query(f"SELECT sum(Calls) AS n FROM {table}") == [{"n": 2}]
    assert store.query("SELECT count() AS n FROM genai_latency_hour") == [{"n": 1}]


def test_no_data_subject_is_in_a_roll_up(store: Store) -> None:
    """An erasure has nothing to do in them."""
    columns = store.query(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND "
        "(table LIKE 'genai_usage%' OR table LIKE 'genai_latency%') AND name IN ('UserId', 'TraceId', 'SessionId')"
    )
    assert columns == []
