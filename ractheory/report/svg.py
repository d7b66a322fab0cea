"""A small writer of line charts as inline SVG: logarithmic in y, light enough for hundreds on one page.

Colours are left to the style sheet of the page (classes), so that a chart follows light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WIDTH, HEIGHT = 560, 270
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 12, 40
POINTS = 120
"""Curves with more points are thinned to so many."""

LONG = 100
"""From so many links on, the axis of t is logarithmic (in 1 + t)."""

DECADES = 18
"""What lies so many decades below the top of a chart is round-off, and drawn at its foot."""

CEILING = 1e12
"""Runs that diverge leave the chart so many times above the start."""


@dataclass(frozen=True)
class Line:
    """A curve over t: `style` is a class of the style sheet ("run", "bound")."""

    t: Array
    y: Array
    style: str


@dataclass(frozen=True)
class Band:
    """The area between two curves over t."""

    t: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Interval:
    """A vertical interval at one t: from an observed value to its confidence bound."""

    t: float
    low: float
    high: float


Mark = Line | Band | Interval


@dataclass(frozen=True)
class Chart:
    """Marks on common axes, and what the axes mean."""

    marks: tuple[Mark, ...]
    y_label: str
    title: str
    x_label: str = "link t"


def chart_svg(chart: Chart) -> str:
    """Return `chart` as an SVG element, or "" where nothing positive is to be drawn."""
    heights = np.concatenate([_heights(mark) for mark in chart.marks] or [np.empty(0)])
    positive = heights[np.isfinite(heights) & (heights > 0.0)]
    if not len(positive):
        return ""
    scales = _Scales(
        last=max(_last(mark) for mark in chart.marks), low=_low(positive), high=_high(positive)
    )
    body = [scales.grid(), *(scales.draw(mark) for mark in chart.marks), scales.labels(chart)]
    name = escape(chart.title)
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}">'
        f"<title>{name}</title>{''.join(body)}</svg>"
    )


def _heights(mark: Mark) -> Array:
    match mark:
        case Line():
            return mark.y
        case Band():
            return np.concatenate([mark.low, mark.high])
        case Interval():
            return np.array([mark.low, mark.high])


def _last(mark: Mark) -> float:
    return mark.t if isinstance(mark, Interval) else float(mark.t[-1])


def _high(positive: Array) -> float:
    """Return the top of the chart: a whole decade, not far above the typical value if runs diverge."""
    return float(ceil(log10(min(positive.max(), CEILING * np.median(positive))) - 1e-9))


def _low(positive: Array) -> float:
    low, high = floor(log10(positive.min()) + 1e-9), _high(positive)
    return float(min(max(low, high - DECADES), high - 1))


@dataclass(frozen=True)
class _Scales:
    """Where values lie on the sheet; `low` and `high` are powers of ten."""

    last: float
    low: float
    high: float

    def x(self, t: Array) -> Array:
        part = np.log1p(t) / np.log1p(self.last) if self.last >= LONG else t / max(self.last, 1.0)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def y(self, values: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            power = np.log10(np.where(np.isnan(values) | (values < 0.0), 0.0, values))
        part = (np.clip(power, self.low, self.high) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    def draw(self, mark: Mark) -> str:
        match mark:
            case Line():
                keep = self._kept(mark.t, mark.y)
                return f'<path class="{mark.style}" d="{self._path(mark.t[keep], mark.y[keep])}"/>'
            case Band():
                keep = self._kept(mark.t, mark.low)
                there = self._path(mark.t[keep], mark.high[keep])
                back = self._path(mark.t[keep][::-1], mark.low[keep][::-1])
                return f'<path class="band" d="{there}L{back[1:]}Z"/>' if there else ""
            case Interval():
                x = float(self.x(np.array([mark.t]))[0])
                low, high = self.y(np.array([mark.low, mark.high]))
                d = f"M{x - 4:.1f} {high:.1f}h8M{x:.1f} {high:.1f}V{low:.1f}M{x - 4:.1f} {low:.1f}h8"
                return f'<path class="interval" d="{d}"/>'

    def _kept(self, t: Array, y: Array) -> NDArray[np.int64]:
        """Return the indices of the points that are drawn, evenly spread over the axis of t."""
        there = np.flatnonzero(~np.isnan(y))
        if len(there) <= POINTS:
            return there
        x = self.x(t[there])
        wanted = np.linspace(x[0], x[-1], POINTS)
        return there[np.unique(np.clip(np.searchsorted(x, wanted), 0, len(there) - 1))]

    def _path(self, t: Array, y: Array) -> str:
        points = [f"{a:.1f} {b:.1f}" for a, b in zip(self.x(t), self.y(y), strict=True)]
        return "M" + "L".join(points) if points else ""

    def grid(self) -> str:
        """Return grid lines and tick labels."""
        parts = []
        for power in _powers(self.low, self.high):
            y = float(self.y(np.array([10.0**power]))[0])
            parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
            label = f'10<tspan dy="-5" font-size="8">{power:d}</tspan>'.replace(">-", ">\u2212")
            parts.append(
                f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
            )
        for t in self._times():
            x = float(self.x(np.array([t]))[0])
            parts.append(f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
            parts.append(
                f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{t:g}</text>'
            )
        return "".join(parts)

    def _times(self) -> Sequence[float]:
        if self.last >= LONG:
            return [0.0, *(10.0**k for k in range(int(log10(self.last)) + 1))]
        step = next(s for s in (1, 2, 5, 10, 20, 50) if self.last / s <= 10)
        return [float(t) for t in range(0, int(self.last) + 1, step)]

    def labels(self, chart: Chart) -> str:
        middle = (TOP + HEIGHT - BOTTOM) / 2
        return (
            f'<text class="label" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 6}" '
            f'text-anchor="middle">{escape(chart.x_label)}</text>'
            f'<text class="label" transform="translate(14 {middle:.0f}) rotate(-90)" '
            f'text-anchor="middle">{escape(chart.y_label)}</text>'
        )


def _powers(low: float, high: float) -> range:
    """Return the powers of ten that carry a grid line, at most seven."""
    return range(int(low), int(high) + 1, max(1, ceil((high - low) / 6)))
