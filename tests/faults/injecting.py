"""The faults. Each takes the fleet, does its worst, and leaves it so that it can recover by itself."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import asyncpg
import redis

from tests.running import answers, eventually

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.faults.conftest import Fleet

    Fault = Callable[[Fleet], Awaitable[None]]


async def kill_a_worker(fleet: Fleet) -> None:
    await fleet.end("worker0", signal.SIGKILL)
    fleet.start("worker0")


async def stop_a_worker(fleet: Fleet) -> None:
    await fleet.end("worker1", signal.SIGTERM)
    fleet.start("worker1")


async def freeze_a_worker(fleet: Fleet) -> None:
    pid = fleet.app.processes["worker0"].pid
    os.kill(pid, signal.SIGSTOP)
    # At least longer than the lease of 12 s and a round of housekeeping: another worker must have its answers.
    await asyncio.sleep(60 if fleet.long else 18)
    os.kill(pid, signal.SIGCONT)


async def kill_a_web(fleet: Fleet) -> None:
    await fleet.end("web0", signal.SIGKILL)
    fleet.start("web0")


async def stop_a_web(fleet: Fleet) -> None:
    await fleet.end("web1", signal.SIGTERM)
    fleet.start("web1")


async def cut_the_subscriptions(fleet: Fleet) -> None:
    with redis.Redis.from_url(fleet.redis.url) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


async def lose_redis(fleet: Fleet) -> None:
    fleet.redis.kill()
    await asyncio.sleep(10 if fleet.long else 2)
    fleet.redis.start()


async def cut_the_database(fleet: Fleet) -> None:
    connection = await asyncpg.connect(fleet.app.env["DATABASE_URL"])
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    await connection.close()


async def lose_the_database(fleet: Fleet) -> None:
    """Connections are cut and refused."""
    fleet.postgres.crash()
    await asyncio.sleep(30 if fleet.long else 8)
    fleet.postgres.start()


async def freeze_the_database(fleet: Fleet) -> None:
    """Connections are taken, and nothing is answered."""
    fleet.postgres.freeze()
    await asyncio.sleep(30 if fleet.long else 8)
    fleet.postgres.thaw()


async def restart_the_model(fleet: Fleet) -> None:
    await fleet.end("demo", signal.SIGKILL)
    fleet.start("demo")

    async def ready() -> bool:
        return await asyncio.to_thread(answers, f"{fleet.app.demo_url}/stats")

    await eventually(ready)


# Each with the part that it strikes: two at once strike two parts.
PARTS: dict[Fault, str] = {
    kill_a_worker: "worker0",
    stop_a_worker: "worker1",
    freeze_a_worker: "worker0",
    kill_a_web: "web0",
    stop_a_web: "web1",
    cut_the_subscriptions: "redis",
    lose_redis: "redis",
    cut_the_database: "database",
    lose_the_database: "database",
    freeze_the_database: "database",
    restart_the_model: "demo",
}
FAULTS = list(PARTS)
