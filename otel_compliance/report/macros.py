"""Expand the macros of Grafana's ClickHouse datasource (4.20), so that panel SQL runs without Grafana."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import quote

_CONDITIONAL: Final = "$__conditionalAll("


@dataclass(frozen=True, slots=True)
class Window:
    """What a dashboard's time picker and variables say.

    Attributes:
        start: Beginning of the range.
        end: End of the range.
        interval_s: Length of one bucket in seconds.
        variables: Values of each variable; one that is absent means all.
    """

    start: datetime
    end: datetime
    interval_s: int = 60
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def expand(sql: str, window: Window) -> str:
    """`sql` as ClickHouse gets it.

    Raises:
        ValueError: A macro is not known, or its brackets do not match.
    """
    sql = _conditionals(sql, window.variables)
    for name, values in window.variables.items():
        encoded = quote("{" + ",".join(values) + "}" if len(values) > 1 else values[0], safe="-_.~")
        sql = sql.replace(f"${{{name}:percentencode}}", encoded)
    start, end = int(window.start.timestamp()), int(window.end.timestamp())
    sql = sql.replace("$__toTime", f"toDateTime({end})").replace("$__fromTime", f"toDateTime({start})")
    sql = sql.replace("$__interval_s", str(window.interval_s))
    sql = re.sub(r"\$__timeFilter\(([^()]+)\)", rf"\1 >= toDateTime({start}) AND \1 <= toDateTime({end})", sql)
    bucket = rf"toStartOfInterval(toDateTime(\1), INTERVAL {window.interval_s} second)"
    sql = re.sub(r"\$__timeInterval\(((?:[^()]|\([^()]*\))+)\)", bucket, sql)
    if rest := re.search(r"\$\{?\w+", sql):
        raise ValueError(f"{rest[0]} is neither a macro nor a variable that is known")
    return sql


def _conditionals(sql: str, variables: Mapping[str, tuple[str, ...]]) -> str:
    """Each ``$__conditionalAll(condition, $variable)``: the condition, or ``1=1`` when the variable means all."""
    while (start := sql.find(_CONDITIONAL)) >= 0:
        end = _closing(sql, start + len(_CONDITIONAL))
        condition, _, variable = sql[start + len(_CONDITIONAL) : end].rpartition(",")
        chosen = variables.get(variable.strip().removeprefix("$"))
        sql = sql[:start] + (condition.strip() if chosen else "1=1") + sql[end + 1 :]
    return sql


def _closing(sql: str, position: int) -> int:
    depth = 1
    for index in range(position, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[index], 0)
        if depth == 0:
            return index
    raise ValueError("the brackets of $__conditionalAll do not match")
