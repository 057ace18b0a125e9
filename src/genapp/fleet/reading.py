"""What the fleet does and has done: the totals in Redis, what its live processes say, and what is looked up."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec
from redis.exceptions import RedisError

from genapp import metrics, models
from genapp.figures import Figure
from genapp.fleet import fields
from genapp.fleet.fields import Gauges  # noqa: TC001  msgspec reads the annotations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redis.asyncio import Redis

    from genapp.figures import Key

# Seconds that Redis and the database have, at the same time.
PATIENCE = 1.0
# A process that has said nothing for so many seconds does not live.
ALIVE_SECONDS = 10
KINDS = ("web", "worker")


class Entry(msgspec.Struct, array_like=True):
    """What a process says of itself. Fields may only be added, at the end: releases read each other's."""

    kind: str
    host: str
    pid: int
    version: str
    started: float
    gauges: Gauges


@dataclass(frozen=True, slots=True)
class Process:
    """A process that has said in the last seconds that it lives, and its own gauges."""

    id: str
    kind: str  # web or worker
    host: str
    pid: int
    version: str
    started: float  # Unix time
    figures: dict[Key, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All of it at one moment, `at` (Unix time).

    `figures` by (name, labels): the names are those of `metrics.DECLARED` (a counter's without `_total`), the labels
    sorted pairs. `up`: whether `redis` and `database` answered. Where Redis did not, there are no totals, and no
    processes but perhaps one's own; where the database did not, nothing about the queue.
    """

    at: float
    figures: dict[Key, Figure]
    processes: list[Process]
    up: dict[str, bool]


async def read(redis: Redis) -> Fleet:
    """Ask Redis and the database. Takes a second at most, and raises nothing where one of them is away."""
    stored, queue = await asyncio.gather(_stored(redis), _queue())
    totals, entries = stored or ({}, {})
    processes = [*_processes(entries)]
    return together(totals, processes, queue, redis_answers=stored is not None)


async def live_workers(redis: Redis) -> int:
    """How many worker processes have said in the last seconds that they live, by Redis' clock. Raises its errors."""
    async with redis.pipeline() as pipe:
        pipe.time()
        pipe.hgetall(fields.PROCESSES)
        now, entries = await pipe.execute()
    return sum(one.kind == "worker" for one in _processes(dict(_alive(entries, now[0]))))


def together(
    totals: dict[Key, Figure], processes: list[Process], queue: models.Queue | None, *, redis_answers: bool
) -> Fleet:
    """Make one of the parts."""
    figures = dict(totals)
    for process in processes:
        for key, gauge in process.figures.items():
            figures[key] = Figure("gauge", gauge.value + (figures[key].value if key in figures else 0.0))
    up = {"redis": redis_answers, "database": queue is not None}
    for (name, *pair), value in _looked_up(processes, queue, up):
        figures[name, tuple(pair)] = Figure("gauge", value)
    return Fleet(time.time(), figures, processes, up)


def _looked_up(
    processes: list[Process], queue: models.Queue | None, up: dict[str, bool]
) -> Iterable[tuple[tuple[Any, ...], float]]:
    for part, answers in up.items():
        yield (metrics.up.name, ("part", part)), float(answers)
    for version in {process.version for process in processes}:
        yield (metrics.build_info.name, ("version", version)), 1.0
    if up["redis"]:
        for kind in KINDS:
            yield (metrics.processes.name, ("kind", kind)), float(sum(one.kind == kind for one in processes))
    if queue is not None:
        yield (metrics.queue_depth.name, ("status", "queued")), float(queue.queued)
        yield (metrics.queue_depth.name, ("status", "processing")), float(queue.processing)
        yield (metrics.queue_oldest_seconds.name,), queue.oldest_seconds


async def _stored(redis: Redis) -> tuple[dict[Key, Figure], dict[bytes, bytes]] | None:
    try:
        async with asyncio.timeout(PATIENCE), redis.pipeline() as pipe:
            pipe.time()
            pipe.hgetall(fields.TOTALS)
            pipe.hgetall(fields.PROCESSES)
            now, totals, entries = await pipe.execute()
    except (RedisError, OSError):
        return None
    return fields.totals(totals), dict(_alive(entries, now[0]))


def _alive(entries: dict[bytes, bytes], now: int) -> Iterable[tuple[bytes, bytes]]:
    for id_, entry in entries.items():
        _, said, rest = entry.split(b" ", 2)
        if rest and now - int(said) <= ALIVE_SECONDS:
            yield id_, rest


def _processes(entries: dict[bytes, bytes]) -> Iterable[Process]:
    for id_, text in sorted(entries.items()):
        entry = msgspec.json.decode(text, type=Entry)
        yield process(id_.decode(), entry)


def process(id_: str, entry: Entry) -> Process:
    """Give what an entry says."""
    own = fields.gauges_of(entry.gauges)
    return Process(id_, entry.kind, entry.host, entry.pid, entry.version, entry.started, own)


async def _queue() -> models.Queue | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await models.queue()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None
