"""Work in progress as a page first paints it: what is written so far, and from where to listen."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from genapp import markdown, streams, views
from genapp.models import Chunk, Generation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.streams import Cursor
    from genapp.web.parts import Parts

logger = logging.getLogger(__name__)

# Seconds that a page waits for Redis.
PATIENCE = 1


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a page is made for: as whom they follow its streams, where and how, and whether they may only read."""

    viewer: str
    path: str = "/streams"
    read_only: bool = False
    dialect: str = "htmx"


async def shown(
    parts: Parts, audience: Audience, generations: Sequence[Generation]
) -> tuple[list[views.GenerationCard], views.Stream | None]:
    """Give a card each, and the one stream for all that are in progress (None where none is)."""
    cards, following = [], []
    for generation in generations:
        current, written, cursor = await _shown(parts, generation)
        cards.append(views.card(current, written, read_only=audience.read_only))
        if not current.finished:
            following.append((views.stream_name(generation.id), cursor))
    if not following:
        return cards, None
    url = streams.stream_from(parts.names, audience.viewer, following, path=audience.path, dialect=audience.dialect)
    return cards, views.Stream(url)


async def _shown(parts: Parts, generation: Generation) -> tuple[Generation, views.Written | None, Cursor | None]:
    """Give the row as it is now, what is written of it, and from where the rest is to be followed."""
    if generation.finished:
        return generation, None, None
    try:
        async with asyncio.timeout(PATIENCE):
            snapshot = await parts.log.read(views.stream_name(generation.id))
    except (RedisError, OSError) as error:
        # The page is worth having without Redis: what the row has, and the stream from its start once it is back.
        logger.warning("Redis is away, showing what the row has: %s", error)
        return generation, await _stored(generation), None
    if snapshot.closed:
        # It ended between the query and the read; or it is queued again, and the log is still that of the last attempt.
        return await generation.reread(), None, None
    if snapshot.cursor is None:
        return generation, await _stored(generation), None
    written = views.written_from(generation.id, snapshot)
    if generation.status == "queued":
        # A worker has begun between the query and the read: everything from its first frame on is news to this page.
        return generation, views.Written("", views.tail_element(generation.id), written.note), None
    return generation, written, snapshot.cursor


async def _stored(generation: Generation) -> views.Written | None:
    if generation.attempt == 0:
        return None  # nobody has begun
    text = await Chunk.joined(generation.id, generation.attempt)
    if not text:
        return None
    # On a thread: it may be long, and nothing of it is rendered yet.
    html = await asyncio.to_thread(markdown.render, text)
    return views.Written(html, views.tail_element(generation.id))
