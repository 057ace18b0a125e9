"""Which charts there are, and which results they are made of."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from bench.charts import bars, fitting, lines
from bench.results import Result, median

if TYPE_CHECKING:
    from collections.abc import Callable

ALTERNATIVES = tomllib.loads(Path(__file__).with_name("alternatives.toml").read_text())
SECONDS_LONGEST = 120


def of_s1(result: Result) -> str:
    name = "CPU ms a generation, 50 in flight"
    ours = median(result["rounds"], "CPU ms a generation, web + worker")
    return bars(name, {**ALTERNATIVES[name], "genapp": ours}, "genapp", limit=45)


def of_idle(result: Result) -> str:
    name = "KB an idle connection, 10,000 of them"
    rounds = next(iter(result["rounds"].values()))
    return bars(name, {**ALTERNATIVES[name], "genapp": median(rounds, "KB a connection, web")}, "genapp", limit=12)


def of_most(result: Result) -> str:
    tried = result["tried"]
    series = {
        name.removeprefix("delay "): [(one["at_once"], median(one["rounds"], name)) for one in tried]
        for name in ("delay p99", "delay p50")
    }
    values = [value for points in series.values() for _, value in points]
    across = fitting("answers in flight", [one["at_once"] for one in tried])
    return lines(
        "From the provider to the viewer", series, across, fitting("ms", values, log=True), limit=result["limit_ms"]
    )


def of_before_after(result: Result) -> str:
    series = {
        label: [(one["people"], (one["page_p50"] or 1000 * SECONDS_LONGEST) / 1000) for one in result[kind]]
        for label, kind in (("in the request", "before"), ("genapp", "after"))
    }
    series = {name: series[name] for name in ("genapp", "in the request")}
    values = [value for points in series.values() for _, value in points]
    across = fitting("people who ask at once", [one["people"] for one in result["before"]], log=True)
    return lines("How long everybody else waits for a page, p50", series, across, fitting("s", values, log=True))


def of_growth(result: Result) -> str:
    series = {
        name: [(one["tokens"], median(one["rounds"], key)) for one in result["lengths"]]
        for name, key in (("worker, ms", "worker"), ("web, ms", "web"), ("bytes, KB", "kb"))
    }
    values = [value for points in series.values() for _, value in points]
    across = fitting("tokens of the answer", [one["tokens"] for one in result["lengths"]], log=True)
    return lines("CPU and bytes of one answer", series, across, fitting("ms, KB", values, log=True))


PICTURES: dict[str, tuple[str, Callable[[Result], str]]] = {
    "s1": ("cpu-a-generation", of_s1),
    "most": ("delay-in-flight", of_most),
    "idle": ("memory-a-connection", of_idle),
    "before-after": ("pages-meanwhile", of_before_after),
    "growth": ("growing-answers", of_growth),
}
