"""Work in progress as a page first paints it: what is written so far, and from where to listen."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from genapp import markdown, streams, views
from genapp.models import Chunk, Generation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.streams import Cursor
    from genapp.web.parts import Parts
    from genapp.web.sessions import Visitor

logger = logging.getLogger(__name__)

# Seconds that a page waits for Redis.
PATIENCE = 1


async def shown(
    parts: Parts, visitor: Visitor, generations: Sequence[Generation]
) -> tuple[list[views.GenerationCard], views.Stream | None]:
    """Give a card each, and the one stream for all that are in progress (None where none is)."""
    cards, following = [], []
    for generation in generations:
        card, cursor, live = await _shown(parts, generation)
        cards.append(card)
        if live:
            following.append((views.stream_name(generation.id), cursor))
    if not following:
        return cards, None
    url = streams.stream_from(parts.names, str(visitor.user_id), following)
    return cards, views.Stream(url)


async def _shown(parts: Parts, generation: Generation) -> tuple[views.GenerationCard, Cursor | None, bool]:
    if generation.finished:
        return views.card(generation), None, False
    try:
        async with asyncio.timeout(PATIENCE):
            snapshot = await parts.log.read(views.stream_name(generation.id))
    except (RedisError, OSError) as error:
        # The page is worth having without Redis: what the row has, and the stream from its start once it is back.
        logger.warning("Redis is away, showing what the row has: %s", error)
        return await _stored(generation), None, True
    if snapshot.closed:
        # It ended between the query and the read; or it is queued again, and the log is still that of the last attempt.
        generation = await generation.reread()
        return views.card(generation), None, not generation.finished
    if snapshot.cursor is None:
        return await _stored(generation), None, True
    if generation.status == "queued":
        note = views.written_from(generation.id, snapshot).note
        # A worker has begun between the query and the read: everything from its first frame on is news to this page.
        return views.card(generation, views.Written("", views.tail_element(generation.id), note)), None, True
    return views.card(generation, views.written_from(generation.id, snapshot)), snapshot.cursor, True


async def _stored(generation: Generation) -> views.GenerationCard:
    text = await Chunk.joined(generation.id, generation.attempt)
    if not text:
        return views.card(generation)
    # On a thread: it may be long, and nothing of it is rendered yet.
    html = await asyncio.to_thread(markdown.render, text)
    return views.card(generation, views.Written(html, views.tail_element(generation.id)))
