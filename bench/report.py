#!/usr/bin/env python3
"""Writes the tables and charts of docs/performance.md from the JSON in bench/results/.

    .venv/bin/python bench/report.py

A table stands between `<!-- name -->` and `<!-- /name -->`; what has not been measured here is left as it is.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import scorecard
from bench.catalogue import SCENARIOS
from bench.pictures import PICTURES
from bench.results import Result, kept

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "performance.md"


def write() -> None:
    """Replace the tables in the page, and the charts beside it."""
    text = PAGE.read_text()
    for name, scenario in SCENARIOS.items():
        result = kept(name)
        if result is None:
            print(f"{name} has not been measured here: its table is left as it is", file=sys.stderr)
            continue
        text = _replaced(text, name, f"{scenario.table(result)}\n\n{_origin(result)}")
        text = _replaced(text, "machine", _machine(result["machine"]))
        if name in PICTURES:
            picture, draw = PICTURES[name]
            (DOCS / "images" / f"{picture}.svg").write_text(draw(result))
    PAGE.write_text(_replaced(text, "scorecard", scorecard.table()))


def _replaced(text: str, name: str, table: str) -> str:
    pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    replaced, times = pattern.subn(lambda found: f"{found[1]}{table}\n{found[2]}", text)
    if times != 1:
        raise SystemExit(f"{PAGE} must have one place for {name}, it has {times}.")
    return replaced


def _origin(result: Result) -> str:
    machine = result["machine"]
    busy = f"load average {result['load_before']} before it began"
    return f"<sub>{machine['at']}, commit {machine['commit']}; {busy}.</sub>"


def _machine(machine: dict[str, Any]) -> str:
    where = f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GB, {machine['system']}"
    with_what = f"Python {machine['python']}, PostgreSQL {machine['postgresql']}, Redis {machine['redis']}"
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    return f"{where}, kernel {machine['kernel']}; {with_what}; {libraries}."


if __name__ == "__main__":
    write()
