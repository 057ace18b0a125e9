"""Charts as SVG, a few lines each, readable on light and on dark pages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from bench.results import figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 44, 48
# An image has no theme of the page, but it may ask the system's.
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; stroke: none !important }
  .title { font-size: 15px; font-weight: 600 }
  .quiet { fill: #59636e }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .limit { stroke: #d1242f; stroke-width: 1.5; stroke-dasharray: 5 4 }
  .c0 { stroke: #0969da; fill: #0969da } .c1 { stroke: #bc4c00; fill: #bc4c00 }
  .c2 { stroke: #8c959f; fill: #8c959f } .c3 { stroke: #1a7f37; fill: #1a7f37 }
  polyline { fill: none !important; stroke-width: 2.5 }
  text.c0 { fill: #0969da } text.c1 { fill: #bc4c00 } text.c2 { fill: #59636e } text.c3 { fill: #1a7f37 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 } .grid { stroke: #3d444d }
    .c0, text.c0 { stroke: #4493f8; fill: #4493f8 } .c1, text.c1 { stroke: #f0883e; fill: #f0883e }
    .c2, text.c2 { stroke: #9198a1; fill: #9198a1 } .c3, text.c3 { stroke: #3fb950; fill: #3fb950 }
  }"""


@dataclass(frozen=True)
class Axis:
    """From where to where; `log` has a line for each power of ten."""

    label: str
    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value is, from 0 to 1."""
        if self.log:
            value = max(value, self.low)
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def marks(self) -> list[float]:
        if self.log:
            low, high = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            return [10.0**power for power in range(low, high + 1)]
        step = 10 ** math.floor(math.log10(self.high - self.low))
        step *= 0.2 if (self.high - self.low) / step < 2 else 0.5 if (self.high - self.low) / step < 5 else 1
        return [step * number for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def fitting(label: str, values: Sequence[float], *, log: bool = False) -> Axis:
    """An axis that has room for all the values."""
    if log:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return Axis(label, 10.0**low, 10.0 ** max(high, low + 1), log=True)
    return Axis(label, 0, max(values) * 1.08)


def lines(
    title: str, series: Mapping[str, Sequence[tuple[float, float]]], across: Axis, up: Axis, limit: float | None = None
) -> str:
    """A line for each series, named at its end; `limit` is a dashed line."""
    parts = [*_grid(across, up)]
    if limit is not None:
        y = _y(up, limit)
        parts.append(f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    for number, (name, points) in enumerate(series.items()):
        places = [(_x(across, one), _y(up, two)) for one, two in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="c{number}" points="{path}"/>')
        parts += [f'<circle class="c{number}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places]
        x, y = places[-1]
        parts.append(f'<text class="c{number}" x="{x + 8:.1f}" y="{y + 4:.1f}">{escape(name)}</text>')
    return _image(title, HEIGHT, parts)


def bars(title: str, values: dict[str, float], ours: str, *, limit: float | None = None) -> str:
    """A bar for each, the smallest first; `ours` stands out, and `limit` is a dashed line."""
    height, left = 26, 250
    room = WIDTH - left - 80
    most = max(values.values())
    parts = []
    for number, (name, value) in enumerate(sorted(values.items(), key=lambda one: one[1])):
        y = TOP + number * height
        long = max(1.0, room * value / most)
        colour = "c0" if name == ours else "c2"
        parts.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect class="{colour}" x="{left}" y="{y}" width="{long:.1f}" height="{height - 8}"/>')
        parts.append(f'<text x="{left + long + 6:.1f}" y="{y + 14}">{figure(value)}</text>')
    bottom = TOP + len(values) * height
    if limit is not None:
        x = left + room * limit / most
        parts.append(f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{bottom}"/>')
    return _image(title, bottom + 12, parts)


def _grid(across: Axis, up: Axis) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for mark in up.marks():
        y = _y(up, mark)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="quiet" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_mark(mark)}</text>')
    for mark in across.marks():
        x = _x(across, mark)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}"/>')
        parts.append(f'<text class="quiet" x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{_mark(mark)}</text>')
    middle = (LEFT + right) / 2
    parts.append(
        f'<text class="quiet" x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(across.label)}</text>'
    )
    parts.append(f'<text class="quiet" x="{LEFT}" y="{TOP - 8}" text-anchor="middle">{escape(up.label)}</text>')
    return parts


def _mark(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 or value == 0 else f"{value:g}"


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.share(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.share(value) * (HEIGHT - BOTTOM - TOP - 10)


def _image(title: str, height: float, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    size = f'viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title, quote=True)}">'
    return (
        f'{head}\n<style>{STYLE}\n</style>\n<text class="title" x="10" y="20">{escape(title)}</text>\n{body}\n</svg>\n'
    )
