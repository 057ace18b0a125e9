"""A server that webhooks are sent to: it notes what comes and answers as it is told."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.running import free_port

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator


@dataclass
class Message:
    """What was sent once."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Receiver:
    """`answers` are the statuses of the next answers; when there are none left it is 204. 0: none until `free`."""

    url: str
    answers: list[int] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        message = Message(request.path_qs, headers, await request.read())
        status = self.answers.pop(0) if self.answers else 204
        async with self.came:
            self.messages.append(message)
            self.came.notify_all()
        if status == 0:
            await self.free.wait()
            status = 204
        return web.Response(status=status, headers={"Location": f"{self.url}/elsewhere"} if status == 302 else {})

    async def until(self, count: int) -> list[Message]:
        """Wait until so many have come; gives them."""
        async with asyncio.timeout(20), self.came:
            await self.came.wait_for(lambda: len(self.messages) >= count)
        return self.messages


@asynccontextmanager
async def receiving(*, ssl_context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Listen on this machine."""
    port = free_port()
    receiver = Receiver(f"http{'s' if ssl_context else ''}://127.0.0.1:{port}")
    app = web.Application(client_max_size=10_000_000)
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=ssl_context).start()
    try:
        yield receiver
    finally:
        receiver.free.set()
        await runner.cleanup()
