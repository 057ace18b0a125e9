"""Where tests get between the parts: between a hub and Redis, and around the reading of a log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from genapp.streams import Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from genapp.streams import Snapshot


class _Way:
    """What goes one way through the proxy, all of which can be held back."""

    def __init__(self) -> None:
        self.holding = False
        self.seen = bytearray()
        self._held: list[tuple[asyncio.StreamWriter, bytes]] = []
        self._news = asyncio.Condition()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            self._held.append((writer, data))
            if not self.holding:
                self.release()
            async with self._news:
                self.seen += data
                self._news.notify_all()
        raise ConnectionResetError

    def hold(self) -> None:
        self.holding = True
        self.seen.clear()

    def lose(self) -> None:
        self._held.clear()

    def release(self) -> int:
        self.holding = False
        pieces = len(self._held)
        for writer, data in self._held:
            writer.write(data)
        self._held.clear()
        return pieces

    async def wait(self, words: bytes) -> None:
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: words in self.seen)


class Proxy:
    """Stands between a hub and Redis, and can hold back what either says, and lose what Redis says."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._up = _Way()
        self._down = _Way()
        self._tasks: set[asyncio.Task[None]] = set()
        self.accepting = True

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def hold(self) -> None:
        """Holds back what Redis says from now on."""
        self._down.hold()

    async def holds(self, said: bytes) -> None:
        """Waits until `said` by Redis is held back."""
        await self._down.wait(said)

    def lose(self) -> None:
        """Forgets what was held back."""
        self._down.lose()

    def release(self) -> None:
        self._down.release()

    def hold_commands(self) -> None:
        """Holds back what the hub says from now on."""
        self._up.hold()

    async def asked(self, command: bytes) -> None:
        """Waits until the hub has sent `command`: since it is held back, or at all."""
        await self._up.wait(command)

    def release_commands(self) -> int:
        """Gives in how many pieces they had come."""
        return self._up.release()

    def cut(self) -> None:
        """Loses the connections that there are."""
        for task in self._tasks:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        if not self.accepting:
            writer.transport.abort()
            return
        redis_reader, redis_writer = await asyncio.open_connection(*self._target)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._up.pump(reader, redis_writer))
                group.create_task(self._down.pump(redis_reader, writer))
        except* OSError:
            pass
        finally:
            redis_writer.transport.abort()
            writer.transport.abort()


class SeamedLog(Log):
    """A log whose reading can be interrupted before and after Redis answers: the gaps in which frames get lost."""

    before_read: Callable[[], object] | None = None
    after_read: Callable[[], object] | None = None

    async def read(self, stream: str) -> Snapshot:
        hook, self.before_read = self.before_read, None
        if hook is not None:
            await hook()  # type: ignore[misc]
        snapshot = await super().read(stream)
        hook, self.after_read = self.after_read, None
        if hook is not None:
            await hook()  # type: ignore[misc]
        return snapshot
