"""Who makes up a crowd: those who wait for one answer, who read a kilobyte a second, and who come and go."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.faults.watching import Watcher
from tests.running import figure

if TYPE_CHECKING:
    import random

    from tests.integration.web.conftest import Visitor

AT_ONCE = 100


@functools.cache  # one text for hundreds of viewers, who would take megabytes and much CPU
def counted(words: int) -> str:
    return " ".join([f"word{number}" for number in range(words)])


@dataclass
class Person:
    """Somebody who asks, and as whom any number of viewers watch."""

    visitor: Visitor
    url: str

    async def ask(self, words: int, pace: int) -> dict[str, Any]:
        """Ask for `word0 word1 …`, so many and so many a second."""
        return await self.visitor.submit(f"[demo: ttft10 tps{pace} n{words}] x", model="openai:demo")

    def watcher(self, generation: dict[str, Any], words: int, dialect: str = "htmx", **options: int) -> Watcher:
        cookie = "; ".join(f"{name}={value}" for name, value in self.visitor.http.cookies.items())
        path = generation["stream_url"].replace("dialect=json", f"dialect={dialect}")
        return Watcher(self.url, path, cookie, counted(words), **options)

    async def completed(self, generation: dict[str, Any], words: int) -> None:
        row = await self.visitor.until(generation["id"], "completed", "failed", "cancelled")
        assert (row["status"], row["content"]) == ("completed", counted(words)), (row["status"], row["error"])

    async def stop(self, generation: dict[str, Any]) -> None:
        await self.visitor.post_form(f"/generations/{generation['id']}/cancellation")
        await self.visitor.until(generation["id"], "cancelled", "completed")

    async def viewers(self) -> int:
        """How many the web says it has."""
        return int(figure((await self.visitor.http.get("/metrics")).text, "genapp_connections"))


async def dawdle(watcher: Watcher, reading: asyncio.Event) -> None:
    """Read a kilobyte a second for as long as `reading` is set."""
    while reading.is_set():
        await watcher.read(1024)
        await asyncio.sleep(1)  # the fault itself


async def come_and_go(watcher: Watcher, chance: random.Random) -> None:
    """Connect, and leave: somewhere, somehow."""
    stage = chance.choice(["unasked", "half asked", "asked", "answered", "in the middle"])
    try:
        if stage == "unasked":
            await watcher.connect(asking=0)
        elif stage == "half asked":
            await watcher.connect(asking=chance.randrange(1, 100))
        else:
            await watcher.connect()
        if stage == "asked":
            await asyncio.sleep(chance.choice([0, 0.001, 0.005]))  # a random moment of the server's start
        elif stage == "answered":
            await watcher.read()
        elif stage == "in the middle":
            await watcher.read_frames(chance.randrange(1, 5))
    finally:
        watcher.leave(abruptly=chance.random() < 0.5)


async def crowd(person: Person, streams: list[tuple[dict[str, Any], int]], count: int, chance: random.Random) -> None:
    """So many come and go, a hundred at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with room:
            dialect = chance.choice(["htmx", "json"])
            await come_and_go(person.watcher(*chance.choice(streams), dialect), chance)

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(one())
