"""Every scenario gives one record, the right one, in every situation and on every SDK (`make test-matrix`)."""

import pytest
from capture.coverage_page import PAGE, page
from capture.scenarios import SCENARIOS, Scenario
from dirty_equals import IsPositiveInt, IsStr
from support.observed import Observed

from otel_compliance.audit.chain import render

CHANGING = {
    "anthropic.request.id": IsStr(regex=r"req_local\d{8}"),
    "compliance.call.duration": IsStr(regex=r"\d+"),
    "compliance.key.id": IsStr(regex=r"k1:[a-z2-7]{16}"),
    "compliance.policy.digest": IsStr(regex=r"[0-9a-f]{16}"),
    "gen_ai.response.id": IsStr(regex=r"msg_[0-9a-f]+"),
    "gen_ai.response.time_to_first_chunk": IsStr(regex=r"0\.\d+(e-\d+)?"),
}
LIMITS = ("compliance.ratelimit.requests.", "compliance.ratelimit.tokens.", "compliance.audit.")

# The SDK leaves the socket of a dropped stream to the garbage collector, which warns.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning", "ignore::DeprecationWarning"
)


def check(observed: Observed, scenario: Scenario) -> None:
    """One event with the scenario's facts and no others, and a span that says the same."""
    [event] = observed.events()
    recorded = {name: value for name, value in event.items() if not name.startswith(LIMITS)}
    changing = {name: recorded.pop(name) for name in CHANGING if name in recorded}
    assert recorded == scenario.expected
    assert changing == {name: CHANGING[name] for name in changing}
    for span in observed.spans():
        ours = {name: value for name, value in span.items() if name.startswith("compliance.")}
        assert {name: render(value) for name, value in ours.items()} == {
            name: value for name, value in event.items() if name in ours
        }
        assert ours["compliance.call.duration"] == IsPositiveInt
        assert span.get("gen_ai.usage.output_tokens", 5) == 5


@pytest.mark.parametrize("scenario", [item for item in SCENARIOS if item.available and item.sync], ids=str)
def test_sync(any_mode: Observed, scenario: Scenario) -> None:
    """With a sync client."""
    any_mode.claude.enqueue(*scenario.replies)
    assert scenario.sync is not None
    with any_mode.client() as client:
        scenario.sync(client)
    check(any_mode, scenario)


@pytest.mark.parametrize("scenario", [item for item in SCENARIOS if item.available], ids=str)
async def test_async(any_mode: Observed, scenario: Scenario) -> None:
    """With an async client."""
    any_mode.claude.enqueue(*scenario.replies)
    async with any_mode.async_client() as client:
        await scenario.asynchronous(client)
    check(any_mode, scenario)


def test_the_page_is_current() -> None:
    """docs/coverage.md says what this suite tests; `make docs` brings it up to date."""
    assert PAGE.read_text(encoding="utf-8") == page()
