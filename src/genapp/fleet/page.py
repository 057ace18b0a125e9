"""The page for Prometheus."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric

from genapp.metrics import DECLARED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from genapp.figures import Figure, Key

CONTENT_TYPE = "text/plain; version=0.0.4"


class _Given:
    """What `generate_latest` wants: something that collects."""

    def __init__(self, figures: Mapping[Key, Figure]) -> None:
        self.figures = figures

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for (name, labels), figure in sorted(self.figures.items()):
            if name not in families:
                text = DECLARED[name].help if name in DECLARED else ""
                families[name] = Metric(name, text, figure.kind)
            _add(families[name], dict(labels), figure)
        yield from families.values()


def exposition(figures: Mapping[Key, Figure]) -> bytes:
    """All of it in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Given(figures))
    return generate_latest(registry)


def _add(family: Metric, labels: dict[str, str], figure: Figure) -> None:
    if figure.kind == "histogram":
        for up_to, number in figure.buckets.items():
            le = "+Inf" if math.isinf(up_to) else str(float(up_to))
            family.add_sample(f"{family.name}_bucket", {**labels, "le": le}, number)
        family.add_sample(f"{family.name}_sum", labels, figure.sum)
        family.add_sample(f"{family.name}_count", labels, figure.count)
    else:
        family.add_sample(f"{family.name}_total" if figure.kind == "counter" else family.name, labels, figure.value)
