"""What was to be reached, what was measured, and the floor: the same job in bare Python and in C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.results import Result, figure, kept, markdown, median
from bench.scenarios.growth import slopes
from bench.scenarios.in_flight import most_within

if TYPE_CHECKING:
    from collections.abc import Callable


def _of(name: str) -> Callable[[Result], float]:
    """The median of the rounds."""
    return lambda result: median(result["rounds"], name)


def _held(count: int, name: str) -> Callable[[Result], float]:
    """The same, of one of the numbers of idle connections. Raises `LookupError` when that was not tried."""

    def read(result: Result) -> float:
        tried = [rounds for label, rounds in result["rounds"].items() if label.startswith(f"{count:,} ")]
        return median(tried[0], name)

    return read


def _whole(result: Result) -> float:
    return 100 * median(result["rounds"], "whole, of all") / float(result["at_once"] * result["reps"])


def _slope(result: Result) -> float:
    """How much more a token costs in the longest answer than in the one before, in percent."""
    *_, before, last = slopes(result)
    return 100 * abs(last / before - 1)


Line = tuple[str, str, "Callable[[Result], float]", str, float, str]
# Scenario, figure, how to read it, whether at most (≤) or at least (≥), what was to be reached, the floor.
LINES: tuple[Line, ...] = (
    ("s1", "S1: whole and in order, %", _whole, "≥", 100, "100"),
    ("s1", "S1: CPU ms a generation, web + worker", _of("CPU ms a generation, web + worker"), "≤", 45, "10.5, C 4.9"),
    ("s1", "S1: with Redis and PostgreSQL", _of("with Redis and PostgreSQL"), "≤", 55, "12.3, C 5.3"),
    ("s1", "S1: POST ms, p50", _of("POST p50"), "≤", 8, "0.5, C 0.2"),
    ("s1", "S1: POST ms, p99", _of("POST p99"), "≤", 30, "1.2, C 0.3"),
    ("s1", "S1: first content ms, p50", _of("first content beyond the provider's p50"), "≤", 8, "18, C 1"),
    ("s1", "S1: first content ms, p99", _of("first content beyond the provider's p99"), "≤", 25, "23, C 1.8"),
    ("s1", "S1: delay ms, p50", _of("delay p50"), "≤", 20, "5.6, C 0.4"),
    ("s1", "S1: delay ms, p99", _of("delay p99"), "≤", 50, "21, C 0.7"),
    ("s1", "S1: KB a generation", _of("KB a generation"), "≤", 20, "10"),
    ("s1-gzip", "S1: KB a generation, deflated", _of("KB a generation"), "≤", 8, ""),
    ("s1", "S1: pages ms, p99", _of("page p99"), "≤", 20, "0.9, C 0.6"),
    ("s2", "S2: whole and in order, %", _whole, "≥", 100, "100"),
    ("s2", "S2: delay ms, p99", _of("delay p99"), "≤", 80, "24, C 1.9"),
    ("s2", "S2: pages ms, p99", _of("page p99"), "≤", 60, "0.8, C 0.4"),
    ("most", "in flight with a delay p99 below 250 ms", most_within, "≥", 400, ""),
    ("fan-out", "CPU µs a frame delivered to one of 2,000", _of("CPU µs a delivered frame, web"), "≤", 15, "C 1.7"),
    ("idle", "KB an idle connection", _held(10_000, "KB a connection, web"), "≤", 12, "1.3, C 0.1"),
    ("idle", "CPU µs to accept one", _held(10_000, "CPU µs to accept one"), "≤", 250, "60, C 28"),
    ("idle", "idle CPU % at 10,000", _held(10_000, "idle CPU %, web"), "≤", 0.5, "0"),
    ("idle", "held of 50,000", _held(50_000, "connected"), "≥", 50_000, ""),
    ("idle", "pages ms at 50,000, p99", _held(50_000, "page p99 meanwhile"), "≤", 200, ""),
    ("growth", "a token of 100,000 beside one of 10,000, % off", _slope, "≤", 10, "0"),
    ("returning", "s until the last of 10,000 is back", lambda one: one["storm"]["back_max"], "≤", 10, ""),
    ("resting", "ms until a job is picked up, p95", lambda one: one["pick_up_ms"]["p95"], "≤", 5, ""),
    ("resting", "idle CPU % of the whole stack", lambda one: sum(one["idle_percent"].values()), "≤", 3, ""),
)


def table() -> str:
    """A line for each figure that has been measured here; its place is at the top of the page."""
    results: dict[str, Any] = {name: kept(name) for name, *_ in LINES}
    rows = [_row(*line, results[line[0]]) for line in LINES]
    return markdown(["", "to be reached", "measured", "", "floor: bare Python, C"], rows)


def _row(_scenario: str, label: str, read: Any, sign: str, wanted: float, floor: str, result: Any) -> list[str]:
    try:
        value = float(read(result or {}))
    except LookupError:
        return [label, f"{sign} {figure(wanted)}", "not measured", "", floor]
    reached = value <= wanted if sign == "≤" else value >= wanted
    return [label, f"{sign} {figure(wanted)}", figure(value), "reached" if reached else "**missed**", floor]
