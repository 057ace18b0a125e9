"""The end of a stream: given once, and found out where it was never published."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from genapp.streams import Cursors, Hub, append
from tests.integration.streams.screens import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from tests.integration.streams.seams import SeamedLog


async def test_who_was_given_the_end_is_not_shown_what_a_later_attempt_writes(log: SeamedLog, hub: Hub) -> None:
    async with hub.join([("a", None), ("b", None)], "htmx") as viewer:
        await log.publish("a", [append("x", "the end")], fence=1, close=True)
        assert b"the end" in await written(viewer)
        await log.publish("a", [append("x", "once more")], fence=2, reset=True)
        await log.publish("b", [append("y", "goes on")])
        seen = b""
        while b"goes on" not in seen:
            seen += await written(viewer)
        assert b"once more" not in seen
        await log.publish("b", [append("y", "and ends")], close=True)
        assert b"event: done" in await written(viewer)


@pytest.mark.parametrize("what_is_left", ["the-log-of-the-next-attempt", "nothing"])
async def test_who_was_given_the_end_keeps_it_over_a_new_connection(
    log: SeamedLog, hub: Hub, redis: Redis, what_is_left: str
) -> None:
    """Try again: the page follows the next attempt on a connection of its own, and two would write all of it twice."""
    async with hub.join([("a", None), ("b", None)], "htmx") as viewer:
        await log.publish("a", [append("x", "the end")], fence=1, close=True)
        [event] = await viewer.next_events()
    places = Cursors.parse(event.cursor, 2).places
    if what_is_left == "nothing":
        await redis.delete(log.channel("a"))
    await log.publish("a", [append("x", "once more")], fence=2, reset=True)
    await log.publish("b", [append("y", "goes on")])
    async with hub.join([("a", places[0]), ("b", places[1])], "htmx") as viewer:
        [event] = await viewer.next_events()
        assert "goes on" in event.encoded.messages[0]
        await log.publish("a", [append("x", "and once more")], fence=2)
        await log.publish("b", [append("y", "and ends")], close=True)
        seen = b""
        while not viewer.finished:
            seen += await written(viewer)
        assert b"and ends" in seen
        assert b"once more" not in seen


async def test_an_end_that_says_nothing_is_told_with_the_next_frame_of_another_stream(log: SeamedLog, hub: Hub) -> None:
    async with hub.join([("a", None), ("b", None)], "htmx") as viewer:
        ended = await log.publish("a", [], close=True)
        going_on = await log.publish("b", [append("y", "goes on")])
        [event] = await viewer.next_events()
        assert Cursors.parse(event.cursor, 2).places == (ended.cursor, going_on.cursor)


async def test_streams_that_stand_still_are_told_to_the_app_until_they_end(log: SeamedLog, redis_url: str) -> None:
    told: asyncio.Queue[list[str]] = asyncio.Queue()

    async def on_silent(streams: Sequence[str]) -> None:
        told.put_nowait(list(streams))
        await log.publish("s", [append("x", "the end")], close=True)

    async with (
        asyncio.timeout(10),
        Hub(log, redis_url, check_interval=0.05, on_silent=on_silent, silence=0.1) as hub,
        hub.join([("s", None)], "htmx") as viewer,
    ):
        assert b"the end" in await written(viewer)
    assert told.get_nowait() == ["s"]


async def test_who_was_given_the_end_keeps_it_when_redis_comes_back_with_an_older_copy(
    log: SeamedLog, hub: Hub, redis: Redis
) -> None:
    async with hub.join([("a", None), ("b", None)], "htmx") as viewer:
        await log.publish("a", [append("x", "half")])
        copy = await redis.dump(log.channel("a"))
        ended = await log.publish("a", [append("x", "the end")], close=True)
        seen = b""
        while b"the end" not in seen:
            seen += await written(viewer)
        await redis.restore(log.channel("a"), 0, copy, replace=True)
        await hub.check()
        async with hub.join([("a", None)], "htmx"):
            pass  # so the older copy has been read
        await log.publish("b", [append("y", "goes on")])
        [event] = await viewer.next_events()
        assert Cursors.parse(event.cursor, 2).places[0] == ended.cursor


async def test_an_end_that_took_the_place_of_another_frame_is_found_by_the_check(
    log: SeamedLog, hub: Hub, redis: Redis
) -> None:
    async with hub.join([("s", None)], "htmx") as viewer:
        await log.publish("s", [append("x", "half")])
        copy = await redis.dump(log.channel("s"))
        await log.publish("s", [append("x", "lost by Redis")])
        seen = b""
        while b"lost by Redis" not in seen:
            seen += await written(viewer)
        await redis.restore(log.channel("s"), 0, copy, replace=True)
        await log.publish("s", [append("x", "the end")], close=True)  # the seq of the one that was lost
        await hub.check()
        async with asyncio.timeout(5):
            assert b"the end" in await written(viewer)


async def test_an_app_that_cannot_look_does_not_keep_the_hub_from_checking(
    log: SeamedLog, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    calls: asyncio.Queue[list[str]] = asyncio.Queue()

    async def on_silent(streams: Sequence[str]) -> None:
        calls.put_nowait(list(streams))
        raise RuntimeError("the database is away")

    async with (
        asyncio.timeout(10),
        Hub(log, redis_url, check_interval=3600, on_silent=on_silent, silence=0) as hub,
        hub.join([("s", None)], "htmx"),
    ):
        for _ in range(2):
            while calls.empty():
                await hub.check()
            assert calls.get_nowait() == ["s"]
    assert "could not look up streams that stand still: the database is away" in caplog.text


async def test_an_app_that_takes_long_to_look_does_not_hold_up_the_checks(log: SeamedLog, redis_url: str) -> None:
    calls: asyncio.Queue[list[str]] = asyncio.Queue()
    await log.read("s")  # it keeps its connection from here on
    before = asyncio.all_tasks()

    async def on_silent(streams: Sequence[str]) -> None:
        calls.put_nowait(list(streams))
        await asyncio.Event().wait()

    async with (
        asyncio.timeout(10),
        Hub(log, redis_url, check_interval=3600, on_silent=on_silent, silence=0) as hub,
        hub.join([("s", None)], "htmx"),
    ):
        while calls.empty():
            await hub.check()
        for _ in range(3):
            await hub.check()
        assert calls.qsize() == 1, "it is asked again only once it has answered"
    assert asyncio.all_tasks() == before
