"""The four data classes, in order of sensitivity (SOC 2 C1.1: confidential information is identified)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Self


class Classification(StrEnum):
    """A data class. Members compare by sensitivity: ``PUBLIC < INTERNAL < CONFIDENTIAL < RESTRICTED``."""

    PUBLIC = "PUBLIC"
    INTERNAL = "INTERNAL"
    CONFIDENTIAL = "CONFIDENTIAL"
    RESTRICTED = "RESTRICTED"

    @property
    def rank(self) -> int:
        """Position in the order, from 0 for `PUBLIC`."""
        return _RANK[self]

    @classmethod
    def highest(cls, classes: Iterable[Self]) -> Self:
        """The most sensitive of `classes`; `PUBLIC` when there are none."""
        return max(classes, key=_RANK.__getitem__, default=cls.PUBLIC)


_RANK = {member: rank for rank, member in enumerate(Classification)}
