"""Streams that stand still: what their viewers have not been told, and that nobody works on them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from genapp import fleet, views
from genapp.models import Generation, parse_id
from genapp.streams import StreamsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from redis.asyncio import Redis

    from genapp.streams import Hub, Log

logger = logging.getLogger(__name__)

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
    looked at a while later, all in one query. `pause` is in seconds.
    """

    def __init__(self, log: Log, hub: Hub, *, pause: float = 1.0) -> None:
        self._log = log
        self._hub = hub
        self._pause = pause
        self._names: set[str] = set()
        self._looking: asyncio.Task[None] | None = None

    def note(self, names: Iterable[str]) -> None:
        """These have no log, as their viewers found."""
        self._names.update(names)
        if self._names and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look(), name="restore-logs")

    def close(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()

    async def _look(self) -> None:
        while self._names:
            await asyncio.sleep(self._pause)
            names, self._names = {name for name in self._names if self._hub.watches(name)}, set()
            try:
                await restore_finished(self._log, list(names))
            except Exception as error:  # one of the two is away
                logger.warning("what has ended could not be looked up, trying again: %s", error)
                self._names |= names


async def restore_finished(log: Log, names: Sequence[str]) -> None:
    """Show the end of those generations among the streams that have ended and whose log Redis has lost."""
    tops = await log.tops(names)
    for generation in await _generations([name for name, top in zip(names, tops, strict=True) if top is None]):
        if generation.finished:
            await views.show_end(log, generation)


async def _generations(names: Sequence[str]) -> list[Generation]:
    ids = [one for name in names if (one := parse_id(name.removeprefix("generation:")))]
    return await Generation.objects().where(Generation.id.is_in(ids)) if ids else []


async def _note(log: Log, generation: Generation, note: str) -> None:
    with contextlib.suppress(StreamsError):  # a worker has begun after all
        await log.publish(views.stream_name(generation.id), views.note_ops(generation, note), fence=generation.attempt)
