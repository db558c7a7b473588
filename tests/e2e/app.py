"""An ordinary app that knows nothing of the layer: it imports the SDK, makes calls and prints what it got."""

import json
import sys

from anthropic import Anthropic, APIStatusError

client = Anthropic(max_retries=0)
prompt = sys.stdin.read()
tools = [{"name": "lookup", "description": prompt, "input_schema": {"type": "object"}}]
message = client.messages.create(
    model="claude-sonnet-5",
    max_tokens=64,
    system=prompt,
    tools=tools,
    messages=[
        {"role": "user", "content": prompt},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "lookup", "input": {"q": prompt}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": prompt}]},
    ],
    metadata={"user_id": "user-17"},
    extra_headers={"x-customer": prompt.splitlines()[0]},
)
with client.messages.stream(
    model="claude-sonnet-5", max_tokens=64, messages=[{"role": "user", "content": prompt}]
) as stream:
    streamed = stream.get_final_text()
try:
    client.messages.create(model="claude-sonnet-5", max_tokens=64, messages=[{"role": "user", "content": prompt}])
except APIStatusError as error:
    failed = error.status_code
json.dump({"text": message.content[0].text, "streamed": streamed, "failed": failed}, sys.stdout)
