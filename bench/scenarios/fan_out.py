"""One answer, thousands of viewers: what a frame costs that is delivered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench import driving
from bench.results import Result, Round, markdown, spread
from bench.scenarios.waiting import streams
from bench.stack import Stack, running

if TYPE_CHECKING:
    import argparse

VIEWERS = 2_000
TOKENS, RATE = 200, 10  # slow enough that each token is a frame and each frame a write of its own
MODEL = f"fake-ttft15000-tps{RATE}-n{TOKENS}"  # everybody has come before it begins
ROWS = {
    "whole, of all": f"{VIEWERS:,}",
    "CPU µs a delivered frame, web": "≤ 15",
    "a delivered frame, in reference loops": "",
    "frames delivered a second": "",
    "bytes a delivered frame": "",
    "delay p50": "",
    "delay p99": "",
    "KB a viewer, web": "",
}


def run(options: argparse.Namespace) -> Result:
    with running([MODEL]) as stack:
        driving.warm_up(stack)
        rounds = [one_round(stack, gzip=options.gzip) for _ in range(options.rounds or 2)]
    return {"viewers": VIEWERS, "rounds": rounds}


def one_round(stack: Stack, *, gzip: bool) -> Round:
    """Everybody connects before the answer begins, and is there until it ends."""
    begun = stack.usage()
    watched = streams(stack, MODEL, 1)
    with driving.crowd(stack, watched, VIEWERS, mode="watch", tokens=TOKENS, timeout=120, ramp=800, gzip=gzip) as crowd:
        before = stack.usage()
        told = crowd.results()[0]
        time.sleep(0.5)
        used = stack.used(before)
    frame = 1e6 * used.cpu["web"] / told["events"]
    return {
        "whole, of all": told["ok"],
        "CPU µs a delivered frame, web": frame,
        "a delivered frame, in reference loops": frame / used.reference["median_us"],
        "frames delivered a second": told["events"] / (TOKENS / RATE),
        "bytes a delivered frame": told["bytes"] / told["events"],
        "delay p50": told["chunk_ms"]["p50"],
        "delay p99": told["chunk_ms"]["p99"],
        "KB a viewer, web": (used.kb["web"] - begun.kb["web"]) / VIEWERS,
        "reference loop µs": used.reference["median_us"],
    }


def table(result: Result) -> str:
    head = [f"{result['viewers']:,} viewers of one answer", "wanted", "median (rounds)"]
    return markdown(head, [[name, ROWS[name], spread(result["rounds"], name)] for name in ROWS])
