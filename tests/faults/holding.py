"""What the processes and the engines hold: memory, files, subscriptions, rows."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
import psutil
import redis

from genapp.revocations import CHANNEL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from genapp.processes import Process
    from tests.running import App


def resident(process: Process) -> float:
    """The memory of a process and its descendants, in MB."""
    root = psutil.Process(process.pid)
    return sum(one.memory_info().rss for one in [root, *root.children(recursive=True)]) / 1e6


# The pool of connections to PostgreSQL, and a pair of sockets by which a loop is woken.
MOST_LOCAL = 10 + 2


def open_files(process: Process, app: App) -> int:
    """A process's file descriptors, but for those of its pools, which grow to their bounds and stay.

    They lead to Redis, and to PostgreSQL by a socket in a folder.
    """
    port = urlsplit(app.redis_url).port
    root = psutil.Process(process.pid)
    pooled = [one for one in root.net_connections("tcp") if one.raddr and one.raddr.port == port]
    local = len(root.net_connections("unix"))
    return root.num_fds() - len(pooled) - min(local, MOST_LOCAL)


class Memory:
    """The most that processes held, in MB, of all looks."""

    def __init__(self, **processes: Process) -> None:
        self._processes = processes
        self.before = {name: resident(process) for name, process in processes.items()}
        self.most = dict(self.before)

    def look(self) -> None:
        for name, process in self._processes.items():
            self.most[name] = max(self.most[name], resident(process))

    def grown(self, name: str) -> float:
        """How much more than before a process held at its most."""
        return self.most[name] - self.before[name]

    def __repr__(self) -> str:
        return ", ".join(f"{name} {self.before[name]:.1f} → {self.most[name]:.1f} MB" for name in self.before)


@asynccontextmanager
async def memory_of(**processes: Process) -> AsyncIterator[Memory]:
    """Look at what processes hold every tenth of a second."""
    memory = Memory(**processes)

    async def keep_looking() -> None:
        while True:
            memory.look()
            await asyncio.sleep(0.1)

    looking = asyncio.create_task(keep_looking())
    try:
        yield memory
    finally:
        looking.cancel()
        memory.look()


class Engines:
    """An app's Redis and PostgreSQL."""

    def __init__(self, client: redis.Redis, database: asyncpg.Connection[Any]) -> None:
        self._redis = client
        self._database = database

    async def received(self) -> tuple[int, int]:
        """Bytes that Redis has been sent, and that PostgreSQL has written to its log, ever."""
        info: Any = self._redis.info("stats")
        written = await self._database.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
        return int(info["total_net_input_bytes"]), int(written)

    async def chunks(self, generation: dict[str, Any]) -> int:
        """How many pieces of an answer wait to be joined."""
        return int(await self._database.fetchval("SELECT count(*) FROM chunks WHERE generation = $1", generation["id"]))

    def subscriptions(self) -> list[Any]:
        """The channels that viewers make a process subscribe to, by Redis' list of channels and by its list of clients.

        Each web process always listens for revocations.
        """
        channels: Any = self._redis.pubsub_channels()
        clients: Any = self._redis.client_list()
        of_viewers = [one for one in channels if one not in (CHANNEL, CHANNEL.encode())]
        return [*of_viewers, *[one["name"] for one in clients if int(one["sub"]) > 0 and one["name"] != "revocations"]]


@asynccontextmanager
async def engines_of(app: App) -> AsyncIterator[Engines]:
    database = await asyncpg.connect(app.env["DATABASE_URL"])
    try:
        with redis.Redis.from_url(app.redis_url) as client:
            yield Engines(client, database)
    finally:
        await database.close()
