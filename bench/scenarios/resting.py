"""Nobody is there: how long it takes to start, what the parts use while they wait, how soon a job is picked up."""

from __future__ import annotations

import asyncio
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import redis
from redis.asyncio import Redis

from bench import driving
from bench.results import Result, markdown
from bench.scenarios.waiting import ask
from bench.stack import GENAPP, WARM_UP, Stack, running
from genapp.jobs import QUEUE, Jobs, make_broker
from genapp.processes import stop
from genapp.streams import Scripts
from tests.running import answers, eventually

if TYPE_CHECKING:
    import argparse

REST = 30  # seconds
JOBS = 50
FIRST_JOBS = 5  # in which a worker that has just started makes its connections and statements: 9 to 14 ms
PARTS = ("web", "worker", "redis", "postgres")
KEPT = "UPDATE generations SET enqueued_at = now() + interval '1 hour'"  # or else housekeeping enqueues them
STARTED = "SELECT extract(epoch FROM started_at) FROM generations WHERE id = $1"


def run(options: argparse.Namespace) -> Result:
    started = []
    for _ in range(options.rounds or 3):
        began = time.monotonic()
        with running([]) as stack:
            started.append(time.monotonic() - began)
            parts = stack.started
    with running([]) as stack:
        driving.warm_up(stack)
        time.sleep(5)
        before = stack.usage()
        time.sleep(REST)
        used = stack.used(before)
        picked = asyncio.run(_pick_ups(stack))
    return {
        "start_s": statistics.median(started),
        "ready_s": parts,
        "idle_percent": {part: 100 * used.cpu[part] / used.seconds for part in PARTS},
        "mb": {part: used.kb[part] / 1000 for part in PARTS},
        "pick_up_ms": {"p50": statistics.median(picked), "p95": sorted(picked)[int(len(picked) * 0.95)]},
    }


async def _pick_ups(stack: Stack) -> list[float]:
    """Milliseconds from enqueueing a prompt that is there to its claim by an idle worker, one prompt at a time.

    The way to the database and the beginning of a transaction there are in it.
    """
    stop(stack.processes.pop("worker"), patience=10)
    ids = [generation["id"] for _, _, generation in await ask(stack, WARM_UP, FIRST_JOBS + JOBS)]
    with redis.Redis.from_url(stack.cache) as client:
        client.delete(*client.keys(f"*{QUEUE}*"))  # what the web has put there
    database = await asyncpg.connect(stack.database)
    await database.execute(KEPT)
    stack.start("worker", *GENAPP, "worker")
    await eventually(partial(asyncio.to_thread, answers, f"{stack.url}/readyz"))
    await asyncio.sleep(5)
    client = Redis.from_url(stack.cache)
    jobs = Jobs(make_broker(stack.cache), Scripts(client))
    try:
        return [await _picked_up(jobs, database, one) for one in ids][FIRST_JOBS:]
    finally:
        await client.aclose()
        await database.close()


async def _picked_up(jobs: Jobs, database: Any, generation: str) -> float:
    async def started() -> bool:
        return await database.fetchval(STARTED, generation) is not None

    enqueued = time.time()
    await jobs.generate_later(UUID(generation))
    await eventually(started)
    return 1000 * (float(await database.fetchval(STARTED, generation)) - enqueued)


def table(result: Result) -> str:
    idle, mb = result["idle_percent"], result["mb"]
    rows = [
        ["from nothing to ready, s (database made and migrated)", "", f"{result['start_s']:.1f}"],
        ["of it web and worker, s", "", f"{result['ready_s']:.1f}"],
        *[[f"idle CPU %, {part}", "", f"{idle[part]:.2f}"] for part in PARTS],
        ["idle CPU %, all", "≤ 3", f"{sum(idle.values()):.2f}"],
        *[[f"MB, {part}", "", f"{mb[part]:.0f}"] for part in PARTS],
        ["enqueued → claimed ms, p50", "", f"{result['pick_up_ms']['p50']:.1f}"],
        ["enqueued → claimed ms, p95", "≤ 5", f"{result['pick_up_ms']['p95']:.1f}"],
    ]
    return markdown(["", "wanted", "measured"], rows)
