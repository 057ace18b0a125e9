"""Waiting for the end of a generation, without asking the database again and again."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from genapp import streams, views
from genapp.errors import TooMany
from genapp.web.openings import counted

if TYPE_CHECKING:
    from genapp.models import Generation
    from genapp.web.parts import Parts
    from genapp.web.visitors import Visitor

logger = logging.getLogger(__name__)


async def ended(parts: Parts, visitor: Visitor, generation: Generation, seconds: float) -> Generation:
    """Wait until a generation has ended, for so many seconds at most; give it as it is then.

    Less long where this process stops, the visitor's way in is revoked or they have too much open, or Redis is away:
    the generation goes on, and whoever asks again is told.
    """
    if generation.finished:
        return generation
    name = views.stream_name(generation.id)
    try:
        async with asyncio.timeout(seconds):
            with parts.openings.one_more(counted(visitor, None)):
                await _until_the_end(parts, visitor, name)
    except (TimeoutError, TooMany):
        pass
    except (streams.Unavailable, RedisError, OSError) as error:
        logger.warning("nobody can say when a generation ends, answering with what there is: %s", error)
    return await generation.reread()


async def _until_the_end(parts: Parts, visitor: Visitor, name: str) -> None:
    async with parts.hub.join([(name, None)], "json") as viewer:
        with parts.revocations.holding(visitor.keys, visitor.asked_at, viewer.dismiss):
            parts.restoring.look_for(viewer.without_log)
            while not viewer.ended:
                await viewer.next_events()
