"""Fixtures for streams: a log of its own for each test, and what a viewer would see on the screen."""

from __future__ import annotations

import asyncio
import re
import uuid
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from genapp.streams import Hub, Log, Op

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from genapp.streams import Snapshot, Viewer


class Message(NamedTuple):
    """One server-sent event, as a browser reads it."""

    event: str
    id: str | None
    data: str


def messages(body: bytes) -> list[Message]:
    text = body.decode()
    assert text.endswith("\n\n"), "an event is cut off"
    return [_message(block) for block in text.removesuffix("\n\n").split("\n\n")]


def _message(block: str) -> Message:
    fields = [line.split(": ", 1) for line in block.split("\n")]
    found = dict(fields)
    data = "\n".join(value for name, value in fields if name == "data")
    return Message(found.get("event", ""), found.get("id"), data)


_PARTIAL = re.compile(r'<hx-partial hx-target="#([\w-]+)" hx-swap="(\w+)">(.*?)</hx-partial>', re.DOTALL)
_ACTIONS = {"innerHTML": "update", "outerHTML": "replace", "delete": "remove"}


class Screen:
    """The elements on a page, and Turbo's six actions on them. A missing target is skipped, as browsers do."""

    def __init__(self, html: str = '<d id="log"/><d id="tail"/>') -> None:
        self.root = ET.fromstring(f"<body>{html}</body>")  # noqa: S314 - our own
        self.cursor: str | None = None
        self.done = False

    @property
    def html(self) -> str:
        return ET.tostring(self.root, encoding="unicode").removeprefix("<body>").removesuffix("</body>")

    def text(self) -> str:
        return "".join(self.root.itertext())

    def ids(self) -> list[str]:
        return [element.get("id", "") for element in self.root.iter() if element.get("id")]

    def apply(self, ops: Sequence[Op]) -> None:
        for op in ops:
            target = self.root.find(f".//*[@id='{op.target}']")
            if target is not None:
                self._act(op, target)

    def _act(self, op: Op, target: ET.Element) -> None:
        nodes = list(ET.fromstring(f"<x>{op.content}</x>"))  # noqa: S314 - our own
        parent = next(element for element in self.root.iter() if target in list(element))
        at = list(parent).index(target)
        if op.action == "append":
            target.extend(nodes)
        elif op.action == "update":
            target[:] = nodes
        elif op.action == "before":
            parent[at:at] = nodes
        elif op.action == "after":
            parent[at + 1 : at + 1] = nodes
        elif op.action in ("replace", "remove"):
            parent[at : at + 1] = nodes

    def read(self, body: bytes) -> None:
        """Shows what came over the wire in the htmx dialect."""
        for message in messages(body):
            self.cursor = message.id or self.cursor
            self.done = self.done or message.event == "done"
            if not message.event:
                self.apply(
                    [Op(_ACTIONS.get(swap, swap), id_, html) for id_, swap, html in _PARTIAL.findall(message.data)]
                )

    def paint(self, snapshot: Snapshot) -> None:
        """Shows what a page embeds at first paint."""
        self.apply([op for op in snapshot.ops if op.target])
        self.cursor = str(snapshot.cursor) if snapshot.cursor else None

    async def watch(self, viewer: Viewer, until: str | None = None) -> None:
        """Shows what the viewer is sent until the text `until` is on the screen, or the viewer is finished."""
        async with asyncio.timeout(5):
            while not viewer.ended and (until is None or until not in self.text()):
                self.read(await viewer.next())


class Proxy:
    """Stands between a hub and Redis, and can hold back or lose what Redis says."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open = asyncio.Event()
        self._open.set()
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

    def release(self) -> None:
        self._open.set()

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
            writer.write(data)
            async with self._news:
                self._seen += data
                self._news.notify_all()
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


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def log(redis: Redis) -> SeamedLog:
    return SeamedLog(redis, prefix=f"test-{uuid.uuid4().hex}", ttl=60)


@pytest.fixture
async def hub(log: SeamedLog, redis_url: str) -> AsyncIterator[Hub]:
    """A hub that checks its streams only when told to."""
    async with Hub(log, redis_url, check_interval=3600) as hub:
        yield hub


@pytest.fixture
async def proxy(redis_url: str) -> AsyncIterator[Proxy]:
    parts = urlsplit(redis_url)
    async with Proxy(parts.hostname or "localhost", parts.port or 6379) as proxy:
        yield proxy


@pytest.fixture
def proxied_url(redis_url: str, proxy: Proxy) -> str:
    parts = urlsplit(redis_url)
    login = parts.netloc.rpartition("@")[0]
    netloc = f"{login}@127.0.0.1:{proxy.port}" if login else f"127.0.0.1:{proxy.port}"
    return parts._replace(netloc=netloc).geturl()


@pytest.fixture
async def proxied_hub(log: SeamedLog, proxied_url: str, proxy: Proxy) -> AsyncIterator[Hub]:
    async with Hub(log, proxied_url, check_interval=3600) as hub:
        yield hub


@pytest.fixture
def new_screen() -> type[Screen]:
    return Screen


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def read_messages() -> Callable[[bytes], list[Message]]:
    return messages
