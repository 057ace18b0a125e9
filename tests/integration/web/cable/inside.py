"""The cable served by this process, so that a test sees what it holds: tasks, timers, viewers of the hub."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from redis.asyncio import Redis

from genapp import jobs, models
from genapp.fleet import Member
from genapp.models import new_id
from genapp.quotas import Quotas
from genapp.revocations import Revocations
from genapp.settings import Settings
from genapp.streams import Hub, Lines, Log, Names, Scripts, Socket
from genapp.streams.socket import PIECE
from genapp.web.access import Access
from genapp.web.cable.connection import Connection
from genapp.web.connections import HttpConnection
from genapp.web.openings import Openings
from genapp.web.operations.live import Operations
from genapp.web.origins import Origins
from genapp.web.parts import Parts, rates
from genapp.web.sessions import Sessions
from genapp.web.silence import Restoring
from genapp.web.websockets import WebSocketConnection
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID


SECRETS = ("a secret of these tests alone, 0123456789",)


@dataclass
class Inside:
    """A server of this process; whoever connects is `user_id`. It reads no cookies: that is another test's."""

    url: str
    parts: Parts
    user_id: UUID
    server: uvicorn.Server

    async def generation(self, prompt: str = "hello") -> models.Generation:
        """A row of the visitor's, whose stream the test writes itself."""
        draft = models.Draft(user_id=self.user_id, prompt=prompt, model="openai:demo")
        return (await models.Generation.submit(draft, models.Limits(1_000, 0)))[0]

    def holds(self) -> tuple[int, int, int]:
        """Tasks, streams in view and viewers."""
        now = self.parts.hub.statistics()
        return len(asyncio.all_tasks()), now.streams, now.viewers


@asynccontextmanager
async def served(database_url: str, redis_url: str, **settings: Any) -> AsyncIterator[Inside]:
    """Serve it, with real engines behind it, and no worker."""
    values = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, **settings}
    async with AsyncExitStack() as stack:
        parts = await _parts(stack, Settings(**values))
        inside = Inside("", parts, new_id(), cast("Any", None))

        async def app(scope: Any, receive: Any, send: Any) -> None:
            visitor = parts.sessions.visitor(inside.user_id, new_id(), claims_account=False)
            await receive()
            (subprotocol,) = scope["subprotocols"][:1]
            await send({"type": "websocket.accept", "subprotocol": subprotocol})
            socket = Socket(send, in_pieces=PIECE in scope["extensions"])
            await Connection(parts, visitor, socket, address=None, extended="ext" in subprotocol).serve(receive)

        options: dict[str, Any] = {"ws_per_message_deflate": False, "ws_max_size": 500_000, "log_config": None}
        config = uvicorn.Config(app, port=0, http=HttpConnection, ws=WebSocketConnection, lifespan="off", **options)
        inside.server = uvicorn.Server(config)
        serving = asyncio.create_task(inside.server.serve())
        await eventually(lambda: _started(inside.server))
        inside.url = f"http://127.0.0.1:{inside.server.servers[0].sockets[0].getsockname()[1]}/cable"
        yield inside
        parts.hub.dismiss()
        inside.server.should_exit = True
        await serving


async def _started(server: uvicorn.Server) -> bool:
    return bool(server.started)


async def _parts(stack: AsyncExitStack, settings: Settings) -> Parts:
    client = Redis.from_url(settings.redis_url)
    stack.push_async_callback(client.aclose)
    log = Log(client, prefix=f"test-{new_id().hex}", ttl=60)
    await log.read("s")  # it keeps its connection, and a task that listens on it, from here on
    hub = await stack.enter_async_context(Hub(log, settings.redis_url, check_interval=3600))
    revocations = await stack.enter_async_context(Revocations(client, settings.redis_url, void=models.void))
    sessions = Sessions(SECRETS)
    broker = jobs.make_broker(settings.redis_url)
    broker.namespace = f"test-{new_id().hex}"
    stack.callback(broker.close)
    member = Member(client, "web")
    return Parts(
        settings,
        sessions,
        Access(sessions, revocations, session_seconds=3600),
        revocations,
        Openings(per_user=0, per_address=0),
        Origins(revocations),
        Names(SECRETS),
        client,
        log,
        hub,
        Lines(),
        Restoring(log, hub),
        jobs.Jobs(broker, Scripts(client)),
        Quotas(Scripts(client), rates(settings)),
        member,
        Operations(member, hub, log, client),
    )
