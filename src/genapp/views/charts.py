"""Charts as figures of plain SVG: what a template needs in order to draw them, and the same as a table.

A chart has a slot for each stretch of time. All coordinates are in a box of WIDTH × HEIGHT, which the page scales.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from genapp.views.amounts import known

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

WIDTH, HEIGHT = 360, 150
LEFT, RIGHT, TOP, BOTTOM = 44, 4, 10, 22
LINES_ACROSS = 4
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GAP = 0.2  # of a slot, between two bars


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a chart is about: slots of `step`, the first from `start` on, with a label at every `tick`.

    `clock` writes a moment, in UTC.
    """

    start: datetime
    step: timedelta
    slots: int
    tick: timedelta
    clock: str

    def moment(self, slot: int) -> str:
        """When a slot begins."""
        return (self.start + slot * self.step).strftime(self.clock)

    @property
    def labelled(self) -> list[int]:
        """The slots that begin at a round time."""
        return [slot for slot in range(self.slots) if not (self.start + slot * self.step - EPOCH) % self.tick]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a chart is about: `write` makes a value a text, `empty` is said where there is nothing to be drawn."""

    id: str
    title: str
    write: Callable[[float], str]
    empty: str


@dataclass(frozen=True, slots=True)
class Series:
    """What is drawn in one colour, which operations.css has by its `name`; `latest` says it in a number."""

    name: str
    values: Sequence[float | None]
    latest: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a stack, of the series of this name."""

    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A path of the series of this name, with gaps where nothing is known, and where its last point is."""

    name: str
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A label, and where it stands along its axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of time: what is shown when somebody points at it, and its line of the table."""

    x: float
    width: float
    moment: str
    cells: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure. Without `slots` there is nothing to be drawn."""

    subject: Subject
    series: tuple[Series, ...]
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()
    across: tuple[Tick, ...] = ()
    along: tuple[Tick, ...] = ()
    slots: tuple[Slot, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def lines(subject: Subject, span: Span, series: Sequence[Series]) -> Chart:
    """A line for each series."""
    there = [value for one in series for value in one.values if value is not None]
    if not there:
        return Chart(subject, tuple(series))
    scale = _scale(max(there))
    drawn = tuple(_line(one, span, scale[-1]) for one in series)
    return Chart(subject, tuple(series), lines=drawn, **_frame(subject, span, series, scale))


def stacks(subject: Subject, span: Span, series: Sequence[Series]) -> Chart:
    """A bar for each slot, made of the series on top of each other."""
    sums = [sum(one.values[slot] or 0 for one in series) for slot in range(span.slots)]
    if not any(sums):
        return Chart(subject, tuple(series))
    scale = _scale(max(sums))
    return Chart(subject, tuple(series), bars=_bars(series, span, scale[-1]), **_frame(subject, span, series, scale))


def _scale(most: float) -> list[float]:
    """Where lines go across: from 0 to what is round and not below `most`."""
    rough = (most or 1) / LINES_ACROSS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in (1, 2, 5, 10) if one * power >= rough)
    # Against what floating point makes of 0.3 / 0.1.
    return [number * step for number in range(math.ceil(round(most / step, 9)) + 1)] if most else [0.0, 1.0]


def _frame(subject: Subject, span: Span, series: Sequence[Series], scale: Sequence[float]) -> dict[str, Any]:
    return {
        "across": tuple(Tick(_y(value, scale[-1]), subject.write(value)) for value in scale),
        "along": tuple(Tick(_x(slot, span), span.moment(slot)) for slot in span.labelled),
        "slots": tuple(_slot(slot, span, series, subject.write) for slot in range(span.slots)),
    }


def _slot(slot: int, span: Span, series: Sequence[Series], write: Callable[[float], str]) -> Slot:
    values = [one.values[slot] for one in series]
    cells = tuple(known(write, value) for value in values)
    # A line of the table that says nothing is left out.
    said = ", ".join(f"{one.name} {cell}" for one, cell in zip(series, cells, strict=True)) if any(values) else ""
    return Slot(_x(slot, span), _width(span), span.moment(slot), cells, said)


def _line(series: Series, span: Span, most: float) -> Line:
    half = _width(span) / 2
    path, last, pen = [], (0.0, 0.0), "M"
    for slot, value in enumerate(series.values):
        if value is None:
            pen = "M"
            continue
        last = (round(_x(slot, span) + half, 1), _y(value, most))
        # What stands alone between two gaps is a dot: a line of no length with round ends.
        path.append(f"{pen}{last[0]} {last[1]}" + ("h0" if pen == "M" else ""))
        pen = "L"
    return Line(series.name, "".join(path), *last)


def _bars(series: Sequence[Series], span: Span, most: float) -> tuple[Bar, ...]:
    width = _width(span)
    made = []
    for slot in range(span.slots):
        below = 0.0
        for one in series:
            value = one.values[slot] or 0
            if value:
                top = _y(below + value, most)
                x = round(_x(slot, span) + width * GAP / 2, 2)
                made.append(Bar(one.name, x, top, round(width * (1 - GAP), 2), round(_y(below, most) - top, 2)))
            below += value
    return tuple(made)


def _width(span: Span) -> float:
    return round((WIDTH - LEFT - RIGHT) / span.slots, 3)


def _x(slot: int, span: Span) -> float:
    return round(LEFT + slot * (WIDTH - LEFT - RIGHT) / span.slots, 2)


def _y(value: float, most: float) -> float:
    return round(HEIGHT - BOTTOM - value / most * (HEIGHT - BOTTOM - TOP), 2)
