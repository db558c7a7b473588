"""An ordinary app that knows nothing of the layer: it imports the SDK, makes calls and prints what it got."""

import json
import sys

from anthropic import Anthropic

client = Anthropic(max_retries=0)
prompt = sys.stdin.read()
message = client.messages.create(
    model="claude-sonnet-5",
    max_tokens=64,
    system=prompt,
    messages=[{"role": "user", "content": prompt}],
    metadata={"user_id": "user-17"},
)
with client.messages.stream(
    model="claude-sonnet-5", max_tokens=64, messages=[{"role": "user", "content": prompt}]
) as stream:
    streamed = stream.get_final_text()
json.dump({"id": message.id, "text": message.content[0].text, "streamed": streamed}, sys.stdout)
