"""Streams that stand still: what their viewers have not been told, and that nobody works on them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from genapp import fleet, models, views
from genapp.models import Generation, parse_id
from genapp.streams import StreamsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from redis.asyncio import Redis

    from genapp.streams import Hub, Log

logger = logging.getLogger(__name__)

# Streams that are looked for at a time, and seconds between two looks while something is away.
MOST = 200
LONGEST_PAUSE = 3.0

NO_WORKER = "Your prompt is kept and waits: nothing is running that could answer it right now."


async def look_after(log: Log, redis: Redis, queue_timeout: float, names: Sequence[str]) -> None:
    """Bring generations whose streams are silent to where their rows are.

    Housekeeping in the workers does the same and more, but where no worker runs nobody else would tell.
    """
    working = await fleet.live_workers(redis)
    for generation in await _generations(names):
        if generation.finished:
            await views.show_end(log, generation)
        elif (expired := await generation.expire(queue_timeout)) is not None:
            await views.show_end(log, expired)
        elif generation.status == "queued" and not working:
            await _note(log, generation, NO_WORKER)


class Restoring:
    """Brings back the logs of finished generations that Redis has lost, for who watches them. One a process.

    Most streams without a log are about to begin: a viewer comes a few milliseconds before the worker. So they are
    looked for `pause` seconds later, all together.
    """

    def __init__(self, log: Log, hub: Hub, *, pause: float = 0.3) -> None:
        self._log = log
        self._hub = hub
        self._pause = pause
        self._names: set[str] = set()
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    def look_for(self, names: Iterable[str]) -> None:
        """These have no log, as their viewers found."""
        self._names.update(names)
        if self._names and not self._closed and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look(), name="restore-logs")

    async def close(self) -> None:
        """Look no more."""
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        pause = self._pause
        while self._names:
            await asyncio.sleep(pause)
            names = [name for name in self._names if self._hub.watches(name)][:MOST]
            try:
                await restore_finished(self._log, names)
            except Exception as error:
                logger.warning("what has ended could not be looked up: %r", error)
                pause = min(2 * pause, LONGEST_PAUSE)
                if isinstance(error, RedisError) or models.is_away(error):
                    continue
            else:
                pause = self._pause
            self._names = {name for name in self._names.difference(names) if self._hub.watches(name)}


async def restore_finished(log: Log, names: Sequence[str]) -> None:
    """Show the end of those generations among the streams that have ended and whose log Redis has lost."""
    tops = await log.tops(names)
    lost = [name for name, top in zip(names, tops, strict=True) if top is None]
    for generation in await Generation.finished_among(_ids(lost)):
        await views.show_end(log, generation)


async def _generations(names: Sequence[str]) -> list[Generation]:
    ids = _ids(names)
    return await Generation.objects().where(Generation.id.is_in(ids)) if ids else []


def _ids(names: Sequence[str]) -> list[UUID]:
    return [one for name in names if (one := parse_id(name.removeprefix("generation:")))]


async def _note(log: Log, generation: Generation, note: str) -> None:
    with contextlib.suppress(StreamsError):  # a worker has begun after all
        await log.publish(views.stream_name(generation.id), views.note_ops(generation, note), fence=generation.attempt)
