#!/usr/bin/env python3
"""Counts what Redis and PostgreSQL are asked, for an answer and by processes that have nothing to do.

    .venv/bin/python bench/engines.py                  # 50 answers of 400 tokens at once, a viewer each
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
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg
import redis

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import driving
from bench.stack import Stack, running

STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]+): (.*(?:\n\t.*)*)")
FIRST_WORDS = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM|SELECT|BEGIN|COMMIT|ROLLBACK|\w+)")
TABLE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM|FROM)\s+"?(\w+)"?', re.IGNORECASE)


class Engines:
    """The counters of both, as differences since the last look."""

    def __init__(self, bench: Stack) -> None:
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


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=400)
    parser.add_argument("--rate", type=int, default=50, help="tokens a second")
    parser.add_argument("--first-token", type=int, default=300, help="ms until the provider's first token")
    options = parser.parse_args()
    model = f"fake-ttft{options.first_token}-tps{options.rate}-n{options.tokens}"
    with running([model]) as bench:
        driving.warm_up(bench)
        engines = Engines(bench)
        await engines.write_down("all")
        await asyncio.sleep(30)
        idle = await engines.end()
        await engines.begin()
        result = await asyncio.to_thread(driving.generate, bench, model, options.tokens, options.at_once)
        busy = await engines.end()
        table("a second, one web and one worker that have nothing to do", idle, None, idle["seconds"])
        table(f"an answer of {options.tokens} tokens, {options.at_once} at once", busy, idle, options.at_once)
        await engines.write_down("none")
        before = bench.usage()
        again = await asyncio.to_thread(driving.generate, bench, model, options.tokens, options.at_once)
        used = bench.used(before)
        for name in ("redis", "postgres"):
            print(f"\n{name}: {1000 * used.cpu[name] / options.at_once:.1f} ms of CPU an answer")
        print(f"\n{result['ok']} and {again['ok']} of {options.at_once} whole")


if __name__ == "__main__":
    asyncio.run(main())
