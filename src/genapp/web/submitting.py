"""Submitting a prompt, stopping its answer and trying it again, by whatever way it was asked for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from genapp import models, views
from genapp.models import Generation
from genapp.streams import StreamsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from genapp.models import Draft
    from genapp.quotas import Standing
    from genapp.settings import Settings
    from genapp.web.parts import Parts
    from genapp.web.visitors import Visitor

logger = logging.getLogger(__name__)


async def submit(parts: Parts, draft: Draft, address: str | None) -> tuple[Generation, Sequence[Standing]]:
    """Store a prompt, for a worker to answer; `address` is the client's. Gives how far the rates are used up, too.

    Raises NotFound for somebody else's conversation, and TooMany past a limit.
    """
    standings = await parts.quotas.admit(draft.user_id, address)
    generation, _ = await Generation.submit(draft, limits_from(parts.settings))
    if generation.status == "queued":
        # Also for a repeated submission: the first may have died before it came to this.
        await enqueue(parts, generation)
    return generation, standings


async def enqueue(parts: Parts, generation: Generation) -> None:
    """Have a worker told of it; where the queue does not take it, by housekeeping, in seconds. It is stored already."""
    if await parts.jobs.generate_later(generation.id):
        return
    try:
        await Generation.enqueue_soon([generation.id])
    except Exception as error:
        if not models.is_away(error):
            raise
        logger.warning("a prompt waits until its message seems late: %s", error)


async def stop(parts: Parts, visitor: Visitor, generation_id: UUID) -> Generation:
    """Stop a generation. Idempotent: what is finished stays as it is. Raises NotFound for somebody else's."""
    generation = await (await Generation.owned(generation_id, visitor.user_id)).cancel()
    await announce_stop(parts, generation)
    return generation


async def again(parts: Parts, earlier: Generation) -> tuple[Generation, bool]:
    """Have a failed or stopped generation tried again; gives it, and whether this call did so.

    Raises TooMany past its user's limits.
    """
    generation, new = await earlier.retry(limits_from(parts.settings))
    if new:
        await _announce_retry(parts, generation)
        await enqueue(parts, generation)
    return generation, new


def limits_from(settings: Settings) -> models.Limits:
    """What a user may have in flight and spend."""
    return models.Limits(settings.max_in_flight_per_user, settings.tokens_per_user_per_day)


async def announce_stop(parts: Parts, generation: Generation) -> None:
    """Tell the worker, or every viewer where none had it. The row has it, so Redis being away loses nothing."""
    try:
        if generation.status == "processing":
            await parts.log.request_stop(views.stream_name(generation.id), fence=generation.attempt)
        elif generation.status == "cancelled":
            await views.show_end(parts.log, generation)
    except (RedisError, OSError) as error:
        logger.warning("the stop was not announced, the row has it: %s", error)


async def _announce_retry(parts: Parts, generation: Generation) -> None:
    """Open the stream again with the new number: whatever the earlier attempt still writes is refused from now on."""
    name = views.stream_name(generation.id)
    try:
        await parts.log.publish(name, views.shell_ops(generation), fence=generation.attempt, reset=True)
    except StreamsError:
        logger.info("the new attempt is ahead of its announcement")
    except (RedisError, OSError) as error:
        logger.warning("the new attempt was not announced, its worker will: %s", error)
