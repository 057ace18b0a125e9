"""Jobs on what webhooks are to be told."""

from __future__ import annotations

from uuid import UUID

import dramatiq

from genapp import jobs
from tasks.worker import delivering


@dramatiq.actor(queue_name=jobs.WEBHOOKS, actor_name=jobs.DELIVER)
async def deliver(delivery_id: str) -> None:
    """Send one, if it is due."""
    await delivering().deliver(UUID(delivery_id))
