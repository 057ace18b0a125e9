"""What one process counts: plain numbers, since all of it happens on one event loop.

prometheus-client's own take a lock a number, and its registry takes 40 µs a histogram to be read: 10 ms every two
seconds on the loop that writes the frames, of a web whose 160 histograms are in use. These take 1 µs.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from genapp.figures import Kind


@dataclass(slots=True)
class Number:
    """A counter, or a gauge. Whoever counts elsewhere sets `value`."""

    value: float = 0

    @property
    def state(self) -> tuple[float, ...]:
        return (self.value,)

    def inc(self, by: float = 1) -> None:
        self.value += by

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Counts one for as long as the block runs."""
        self.value += 1
        try:
            yield
        finally:
            self.value -= 1


@dataclass(slots=True)
class Spread:
    """A histogram: how many up to each of `bounds` and not to the one before, and their `sum`."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    sum: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    @property
    def state(self) -> tuple[float, ...]:
        return (self.sum, *self.counts)

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Observes how many seconds the block takes."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.observe(time.monotonic() - began)


Series = TypeVar("Series", Number, Spread)


class Metric(Generic[Series]):
    """A name, and a series for each set of values of its labels. `bounds`: a histogram's, infinity among them."""

    def __init__(
        self,
        name: str,
        kind: Kind,
        text: str,
        labels: tuple[str, ...],
        make: Callable[[], Series],
        bounds: tuple[float, ...] = (),
    ) -> None:
        self.name = name
        self.kind = kind
        self.help = text
        self.label_names = labels
        self.bounds = (*bounds, math.inf) if bounds else ()
        self.series: dict[tuple[str, ...], Series] = {}
        self._make: Callable[[], Series] = make

    def labels(self, *values: str) -> Series:
        """The series of these values, in the order in which the labels are declared."""
        found = self.series.get(values)
        if found is None:
            if len(values) != len(self.label_names):
                raise ValueError(f"{self.name} has the labels {self.label_names}")
            found = self.series[values] = self._make()
        return found
