"""Taking what was being answered to somebody who is deleted out of Redis, and out of the pages that show it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from genapp import views

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from genapp.web.parts import Parts

logger = logging.getLogger(__name__)


async def forget(parts: Parts, gone: Iterable[tuple[UUID, int]]) -> None:
    """Forget generations that are deleted, by (id, attempt). Where Redis is away they run out by themselves."""
    try:
        for generation_id, attempt in gone:
            await views.forget(parts.log, generation_id, attempt)
        # Their viewers are let go next. An answer from Redis comes behind what it has told them.
        await parts.redis.ping()
    except (RedisError, OSError) as error:
        logger.warning("the streams of what is deleted could not be emptied, they run out by themselves: %s", error)
