"""Planted values appear nowhere: not on disk, not in what the process prints, under no setting."""

from collections.abc import Callable
from typing import Any

import pytest
from support.e2e import ON

from otel_compliance.testing import ApiError, Reply

CANARIES = (
    "canary.bird@example.com",
    "415-555-0134",
    "078-05-1120",
    "4012 8888 8888 1881",
    "DE75 5121 0800 1245 1261 99",
    "198.51.100.23",
    "sk-ant-api03-PlantedPlantedPlantedPlanted",
    "ghp_PlantedPlantedPlantedPlantedPlanted1",
)
PROMPT = "canary.bird@example.com\n" + "\n".join(f"value: {canary}." for canary in CANARIES)
REPLIES = (
    Reply(
        content=[
            {"type": "text", "text": PROMPT},
            {"type": "tool_use", "id": "t2", "name": "lookup", "input": {"deep": [{"to": PROMPT}]}},
        ]
    ),
    Reply(text=PROMPT),
    Reply(fault=ApiError(400, message=PROMPT)),
)
HEADERS = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_REQUEST"


@pytest.mark.parametrize(
    "variables",
    [
        {"OTEL_COMPLIANCE_CONTENT": "redacted"},
        {"OTEL_COMPLIANCE_CONTENT": "none"},
        {"ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "content"},
        {HEADERS: ".*", "OTEL_COMPLIANCE_CONTENT": "redacted"},
        {"OTEL_COMPLIANCE_POLICY": "absent.toml", "OTEL_COMPLIANCE_CONTENT": "redacted"},
        {"OTEL_COMPLIANCE_STORE": "http://127.0.0.1:1/otel", "OTEL_COMPLIANCE_CONTENT": "redacted"},
    ],
    ids=["redacted", "none", "native content mode", "captured headers", "broken policy", "store away"],
)
def test_no_canary_is_anywhere(run: Callable[..., Any], variables: dict[str, str]) -> None:
    """Prompts, system text, tools, tool results, answers, streams, errors, headers and the key leave no trace."""
    done = run(prompt=PROMPT, variables=ON | variables, replies=REPLIES)
    assert done.process.returncode == 0, done.process.stderr
    assert len(done.events()) == 3
    planted = [*CANARIES, "CanaryKey", "canary.bird"]
    places = {path.name: path.read_bytes() for path in done.home.rglob("*") if path.is_file()}
    # Segments are compressed, so their rows are searched, too.
    places["rows"] = repr([done.rows(table) for table in ("otel_traces", "otel_logs")]).encode()
    places["stderr"] = done.process.stderr.encode()
    found = [(place, canary) for place, data in places.items() for canary in planted if canary.encode() in data]
    assert found == []


def test_what_was_found_is_counted(run: Callable[..., Any]) -> None:
    """The same run says what it found: types and counts, on every call."""
    done = run(prompt=PROMPT, variables=ON, replies=REPLIES)
    types = '["ANTHROPIC_KEY","CREDIT_CARD","EMAIL","GITHUB_TOKEN","IBAN","IPV4","PHONE","SSN"]'
    assert [event["compliance.pii.input.types"] for event in done.events()] == [types] * 3
    assert [event["compliance.classification"] for event in done.events()] == ["RESTRICTED"] * 3
    assert [event["compliance.secret.detected"] for event in done.events()] == ["true"] * 3
