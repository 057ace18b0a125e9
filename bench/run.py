#!/usr/bin/env python3
"""Measures genapp on this machine: everything it needs is started on the loopback, and ended.

    .venv/bin/python bench/run.py s1                        # one scenario, one table
    .venv/bin/python bench/run.py s1 --gzip --rounds 2
    .venv/bin/python bench/run.py idle --connections 10000
    .venv/bin/python bench/run.py all                       # every one, then the tables and charts of the docs

Needs Linux and a C compiler (and zlib's headers for --gzip). JSON goes to bench/results/, the table to the screen.
Machines are noisy: the medians over the rounds are what counts, and CPU more than milliseconds.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import results
from bench.driving import CLIENTS
from bench.machine import describe
from bench.scenarios import before_after, fan_out, growth, idle, in_flight, resting, returning

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.results import Result


@dataclass(frozen=True)
class Scenario:
    """What `run.py <name>` does."""

    about: str
    run: Callable[[argparse.Namespace], Result]
    table: Callable[[Result], str]


SCENARIOS = {
    "before-after": Scenario("the page done in the request, and genapp", before_after.run, before_after.table),
    "s1": Scenario("50 answers in flight, a viewer each", in_flight.s1, in_flight.table),
    "s2": Scenario("200 answers in flight, a viewer each", in_flight.s2, in_flight.table),
    "s1-gzip": Scenario("50 answers in flight, deflated", in_flight.s1_gzip, in_flight.table),
    "most": Scenario("how many can be in flight", in_flight.most, in_flight.most_table),
    "fan-out": Scenario("one answer, 2,000 viewers", fan_out.run, fan_out.table),
    "idle": Scenario("10,000 and 50,000 viewers who wait", idle.run, idle.table),
    "growth": Scenario("answers of 100 to 100,000 tokens", growth.run, growth.table),
    "returning": Scenario("10,000 viewers cut off at once, and 200 a second", returning.run, returning.table),
    "resting": Scenario("start, idle CPU, job pick-up", resting.run, resting.table),
}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told = "; ".join(f"{name}: {scenario.about}" for name, scenario in SCENARIOS.items())
    parser.add_argument("scenario", nargs="*", default=["s1"], help=f"{told}; all: each of them")
    parser.add_argument("--rounds", type=int, default=0, help="how many of each; each scenario has its own usual")
    parser.add_argument("--client", choices=CLIENTS, default="browser", help="who submits the prompts of s1 and s2")
    parser.add_argument("--dialect", choices=["htmx", "turbo", "json"], default="htmx", help="in s1 and s2")
    parser.add_argument("--gzip", action="store_true", help="everybody accepts gzip")
    parser.add_argument("--connections", type=int, nargs="+", help="of idle")
    parser.add_argument("--web", type=int, help="web processes of idle")
    options = parser.parse_args()
    options.scenario = list(SCENARIOS) if options.scenario == ["all"] else options.scenario
    if unknown := set(options.scenario) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(unknown)}")
    return options


def main() -> None:
    options = parsed()
    for name in options.scenario:
        began = time.monotonic()
        result = SCENARIOS[name].run(options)
        result |= {"machine": describe(), "seconds": round(time.monotonic() - began)}
        results.keep(f"{name}-gzip" if options.gzip else name, result)
        print(f"\n{SCENARIOS[name].about} ({result['seconds']} s)\n\n{SCENARIOS[name].table(result)}\n", flush=True)


if __name__ == "__main__":
    main()
