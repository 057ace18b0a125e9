"""The connection that writers share: what they have when it is slow, silent, lost or empty-headed."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from genapp.streams import Log, append

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.streams.seams import Proxy


@pytest.fixture
async def client(proxied_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(proxied_url, client_name=uuid.uuid4().hex)
    yield client
    await client.aclose()


@pytest.fixture
def writing(client: Redis) -> Log:
    return Log(client, prefix=f"test-{uuid.uuid4().hex}", ttl=60)


async def test_what_many_writers_publish_at_once_goes_to_each_ones_stream_over_one_connection(
    writing: Log, client: Redis, redis: Redis
) -> None:
    async def write(stream: str) -> list[int]:
        return [(await writing.publish(stream, [append("a", f"{stream}.")])).cursor.seq for _ in range(20)]

    assert await asyncio.gather(*[write(f"s{number}") for number in range(50)]) == [list(range(1, 21))] * 50
    assert (await writing.read("s7")).inner("a") == "s7." * 20
    name = client.connection_pool.connection_kwargs["client_name"]
    used = [one for one in await redis.client_list() if one["name"] == name]
    assert len(used) == 1


async def test_what_can_wait_leaves_together_and_not_later_than_what_cannot(writing: Log, proxy: Proxy) -> None:
    async def write(number: int) -> None:
        for _ in range(number):
            await asyncio.sleep(0)  # each in a turn of the loop of its own
        await writing.publish(f"s{number}", [append("a", "1")], patient=number < 49)

    await writing.publish("s", [])  # connects, and has the script known
    loop = asyncio.get_running_loop()
    proxy.hold_commands()
    began = loop.time()
    writers = [asyncio.create_task(write(number)) for number in range(50)]
    await proxy.asked(b"{s49}")
    # One in the next turn, what came with the impatient one, and those of every 5 ms between.
    assert proxy.release_commands() <= 2 + (loop.time() - began) / 0.005
    await asyncio.wait_for(asyncio.gather(*writers), 5)
    assert [(await writing.read(f"s{number}")).inner("a") for number in range(50)] == ["1"] * 50


async def test_a_frame_that_waits_as_its_connection_is_lost_has_its_writer_told(writing: Log, proxy: Proxy) -> None:
    await writing.publish("s", [])  # so that the next one has to wait
    waiting = asyncio.create_task(writing.publish("s", [append("a", "lost")], patient=True))
    proxy.cut()
    with pytest.raises(RedisConnectionError):
        await asyncio.wait_for(waiting, 5)
    await asyncio.wait_for(writing.publish("s", [append("a", "surely")]), 5)
    assert (await writing.read("s")).inner("a") == "surely"


async def test_a_redis_that_falls_silent_is_given_up_in_time_and_written_to_once_it_speaks(
    proxied_url: str, proxy: Proxy
) -> None:
    async with Redis.from_url(proxied_url, socket_timeout=0.2) as impatient:
        log = Log(impatient, prefix=f"test-{uuid.uuid4().hex}", ttl=60)
        await log.publish("s", [append("a", "1")])
        proxy.hold()
        async with asyncio.timeout(5):
            silent = await asyncio.gather(*[log.publish("s", []) for _ in range(3)], return_exceptions=True)
        assert [type(error) for error in silent] == [RedisTimeoutError] * 3
        proxy.lose()
        proxy.release()
        await log.publish("s", [append("a", "2")])
        assert (await log.read("s")).inner("a") == "12"


async def test_all_who_wait_for_a_silent_redis_wait_as_long_as_one(proxied_url: str, proxy: Proxy) -> None:
    async with Redis.from_url(proxied_url, socket_timeout=0.5, socket_connect_timeout=0.5) as impatient:
        log = Log(impatient, prefix=f"test-{uuid.uuid4().hex}", ttl=60)
        proxy.hold()
        async with asyncio.timeout(5):  # one after the other it would be ten
            silent = await asyncio.gather(*[log.publish("s", []) for _ in range(20)], return_exceptions=True)
        assert all(isinstance(error, RedisTimeoutError | RedisConnectionError) for error in silent), silent
        proxy.release()
        await log.publish("s", [append("a", "1")])
        assert (await log.read("s")).inner("a") == "1"


async def test_a_writer_whose_connection_is_lost_is_told_and_the_next_one_has_another(
    writing: Log, proxy: Proxy, client: Redis, redis: Redis
) -> None:
    await writing.publish("s", [])
    proxy.hold()
    waiting = asyncio.create_task(writing.publish("s", [append("a", "perhaps")]))
    await proxy.holds(b"ok")
    name = client.connection_pool.connection_kwargs["client_name"]
    for one in await redis.client_list():
        if one["name"] == name:
            await redis.client_kill_filter(_id=one["id"])
    with pytest.raises(RedisConnectionError):
        await asyncio.wait_for(waiting, 5)
    proxy.lose()
    proxy.release()
    await writing.publish("s", [append("a", "surely")])
    assert (await writing.read("s")).inner("a").endswith("surely")


async def test_a_redis_that_has_forgotten_the_script_is_told_it_again(writing: Log, redis: Redis) -> None:
    await writing.publish("s", [append("a", "1")])
    await redis.script_flush()
    await asyncio.gather(writing.publish("s", [append("a", "2")]), writing.touch("s"))
    assert (await writing.read("s")).inner("a") == "12"


async def test_what_redis_refuses_is_its_own_error_and_harms_nobody_else(writing: Log, redis: Redis) -> None:
    await redis.set(writing.channel("odd"), "not a log")
    refused, taken = await asyncio.gather(
        writing.publish("odd", []), writing.publish("s", [append("a", "1")]), return_exceptions=True
    )
    assert isinstance(refused, ResponseError)
    assert "WRONGTYPE" in str(refused)
    assert (await writing.read("s")).inner("a") == "1", taken
    await redis.delete(writing.channel("odd"))
