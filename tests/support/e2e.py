"""What tests with real processes share."""

from pathlib import Path

APP = Path(__file__).parents[1] / "e2e" / "app.py"
ON = {"OTEL_COMPLIANCE": "on"}

_CHANGING = (
    "compliance.audit.",
    "compliance.call.duration",
    "compliance.ratelimit.",
    "anthropic.request.id",
    "gen_ai.response.id",
    "gen_ai.response.time_to_first_chunk",
)


def comparable(records: list[dict[str, str]]) -> list[dict[str, str]]:
    """Records without what is different for each call."""
    return [{name: value for name, value in record.items() if not name.startswith(_CHANGING)} for record in records]
