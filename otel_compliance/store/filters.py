"""Conditions that people give: they may filter the rows of one table, and do nothing else.

The engine itself parses the condition. What it makes of it is compared with lists of what is allowed, so that whatever
is not known here (a subquery, another table, a function that reads a file or a setting) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from otel_compliance.errors import ExportError, StoreError, StoreUnavailable
from otel_compliance.store.client import Store

FUNCTIONS: Final = frozenset(
    """
    and or not xor equals notEquals less greater lessOrEquals greaterOrEquals in notIn isNull isNotNull
    like notLike ilike notILike match startsWith endsWith empty notEmpty length lower upper
    position positionCaseInsensitive hasToken
    has hasAny hasAll arrayElement mapContains mapKeys mapValues tuple array
    plus minus multiply divide modulo abs negate
    now today yesterday toDate toDateTime toDateTime64 parseDateTimeBestEffort
    toStartOfHour toStartOfDay toStartOfMonth toHour toDayOfWeek
    toIntervalSecond toIntervalMinute toIntervalHour toIntervalDay toIntervalWeek toIntervalMonth toIntervalYear
    toString toUInt64OrZero toInt64OrZero toFloat64OrZero if multiIf coalesce ifNull
    """.split()  # noqa: SIM905 - seventy names read better in lines
)
"""Functions that look at a row alone. Names as the engine's parser writes operators: ``=`` is ``equals``."""

_FRAME: Final = (
    r"SelectWithUnionQuery \(children [12]\)",
    r" ExpressionList \(children 1\)",
    r"  SelectQuery \(children 1\)",
    r"   ExpressionList \(children 1\)",
)
_NODE: Final = re.compile(r"(?P<indent> +)(?P<kind>\w+)(?: (?P<value>.*?))?(?: \(children \d+\))?", re.DOTALL)
_INNER: Final = 4
"""Depth from which on the lines belong to the condition."""


def check_filter(store: Store, condition: str, columns: Collection[str]) -> None:
    """Refuse a condition that could do anything but filter.

    Args:
        store: Its engine parses the condition.
        condition: An expression, as after WHERE.
        columns: Names that it may use.

    Raises:
        ExportError: It cannot be parsed, or uses what is not allowed.
        StoreUnavailable: The store does not answer.
    """
    if ";" in condition or "\x00" in condition:
        raise _refused("it has a semicolon or a null character")
    try:
        # On a line of its own, so that a comment at its end ends there.
        tree = [row["explain"] for row in store.query(f"EXPLAIN AST SELECT\n{condition}\n")]
    except StoreUnavailable:
        raise
    except StoreError:
        raise _refused("it is not an expression") from None
    frame, inner = tree[: len(_FRAME)], tree[len(_FRAME) :]
    if len(frame) < len(_FRAME) or not all(map(re.fullmatch, _FRAME, frame)):
        raise _refused("it is more than one expression")
    # The client asks for a format, which the parser reports as a name beside the query.
    for line in inner[:-1] if inner and inner[-1] == " Identifier Native" else inner:
        _check_node(line, columns)


def _check_node(line: str, columns: Collection[str]) -> None:
    node = _NODE.fullmatch(line)
    if node is None or len(node["indent"]) < _INNER:
        raise _refused("it is more than one expression")
    kind, value = node["kind"], node["value"] or ""
    if kind == "Function" and value not in FUNCTIONS:
        raise _refused(f"the function {value.partition(' ')[0]} may not be used")
    if kind == "Identifier" and value not in columns:
        raise _refused(f"there is no column {value}")
    if kind not in ("Function", "Identifier", "Literal", "ExpressionList"):
        raise _refused(f"it has a part that does not filter ({kind})")


def _refused(reason: str) -> ExportError:
    return ExportError(
        f"--where is refused: {reason}",
        remedy="use columns of the table, values and operators, such as: TeamId = 'support' AND PiiDetected",
    )
