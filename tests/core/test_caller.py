"""Who is calling, in a context variable of our own."""

import asyncio
import contextvars
import threading
from typing import Any

import pytest
from opentelemetry import baggage

from otel_compliance import context
from otel_compliance.caller import CallerContext, current
from otel_compliance.classification import Classification


def test_nothing_is_declared_by_default() -> None:
    """Outside of any context every field is empty."""
    assert current() == CallerContext()


def test_inner_contexts_add_to_outer_ones() -> None:
    """Fields left out keep the enclosing value, and everything is as before at the end."""
    with context(user_id="u", team_id="t", classification="CONFIDENTIAL"):
        with context(team_id="inner", purpose="support") as caller:
            assert caller == current()
            assert caller == CallerContext(
                user_id="u", team_id="inner", purpose="support", classification=Classification.CONFIDENTIAL
            )
        assert current() == CallerContext(user_id="u", team_id="t", classification=Classification.CONFIDENTIAL)
    assert current() == CallerContext()


def test_it_decorates_functions() -> None:
    """The same object is a decorator, good for many calls."""

    @context(team_id="t")
    def team() -> str | None:
        return current().team_id

    assert [team(), team()] == ["t", "t"]
    assert current() == CallerContext()


async def test_it_decorates_coroutine_functions() -> None:
    """The context holds while the coroutine runs, not only while it is made, for many at once."""

    @context(team_id="t")
    async def team(user: str) -> tuple[str | None, str | None]:
        with context(user_id=user):
            await asyncio.sleep(0)
            return current().team_id, current().user_id

    assert await asyncio.gather(team("a"), team("b")) == [("t", "a"), ("t", "b")]
    assert current() == CallerContext()
    async with context(purpose="support") as caller:
        assert caller == current() == CallerContext(purpose="support")
    assert current() == CallerContext()


def test_generators_cannot_be_decorated() -> None:
    """A generator would leave its context to whoever reads it, so it is refused at once."""
    with pytest.raises(TypeError, match="cannot decorate the generator"):

        @context(team_id="t")
        def parts() -> Any:
            yield


async def test_tasks_inherit_and_do_not_mix() -> None:
    """An asyncio task sees the context it was made in; concurrent tasks do not see each other's."""

    async def call(name: str) -> str | None:
        with context(user_id=name):
            await asyncio.sleep(0)
            return current().user_id

    async def inherited() -> str | None:
        return current().team_id

    with context(team_id="t"):
        assert await asyncio.gather(*(call(str(i)) for i in range(20))) == [str(i) for i in range(20)]
        assert await asyncio.create_task(inherited()) == "t"


def test_threads_inherit_only_when_told() -> None:
    """A bare thread starts empty; one that runs in a copied context has the caller."""
    seen: list[str | None] = []
    with context(team_id="t"):
        copied = contextvars.copy_context()
        threads = [
            threading.Thread(target=lambda: seen.append(current().team_id)),
            threading.Thread(target=lambda: copied.run(lambda: seen.append(current().team_id))),
        ]
        for thread in threads:
            thread.start()
            thread.join()
    assert seen == [None, "t"]


def test_nothing_reaches_baggage() -> None:
    """Baggage would be sent to the provider, so the caller is never put there."""
    with context(user_id="u", team_id="t"):
        assert baggage.get_all() == {}


def test_an_unknown_class_is_refused() -> None:
    """A class that does not exist is a programming error, and is raised."""
    with pytest.raises(ValueError, match="SECRET"), context(classification="SECRET"):
        pass
