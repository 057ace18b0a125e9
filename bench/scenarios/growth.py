"""What an answer costs as it grows: CPU and bytes must be linear in its length."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from bench import driving
from bench.results import Result, Round, figure, markdown, median
from bench.stack import Stack, running

if TYPE_CHECKING:
    import argparse

RATE = 1_000  # tokens a second, in paragraphs of a hundred
AT_ONCE = 4
LENGTHS = {100: 25, 1_000: 10, 10_000: 3, 100_000: 1}  # how often each: the short ones are soon lost in the noise


def run(options: argparse.Namespace) -> Result:
    lengths = []
    with running([_model(tokens) for tokens in LENGTHS]) as stack:
        driving.warm_up(stack)
        for tokens, reps in LENGTHS.items():
            rounds = [one_round(stack, tokens, reps) for _ in range(options.rounds or 1)]
            lengths.append({"tokens": tokens, "rounds": rounds})
    return {"rate": RATE, "at_once": AT_ONCE, "lengths": lengths}


def _model(tokens: int) -> str:
    return f"fake-ttft100-tps{RATE}-par100-n{tokens}"


def one_round(stack: Stack, tokens: int, reps: int) -> Round:
    before = stack.usage()
    told = driving.generate(stack, _model(tokens), tokens, AT_ONCE, reps=reps, page_rate=0, timeout=300)
    used = stack.used(before)
    count = AT_ONCE * reps
    return {
        "whole": told["ok"] / count,
        "web": 1000 * used.cpu["web"] / count,
        "worker": 1000 * used.cpu["worker"] / count,
        "engines": 1000 * used.engines / count,
        "kb": told["bytes_per_gen"]["p50"] / 1000,
        "web_mb": used.kb["web"] / 1000,
        "worker_mb": used.kb["worker"] / 1000,
        "reference loop µs": used.reference["median_us"],
    }


def table(result: Result) -> str:
    """A row for each length; what a thousand tokens more cost is told against the length before."""
    names = ("web", "worker", "engines", "kb", "web_mb", "worker_mb")
    found = [
        {"tokens": one["tokens"], **{name: median(one["rounds"], name) for name in (*names, "whole")}}
        for one in result["lengths"]
    ]
    rows = [_row(found[0], None), *[_row(one, before) for before, one in pairwise(found)]]
    head = ["tokens", "whole", "CPU ms web + worker", "Redis + PostgreSQL", "KB to the viewer"]
    more = ["ms a thousand more", "KB a thousand more", "MB web, worker"]
    return markdown([*head, *more], rows)


def _row(one: dict[str, float], before: dict[str, float] | None) -> list[str]:
    app, slopes = one["web"] + one["worker"], ["", ""]
    if before:
        thousands = (one["tokens"] - before["tokens"]) / 1000
        more = ((app - before["web"] - before["worker"]) / thousands, (one["kb"] - before["kb"]) / thousands)
        slopes = [figure(value) for value in more]
    measured = [figure(value) for value in (app, one["engines"], one["kb"])]
    whole = "all" if one["whole"] == 1 else f"{100 * one['whole']:.0f} %"
    return [f"{one['tokens']:,}", whole, *measured, *slopes, f"{figure(one['web_mb'])}, {figure(one['worker_mb'])}"]
