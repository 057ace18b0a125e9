"""Revocations over a real Redis: heard by every process, made up for where Redis lost them, and never too many."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from genapp.revocations import CHANNEL, Revocations, announce
from tests.running import eventually, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

SECONDS = 5
NEVER = 10_000.0


class Rows:
    """What the database says: which keys let nobody in any more. `away`: it says nothing."""

    def __init__(self) -> None:
        self.void: set[str] = set()
        self.away = False
        self.asked = asyncio.Event()

    async def which(self, keys: Collection[str]) -> set[str]:
        self.asked.set()
        if self.away:
            raise OSError("the database is away")
        return self.void.intersection(keys)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@asynccontextmanager
async def process(redis_url: str, rows: Rows, *, look_every: float = NEVER) -> AsyncIterator[Revocations]:
    """The part of a web process that hears of revocations."""
    async with (
        Redis.from_url(redis_url) as client,
        Revocations(client, redis_url, void=rows.which, look_every=look_every) as revocations,
    ):
        await until_listening(revocations)
        yield revocations


async def until_listening(revocations: Revocations) -> None:
    async def listens() -> bool:
        return revocations.listening

    await eventually(listens)


async def within_seconds(closed: asyncio.Event) -> None:
    async with asyncio.timeout(SECONDS):
        await closed.wait()


async def lose(redis: Redis, *keys: str) -> None:
    """Announce something at the moment at which nobody is connected to hear it."""
    listeners = [client["id"] for client in await redis.client_list() if client["name"] == "revocations"]
    async with redis.pipeline(transaction=True) as both:
        for one in listeners:
            both.execute_command("CLIENT", "KILL", "ID", one)
        both.publish(CHANNEL, " ".join(keys))
        *killed, heard_by = await both.execute()
    assert (len(killed), heard_by) == (len(listeners), 0)
    assert killed


async def test_what_one_process_revokes_closes_in_every_process_and_nothing_else_does(
    redis_url: str, redis: Redis
) -> None:
    async with process(redis_url, Rows()) as one, process(redis_url, Rows()) as other:
        first, second, stays = asyncio.Event(), asyncio.Event(), asyncio.Event()
        with (
            one.holding(("session:1", "user:1"), time.monotonic(), first.set),
            other.holding(("token:9", "user:1"), time.monotonic(), second.set),
            other.holding(("session:2", "user:2"), time.monotonic(), stays.set),
        ):
            await announce(redis, "user:1", "guest:1")
            await within_seconds(first)
            await within_seconds(second)
            assert not stays.is_set()


async def test_a_message_that_redis_lost_is_made_up_for_by_looking_at_the_rows(redis_url: str, redis: Redis) -> None:
    rows = Rows()
    async with process(redis_url, rows, look_every=0.05) as revocations:
        closed, stays = asyncio.Event(), asyncio.Event()
        with (
            revocations.holding(("session:1", "user:1"), time.monotonic(), closed.set),
            revocations.holding(("session:2", "user:2"), time.monotonic(), stays.set),
        ):
            rows.void.add("session:1")
            await lose(redis, "session:1")
            await within_seconds(closed)
            assert not stays.is_set()


async def test_what_was_remembered_while_nothing_could_be_heard_is_asked_for_anew(redis_url: str, redis: Redis) -> None:
    async with process(redis_url, Rows()) as revocations:
        closed, asked_at = asyncio.Event(), time.monotonic()
        assert not revocations.any_since(asked_at, ["user:1"])
        with revocations.holding(("user:1",), asked_at, closed.set):
            await lose(redis, "user:1")

            async def forgets() -> bool:
                return revocations.any_since(asked_at, ["user:1"])

            await eventually(forgets)
            assert not closed.is_set(), "nothing says that this was revoked: the rows are looked at for that"
            await until_listening(revocations)
            assert not revocations.any_since(time.monotonic(), ["user:1"])
            await announce(redis, "user:1")
            await within_seconds(closed)


async def test_what_is_revoked_while_it_is_being_opened_closes_at_once(redis_url: str, redis: Redis) -> None:
    async with process(redis_url, Rows()) as revocations:
        asked_at = time.monotonic()
        await revocations.revoke("share:1")
        for keys, since, closes in (
            (("share:1",), asked_at, True),
            (("share:2",), asked_at, False),
            (("share:1",), time.monotonic(), False),  # the rows were asked after it, and said yes
        ):
            closed = asyncio.Event()
            with revocations.holding(keys, since, closed.set):
                assert closed.is_set() is closes, keys


async def test_what_has_closed_by_itself_is_not_closed_again(redis_url: str, redis: Redis) -> None:
    async with process(redis_url, Rows()) as revocations:
        gone, here = asyncio.Event(), asyncio.Event()
        with revocations.holding(("user:1",), time.monotonic(), here.set):
            with revocations.holding(("user:1",), time.monotonic(), gone.set):
                pass
            await announce(redis, "user:1")
            await within_seconds(here)
            assert not gone.is_set()


async def test_an_outage_of_the_database_shuts_nobody_out_and_stops_nobody_from_looking(redis_url: str) -> None:
    rows = Rows()
    rows.away = True
    async with process(redis_url, rows, look_every=0.05) as revocations:
        closed = asyncio.Event()
        with revocations.holding(("session:1",), time.monotonic(), closed.set):
            for _ in range(2):
                rows.asked.clear()
                await within_seconds(rows.asked)
            assert not closed.is_set()
            rows.void.add("session:1")
            rows.away = False
            await within_seconds(closed)


async def test_who_revokes_while_redis_is_away_is_not_told_of_an_error() -> None:
    async with Redis.from_url(f"redis://127.0.0.1:{free_port()}") as nobody:
        await announce(nobody, "session:1")
