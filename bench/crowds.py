#!/usr/bin/env python3
"""Measures what long answers, slow viewers and crowds cost everybody else, and what memory they leave behind.

    .venv/bin/python bench/crowds.py              # all of these, 12 minutes or so
    .venv/bin/python bench/crowds.py long         # a million characters, a viewer in each dialect
    .venv/bin/python bench/crowds.py slow         # 40 viewers of a million characters, who read a kilobyte a second
    .venv/bin/python bench/crowds.py many         # 200 viewers of one answer
    .venv/bin/python bench/crowds.py churn        # at most 100 a second who connect and leave, somewhere, somehow

20 answers are written at once, a viewer each, as in `run.py`: a round without the crowd, the rounds with it, and one
when it has gone. Delays are `run.py`'s; memory is what the processes hold before the crowd comes, at most while it is
there, and when the last of it has gone. The crowd runs at low priority on the same cores, and checks every frame: it
takes CPU too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import driving
from bench.stack import GENAPP, WARM_UP, Stack, running
from tests.faults.crowding import Person, crowd, dawdle
from tests.faults.holding import memory_of, resident
from tests.integration.web.conftest import Visitor
from tests.running import answers, eventually, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults.watching import Watcher

ENDLESS = 100_000  # words
MILLION = 101_010  # words: 999,999 characters
BOTH = ("htmx", "json")
Told = dict[str, Any]


@asynccontextmanager
async def long(person: Person) -> AsyncIterator[Told]:
    """A million characters, written in 100 s, and a viewer in each dialect."""
    told: Told = {}
    generation = await person.ask(MILLION, 1_000)
    async with AsyncExitStack() as stack:
        watchers = await watching(stack, person, generation, MILLION, 2)
        reading = asyncio.gather(*[watcher.read_to_end() for watcher in watchers])
        yield told
        await reading
    await person.completed(generation, MILLION)
    for dialect, watcher in zip(BOTH, watchers, strict=True):
        told[f"{dialect} characters"] = watcher.at
        told[f"{dialect} frames"] = watcher.frames
        told[f"{dialect} bytes"] = watcher.received


@asynccontextmanager
async def slow(person: Person) -> AsyncIterator[Told]:
    """40 viewers of an answer that is written at 5 KB a second, who read a kilobyte a second."""
    told: Told = {}
    generation = await person.ask(MILLION, 500)
    reading = asyncio.Event()
    reading.set()
    async with AsyncExitStack() as stack:
        watchers = await watching(stack, person, generation, MILLION, 40, receive_buffer=4096)
        dawdling = [asyncio.create_task(dawdle(watcher, reading)) for watcher in watchers]
        yield told
        reading.clear()
        await asyncio.gather(*dawdling)
    told["characters shown to the median slow viewer"] = statistics.median(watcher.at for watcher in watchers)
    await person.stop(generation)


@asynccontextmanager
async def many(person: Person) -> AsyncIterator[Told]:
    """200 viewers of one answer, who read all they can."""
    told: Told = {}
    generation = await person.ask(ENDLESS, 50)
    async with AsyncExitStack() as stack:
        watchers = await watching(stack, person, generation, ENDLESS, 200)
        reading = asyncio.gather(*[watcher.read_to_end() for watcher in watchers])
        yield told
        await person.stop(generation)
        await reading
    told["whole, once, in order"] = len(watchers)
    told["frames for the median viewer"] = statistics.median(watcher.frames for watcher in watchers)


@asynccontextmanager
async def churn(person: Person) -> AsyncIterator[Told]:
    """At most 100 a second who connect to one of 4 answers, and leave: in a batch, each when the last one has gone."""
    told: Told = {"connections": 0}
    streams = [(await person.ask(ENDLESS, 20), ENDLESS) for _ in range(4)]
    chance, over = random.Random(1), asyncio.Event()

    async def keep_coming() -> None:
        while not over.is_set():
            await asyncio.gather(crowd(person, streams, 100, chance), asyncio.sleep(1))
            told["connections"] += 100

    coming = asyncio.create_task(keep_coming())
    yield told
    over.set()
    await coming
    for generation, _ in streams:
        await person.stop(generation)


CROWDS = {"long": long, "slow": slow, "many": many, "churn": churn}


async def watching(
    stack: AsyncExitStack, person: Person, generation: dict[str, Any], words: int, count: int, **options: int
) -> list[Watcher]:
    """So many viewers, one half in each dialect."""
    return [
        await stack.enter_async_context(person.watcher(generation, words, dialect, **options))
        for dialect in BOTH * (count // 2)
    ]


async def measure(bench: Stack, name: str, options: argparse.Namespace) -> dict[str, str]:
    """What goes into the columns of the table."""
    parts = {part: bench.processes[part] for part in ("web", "worker")}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{bench.port}", timeout=30) as http:
        person = Person(await Visitor(http).arrive(), str(http.base_url))

        async def nobody_is_left() -> bool:
            return await person.viewers() == 0

        without = [await drive(bench, options)]
        async with memory_of(**parts) as memory, CROWDS[name](person) as told:
            crowded = [await drive(bench, options) for _ in range(options.rounds)]
        await eventually(nobody_is_left)
        after = {part: resident(process) for part, process in parts.items()}
        without.append(await drive(bench, options))
    print(name, *[f"{what}: {value}" for what, value in told.items()], sep="; ", file=sys.stderr)
    return {
        "": name,
        **{f"{what}, without → with": compared(without, crowded, what) for what in without[0]},
        **{
            f"{part} MB before, most, after": f"{memory.before[part]:.0f}, {memory.most[part]:.0f}, {after[part]:.0f}"
            for part in parts
        },
    }


async def drive(bench: Stack, options: argparse.Namespace) -> dict[str, float]:
    result = await asyncio.to_thread(
        driving.generate, bench, measured(options), options.tokens, options.at_once, client="program"
    )
    delays = {f"delay {part}": result["chunk_ms"][part] for part in ("p50", "p95", "p99")}
    return {**delays, "page p95": result["page_ms"]["p95"], "whole": result["ok"]}


def compared(without: list[dict[str, float]], crowded: list[dict[str, float]], what: str) -> str:
    return " → ".join(f"{statistics.median(one[what] for one in rounds):.0f}" for rounds in (without, crowded))


def run(name: str, options: argparse.Namespace) -> dict[str, str]:
    """Start everything, for one crowd alone: what it leaves in memory is its own."""
    demo = f"http://127.0.0.1:{(port := free_port())}"
    settings = {
        "OPENAI_BASE_URL": f"{demo}/v1",
        "GENAPP_MODELS": f"anthropic:{measured(options)},anthropic:{WARM_UP},openai:demo",
        "GENAPP_MAX_IN_FLIGHT_PER_USER": "10",
    }
    # The crowd watches the demo model, whose words are known; as Anthropic, its answers would be cut short.
    with running([], vendor="anthropic", **settings) as bench:
        bench.start("demo", *GENAPP, "demo", "--port", str(port))
        wait_for(lambda: answers(f"{demo}/stats"), bench.processes)
        driving.warm_up(bench)
        os.nice(10)  # from here on: the crowd is not to take the app's share
        return asyncio.run(measure(bench, name, options))


def measured(options: argparse.Namespace) -> str:
    return f"fake-ttft300-tps50-n{options.tokens}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("crowds", nargs="*", metavar="crowd", help=f"of {', '.join(CROWDS)}; all by default")
    parser.add_argument("--rounds", type=int, default=4, help="with the crowd")
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=1500, help="of each measured answer, at 50 a second")
    options = parser.parse_args()
    if unknown := set(options.crowds) - set(CROWDS):
        parser.error(f"no such crowd: {', '.join(unknown)}")
    names = options.crowds or list(CROWDS)
    with ProcessPoolExecutor(1, max_tasks_per_child=1) as pool:  # since low priority is for the crowd, not the next app
        rows = list(pool.map(run, names, [options] * len(names)))
    print("|", " | ".join(rows[0]), "|")
    print("|---" * len(rows[0]) + "|")
    for row in rows:
        print("|", " | ".join(row.values()), "|")


if __name__ == "__main__":
    main()
