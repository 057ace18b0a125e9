"""Where tests get between the parts: between a hub and Redis, and around the reading of a log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from genapp.streams import Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from genapp.streams import Snapshot


class Proxy:
    """Stands between a hub and Redis, and can hold back what either says, and lose what Redis says."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open = asyncio.Event()
        self._open.set()
        self._commands = asyncio.Event()
        self._commands.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._held = bytearray()
        self._seen = bytearray()
        self._news = asyncio.Condition()
        self.accepting = True

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def hold(self) -> None:
        self._open.clear()

    def lose(self) -> None:
        """Forgets what was held back."""
        self._held.clear()

    def hold_commands(self) -> None:
        """From now on; `asked` is of these."""
        self._seen.clear()
        self._commands.clear()

    def release(self) -> None:
        self._open.set()
        self._commands.set()

    async def asked(self, command: bytes) -> None:
        """Waits until the hub has sent `command`."""
        await self._wait(lambda: command in self._seen)

    async def holds(self, said: bytes) -> None:
        """Waits until `said` by Redis is held back."""
        await self._wait(lambda: said in self._held)

    async def _wait(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(condition)

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
                group.create_task(self._up(reader, redis_writer))
                group.create_task(self._down(redis_reader, writer))
        except* OSError:
            pass
        finally:
            redis_writer.transport.abort()
            writer.transport.abort()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            async with self._news:
                self._seen += data
                self._news.notify_all()
            await self._commands.wait()
            writer.write(data)
        raise ConnectionResetError

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            async with self._news:
                self._held += data
                self._news.notify_all()
            await self._open.wait()
            held, self._held = bytes(self._held), bytearray()
            writer.write(held)
        raise ConnectionResetError


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
