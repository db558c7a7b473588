"""The dashboard *CC7.2 overview*, built with `grafana-foundation-sdk` from the panel catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from grafana_foundation_sdk.builders import bargauge, dashboard, stat, table, timeseries
from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as dashboard_models

from otel_compliance.report.clickhouse_query import PLUGIN_ID, Format, Query
from otel_compliance.report.panels import TIME_FILTER, Panel, panels

UID: Final = "otelc-cc72-overview"
TITLE: Final = "CC7.2 overview"

_GOOD: Final = "#009E73"
_BAD: Final = "#D55E00"
# Okabe and Ito: told apart with every kind of colour vision.
_DATASOURCE: Final = common.DataSourceRef(type_val=PLUGIN_ID, uid="${datasource}")
_COLUMNS: Final = 24


def dashboard_json() -> str:
    """The board as file provisioning takes it: classic JSON, sorted, byte for byte the same each time."""
    board = (
        dashboard.Dashboard(TITLE)
        .uid(UID)
        .description("Is anything wrong with how Claude is used, how wrong, since when? For SOC 2 CC7.2 reviews.")
        .tags(["otel-compliance", "soc2", "CC7.2"])
        .timezone("utc")
        .time("now-24h", "now")
        .refresh("1m")
        .tooltip(dashboard_models.DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type(PLUGIN_ID))
        .with_variable(_variable("team", "Team", "TeamId"))
        .with_variable(_variable("model", "Model", "GenAiRequestModel"))
        .annotation(_findings_annotation())
    )
    _Grid(board).fill(panels())
    return str(JSONEncoder(sort_keys=True, indent=2).encode(board.build())) + "\n"


class _Grid:
    """Places panels from left to right and wraps at 24 columns; the SDK's own placement overflows."""

    def __init__(self, board: Any) -> None:
        self._board = board
        self._x = self._y = self._height = 0

    def fill(self, catalogue: tuple[Panel, ...]) -> None:
        """Place all panels under the rows they name."""
        rows: list[str] = []
        for panel in catalogue:
            if panel.row not in rows:
                rows.append(panel.row)
                # Panels are numbered from 10 on.
                self._start_row(panel.row, number=len(rows))
            self._place(panel)

    def _start_row(self, title: str, *, number: int) -> None:
        self._y += self._height
        self._x = self._height = 0
        position = dashboard_models.GridPos(h=1, w=_COLUMNS, x=0, y=self._y)
        self._board.with_row(dashboard.Row(title).id(number).grid_pos(position))
        self._y += 1

    def _place(self, panel: Panel) -> None:
        if self._x + panel.width > _COLUMNS:
            self._y += self._height
            self._x = self._height = 0
        position = dashboard_models.GridPos(h=panel.height, w=panel.width, x=self._x, y=self._y)
        self._board.with_panel(_KINDS[panel.kind](panel).id(panel.id).grid_pos(position))
        self._x += panel.width
        self._height = max(self._height, panel.height)


def _base(builder: Any, panel: Panel, result: Format) -> Any:
    query = Query.of(panel.sql, format=result, datasource=_DATASOURCE)
    return (
        builder.title(panel.title)
        .description(panel.description)
        .datasource(_DATASOURCE)
        .unit(panel.unit)
        .no_value("no data")
        .with_target(query)
    )


def _stat(panel: Panel) -> Any:
    built = (
        _base(stat.Panel(), panel, Format.TABLE)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .color_mode(common.BigValueColorMode.BACKGROUND)
        .graph_mode(common.BigValueGraphMode.NONE)
        .thresholds(_thresholds(panel.limit))
    )
    if panel.limit == 1:
        clean = dashboard_models.ValueMappingResult(text="0, clean", color=_GOOD, index=0)
        built = built.mappings([dashboard_models.ValueMap(options={"0": clean})])
    return built


def _series(panel: Panel) -> Any:
    return (
        _base(timeseries.Panel(), panel, Format.TIMESERIES)
        .min(0)
        .fill_opacity(10)
        .show_points(common.VisibilityMode.AUTO)
        .interval("1m")
        .legend(
            common_builders.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs([])
        )
    )


def _bars(panel: Panel) -> Any:
    return (
        _base(bargauge.Panel(), panel, Format.TABLE)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]).values(True))
        .orientation(common.VizOrientation.HORIZONTAL)
        .display_mode(common.BarGaugeDisplayMode.BASIC)
    )


def _table(panel: Panel) -> Any:
    return _base(table.Panel(), panel, Format.TABLE).show_header(True).filterable(True)


_KINDS: Final[Mapping[str, Callable[[Panel], Any]]] = {
    "stat": _stat,
    "series": _series,
    "bars": _bars,
    "table": _table,
}


def _thresholds(limit: float | None) -> Any:
    steps = [dashboard_models.Threshold(value=None, color=_GOOD)]
    if limit is not None:
        steps.append(dashboard_models.Threshold(value=limit, color=_BAD))
    return dashboard.ThresholdsConfig().mode(dashboard_models.ThresholdsMode.ABSOLUTE).steps(steps)


def _variable(name: str, label: str, column: str) -> Any:
    sql = (
        f"SELECT DISTINCT {column} FROM otel_audit WHERE {TIME_FILTER} AND {column} != '' ORDER BY {column} LIMIT 1000"
    )
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(_DATASOURCE)
        .query({"refId": f"var-{name}", "queryType": "sql", "rawSql": sql})
        .definition(sql)
        .multi(True)
        .include_all(True)
        .allow_custom_value(False)
        .refresh(dashboard_models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .current(dashboard_models.VariableOption(text="All", value="$__all", selected=True))
    )


def _findings_annotation() -> Any:
    sql = (
        "SELECT DetectedAt AS time, Subject AS text, RuleId AS title, Severity AS tags "
        "FROM detection_findings FINAL WHERE $__timeFilter(DetectedAt) ORDER BY time LIMIT 200"
    )
    query = Query.of(sql, format=Format.TABLE, ref_id="findings", datasource=_DATASOURCE)
    # The SDK would hide the switch of the annotation in the controls menu.
    return (
        dashboard.AnnotationQuery()
        .placement(None)  # type: ignore[arg-type] # the SDK takes it, its types do not
        .name("Findings")
        .datasource(_DATASOURCE)
        .enable(True)
        .icon_color(_BAD)
        .target(query)
    )
