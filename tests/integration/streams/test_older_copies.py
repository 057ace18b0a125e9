"""What viewers see when Redis crashes and comes back with an older copy of a log."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from genapp.streams import Cursor, Hub, Log, LogLost, append, replace
from tests.integration.streams.screens import written

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from genapp.streams import Published
    from tests.integration.streams.screens import Screen
    from tests.integration.streams.seams import SeamedLog


def word(number: int) -> str:
    return f"<i>{number};</i>"


async def say(log: Log, *numbers: int, close: bool = False) -> Published:
    for number in numbers:
        published = await log.publish("s", [append("log", word(number))], close=close and number == numbers[-1])
    return published


async def test_a_redis_that_comes_back_with_an_older_copy_is_believed(
    log: SeamedLog, hub: Hub, new_screen: type[Screen], redis: Redis
) -> None:
    page = '<d id="article"><d id="log"/></d>'
    screen = new_screen(page)
    async with hub.join([("s", None)], "htmx") as viewer:
        await log.publish("s", [replace("article", page)])
        copy = await redis.dump(log.channel("s"))
        await say(log, 1, 2)
        await screen.watch(viewer, until="2;")
        await redis.restore(log.channel("s"), 0, copy, replace=True)
        await hub.check()
        await say(log, 7, 8, close=True)
        await screen.watch(viewer)
    assert screen.text() == "7;8;"


async def test_a_writer_that_goes_on_after_redis_came_back_with_an_older_copy_shows_everything_once(
    log: SeamedLog, hub: Hub, new_screen: type[Screen], redis: Redis, redis_url: str
) -> None:
    page = '<d id="article"><d id="log"/></d>'
    screen = new_screen(page)
    async with hub.join([("s", None)], "htmx") as viewer:
        await log.publish("s", [replace("article", page)], reset=True)
        copy = await redis.dump(log.channel("s"))
        last = await say(log, 1, 2)
        await screen.watch(viewer, until="2;")
        left = screen.cursor
        await redis.restore(log.channel("s"), 0, copy, replace=True)
        with pytest.raises(LogLost):
            await log.publish("s", [append("log", word(3))], after=last.cursor)
        await log.publish("s", [replace("article", page)], reset=True)
        await say(log, 1, 2, 3, close=True)  # more frames than viewers have seen: the seqs alone tell nothing
        await screen.watch(viewer)
    assert screen.text() == "1;2;3;"
    back = new_screen(page)
    back.apply([append("log", word(1)), append("log", word(2))])
    async with Hub(log, redis_url) as elsewhere, elsewhere.join([("s", Cursor.parse(left or ""))], "htmx") as viewer:
        await back.watch(viewer)
    assert back.text() == "1;2;3;"


async def test_frames_that_came_before_a_log_was_read_do_not_outlive_their_loss(
    log: SeamedLog, hub: Hub, new_screen: type[Screen], redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = '<d id="article"><d id="log"/></d>'
    screen = new_screen(page)
    async with hub.join([("s", None)], "htmx"):
        await log.publish("s", [replace("article", page)], reset=True)
        await say(log, 1)
        copy = await redis.dump(log.channel("s"))

        async def fail() -> None:
            raise ConnectionError("Redis is restarting")

        log.before_read = fail
        monkeypatch.setattr(random, "uniform", lambda _low, _high: 10.0)  # time for all of this before the next try
        second = hub.join([("s", Cursor("unknown", 1))], "htmx")
        joining = asyncio.create_task(second.__aenter__())
        while log.before_read is not None:
            await hub._subscriber.ping()
        await log.publish("s", [replace("article", page)], fence=2, reset=True)
        await hub._subscriber.ping()
        await redis.restore(log.channel("s"), 0, copy, replace=True)
        viewer = await joining
        screen.read(await written(viewer))
        await second.__aexit__(None, None, None)
    assert screen.text() == "1;"
