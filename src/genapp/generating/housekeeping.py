"""Nobody ever sees an eternal spinner: what was lost on the way is found in the rows, and revived or ended.

Every worker keeps house. What changes rows is safe to do at once in many; telling people their place in the line is not
worth doing twice, so one of them does it, under a lease in Redis.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from genapp import logs, views
from genapp.errors import GenappError
from genapp.generating.answer import DATABASE_AWAY
from genapp.models import Chunk, Delivery, Generation, Session, departing
from genapp.streams import StreamsError

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis

    from genapp.jobs import Jobs
    from genapp.streams import Log

logger = logging.getLogger(__name__)

# Seconds between two rounds. With the lease this bounds how long an answer stands still when its worker is killed.
EVERY = 3.0
# A generation that has ended so many workers' lives is what ends them.
MOST_ATTEMPTS = 20
# What is deleted of who is gone in one round at most: the rest has its turn, and others theirs.
BATCHES = 20
LEASE = "genapp:housekeeper"
# Says that Redis is the one that took the messages in: it is gone when they are.
KEPT = "genapp:kept"


class GaveUp(GenappError):
    """Nobody could be found to write this answer."""

    code = "gave_up"
    message = "This answer could not be written. Try again; if that fails too, tell whoever runs this site."


class Housekeeping:
    """Goes round until cancelled. A part that is away is waited out."""

    def __init__(self, redis: Redis, log: Log, jobs: Jobs, *, queue_timeout: float) -> None:
        self.redis = redis
        self.log = log
        self.jobs = jobs
        self.queue_timeout = queue_timeout
        self._told: dict[UUID, int] = {}

    async def run(self) -> None:
        while True:
            # Jittered, so that the workers of a fleet take turns.
            await asyncio.sleep(EVERY * random.uniform(0.7, 1.3))  # noqa: S311  not a secret
            try:
                await self.notice_a_new_redis()
                await self.revive()
                await self.deliver()
                await Chunk.sweep()
                await Session.sweep()
                await Delivery.sweep()
                await self.delete_the_gone()
                await self.tell_places()
            except (*DATABASE_AWAY, RedisError) as error:
                logger.warning("housekeeping has to wait: %s", error)
            except Exception:
                logger.exception("housekeeping failed")

    async def notice_a_new_redis(self) -> None:
        """Where Redis has forgotten everything, do not wait until each row's message seems late."""
        if await self.redis.set(KEPT, b"", nx=True):
            await Generation.enqueue_all_again()

    async def revive(self) -> None:
        """Enqueue again what nobody works on, and end what was stopped, or is beyond help."""
        overdue = await Generation.overdue()
        for place, generation in enumerate(overdue):
            with logs.ids(request_id=generation.request_id, generation_id=generation.id):
                taken = await self._revive(generation)
            if not taken:
                # They are marked as enqueued now, and would wait for as long again.
                await Generation.enqueue_soon([one.id for one in overdue[place:]])
                return

    async def _revive(self, generation: Generation) -> bool:
        """False where the queue did not take it."""
        extra = {"attempt": generation.attempt}
        if generation.cancel_requested_at is not None:
            await views.show_end(self.log, await generation.cancel())
        # One that is queued was tried again by somebody, or handed back by a worker: it has its try.
        elif generation.status == "processing" and generation.attempt >= MOST_ATTEMPTS:
            logger.error("gave a generation up", extra=extra)
            if (failed := await generation.give_up(GaveUp.code, GaveUp.message)) is not None:
                await views.show_end(self.log, failed)
        elif (expired := await generation.expire(self.queue_timeout)) is not None:
            logger.error("no worker had room for a generation", extra=extra)
            await views.show_end(self.log, expired)
        else:
            logger.info("enqueued again", extra=extra)
            return await self.jobs.generate_later(generation.id)
        return True

    async def deliver(self) -> None:
        """Enqueue what webhooks are to be told by now: not yet, once more, or because its message was lost."""
        for delivery_id in await Delivery.overdue():
            await self.jobs.deliver_later(delivery_id)

    async def delete_the_gone(self) -> None:
        """Delete what is left of deleted users and sites, and what Redis has of it."""
        for _ in range(BATCHES):
            gone = await departing.sweep()
            if gone is None:
                return
            tops = await self.log.tops([views.stream_name(generation_id) for generation_id, _ in gone])
            for (generation_id, attempt), top in zip(gone, tops, strict=True):
                if top is not None:
                    await views.forget(self.log, generation_id, attempt)

    async def tell_places(self) -> None:
        """Tell those who wait how many are before them, where it has changed."""
        if not await self.redis.set(LEASE, b"", nx=True, px=int(EVERY * 500)):
            return
        waiting = await Generation.waiting()
        told = {generation.id: place for place, generation in enumerate(waiting, 1)}
        for generation in waiting:
            place = told[generation.id]
            if self._told.get(generation.id) == place:
                continue
            note = "Next in line." if place == 1 else f"Number {place} in line."
            try:
                await self.log.publish(
                    views.stream_name(generation.id), views.note_ops(generation, note), fence=generation.attempt
                )
            except StreamsError:
                continue  # a worker has begun: there is no place to tell any more
        self._told = told
