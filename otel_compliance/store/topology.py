"""Where the tables of the store live: on one server, on a cluster, in ClickHouse Cloud."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

_ENGINE: Final = re.compile(r"(ENGINE = )((?:Aggregating|Replacing)?MergeTree)")
_WINDOW: Final = "non_replicated_deduplication_window = 10000"
_REPLICATED_WINDOW: Final = (
    # Seven days, since the window in time is an hour by default, which an outage outlasts.
    "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800"
)


class Topology(StrEnum):
    """Where the tables live. Only the names of engines and of one setting differ.

    On a cluster the database is one of the engine ``Replicated``, which runs each statement on all replicas.
    """

    NODE = "node"
    CLUSTER = "cluster"
    CLOUD = "cloud"

    def rendered(self, statement: str) -> str:
        """A statement for this topology."""
        if self is Topology.NODE:
            return statement
        prefix = "Replicated" if self is Topology.CLUSTER else "Shared"
        return _ENGINE.sub(rf"\1{prefix}\2", statement).replace(_WINDOW, _REPLICATED_WINDOW)
