"""The query of Grafana's ClickHouse datasource; `grafana-foundation-sdk` ships none."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final, Self

from grafana_foundation_sdk.cog import builder as cog_builder
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.models import common

PLUGIN_ID: Final = "grafana-clickhouse-datasource"
PLUGIN_VERSION: Final = "4.20.0"
"""Below 4.0.0, or without a version, the plugin takes the query for one of version 3 and migrates it."""


class Format(IntEnum):
    """The result formats of the plugin."""

    TIMESERIES = 0
    TABLE = 1


class ClickHouseQuery(variants.Dataquery):
    """One query, of a panel or of an alert.

    Args:
        sql: The SQL, with macros.
        format: How the datasource shapes the result.
        ref_id: Name of the query within its panel.
        datasource: Which datasource.
        extra: Further keys: alerts need ``intervalMs`` and ``maxDataPoints``.
    """

    def __init__(
        self,
        sql: str,
        *,
        format: Format,  # noqa: A002 - Grafana's name
        ref_id: str = "A",
        datasource: common.DataSourceRef | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        self._sql = sql
        self._format = format
        self._ref_id = ref_id
        self._datasource = datasource
        self._extra = extra or {}

    def to_json(self) -> dict[str, object]:
        """The query model of the plugin."""
        document: dict[str, object] = {
            **self._extra,
            "refId": self._ref_id,
            "pluginVersion": PLUGIN_VERSION,
            "editorType": "sql",
            "queryType": self._format.name.lower(),
            "format": int(self._format),
            "rawSql": self._sql,
        }
        if self._datasource is not None:
            document["datasource"] = self._datasource
        return document


class Query(cog_builder.Builder[ClickHouseQuery]):
    """The builder that panels and alerts take."""

    def __init__(self, query: ClickHouseQuery) -> None:
        self._query = query

    def build(self) -> ClickHouseQuery:
        """The query."""
        return self._query

    @classmethod
    def of(cls, sql: str, **options: Any) -> Self:
        """A builder of a query of `sql`."""
        return cls(ClickHouseQuery(sql, **options))
