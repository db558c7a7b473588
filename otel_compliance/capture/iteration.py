"""Iterators around those of the SDK: closed in time, and run in the context of their call where they make requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from opentelemetry.context import Context, attach, detach


class AsyncClosing:
    """Closes an async generator behind a block, unless the event loop does so already.

    It closes generators that are garbage by tasks of its own, an inner one perhaps before the outer one.
    """

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    async def __aenter__(self) -> Any:
        return self._generator

    async def __aexit__(self, *exc_info: object) -> None:
        if not getattr(self._generator, "ag_running", False):
            await self._generator.aclose()


def in_context(context: Context, generator: Any) -> Iterator[Any]:
    """The items of `generator`, each made in `context`, which is never held from one item to the next."""
    try:
        while True:
            token = attach(context)
            try:
                item = next(generator)
            except StopIteration:
                return
            finally:
                detach(token)
            yield item
    finally:
        generator.close()


async def async_in_context(context: Context, generator: Any) -> AsyncIterator[Any]:
    """As `in_context`, of an async generator."""
    async with AsyncClosing(generator):
        while True:
            token = attach(context)
            try:
                item = await anext(generator)
            except StopAsyncIteration:
                return
            finally:
                detach(token)
            yield item
