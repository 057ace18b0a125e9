"""Where the state machine's histories take place, and what must hold there."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from genapp.streams import Hub, Log
from tests.integration.streams.playing import STREAMS, Client, Writer, replayed
from tests.integration.streams.seams import Proxy, SeamedLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from tests.redis_server import RedisServer

MOST_CLIENTS = 6


class World:
    """Two streams, and two hubs that clients come to: the first through a proxy that can lose what Redis says."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.clients: list[Client] = []
        self.zombies: list[Writer] = []
        self.unheard = False  # Redis has changed and did not say so, or was not heard: only a check finds it

    async def start(self) -> None:
        self.stack = contextlib.AsyncExitStack()
        self.redis = Redis.from_url(self.server.url, retry=Retry(NoBackoff(), 9))  # the test's own hand
        self.stack.push_async_callback(self.redis.aclose)
        await self.redis.flushall()
        client = Redis.from_url(self.server.url)
        self.stack.push_async_callback(client.aclose)
        self.log = SeamedLog(client)
        numbers = itertools.count(1)
        self.writers = {stream: Writer(self.log, stream, numbers) for stream in STREAMS}
        self.proxy = await self.stack.enter_async_context(Proxy("127.0.0.1", self.server.port))
        self.hubs = [await self.new_hub(which).__aenter__() for which in range(2)]

    def new_hub(self, which: int) -> Hub:
        port = self.server.port if which else self.proxy.port
        return Hub(self.log, f"redis://127.0.0.1:{port}", check_interval=3600)

    @contextlib.asynccontextmanager
    async def interjecting(self, stream: str, seeds: Any) -> AsyncIterator[None]:
        """The next time a log is read, a frame is written before, and another one before the answer arrives."""
        pen = asyncio.Lock()
        await self.say(self.writers[stream])

        async def write() -> None:
            async with pen:
                await self.say(self.writers[stream], seeds)
            for hub in self.hubs:
                await self.answered(hub._subscriber.ping())  # so that it comes while the log is read

        self.log.before_read = self.log.after_read = write
        yield
        self.log.before_read = self.log.after_read = None
        async with pen:  # who was writing already goes on, and comes to the end
            pass

    async def add(self, client: Client, hub: int, cursors: str | None = None) -> None:
        while len(self.clients) >= MOST_CLIENTS:
            await self.clients.pop(0).leave()
        self.clients.append(client)
        await client.join(self.hubs[hub], cursors)

    async def bring_back(self, client: Client, hub: int = 0) -> None:
        """Who left joins again with the last cursor, who lags reads again."""
        if client.hub is None:
            await client.join(self.hubs[hub])
        else:
            client.read()

    async def say(self, writer: Writer, *frames: Any) -> None:
        """Writes frames, in a new attempt where none is under way."""
        if not writer.writing:
            await writer.begin()
        for seeds in frames:
            await writer.write(seeds)

    async def begin(self, writer: Writer) -> None:
        """Another attempt; the one under way does not know it, and remains as a zombie."""
        if writer.writing:
            self.zombies.append(writer.left_behind())
        await writer.begin()

    async def publish(self, writer: Writer, what: str) -> None:
        """Changes the log in the way that is asked for; tried until Redis has answered."""
        if what == "the whole":
            await self.redis.flushall()
        if what == "an attempt" or not writer.writing:
            await self.begin(writer)
        elif what == "an end":
            await writer.finish()
        else:
            await writer.write([("append", "log"), ("text", "")])
        await self.mend(writer)

    async def lose(self, stream: str, what: str) -> None:
        """Somebody follows the stream, and of what is published then the first hub hears nothing."""
        writer = self.writers[stream]
        await self.add(Client([stream], "htmx"), 0)
        await self.say(writer)
        await self.mend(writer)  # so that "a frame" is the next one of a log that the hub follows, and nothing else
        await self.heard(self.hubs[0])
        self.proxy.hold()
        await self.publish(writer, what)
        top = (await Log(self.redis).read(stream)).cursor
        assert top is not None
        await self.proxy.holds(f"{top.epoch} {top.seq} ".encode())  # all of it
        self.proxy.lose()
        self.proxy.release()

    async def copies(self) -> dict[str, bytes | None]:
        return {channel: await self.redis.dump(channel) for channel in map(self.log.channel, STREAMS)}

    async def restore(self, copies: dict[str, bytes | None]) -> None:
        await self.redis.flushall()
        for channel, copy in copies.items():
            if copy is not None:
                await self.redis.restore(channel, 0, copy)
        self.unheard = True

    async def compare_with_the_writers(self) -> None:
        """Once the writers have mended their logs, everybody sees what was written."""
        for writer in self.writers.values():
            if writer.fence:
                await self.mend(writer)
        await self.require({stream: writer.document() for stream, writer in self.writers.items()})

    async def compare_with_redis(self) -> None:
        """With writers that do nothing, everybody sees a fresh replay of the log, where Redis has one."""
        snapshots = {stream: await Log(self.redis).read(stream) for stream in STREAMS}
        await self.require({stream: replayed(stream, one) for stream, one in snapshots.items() if one.cursor})

    async def require(self, expected: dict[str, Any]) -> None:
        """Who reads comes to see what is `expected`; who was given an end saw what a writer ended with."""
        for hub in self.hubs:
            await self.heard(hub)
        self.unheard = False
        for client in self.clients:
            if client.reading:
                await client.sees(expected)
            for stream, end in client.ends.items():
                assert end in [one[client.dialect] for one in self.writers[stream].ends]

    async def heard(self, hub: Hub) -> None:
        """Waits until the hub has been given all that Redis said, and has checked where that is not enough."""
        async with asyncio.timeout(5):
            while not await self.answered(hub.check() if self.unheard else hub._subscriber.ping()):
                pass

    async def mend(self, writer: Writer) -> None:
        while not await self.answered(writer.mend()):
            pass

    async def answered(self, asking: Awaitable[None]) -> bool:
        """Whether Redis answered. It does not on a connection that is lost, until there is another."""
        try:
            await asking
        except (RedisError, OSError):
            await asyncio.sleep(0)
            return False
        return True

    async def end(self) -> None:
        """Everything is written to its end, and everybody comes and sees it."""
        for writer in self.writers.values():
            if not writer.fence:
                await writer.begin()
            if writer.writing:
                await writer.finish()
        for client in self.clients:
            await self.bring_back(client)
        await self.compare_with_the_writers()
        assert all(client.screen.done and client.viewer.finished for client in self.clients)

    async def close(self) -> None:
        async with self.stack:
            for client in self.clients:
                await client.leave()
            for hub in self.hubs:
                await hub.__aexit__(None, None, None)
