"""For the tests of apps and of this package: a Claude API that runs on this machine.

```python
with ClaudeAPI() as api:
    api.enqueue(Reply(text="Hello"), Reply(fault=ApiError(429, retry_after=0)))
    client = anthropic.Anthropic(base_url=api.base_url, api_key="sk-ant-api03-test")
```
"""

from otel_compliance.local.claude_api import ApiError, ClaudeAPI, Drop, RecordedRequest, Reply

__all__ = ["ApiError", "ClaudeAPI", "Drop", "RecordedRequest", "Reply"]
