"""A process's figures on their way to Redis, over a connection and into a Redis that are not what they were."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from genapp import metrics
from genapp.fleet import Member, fields, read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.usefixtures("database")
RESYNCS = ("genapp_resyncs", ())


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        await client.delete(fields.TOTALS, fields.PROCESSES)
        yield client


async def counted(redis: Redis) -> float:
    known = (await read(redis)).figures.get(RESYNCS)
    return known.value if known else 0


@asynccontextmanager
async def deaf(redis_url: str) -> AsyncIterator[tuple[Redis, asyncio.Event]]:
    """A client of Redis, and what is set for as long as it hears nothing of what Redis answers."""
    silent, address = asyncio.Event(), urlsplit(redis_url)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_redis, to_redis = await asyncio.open_connection(address.hostname, address.port)

        async def back() -> None:
            while data := await from_redis.read(65536):
                if silent.is_set():
                    writer.close()  # what Redis has done is done
                    return
                writer.write(data)

        async def there() -> None:
            while data := await reader.read(65536):
                to_redis.write(data)
            to_redis.close()  # Redis closes too, and ends the way back

        try:
            with suppress(OSError):
                await asyncio.gather(back(), there())
        finally:
            writer.close()
            to_redis.close()

    async with await asyncio.start_server(carry, "127.0.0.1", 0) as server:
        url = redis_url.replace(str(address.port), str(server.sockets[0].getsockname()[1]))
        # By itself redis-py sends a command again, and could hear the second answer.
        async with Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as client:
            yield client, silent


async def test_what_redis_took_without_our_hearing_of_it_is_counted_once(redis: Redis, redis_url: str) -> None:
    async with deaf(redis_url) as (client, silent):
        member = Member(client, "web")
        await member.push()
        before = await counted(redis)
        metrics.resyncs.labels().inc(3)
        silent.set()
        with pytest.raises(RedisError):
            await member.push()
        assert await counted(redis) == before + 3
        silent.clear()
        metrics.resyncs.labels().inc(4)
        await member.push()
        assert await counted(redis) == before + 7


async def test_an_older_copy_of_the_totals_is_thrown_away_and_nobody_is_counted_twice(redis: Redis) -> None:
    one = Member(redis, "web")
    await one.push()
    copies: dict[str, Any] = {key: await redis.dump(key) for key in (fields.TOTALS, fields.PROCESSES)}
    for _ in range(2):
        metrics.resyncs.labels().inc()
        await one.push()
    for key, copy in copies.items():
        await redis.restore(key, 0, copy, replace=True)
    metrics.resyncs.labels().inc(5)
    await one.push()
    assert await counted(redis) == 5
    metrics.resyncs.labels().inc(6)
    await one.push()
    assert await counted(redis) == 11


async def test_a_copy_that_no_living_process_knows_is_thrown_away_and_that_of_a_living_one_is_not(redis: Redis) -> None:
    metrics.resyncs.labels().inc(2)
    own = metrics.resyncs.labels().value
    await redis.hset(fields.TOTALS, '["genapp_resyncs","total"]', "1000000")  # type: ignore[misc]
    await redis.hset(fields.PROCESSES, "killed", f"7 {int(time.time()) - 60} {{}}")  # type: ignore[misc]
    await Member(redis, "web").push()
    assert await counted(redis) == own
    await Member(redis, "web").push()
    assert await counted(redis) == 2 * own


async def test_what_has_not_happened_yet_is_told_again_to_a_redis_that_has_forgotten_it(redis: Redis) -> None:
    metrics.generations.labels("nobody", "failed")
    never = ("genapp_generations", (("outcome", "failed"), ("provider", "nobody")))
    one = Member(redis, "web")
    await one.push()
    await redis.delete(fields.TOTALS, fields.PROCESSES)
    for _ in range(2):
        await one.push()
    assert (await read(redis)).figures[never].value == 0


async def test_a_process_is_known_while_it_runs_by_what_its_gauges_show_and_no_longer(redis: Redis) -> None:
    with metrics.generations_running.labels().one_more():
        async with Member(redis, "worker") as member:
            fleet = await member.read()
            [process] = fleet.processes
            assert process.kind == "worker"
            assert process.figures["genapp_generations_running", ()].value == 1
            assert fleet.figures["genapp_generations_running", ()].value == 1
            assert fleet.figures["genapp_processes", (("kind", "worker"),)].value == 1
            assert fleet.up == {"redis": True, "database": True}
        assert (await read(redis)).processes == []
