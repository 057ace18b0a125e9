#!/usr/bin/env python3
"""Counts what Redis and PostgreSQL are asked, for an answer and by processes that have nothing to do.

    .venv/bin/python bench/engines.py                  # 50 answers of 400 tokens at once, a viewer each; 2,000 who wait
    .venv/bin/python bench/engines.py --at-once 1

Redis counts its commands itself (INFO commandstats, with the time each took; those of scripts are in it). PostgreSQL
writes every statement down; what CPU it takes is measured in a second round, without that. What web and worker ask when
nothing happens is measured first and taken off.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import redis

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from run import Bench, build, cpu_seconds  # noqa: E402

from tests.faults.holding import resident  # noqa: E402
from tests.integration.web.conftest import Visitor  # noqa: E402

STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]+): (.*(?:\n\t.*)*)")
FIRST_WORDS = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM|SELECT|BEGIN|COMMIT|ROLLBACK|\w+)")
TABLE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM|FROM)\s+"?(\w+)"?', re.IGNORECASE)
WAITING = "fake-ttft100000-tps50-n20"  # says nothing for longer than anybody looks


class Engines:
    """The counters of both, as differences since the last look."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.redis = redis.Redis.from_url(bench.cache)
        self.log = bench.folder / "postgres" / "log"

    async def write_down(self, which: str) -> None:
        """Have PostgreSQL log "all" statements, or "none"."""
        database = await asyncpg.connect(self.bench.database)
        await database.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
        await database.execute("SELECT pg_reload_conf()")
        await database.close()
        await asyncio.sleep(1)
        await self.begin()

    def cpu(self) -> dict[str, float]:
        """Seconds that each has used."""
        postmaster = int((self.bench.folder / "postgres/data/postmaster.pid").read_text().split()[0])
        used: Any = self.redis.info("cpu")
        both = used["used_cpu_user"] + used["used_cpu_sys"]
        return {"Redis": both, "PostgreSQL": cpu_seconds(postmaster)}

    async def begin(self) -> None:
        self.redis.config_resetstat()
        self.read = self.log.stat().st_size
        self.wal = await self._wal()
        self.at = time.monotonic()

    async def _wal(self) -> int:
        database = await asyncpg.connect(self.bench.database)
        try:
            return int(await database.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"))
        finally:
            await database.close()

    async def end(self) -> dict[str, Any]:
        """Give seconds, calls and microseconds of each Redis command, bytes, and the statements by kind."""
        seconds = time.monotonic() - self.at
        stats: Any = self.redis.info("commandstats")
        general: Any = self.redis.info("stats")
        text = self.log.read_bytes()[self.read :].decode(errors="replace")
        statements = collections.Counter(kind(line) for line in STATEMENT.findall(text))
        return {
            "seconds": seconds,
            "redis": {name.removeprefix("cmdstat_"): (one["calls"], one["usec"]) for name, one in stats.items()},
            "in": general["total_net_input_bytes"],
            "out": general["total_net_output_bytes"],
            "sql": {name: count for name, count in statements.items() if "pg_wal" not in name},
            "wal": await self._wal() - self.wal,
        }


def kind(statement: str) -> str:
    first = FIRST_WORDS.match(statement.strip().upper())
    of = TABLE.search(statement)
    word = first[1] if first else "?"
    return f"{word.split()[0]} {of[1]}" if of else word.split()[0]


def table(title: str, counted: dict[str, Any], idle: dict[str, Any] | None, each: float) -> None:
    """Print what was asked, less what is asked anyway, divided by `each`."""
    share = counted["seconds"] / idle["seconds"] if idle else 0
    print(f"\n| {title} | count | µs each |\n|---|---|---|")
    total = 0.0
    for name, (calls, microseconds) in sorted(counted["redis"].items(), key=lambda one: -one[1][0]):
        extra = calls - share * (idle["redis"].get(name, (0, 0))[0] if idle else 0)
        if name not in ("info", "config|resetstat", "auth", "hello", "ping") and extra / each >= 0.05:
            total += extra
            print(f"| Redis {name} | {extra / each:.1f} | {microseconds / calls:.1f} |")
    print(f"| Redis, all | {total / each:.0f} | |")
    for name in ("in", "out"):
        print(f"| Redis, KB {name} | {(counted[name] - share * (idle[name] if idle else 0)) / each / 1000:.1f} | |")
    total = 0.0
    for name, count in sorted(counted["sql"].items(), key=lambda one: -one[1]):
        extra = count - share * (idle["sql"].get(name, 0) if idle else 0)
        if extra / each >= 0.05:
            total += extra
            print(f"| SQL {name} | {extra / each:.1f} | |")
    print(f"| SQL, all | {total / each:.1f} | |")
    print(f"| PostgreSQL's log, KB | {(counted['wal'] - share * (idle['wal'] if idle else 0)) / each / 1000:.1f} | |")


async def waiting(bench: Bench, count: int, seconds: int) -> None:
    """What viewers cost who wait for an answer that has not begun."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{bench.port}", timeout=30) as http:
        visitor = await Visitor(http).arrive()
        generation = await visitor.submit("wait", model=f"openai:{WAITING}")
        cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    web = bench.processes["web"]
    before = resident(web)
    stream = generation["stream_url"].replace("dialect=json", "dialect=htmx")
    command = [build("load"), "idle", "--port", str(bench.port), "-n", str(count), "--ramp", "400", "--sub", stream]
    command += ["--sub-header", f"Cookie: {cookie}", "--hold", str(seconds + 10), "--src", "127.0.0.2-127.0.0.9"]
    load = await asyncio.create_subprocess_exec(*[str(word) for word in command], stdout=subprocess.PIPE)
    assert load.stdout is not None
    print("\n" + (await load.stdout.readline()).decode().strip())
    await asyncio.sleep(5)
    used, held = cpu_seconds(web.pid), resident(web)
    await asyncio.sleep(seconds)
    share = (cpu_seconds(web.pid) - used) / seconds
    await load.communicate()
    print(f"{count} who wait: {1000 * (held - before) / count:.1f} KB each in the web, {100 * share:.1f} % of a core")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=400)
    parser.add_argument("--rate", type=int, default=50, help="tokens a second")
    parser.add_argument("--first-token", type=int, default=300, help="ms until the provider's first token")
    parser.add_argument("--dialect", default="htmx")
    parser.add_argument("--waiting", type=int, default=2_000, help="viewers who wait; 0: none")
    options = parser.parse_args()
    model = f"fake-ttft{options.first_token}-tps{options.rate}-n{options.tokens}"
    models = ",".join(f"openai:{name}" for name in (model, "fake-ttft50-tps50-n20", WAITING))
    with ExitStack() as stack:
        bench = Bench(options, stack, GENAPP_MODELS=models)
        bench.drive("fake-ttft50-tps50-n20", 5, 20)  # warm up
        engines = Engines(bench)
        await engines.write_down("all")
        await asyncio.sleep(30)
        idle = await engines.end()
        await engines.begin()
        result = await asyncio.to_thread(bench.drive, bench.model, options.at_once, options.tokens)
        busy = await engines.end()
        table("a second, one web and one worker that have nothing to do", idle, None, idle["seconds"])
        table(f"an answer of {options.tokens} tokens, {options.at_once} at once", busy, idle, options.at_once)
        await engines.write_down("none")
        before = engines.cpu()
        again = await asyncio.to_thread(bench.drive, bench.model, options.at_once, options.tokens)
        for name, used in engines.cpu().items():
            print(f"\n{name}: {1000 * (used - before[name]) / options.at_once:.1f} ms of CPU an answer")
        print(f"\n{result['ok']} and {again['ok']} of {options.at_once} whole")
        if options.waiting:
            await waiting(bench, options.waiting, 30)


if __name__ == "__main__":
    asyncio.run(main())
