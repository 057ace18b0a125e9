"""The end of a stream: given once, and found out where it was never published."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from genapp.streams import Hub, append

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conftest import SeamedLog


async def test_who_was_given_the_end_is_not_shown_what_a_later_attempt_writes(log: SeamedLog, hub: Hub) -> None:
    async with hub.join([("a", None), ("b", None)], "htmx") as viewer:
        await log.publish("a", [append("x", "the end")], fence=1, close=True)
        assert b"the end" in await viewer.next()
        await log.publish("a", [append("x", "once more")], fence=2, reset=True)
        await log.publish("b", [append("y", "goes on")])
        seen = b""
        while b"goes on" not in seen:
            seen += await viewer.next()
        assert b"once more" not in seen
        await log.publish("b", [append("y", "and ends")], close=True)
        assert b"event: done" in await viewer.next()


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
        assert b"the end" in await viewer.next()
    assert told.get_nowait() == ["s"]
