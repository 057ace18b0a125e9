"""How totals and gauges are written in Redis, and read again: also those of another release's processes."""

from __future__ import annotations

import math
from itertools import repeat
from typing import TYPE_CHECKING

import msgspec

from genapp.figures import Figure
from genapp.metrics import DECLARED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from genapp.figures import Key

# With a hash tag, so that one call may write both.
TOTALS = "genapp:{fleet}:totals"
PROCESSES = "genapp:{fleet}:processes"

# What a process has counted: by series, a counter's number, or a histogram's sum and then its buckets.
Counted = dict["Key", tuple[float, ...]]
# As they are in a process's entry.
Gauges = list[tuple[str, list[tuple[str, str]], float]]

_encode = msgspec.json.Encoder().encode
# name, which of the figure's numbers, label, its value, label …
_field = msgspec.json.Decoder(list[str])
COUNTER, SUM = "total", "sum"


def counted() -> Counted:
    """What this process has counted so far."""
    return {
        (name, _pairs(metric.label_names, values)): series.state
        for name, metric in DECLARED.items()
        if metric.kind != "gauge"
        for values, series in metric.series.items()
    }


def increments(now: Counted, before: Counted, *, unknown: bool = False) -> Iterator[tuple[bytes, float]]:
    """Give what has been counted since: fields of the totals, and by how much each grows.

    A series is told once with nothing in it: Prometheus sees no increase in one that begins with something. All are
    told again where they are `unknown`, since Redis has lost them. Buckets are
    told by themselves and not with all below, so that one observation changes two fields and not ten.
    """
    for key, state in now.items():
        known = before.get(key)
        if known == state and not unknown:
            continue
        parts = (SUM, *map(str, DECLARED[key[0]].bounds)) if len(state) > 1 else (COUNTER,)
        for part, number, earlier in zip(parts, state, known or repeat(0.0), strict=False):
            if number != earlier or ((known is None or unknown) and part in (SUM, COUNTER)):
                yield _encode([key[0], part, *(text for pair in key[1] for text in pair)]), number - earlier


def totals(stored: Mapping[bytes, bytes]) -> dict[Key, Figure]:
    """Read the totals."""
    figures: dict[Key, Figure] = {}
    for written, number in stored.items():
        name, part, *labels = _field.decode(written)
        key = (name, tuple(zip(labels[::2], labels[1::2], strict=True)))
        figure = figures.get(key) or figures.setdefault(key, Figure("counter" if part == COUNTER else "histogram"))
        if part == COUNTER:
            figure.value = float(number)
        elif part == SUM:
            figure.sum = float(number)
        else:
            figure.buckets[float(part)] = float(number)
    for (name, _), figure in figures.items():
        if figure.kind == "histogram":
            _add_up(figure, DECLARED[name].bounds if name in DECLARED else (math.inf,))
    return figures


def gauges() -> Gauges:
    """What this process's gauges show."""
    return [
        (name, list(_pairs(metric.label_names, values)), series.state[0])
        for name, metric in DECLARED.items()
        if metric.kind == "gauge"
        for values, series in metric.series.items()
    ]


def gauges_of(entries: Gauges) -> dict[Key, Figure]:
    """Read a process's."""
    return {(name, tuple(labels)): Figure("gauge", value) for name, labels, value in entries}


def _pairs(names: Sequence[str], values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(zip(names, values, strict=True)))


def _add_up(figure: Figure, bounds: tuple[float, ...]) -> None:
    own, figure.buckets = figure.buckets, {}
    for up_to in sorted({*own, *bounds}):
        figure.count += own.get(up_to, 0.0)
        figure.buckets[up_to] = figure.count
