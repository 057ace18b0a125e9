"""What a viewer gets: from where, in which dialect, and until when."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from genapp.streams import Cursor, Cursors, Hub, Log, Viewer, append, remove, replace, text, update
from tests.integration.streams.screens import written

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from genapp.streams import Published
    from tests.integration.streams.screens import Message, Screen
    from tests.integration.streams.seams import Proxy, SeamedLog


def word(number: int) -> str:
    return f"<i>{number};</i>"


async def say(log: Log, *numbers: int, close: bool = False, stream: str = "s") -> Published:
    for number in numbers:
        published = await log.publish(stream, [append("log", word(number))], close=close and number == numbers[-1])
    return published


async def test_a_slow_viewer_skips_superseded_tails_and_ends_equal(
    log: SeamedLog, hub: Hub, new_screen: type[Screen], read_messages: Callable[[bytes], list[Message]]
) -> None:
    quick, slow = new_screen(), new_screen()
    async with hub.join([("s", None)], "htmx") as one, hub.join([("s", None)], "htmx") as two:
        for number in range(50):
            ops = [replace("tail", f'<d id="tail">{number}.</d>')]
            if number % 10 == 9:
                ops.append(append("log", word(number)))
            await log.publish("s", ops, close=number == 49)
            await quick.watch(one, until=f"{number}.")
        body = await written(two)
        slow.read(body)
    assert slow.html == quick.html
    assert slow.done
    assert body.count(b'"#tail"') == 1
    assert [message.id is not None for message in read_messages(body)] == [True] * 5 + [False]


async def test_leaving_leaves_no_subscription_and_no_memory(log: SeamedLog, hub: Hub, redis: Redis) -> None:
    async with hub.join([("s", None), ("t", None)], "htmx") as viewer:
        await say(log, 1)
        await written(viewer)
        gone = weakref.ref(viewer)
        assert hub.statistics().streams == 2
        assert dict(await redis.pubsub_numsub(log.channel("s"))) == {log.channel("s").encode(): 1}
    del viewer
    await hub._subscriber.ping()  # the UNSUBSCRIBE has been carried out
    gc.collect()
    assert gone() is None
    assert (hub.statistics().streams, hub.statistics().viewers) == (0, 0)
    assert dict(await redis.pubsub_numsub(log.channel("s"))) == {log.channel("s").encode(): 0}


async def test_the_stream_stays_while_somebody_watches(log: SeamedLog, hub: Hub, screen: Screen) -> None:
    async with hub.join([("s", None)], "htmx") as stays:
        async with hub.join([("s", None)], "htmx"):
            pass
        await say(log, 1, close=True)
        await screen.watch(stays)
    assert screen.text() == "1;"


async def test_coming_back_while_the_unsubscribe_is_under_way_misses_nothing(
    log: SeamedLog, hub: Hub, new_screen: type[Screen]
) -> None:
    for number in range(5):
        async with hub.join([("s", None)], "htmx"):
            pass
        leaving = asyncio.create_task(hub.join([("s", None)], "htmx").__aenter__())
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        screen = new_screen()
        async with hub.join([("s", None)], "htmx") as viewer:
            await say(log, number)
            await screen.watch(viewer, until=f"{number};")
    assert screen.text() == "0;1;2;3;4;"


async def test_giving_up_while_joining_leaves_nothing(
    log: SeamedLog, proxied_hub: Hub, proxy: Proxy, redis: Redis
) -> None:
    await proxied_hub._subscriber.subscribe(b"warm")
    proxy.hold()
    joining = asyncio.create_task(proxied_hub.join([("s", None)], "htmx").__aenter__())
    await proxy.asked(log.channel("s").encode())
    joining.cancel()
    await asyncio.gather(joining, return_exceptions=True)
    assert proxied_hub.statistics().streams == 0
    proxy.release()
    await proxied_hub._subscriber.ping()
    assert dict(await redis.pubsub_numsub(log.channel("s"))) == {log.channel("s").encode(): 0}
    assert set(proxied_hub._subscriber._channels) == {b"warm"}


async def test_one_connection_carries_several_streams(log: SeamedLog, hub: Hub, new_screen: type[Screen]) -> None:
    page = '<d id="log"/><d id="log2"/>'
    screen = new_screen(page)
    async with hub.join([("s", None), ("t", None)], "htmx") as viewer:
        await say(log, 1)
        await log.publish("t", [append("log2", word(10))])
        await screen.watch(viewer, until="10;")
        await say(log, 2, close=True)
        await screen.watch(viewer, until="2;")
        assert not screen.done
    await log.publish("t", [append("log2", word(11))], close=True)
    cursors = Cursors.parse(screen.cursor or "", 2).places
    async with hub.join([("s", cursors[0]), ("t", cursors[1])], "htmx") as viewer:
        await screen.watch(viewer)
    assert screen.text() == "1;2;10;11;"
    assert screen.done


async def test_a_viewer_who_comes_back_goes_on_where_he_was(
    log: SeamedLog, hub: Hub, screen: Screen, read_messages: Callable[[bytes], list[Message]]
) -> None:
    await say(log, 1, 2, 3)
    async with hub.join([("s", None)], "htmx") as viewer:
        cut_off = read_messages(await written(viewer))[1]
    async with hub.join([("s", Cursor.parse(cut_off.id or ""))], "htmx") as viewer:
        screen.read(await written(viewer))
    assert screen.text() == "3;"


@pytest.mark.parametrize("stale", ["another-epoch", "future"])
async def test_a_cursor_that_is_not_of_the_log_means_from_the_beginning(
    log: SeamedLog, hub: Hub, screen: Screen, stale: str
) -> None:
    published = await say(log, 1, 2)
    cursor = Cursor("0" * 12, 2) if stale == "another-epoch" else Cursor(published.cursor.epoch, 3)
    async with hub.join([("s", cursor)], "htmx") as viewer:
        screen.read(await written(viewer))
    assert screen.text() == "1;2;"


async def test_who_has_all_of_a_closed_stream_is_told_so_and_nothing_else(log: SeamedLog, hub: Hub) -> None:
    published = await say(log, 1, close=True)
    async with hub.join([("s", published.cursor)], "htmx") as viewer:
        assert await written(viewer) == b"event: done\ndata: \n\n"
        assert viewer.finished
        assert await written(viewer) == b""


async def test_dialects_of_one_stream_do_not_mix(log: SeamedLog, hub: Hub) -> None:
    async with (
        hub.join([("s", None)], "htmx") as htmx,
        hub.join([("s", None)], "turbo") as turbo,
        hub.join([("s", None)], "json") as program,
    ):
        await log.publish("s", [update("a", "<i/>"), remove("b"), text("t")])
        assert b"<hx-partial" in await written(htmx)
        assert b"<turbo-stream" in await written(turbo)
        assert b'"content":"t"' in await written(program)


async def test_two_hundred_viewers_see_the_same(log: SeamedLog, hub: Hub, new_screen: type[Screen]) -> None:
    async def watch() -> str:
        screen = new_screen()
        async with hub.join([("s", None)], "htmx") as viewer:
            await screen.watch(viewer)
        return screen.text()

    watching = [asyncio.create_task(watch()) for _ in range(200)]
    await say(log, *range(50), close=True)
    assert set(await asyncio.gather(*watching)) == {"".join(f"{number};" for number in range(50))}
    assert hub.statistics().reads == 1


async def test_a_server_that_stops_lets_its_viewers_go(log: SeamedLog, hub: Hub) -> None:
    async with hub.join([("s", None)], "htmx") as viewer:
        waiting = asyncio.create_task(written(viewer))
        await asyncio.sleep(0)
        hub.dismiss()
        assert await waiting == b""
        assert viewer.ended
        assert not viewer.finished
    async with hub.join([("s", None)], "htmx") as viewer:
        assert viewer.ended


async def test_waiting_can_be_given_up_without_losing_anything(log: SeamedLog, hub: Hub, screen: Screen) -> None:
    async with hub.join([("s", None)], "htmx") as viewer:
        waiting = asyncio.create_task(written(viewer))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await say(log, 1, close=True)
        await screen.watch(viewer)
    assert screen.text() == "1;"


async def test_a_viewer_with_nothing_to_see_is_not_woken(
    log: SeamedLog, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(log, 1)
    async with hub.join([("s", None)], "htmx") as viewer, hub.join([("t", None)], "htmx") as neighbour:
        await written(viewer)
        waiting = asyncio.create_task(written(viewer))
        woken: list[Viewer] = []
        wake = Viewer.wake
        monkeypatch.setattr(Viewer, "wake", lambda self: (woken.append(self), wake(self)))
        for _ in range(3):
            await hub.check()
        await say(log, 2, stream="t")
        await written(neighbour)
        assert viewer not in woken
        await say(log, 3, close=True)
        assert b"3;" in await waiting
        assert woken.count(viewer) == 1


class Unwalkable(dict[Any, Any]):
    """A dict that can be asked, and changed, but not walked through."""

    def __iter__(self) -> Any:
        raise AssertionError("somebody walks through all streams")

    keys = values = items = __iter__


async def test_who_comes_and_goes_costs_nothing_for_the_streams_of_others(
    log: SeamedLog, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hub.join([("t", None)], "htmx"):
        with monkeypatch.context() as patch:
            patch.setattr(hub, "_watched", Unwalkable(hub._watched))
            async with hub.join([("s", None), ("t", None)], "htmx"):
                pass
            left = dict.keys(hub._watched)
        assert left == {log.channel("t").encode()}


async def test_a_dialect_nobody_speaks_is_refused(hub: Hub) -> None:
    with pytest.raises(KeyError):
        async with hub.join([("s", None)], "klingon"):
            pass
