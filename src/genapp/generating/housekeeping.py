"""Nobody ever sees an eternal spinner: what was lost on the way is found in the rows, and revived or ended.

Every worker keeps house; the rows themselves see to it that no two do the same work.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from genapp import views
from genapp.generating.answer import DATABASE_AWAY
from genapp.models import Generation

if TYPE_CHECKING:
    from genapp.jobs import Jobs
    from genapp.streams import Log

logger = logging.getLogger(__name__)

# Seconds between two rounds. With the lease this bounds how long an answer stands still when its worker is killed.
EVERY = 3.0


async def keep_house(log: Log, jobs: Jobs) -> None:
    """Go round until cancelled. A part that is away is waited out."""
    while True:
        # Jittered, so that the workers of a fleet take turns.
        await asyncio.sleep(EVERY * random.uniform(0.7, 1.3))  # noqa: S311  not a secret
        try:
            await go_round(log, jobs)
        except DATABASE_AWAY as error:
            logger.warning("housekeeping has to wait: %s", error)
        except Exception:
            logger.exception("housekeeping failed")


async def go_round(log: Log, jobs: Jobs) -> None:
    """Enqueue again what nobody works on, and end what was stopped while nobody did."""
    for generation in await Generation.overdue():
        if generation.cancel_requested_at is None:
            logger.info("enqueued again", extra={"generation_id": str(generation.id)})
            await jobs.generate_later(generation.id)
        else:
            await views.show_end(log, await generation.cancel())
