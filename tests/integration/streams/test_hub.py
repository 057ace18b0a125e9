"""What the hub brings when something goes wrong, or comes at a bad moment."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest
import uvloop
from redis.asyncio import Redis

from genapp.streams import Cursor, Hub, Log, Unavailable, append, replace

if TYPE_CHECKING:
    from genapp.streams import Published
    from tests.integration.streams.screens import Screen
    from tests.integration.streams.seams import Proxy, SeamedLog


def word(number: int) -> str:
    return f"<i>{number};</i>"


async def say(log: Log, *numbers: int, close: bool = False, stream: str = "s") -> Published:
    for number in numbers:
        published = await log.publish(stream, [append("log", word(number))], close=close and number == numbers[-1])
    return published


async def test_each_text_comes_exactly_once_whenever_it_was_published(log: SeamedLog, hub: Hub, screen: Screen) -> None:
    await say(log, 1)  # before the page is rendered
    screen.paint(await log.read("s"))
    await say(log, 2)  # between the page's read and its connection

    async def between_ack_and_read() -> None:
        await say(log, 3)

    async def while_the_reply_is_on_its_way() -> None:
        await say(log, 4, 5)

    log.before_read, log.after_read = between_ack_and_read, while_the_reply_is_on_its_way
    async with hub.join([("s", Cursor.parse(screen.cursor or ""))], "htmx") as viewer:
        await say(log, 6)
        await screen.watch(viewer, until="6;")
        await say(log, 7, close=True)
        await screen.watch(viewer)
    assert screen.text() == "1;2;3;4;5;6;7;"
    assert screen.done


async def test_a_second_viewer_who_joins_during_the_first_subscribe_misses_nothing(
    log: SeamedLog, proxied_hub: Hub, proxy: Proxy, new_screen: type[Screen]
) -> None:
    await proxied_hub._subscriber.subscribe(b"warm")  # the connection must stand before it is held
    await say(log, 1)
    proxy.hold()

    async def watch() -> str:
        screen = new_screen()
        async with proxied_hub.join([("s", None)], "htmx") as viewer:
            await screen.watch(viewer)
        return screen.text()

    first = asyncio.create_task(watch())
    await proxy.asked(log.channel("s").encode())
    second = asyncio.create_task(watch())
    await proxy.holds(b"subscribe")
    await say(log, 2)
    proxy.release()
    await say(log, 3, close=True)
    assert await asyncio.gather(first, second) == ["1;2;3;", "1;2;3;"]
    assert proxied_hub.statistics().reads == 1


async def kill_subscribers(redis: Redis) -> int:
    clients = [client for client in await redis.client_list() if client["name"] == "streams-hub"]
    for client in clients:
        await redis.client_kill_filter(_id=client["id"])
    return len(clients)


async def test_killing_the_subscriber_loses_nothing(
    log: SeamedLog, hub: Hub, screen: Screen, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    async with hub.join([("s", None)], "htmx") as viewer:
        await say(log, 1)
        await screen.watch(viewer, until="1;")
        assert await kill_subscribers(redis) >= 1
        await say(log, 2, 3)
        await screen.watch(viewer, until="3;")
        await kill_subscribers(redis)
        await say(log, 4, close=True)
        await screen.watch(viewer)
    assert screen.text() == "1;2;3;4;"
    assert "reconnects" in caplog.text


async def test_a_lost_last_message_is_found_by_the_check(
    log: SeamedLog, proxied_hub: Hub, proxy: Proxy, screen: Screen
) -> None:
    async with proxied_hub.join([("s", None)], "htmx") as viewer:
        await say(log, 1)
        await screen.watch(viewer, until="1;")
        proxy.hold()
        await say(log, 2, close=True)
        await proxy.holds(b"2;")
        proxy.lose()
        proxy.release()
        assert screen.text() == "1;"
        await proxied_hub.check()
        await screen.watch(viewer)
    assert screen.text() == "1;2;"


async def test_a_lost_message_in_the_middle_is_found_by_the_next(
    log: SeamedLog, proxied_hub: Hub, proxy: Proxy, screen: Screen
) -> None:
    async with proxied_hub.join([("s", None)], "htmx") as viewer:
        await say(log, 1)
        await screen.watch(viewer, until="1;")
        proxy.hold()
        await say(log, 2)
        await proxy.holds(b"2;")
        proxy.lose()
        proxy.release()
        await say(log, 3)
        await screen.watch(viewer, until="3;")
    assert screen.text() == "1;2;3;"


async def test_the_check_finds_nothing_to_do_while_all_is_well(log: SeamedLog, hub: Hub, screen: Screen) -> None:
    async with hub.join([("s", None)], "htmx"):
        for number in range(20):
            await asyncio.gather(say(log, number), hub.check())
        assert hub.statistics().reads == 1


async def test_the_hub_checks_by_itself(log: SeamedLog, redis_url: str, redis: Redis, screen: Screen) -> None:
    async with (
        Hub(log, redis_url, check_interval=0.05) as hub,
        hub.join([("s", None)], "htmx") as viewer,
    ):
        await say(log, 1, stream="elsewhere")
        await redis.rename(log.channel("elsewhere"), log.channel("s"))  # a log that no message has told of
        await screen.watch(viewer, until="1;")
    assert screen.text() == "1;"


async def test_a_page_that_is_ahead_of_the_hub_is_not_shown_anything_twice(
    log: SeamedLog, proxied_hub: Hub, proxy: Proxy, screen: Screen
) -> None:
    async with proxied_hub.join([("s", None)], "htmx"):
        proxy.hold()
        await say(log, 1, 2)
        screen.paint(await log.read("s"))
        async with proxied_hub.join([("s", Cursor.parse(screen.cursor or ""))], "htmx") as viewer:
            proxy.release()
            await say(log, 3, close=True)
            await screen.watch(viewer)
    assert screen.text() == "1;2;3;"


async def test_a_viewer_waits_for_a_stream_that_has_not_begun(log: SeamedLog, hub: Hub, screen: Screen) -> None:
    async with hub.join([("s", None)], "htmx") as viewer:
        waiting = asyncio.create_task(screen.watch(viewer))
        await say(log, 1, 2, close=True)
        await waiting
    assert screen.text() == "1;2;"
    assert hub.statistics().reads == 1


async def test_a_new_attempt_takes_the_place_of_the_old(log: SeamedLog, hub: Hub, new_screen: type[Screen]) -> None:
    page = '<d id="article"><d id="log"/></d>'
    live, late = new_screen(page), new_screen(page)
    async with hub.join([("s", None)], "htmx") as viewer, hub.join([("s", None)], "htmx") as sleeper:
        await say(log, 1, 2)
        await live.watch(viewer, until="2;")
        await log.publish("s", [replace("article", page)], fence=2, reset=True)
        await log.publish("s", [append("log", word(3))], fence=2, close=True)
        await live.watch(viewer)
        await late.watch(sleeper)
    assert live.text() == late.text() == "3;"


async def test_a_log_that_was_lost_and_written_again_is_shown_whole(
    log: SeamedLog, hub: Hub, new_screen: type[Screen], redis: Redis
) -> None:
    page = '<d id="article"><d id="log"/></d>'
    screen = new_screen(page)
    async with hub.join([("s", None)], "htmx") as viewer:
        await say(log, 1, 2)
        await screen.watch(viewer, until="2;")
        await redis.delete(log.channel("s"))
        await hub.check()
        await log.publish("s", [replace("article", page)], reset=True)
        await log.publish("s", [append("log", word(1) + word(2))])
        await say(log, 3, close=True)
        await screen.watch(viewer)
    assert screen.text() == "1;2;3;"


async def test_nobody_can_join_while_redis_is_away(log: SeamedLog) -> None:
    async with Hub(log, "redis://127.0.0.1:1", patience=0.1) as hub:
        with pytest.raises(Unavailable):
            async with hub.join([("s", None)], "htmx"):
                pass
        assert hub.statistics().streams == 0
        assert not hub.statistics().connected


async def test_a_failing_read_is_tried_again(log: SeamedLog, hub: Hub, screen: Screen) -> None:
    async def fail() -> None:
        log.before_read = fail_again
        raise ConnectionError("Redis is restarting")

    async def fail_again() -> None:
        await say(log, 1)
        raise ConnectionError("Redis is still restarting")

    log.before_read = fail
    async with hub.join([("s", None)], "htmx") as viewer:
        await screen.watch(viewer, until="1;")
    assert screen.text() == "1;"
    assert hub.statistics().reads == 3


async def test_a_message_that_is_no_frame_does_no_harm(
    log: SeamedLog, hub: Hub, screen: Screen, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    async with hub.join([("s", None)], "htmx") as viewer:
        for nonsense in (b"", b"a b c", b"a 1 - {}", b"\xff\xff 1 - []"):
            await redis.publish(log.channel("s"), nonsense)
        await say(log, 1, close=True)
        await screen.watch(viewer)
    assert screen.text() == "1;"
    assert "is not a frame" in caplog.text


def test_it_all_works_on_the_loop_of_production(redis_url: str, new_screen: type[Screen]) -> None:
    async def watch() -> str:
        client, screen = Redis.from_url(redis_url), new_screen()
        log = Log(client, prefix=f"test-{uuid.uuid4().hex}", ttl=60)
        async with Hub(log, redis_url) as hub, hub.join([("s", None)], "htmx") as viewer:
            await say(log, 1)
            await screen.watch(viewer, until="1;")
            await kill_subscribers(client)
            await say(log, 2, close=True)
            await screen.watch(viewer)
        await client.aclose()
        return screen.text()

    assert uvloop.run(watch()) == "1;2;"
