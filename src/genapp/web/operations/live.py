"""The live figures, published for as long as somebody watches them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from redis.exceptions import RedisError

from genapp import views
from genapp.web.operations.history import Histories
from genapp.web.operations.now import Present
from genapp.web.operations.showing import now_part

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from genapp.fleet import Member
    from genapp.streams import Cursor, Hub, Log

logger = logging.getLogger(__name__)

EVERY = 2.0
# Of all web processes whose pages are watched, one publishes at a time: who has taken the turn.
TURN = "genapp:operations:turn"
# Seconds that a page waits for Redis to say where its stream is.
PATIENCE = 1.0


class Operations:
    """What the operations page is made of in this process. An async context manager.

    The figures are published while somebody watches them here, and cost nothing else.
    """

    def __init__(self, member: Member, hub: Hub, log: Log, redis: Redis) -> None:
        self.histories = Histories(member)
        self.present = Present(member)
        self._hub = hub
        self._log = log
        self._redis = redis
        self._ends = False
        self._publishing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._publishing = asyncio.create_task(self._keep_publishing(), name="operations")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ends = True
        if self._publishing is not None:
            self._publishing.cancel()
            await asyncio.gather(self._publishing, return_exceptions=True)

    async def cursor(self) -> Cursor | None:
        """Where the stream is: what was published before is older than what a new page shows."""
        with suppress(RedisError, OSError):
            async with asyncio.timeout(PATIENCE):
                [top] = await self._log.tops([views.OPERATIONS_STREAM])
                return top
        return None

    async def _keep_publishing(self) -> None:
        while not self._ends:  # redis-py loses a cancellation now and then
            await asyncio.sleep(EVERY)
            if not self._hub.watches(views.OPERATIONS_STREAM):
                continue
            try:
                if await self._redis.set(TURN, b"", nx=True, px=int(EVERY * 900)):
                    ops = views.operations_ops(now_part(await self.present.look()))
                    await self._log.publish(views.OPERATIONS_STREAM, ops)
            except Exception as error:
                # Whatever is away: the page keeps what it has until the next time, or loses its connection.
                logger.info("the operations page's figures were not published: %s", error)
