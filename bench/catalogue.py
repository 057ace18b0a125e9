"""The scenarios by the names that `run.py` and docs/performance.md know them by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.scenarios import before_after, fan_out, growth, idle, in_flight, resting, returning

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from bench.results import Result


@dataclass(frozen=True)
class Scenario:
    """What is measured, and the Markdown of what came out."""

    about: str
    run: Callable[[argparse.Namespace], Result]
    table: Callable[[Result], str]


SCENARIOS = {
    "before-after": Scenario("the page done in the request, and genapp", before_after.run, before_after.table),
    "s1": Scenario("50 answers in flight, a viewer each", in_flight.s1, in_flight.table),
    "s1-gzip": Scenario("50 answers in flight, deflated", in_flight.s1_gzip, in_flight.table),
    "s1-browser": Scenario("50 answers in flight, submitted by a page", in_flight.s1_browser, in_flight.table),
    "s2": Scenario("200 answers in flight, a viewer each", in_flight.s2, in_flight.table),
    "most": Scenario("how many can be in flight", in_flight.most, in_flight.most_table),
    "fan-out": Scenario("one answer, 2,000 viewers", fan_out.run, fan_out.table),
    "idle": Scenario("10,000 and 50,000 viewers who wait", idle.run, idle.table),
    "growth": Scenario("answers of 100 to 100,000 tokens", growth.run, growth.table),
    "returning": Scenario("10,000 viewers cut off at once, and 200 a second", returning.run, returning.table),
    "resting": Scenario("start, idle CPU, job pick-up", resting.run, resting.table),
}
