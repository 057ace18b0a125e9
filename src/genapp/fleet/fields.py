"""How totals and gauges are written in Redis, and read again: also those of another release's processes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from genapp.figures import Figure
from genapp.metrics import DECLARED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from genapp.figures import Key

# With a hash tag, so that one call may write both.
TOTALS = "genapp:{fleet}:totals"
PROCESSES = "genapp:{fleet}:processes"

_encode = msgspec.json.Encoder().encode
# name, which of the figure's numbers, label, its value, label …
_field = msgspec.json.Decoder(list[str])
COUNTER, SUM = "total", "sum"


def increments(now: Mapping[Key, Figure], before: Mapping[Key, Figure]) -> Iterator[tuple[bytes, float]]:
    """Give what has been counted since: fields of the totals, and by how much each grows.

    A figure's first appearance is told with nothing in it: Prometheus sees no increase in a series that begins at one.
    Buckets are told by themselves and not with all below, so that one observation changes two fields and not ten.
    """
    for key, figure in now.items():
        if figure.kind == "gauge":
            continue
        known = before.get(key)
        more = figure.since(known)
        if known is None or more.total:
            yield _named(key, SUM if figure.kind == "histogram" else COUNTER), more.sum or more.value
            yield from ((_named(key, bound), number) for bound, number in _apart(more))


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
            _together(figure, DECLARED[name].bounds if name in DECLARED else ())
    return figures


def gauges(figures: Mapping[Key, Figure]) -> list[tuple[str, list[tuple[str, str]], float]]:
    """Give the gauges among them as they are written in a process's entry."""
    return [(name, list(labels), one.value) for (name, labels), one in figures.items() if one.kind == "gauge"]


def gauges_of(entries: list[tuple[str, list[tuple[str, str]], float]]) -> dict[Key, Figure]:
    """Read them."""
    return {(name, tuple(labels)): Figure("gauge", value) for name, labels, value in entries}


def _named(key: Key, part: str) -> bytes:
    name, labels = key
    return _encode([name, part, *(text for pair in labels for text in pair)])


def _apart(figure: Figure) -> Iterator[tuple[str, float]]:
    below = 0.0
    for up_to, number in figure.buckets.items():
        if number > below:
            yield repr(up_to), number - below
        below = number


def _together(figure: Figure, bounds: tuple[float, ...]) -> None:
    own, figure.buckets = figure.buckets, {}
    for up_to in sorted({*own, *bounds, math.inf}):
        figure.count += own.get(up_to, 0.0)
        figure.buckets[up_to] = figure.count
