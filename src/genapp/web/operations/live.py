"""The live figures, published for as long as somebody watches them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from genapp import views
from genapp.web.operations.history import Histories
from genapp.web.operations.now import look
from genapp.web.operations.showing import now_part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from genapp.fleet import Member
    from genapp.streams import Cursor, Log

logger = logging.getLogger(__name__)

EVERY = 2.0
# Of all web processes whose pages are watched, one publishes at a time: who has taken the turn.
TURN = "genapp:operations:turn"
# Seconds that a page waits for Redis to say where its stream is.
PATIENCE = 1.0


class Operations:
    """What the operations page is made of in this process. It works for nobody but who looks at it."""

    def __init__(self, member: Member, log: Log, redis: Redis) -> None:
        self.member = member
        self.histories = Histories(member)
        self._log = log
        self._redis = redis
        self._watchers = 0
        self._publishing: asyncio.Task[None] | None = None

    async def cursor(self) -> Cursor | None:
        """Where the stream is: what was published before is older than what a new page shows."""
        with suppress(RedisError, OSError):
            async with asyncio.timeout(PATIENCE):
                [top] = await self._log.tops([views.OPERATIONS_STREAM])
                return top
        return None

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """See to it that the figures are published while the block runs."""
        self._watchers += 1
        if self._publishing is None:
            self._publishing = asyncio.create_task(self._keep_publishing(), name="operations")
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._publishing.cancel()
                self._publishing = None

    async def _keep_publishing(self) -> None:
        while True:
            try:
                if await self._redis.set(TURN, b"", nx=True, px=int(EVERY * 900)):
                    ops = views.operations_ops(now_part(await look(self.member)))
                    await self._log.publish(views.OPERATIONS_STREAM, ops)
            except Exception as error:
                # Whatever is away: the page keeps what it has until the next time, or loses its connection.
                logger.info("the operations page's figures were not published: %s", error)
            await asyncio.sleep(EVERY)
