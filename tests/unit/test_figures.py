"""What is made of a page of figures."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from genapp.figures import Figure, read


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def page(registry: CollectorRegistry) -> dict[str, Figure]:
    """The figures by their name."""
    return {name: figure for (name, _), figure in read(generate_latest(registry).decode()).items()}


def test_a_histogram_is_read_as_what_came_since_an_earlier_look(registry: CollectorRegistry) -> None:
    waits = Histogram("wait_seconds", "Waits.", buckets=(1, 2, 4), registry=registry)
    for _ in range(100):
        waits.observe(0.5)
    earlier = page(registry)["wait_seconds"]
    for seconds in (1.5, 1.5, 3, 3):
        waits.observe(seconds)
    fresh = page(registry)["wait_seconds"].since(earlier)
    assert (fresh.count, fresh.mean) == (4, 2.25)
    assert fresh.quantile(0.5) == 2
    assert fresh.quantile(0.75) == 3
    assert earlier.quantile(0.5) == 0.5
    waits.observe(60)
    assert page(registry)["wait_seconds"].since(earlier).quantile(0.99) == 4, "all that is known is that it is more"


def test_nothing_has_no_mean_and_no_percentile(registry: CollectorRegistry) -> None:
    Histogram("wait_seconds", "Waits.", registry=registry)
    empty = page(registry)["wait_seconds"]
    assert (empty.mean, empty.quantile(0.5)) == (None, None)


def test_a_process_that_was_started_anew_has_done_what_it_says_now(registry: CollectorRegistry) -> None:
    Counter("answers_total", "Answers.", registry=registry).inc(3)
    Gauge("open", "Open.", registry=registry).set(2)
    now = page(registry)
    assert now["answers"].since(Figure("counter", value=10)).value == 3
    assert now["answers"].since(Figure("counter", value=1)).value == 2
    assert now["open"].since(Figure("gauge", value=5)).value == 2


def test_what_is_no_page_of_figures_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011  its words are the parser's
        read("<html><body>Not found</body></html>")
