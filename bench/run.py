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
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import report, results
from bench.catalogue import SCENARIOS
from bench.driving import CLIENTS
from bench.machine import describe
from genapp.processes import exit_on_signals


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told = "; ".join(f"{name}: {scenario.about}" for name, scenario in SCENARIOS.items())
    parser.add_argument("scenario", nargs="*", default=["s1"], help=f"{told}; all: each of them")
    parser.add_argument("--rounds", type=int, default=0, help="how many of each; each scenario has its own usual")
    parser.add_argument("--client", choices=CLIENTS, default="program", help="who submits the prompts of s1 and s2")
    parser.add_argument("--dialect", choices=["htmx", "turbo", "json"], default="htmx", help="in s1 and s2")
    parser.add_argument("--gzip", action="store_true", help="everybody accepts gzip")
    parser.add_argument("--connections", type=int, nargs="+", help="of idle")
    parser.add_argument("--streams", type=int, default=100, help="that the viewers of idle are spread over (100)")
    parser.add_argument("--web", type=int, help="web processes of s1, s2, most (1) and idle")
    parser.add_argument("--workers", type=int, help="worker processes of s1, s2 and most (1)")
    options = parser.parse_args(namespace=argparse.Namespace(all=False))
    if options.scenario == ["all"]:
        options.scenario, options.all = list(SCENARIOS), True
    if unknown := set(options.scenario) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(unknown)}")
    return options


def main() -> None:
    options = parsed()
    exit_on_signals()  # so that what was started is ended
    for name in options.scenario:
        began, load = time.monotonic(), os.getloadavg()[0]
        result = SCENARIOS[name].run(options)
        result |= {"machine": describe(), "seconds": round(time.monotonic() - began), "load_before": round(load, 1)}
        results.keep(f"{name}-gzip" if options.gzip else name, result)
        print(f"\n{SCENARIOS[name].about} ({result['seconds']} s)\n\n{SCENARIOS[name].table(result)}\n", flush=True)
    if options.all:
        report.write()


if __name__ == "__main__":
    main()
