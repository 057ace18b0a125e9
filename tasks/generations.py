"""Jobs on generations."""

from __future__ import annotations

from uuid import UUID

import dramatiq

from genapp import jobs
from tasks.worker import generating


@dramatiq.actor(queue_name=jobs.QUEUE, actor_name=jobs.GENERATE)
async def generate(generation_id: str) -> None:
    """Run the next attempt of a generation."""
    await generating().generate(UUID(generation_id))
