"""An app as teams serve it: each request is one call to Claude. Knows nothing of the layer."""

from anthropic import Anthropic, AsyncAnthropic

ASK = {"model": "claude-sonnet-5", "max_tokens": 16, "messages": [{"role": "user", "content": "Hello"}]}
# Made before workers are forked, as apps do that preload.
client = Anthropic(max_retries=0)
async_client = AsyncAnthropic(max_retries=0)


def wsgi(environ, start_response):
    """The app for gunicorn."""
    client.messages.create(**ASK)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]


async def asgi(scope, receive, send):
    """The app for uvicorn."""
    if scope["type"] != "http":
        return
    await async_client.messages.create(**ASK)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})
