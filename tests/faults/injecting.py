"""The faults. Each takes the fleet, does its worst, and leaves it so that it can recover by itself.

Where a part is away, `person` looks at what that is like; None where another fault strikes at the same time.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import redis

from tests.faults.outages import meet_no_database, meet_no_redis
from tests.running import answers, eventually

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.faults.conftest import Fleet
    from tests.faults.people import Person

    Fault = Callable[[Fleet, Person | None], Awaitable[None]]


async def kill_a_worker(fleet: Fleet, person: Person | None) -> None:
    await fleet.end("worker0", signal.SIGKILL)
    fleet.start("worker0")


async def stop_a_worker(fleet: Fleet, person: Person | None) -> None:
    await fleet.end("worker1", signal.SIGTERM)
    fleet.start("worker1")


async def freeze_a_worker(fleet: Fleet, person: Person | None) -> None:
    pid = fleet.app.processes["worker0"].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        # At least longer than the lease of 12 s and a round of housekeeping: another worker must have its answers.
        await asyncio.sleep(60 if fleet.long else 18)
        fleet.finished = await fleet.finished_rows()
    finally:
        os.kill(pid, signal.SIGCONT)


async def kill_a_web(fleet: Fleet, person: Person | None) -> None:
    await fleet.end("web0", signal.SIGKILL)
    fleet.start("web0")


async def stop_a_web(fleet: Fleet, person: Person | None) -> None:
    await fleet.end("web1", signal.SIGTERM)
    fleet.start("web1")


async def cut_the_subscriptions(fleet: Fleet, person: Person | None) -> None:
    with redis.Redis.from_url(fleet.redis.url) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


async def lose_redis(fleet: Fleet, person: Person | None) -> None:
    fleet.redis.kill()
    try:
        await last(10 if fleet.long else 2, meet_no_redis(person) if person else None)
    finally:
        fleet.redis.start()


async def freeze_redis(fleet: Fleet, person: Person | None) -> None:
    """Connections are taken, and nothing is answered."""
    assert fleet.redis.process is not None
    pid = fleet.redis.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        await last(30 if fleet.long else 8, meet_no_redis(person) if person else None)
    finally:
        os.kill(pid, signal.SIGCONT)


async def cut_the_database(fleet: Fleet, person: Person | None) -> None:
    async with fleet.database() as connection:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


async def lose_the_database(fleet: Fleet, person: Person | None) -> None:
    """Connections are cut and refused."""
    fleet.postgres.crash()
    try:
        await last(30 if fleet.long else 8, meet_no_database(person) if person else None)
    finally:
        fleet.postgres.start()


async def freeze_the_database(fleet: Fleet, person: Person | None) -> None:
    """Connections are taken, and nothing is answered."""
    fleet.postgres.freeze()
    try:
        await last(30 if fleet.long else 8, meet_no_database(person) if person else None)
    finally:
        fleet.postgres.thaw()


async def restart_the_model(fleet: Fleet, person: Person | None) -> None:
    await fleet.end("demo", signal.SIGKILL)
    fleet.start("demo")

    async def ready() -> bool:
        return await asyncio.to_thread(answers, f"{fleet.app.demo_url}/stats")

    await eventually(ready)


async def last(seconds: float, meanwhile: Awaitable[None] | None) -> None:
    """An outage of so many seconds."""
    over = asyncio.create_task(asyncio.sleep(seconds))
    try:
        if meanwhile is not None:
            await meanwhile
        await over
    finally:
        over.cancel()


# Each with the part that it strikes: two at once strike two parts.
PARTS: dict[Fault, str] = {
    kill_a_worker: "worker0",
    stop_a_worker: "worker1",
    freeze_a_worker: "worker0",
    kill_a_web: "web0",
    stop_a_web: "web1",
    cut_the_subscriptions: "redis",
    lose_redis: "redis",
    freeze_redis: "redis",
    cut_the_database: "database",
    lose_the_database: "database",
    freeze_the_database: "database",
    restart_the_model: "demo",
}
