"""A faithful local Claude API over a real socket, for the demo and for tests. Standard library only."""

from otel_compliance.local.claude_api.script import ApiError, Drop, RecordedRequest, Reply
from otel_compliance.local.claude_api.server import ClaudeAPI

__all__ = ["ApiError", "ClaudeAPI", "Drop", "RecordedRequest", "Reply"]
