"""Figures, as Prometheus has them: what they are now, and what has come between two looks at them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client.metrics_core import Metric

Kind = Literal["gauge", "counter", "histogram"]
KINDS: dict[str, Kind] = {"counter": "counter", "histogram": "histogram"}
Labels = tuple[tuple[str, str], ...]
Key = tuple[str, Labels]


@dataclass(slots=True)
class Figure:
    """One series. `value` is a gauge's or a counter's; a histogram has the rest: `buckets` are how many up to what."""

    kind: Kind
    value: float = 0.0
    count: float = 0.0
    sum: float = 0.0
    buckets: dict[float, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """What only grows, unless its process is started anew."""
        return self.count if self.kind == "histogram" else self.value

    def since(self, earlier: Figure | None) -> Figure:
        """What has come since `earlier`; all of it where there was none, or where it has begun again at nothing."""
        if earlier is None or self.kind == "gauge" or self.total < earlier.total:
            return self
        buckets = {up_to: number - earlier.buckets.get(up_to, 0.0) for up_to, number in self.buckets.items()}
        return Figure(
            self.kind, self.value - earlier.value, self.count - earlier.count, self.sum - earlier.sum, buckets
        )

    @property
    def mean(self) -> float | None:
        return self.sum / self.count if self.count else None

    def quantile(self, part: float) -> float | None:
        """An estimate, as Prometheus makes it: evenly spread within a bucket. None where there is nothing."""
        wanted, below, lower = part * self.count, 0.0, 0.0
        if not self.count:
            return None
        for up_to, number in sorted(self.buckets.items()):
            if number >= wanted:
                if math.isinf(up_to):
                    return lower
                share = (wanted - below) / (number - below) if number > below else 1.0
                return lower + (up_to - lower) * share
            below, lower = number, up_to
        return None


def read(text: str) -> dict[Key, Figure]:
    """The figures of a page, in its order. Raises ValueError for what is no such page."""
    figures: dict[Key, Figure] = {}
    for family in text_string_to_metric_families(text):
        _read_family(family, figures)
    return figures


def _read_family(family: Metric, figures: dict[Key, Figure]) -> None:
    kind = KINDS.get(family.type, "gauge")
    for sample in family.samples:
        if sample.name.endswith("_created"):
            continue
        figure = figures.setdefault((family.name, _labels(sample.labels)), Figure(kind))
        if kind != "histogram":
            figure.value = sample.value
        elif sample.name.endswith("_sum"):
            figure.sum = sample.value
        elif sample.name.endswith("_count"):
            figure.count = sample.value
        else:
            figure.buckets[float(sample.labels["le"])] = sample.value


def _labels(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted((name, value) for name, value in labels.items() if name != "le"))
