"""Streams that stand still: what their viewers have not been told, and that nobody works on them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from genapp import fleet, views
from genapp.models import Generation, parse_id
from genapp.streams import StreamsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from genapp.streams import Log

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


async def show_finished(log: Log, names: Sequence[str]) -> None:
    """Show the end of those generations among the streams that have ended: their viewers have not been told."""
    for generation in await _generations(names):
        if generation.finished:
            await views.show_end(log, generation)


async def restore_finished(log: Log, names: Sequence[str]) -> None:
    """The same for those whose log Redis has lost."""
    tops = await log.tops(names)
    await show_finished(log, [name for name, top in zip(names, tops, strict=True) if top is None])


async def _generations(names: Sequence[str]) -> list[Generation]:
    ids = [one for name in names if (one := parse_id(name.removeprefix("generation:")))]
    return await Generation.objects().where(Generation.id.is_in(ids)) if ids else []


async def _note(log: Log, generation: Generation, note: str) -> None:
    with contextlib.suppress(StreamsError):  # a worker has begun after all
        await log.publish(views.stream_name(generation.id), views.note_ops(generation, note), fence=generation.attempt)
