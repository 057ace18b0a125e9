"""What a scenario gives: figures, kept as JSON in `bench/results/`, from which tables and charts are made."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FOLDER = Path(__file__).resolve().parent / "results"
Result = dict[str, Any]
Round = dict[str, float]


def keep(name: str, result: Result) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")


def kept(name: str) -> Result | None:
    """What the last run of a scenario gave; None where there was none."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def median(rounds: Iterable[Round], name: str) -> float:
    return statistics.median(one[name] for one in rounds)


def figure(value: float) -> str:
    """A number as a reader wants it: three digits that mean something, thousands set apart."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def spread(rounds: Sequence[Round], name: str) -> str:
    """The median, and what it was drawn from where there was more than one round."""
    middle = figure(median(rounds, name))
    if len(rounds) == 1 or len({one[name] for one in rounds}) == 1:
        return middle
    return f"{middle} ({' '.join(figure(one[name]) for one in rounds)})"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
