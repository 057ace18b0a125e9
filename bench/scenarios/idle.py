"""Connections that wait: what each takes to accept and to hold, and what pages and answers notice of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench import driving
from bench.accounting import slab_kb
from bench.results import Result, Round, figure, markdown, median
from bench.scenarios.in_flight import MODEL, one_round
from bench.scenarios.waiting import PATIENT, SILENT, streams
from bench.stack import Stack, running

if TYPE_CHECKING:
    import argparse

HOLD = 50  # seconds in which nothing happens: two heartbeats
PER_PROCESS = 15_000  # connections: a process may have 20,000 open files where it cannot raise the limit
BESIDE = 20  # answers written while the connections are held
ROWS = {
    "connected": "all",
    "KB a connection, web": "≤ 12",
    "KB a connection, Redis": "",
    "KB a connection, kernel, both ends": "",
    "CPU µs to accept one": "≤ 250",
    "accepted a second": "",
    "idle CPU %, web": "≤ 0.5 at 10,000",
    "idle CPU %, Redis": "",
    "page p50 meanwhile": "",
    "page p99 meanwhile": "< 200 at 50,000",
    "delay p50 meanwhile": "",
    "delay p99 meanwhile": "",
    "whole meanwhile": f"{BESIDE}",
    "closed by the web": "0",
}


def run(options: argparse.Namespace) -> Result:
    """A fresh stack for each number and each round: memory that was used once is not given back."""
    rounds: dict[str, list[Round]] = {}
    for count in options.connections or [10_000, 50_000]:
        web = options.web or -(-count // PER_PROCESS)
        # Each silent answer holds a thread of the worker.
        threads = str(max(256, options.streams + 2 * BESIDE))
        for _ in range(options.rounds or 1):
            with running(
                [MODEL, SILENT], WEB_CONCURRENCY=str(web), GENAPP_WORKER_CONCURRENCY=threads, **PATIENT
            ) as stack:
                driving.warm_up(stack)
                rounds.setdefault(f"{count:,} over {web}", []).append(
                    hold(stack, count, options.streams, gzip=options.gzip)
                )
    return {"rounds": rounds}


def hold(stack: Stack, count: int, spread_over: int, *, gzip: bool = False) -> Round:
    """Let so many connect and wait, then write answers and load pages beside them."""
    waiting = streams(stack, SILENT, spread_over)
    time.sleep(2)
    before, slab = stack.usage(), slab_kb()
    with driving.crowd(stack, waiting, count, hold=100_000, timeout=30, gzip=gzip) as crowd:
        ramp = stack.used(before)
        time.sleep(3)
        connected, settled, held = crowd.connected, stack.usage(), slab_kb()
        time.sleep(HOLD)
        idle = stack.used(settled)
        beside = one_round(stack, BESIDE)
        crowd.leave()
        told = crowd.results()
    return {
        "connected": connected,
        "KB a connection, web": (settled.kb["web"] - before.kb["web"]) / connected,
        "KB a connection, Redis": (settled.kb["redis"] - before.kb["redis"]) / connected,
        "KB a connection, kernel, both ends": (held - slab) / connected,
        "CPU µs to accept one": 1e6 * ramp.cpu["web"] / connected,
        "accepted a second": connected / max(one["ramp_s"] for one in crowd.ready),
        "idle CPU %, web": 100 * idle.cpu["web"] / idle.seconds,
        "idle CPU %, Redis": 100 * idle.cpu["redis"] / idle.seconds,
        **{f"{name} meanwhile": beside[name] for name in ("page p50", "page p99", "delay p50", "delay p99")},
        "whole meanwhile": beside["whole, of all"],
        "closed by the web": sum(one["closed_later"] for one in told),
        "reference loop µs": idle.reference["median_us"],
    }


def table(result: Result) -> str:
    columns = result["rounds"]
    head = ["waiting viewers, over web processes", "wanted", *columns]
    return markdown(
        head, [[name, ROWS[name], *[figure(median(columns[one], name)) for one in columns]] for name in ROWS]
    )
