"""How much waits for a worker, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from genapp.models.generation import Generation


@dataclass(frozen=True, slots=True)
class Queue:
    """Generations that are `queued` and `processing`, and since when the first of those queued waits, in seconds."""

    queued: int
    processing: int
    oldest_seconds: float


async def queue() -> Queue:
    """Count them. Reads what is in flight and nothing else (index `generations_by_status`)."""
    [row] = await Generation.raw(
        """
        SELECT count(*) FILTER (WHERE status = 'queued') AS queued,
          count(*) FILTER (WHERE status = 'processing') AS processing,
          coalesce(extract(epoch FROM now() - min(queued_at) FILTER (WHERE status = 'queued')), 0)::float8 AS oldest
        FROM generations WHERE status IN ('queued', 'processing')
        """
    )
    return Queue(row["queued"], row["processing"], max(0.0, row["oldest"]))
