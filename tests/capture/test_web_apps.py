"""Claude calls of a web app bear the user who sent the request."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from support.observed import Observed

from otel_compliance import ComplianceASGIMiddleware, ComplianceWSGIMiddleware
from otel_compliance.testing import Reply

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 16,
    "messages": [{"role": "user", "content": "Hello"}],
}


def callers(observed: Observed) -> list[tuple[Any, Any]]:
    """(user, address) of each call, by the audit events."""
    return [(event.get("compliance.user.id"), event.get("client.address")) for event in observed.events()]


@pytest.mark.parametrize("stream", [False, True])
def test_calls_made_while_a_body_is_streamed(observed: Observed, stream: bool) -> None:
    """Each chunk makes a call, long after the app returned; a call outside has no user."""
    client = observed.client()
    observed.claude.enqueue(*[Reply(text="Hello", inference_geo="us")] * 5)

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        for _ in range(2):
            answer = client.messages.create(**ASK, stream=stream)
            yield "".join(str(event.type) for event in answer).encode() if stream else b"x"

    served = ComplianceWSGIMiddleware(app, user_header="X-User")
    bodies = [
        iter(served({"HTTP_X_USER": user, "REMOTE_ADDR": "203.0.113.9"}, lambda *_: lambda _: None))
        for user in ("jane", "joe")
    ]
    for body in bodies * 2:
        assert next(body)
    client.messages.create(**ASK)
    jane, joe, jane_again, joe_again, outside = callers(observed)
    assert jane == jane_again
    assert joe == joe_again
    assert jane[0] != joe[0]
    assert (jane[1], joe[1], outside) == ("203.0.113.0", "203.0.113.0", (None, None))
    assert "jane" not in repr(observed.events())


async def test_calls_of_the_async_client(observed: Observed) -> None:
    """Requests that are served at once each have their own user."""
    async with observed.async_client() as client:

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.gather(*(client.messages.create(**ASK) for _ in range(2)))

        served: Any = ComplianceASGIMiddleware(app, user_header="X-User")
        scope = {"type": "http", "client": ("203.0.113.9", 4711)}
        users = [f"user-{number}".encode() for number in range(4)]
        await asyncio.gather(*(served(scope | {"headers": [(b"x-user", user)]}, None, None) for user in users))
    seen = callers(observed)
    assert sorted(seen.count(caller) for caller in set(seen)) == [2, 2, 2, 2]
    assert {address for _, address in seen} == {"203.0.113.0"}
