#!/usr/bin/env python3
"""Measures what `budgets.toml` bounds, prints each figure beside its ceiling, and fails where one is above.

    .venv/bin/python bench/check_budgets.py        # half a minute; needs no compiler and no quiet machine

Counts come from Redis (INFO commandstats) and from PostgreSQL's log of statements; CPU from /proc.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.results import figure, markdown
from bench.scenarios.budgeted import MODELS, Figures, measure
from tests.running import running_app

BUDGETS = Path(__file__).with_name("budgets.toml")
# One thread a job of the budgets' eight is enough; webhooks and other processes are not what is measured.
SETTINGS = {"GENAPP_MODELS": MODELS, "GENAPP_WORKER_CONCURRENCY": "16", "GENAPP_MAX_IN_FLIGHT_PER_USER": "8"}


def main() -> None:
    budgets: Figures = tomllib.loads(BUDGETS.read_text())
    with tempfile.TemporaryDirectory(prefix="genapp-budgets-") as folder, running_app(Path(folder), **SETTINGS) as app:
        measured = asyncio.run(measure(app, list(budgets["queries_of_a_page"])))
    rows, over = [], 0
    for group, ceilings in budgets.items():
        for name, ceiling in ceilings.items():
            value = measured[group][name]
            verdict = "ok" if value <= ceiling else "ABOVE"
            over += value > ceiling
            rows.append([group.replace("_", " "), name, figure(value), figure(ceiling), verdict])
    print(markdown(["of", "figure", "measured", "ceiling", ""], rows))
    without = {name for group, found in measured.items() for name in found if name not in budgets[group]}
    if over or without:
        sys.exit(f"{over} figures are above their ceilings; without one: {sorted(without) or 'none'}")


if __name__ == "__main__":
    main()
