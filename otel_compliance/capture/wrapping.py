"""Wrap functions of other packages, and put them back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import wrapt


class Wrappings:
    """The functions that one part of this package wrapped."""

    def __init__(self) -> None:
        self._wrapped: list[tuple[Any, str]] = []
        self._wrappers: list[Callable[..., Any]] = []

    def wrap(self, owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
        """Wrap a method.

        Args:
            owner: The class.
            name: A method that the class itself defines.
            wrapper: Called with the original, the instance, its arguments and its keyword arguments.
        """
        wrapt.wrap_function_wrapper(owner, name, wrapper)
        self._wrappers.append(wrapper)
        self._wrapped.append((owner, name))

    def undo(self) -> None:
        """Put the functions back. One that somebody else wrapped after us keeps ours below theirs."""
        for owner, name in reversed(self._wrapped):
            function = owner.__dict__[name]
            if getattr(function, "_self_wrapper", None) in self._wrappers:
                setattr(owner, name, function.__wrapped__)
        self._wrapped.clear()
