"""Charts as SVG: small, without scripts, the same bytes for the same data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Final

_COLOURS: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
# Okabe and Ito: told apart with every kind of colour vision.

_WIDTH: Final = 640
_HEIGHT: Final = 200
_LEFT: Final = 54
_BOTTOM: Final = 26
_TOP: Final = 10
_BAR_HEIGHT: Final = 26


def line_chart(title: str, series: Mapping[str, Sequence[tuple[datetime, float]]]) -> str:
    """Lines over time, with a legend below.

    Args:
        title: What the chart shows, for those who cannot see it.
        series: Name to its points, sorted by time.
    """
    points = [point for line in series.values() for point in line]
    if not points:
        return empty()
    start, end = min(at for at, _ in points), max(at for at, _ in points)
    top = max((value for _, value in points), default=0.0) or 1.0
    seconds = max((end - start).total_seconds(), 1.0)

    def place(at: datetime, value: float) -> tuple[float, float]:
        x = _LEFT + (_WIDTH - _LEFT - 10) * (at - start).total_seconds() / seconds
        return x, _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top)

    marks = []
    for number, line in enumerate(series.values()):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [place(at, value) for at, value in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        marks.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        marks += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in places]
    grid = "".join(_grid_line(share, top * share) for share in (0.0, 0.5, 1.0))
    axis = _time_label(_LEFT, "start", start) + _time_label(_WIDTH - 10, "end", end)
    svg = _svg(title, _HEIGHT, grid + axis + "".join(marks))
    return svg + _legend(list(series))


def bar_chart(title: str, bars: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars, each with its name and value.

    Args:
        title: What the chart shows, for those who cannot see it.
        bars: Name and value, in the order in which they are drawn.
    """
    if not bars:
        return empty()
    longest = max(value for _, value in bars) or 1.0
    parts = []
    for number, (name, value) in enumerate(bars):
        y = number * _BAR_HEIGHT
        width = (_WIDTH - 290) * value / longest
        parts.append(
            f'<text x="180" y="{y + 17}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="190" y="{y + 4}" width="{max(width, 1):.1f}" height="18" rx="2" fill="{_COLOURS[0]}"/>'
            f'<text x="{196 + width:.1f}" y="{y + 17}" class="value">{number_text(value)}</text>'
        )
    return _svg(title, len(bars) * _BAR_HEIGHT, "".join(parts))


def empty() -> str:
    """What stands for a chart without data: no data is not the same as nothing wrong."""
    return '<p class="empty">No data in this period.</p>'


def number_text(value: float) -> str:
    """A number for people: ``12,345`` or ``0.25``."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2g}"


def _grid_line(share: float, value: float) -> str:
    y = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share)
    line = f'<line x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
    return f'{line}<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number_text(value)}</text>'


def _time_label(x: int, anchor: str, at: datetime) -> str:
    return f'<text x="{x}" y="{_HEIGHT - 6}" text-anchor="{anchor}">{at:%H:%M}</text>'


def _legend(names: Sequence[str]) -> str:
    items = (
        f'<li><span style="background:{_COLOURS[number % len(_COLOURS)]}"></span>{escape(name or "none")}</li>'
        for number, name in enumerate(names)
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def _svg(title: str, height: int, content: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">{content}</svg>'
