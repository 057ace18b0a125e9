"""What a worker does with generations: claim one, keep what it writes, end it or give it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from genapp.models.rows import KEPT, Rows

if TYPE_CHECKING:
    import uuid

    from genapp.models.outcome import Outcome

# Seconds after which a queued row is enqueued again: its message was lost, or waits in a queue that is long.
QUEUED_PATIENCE = 30
# The same for a row whose worker has gone: it has waited for its lease to run out already.
ABANDONED_PATIENCE = 5


class Attempt(Rows):
    """The part of `Generation` that belongs to its worker."""

    if TYPE_CHECKING:
        attempt: int

    @classmethod
    async def claim(cls, generation_id: uuid.UUID, *, lease_seconds: float) -> Self | None:
        """Begin the next attempt: attempt + 1 and a lease. None where there is nothing to do."""
        return await cls.changed(
            """
            UPDATE generations SET status = 'processing', attempt = attempt + 1,
              started_at = coalesce(started_at, now()), lease_expires_at = now() + {} * interval '1 second'
            WHERE id = {} AND cancel_requested_at IS NULL
              AND (status = 'queued' OR (status = 'processing' AND lease_expires_at < now()))
            RETURNING *
            """,
            lease_seconds,
            generation_id,
        )

    async def begin_again(self, model: str) -> Self | None:
        """Begin another attempt in the same worker, with a model. None where it no longer holds the generation."""
        return await self.changed(
            """
            UPDATE generations SET attempt = attempt + 1, model = {}
            WHERE id = {} AND attempt = {} AND status = 'processing' RETURNING *
            """,
            model,
            self.id,
            self.attempt,
        )

    async def keep(self, text: str, seq: int, *, lease_seconds: float) -> bool | None:
        """Store what was written since the last call and renew the lease.

        Gives whether a stop was asked for; None where this attempt no longer holds the generation. The lease is
        renewed in the same statement that stores, so a fenced-off attempt can store nothing. The same `seq` again
        replaces its text: the answer to the first call may have been lost.
        """
        rows: list[dict[str, Any]] = await self.raw(
            """
            WITH held AS (
              UPDATE generations SET lease_expires_at = now() + {} * interval '1 second'
              WHERE id = {} AND attempt = {} AND status = 'processing'
              RETURNING cancel_requested_at IS NOT NULL AS stop
            ), stored AS (
              INSERT INTO chunks (generation, attempt, seq, text) SELECT {}, {}, {}, {} FROM held WHERE {} <> ''
              ON CONFLICT (generation, attempt, seq) DO UPDATE SET text = excluded.text
            )
            SELECT stop FROM held
            """,
            lease_seconds,
            self.id,
            self.attempt,
            self.id,
            self.attempt,
            seq,
            text,
            text,
        )
        return bool(rows[0]["stop"]) if rows else None

    async def finish(self, outcome: Outcome) -> Self | None:
        """End this attempt; None where it no longer holds the generation. The chunks are compacted into the row."""
        return await self.changed(
            """
            WITH done AS (
              UPDATE generations SET status = {}, answer = {}, html = {}, renderer = {}, error_code = {},
                error_message = {}, input_tokens = {}, output_tokens = {}, finished_at = now(), lease_expires_at = NULL
              WHERE id = {} AND attempt = {} AND status = 'processing' RETURNING *
            ), compacted AS (
              DELETE FROM chunks USING done WHERE chunks.generation = done.id
            )
            SELECT * FROM done
            """,
            outcome.status,
            outcome.answer,
            outcome.html,
            outcome.renderer,
            outcome.error_code,
            outcome.error_message,
            outcome.input_tokens,
            outcome.output_tokens,
            self.id,
            self.attempt,
        )

    async def hand_back(self) -> Self | None:
        """Give up the lease, so that another worker may start over at once. None where it was not ours."""
        return await self.changed(
            """
            UPDATE generations SET status = 'queued', lease_expires_at = NULL, enqueued_at = now()
            WHERE id = {} AND attempt = {} AND status = 'processing' RETURNING *
            """,
            self.id,
            self.attempt,
        )

    async def give_up(self, code: str, message: str) -> Self | None:
        """End it as failed, with what was kept of it. None where somebody works on it, or it is finished."""
        return await self.changed(
            f"""
            WITH failed AS (
              UPDATE generations SET status = 'failed', answer = {KEPT}, error_code = {{}}, error_message = {{}},
                finished_at = now(), lease_expires_at = NULL
              WHERE id = {{}} AND (status = 'queued' OR (status = 'processing' AND lease_expires_at < now()))
              RETURNING *
            ), compacted AS (
              DELETE FROM chunks USING failed WHERE chunks.generation = failed.id
            )
            SELECT * FROM failed
            """,  # noqa: S608  a constant of ours
            code,
            message,
            self.id,
        )

    @classmethod
    async def waiting(cls, limit: int = 500) -> list[Self]:
        """Those that have been queued for longer than a worker with room would take, first come first."""
        rows = await cls.raw(
            """
            SELECT * FROM generations WHERE status = 'queued' AND created_at < now() - interval '2 seconds'
            ORDER BY id LIMIT {}
            """,
            limit,
        )
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def overdue(cls, limit: int = 200) -> list[Self]:
        """Take those that nobody works on and whose message may be lost, to be enqueued again.

        Marks them as enqueued in the same statement, and skips what another worker is marking: any number of
        workers may ask at once, and each row is given once per patience.
        """
        rows = await cls.raw(
            """
            UPDATE generations SET enqueued_at = now() WHERE id IN (
              SELECT id FROM generations
              WHERE (status = 'queued' AND enqueued_at < now() - {} * interval '1 second')
                OR (status = 'processing' AND lease_expires_at < now()
                    AND enqueued_at < now() - {} * interval '1 second')
              ORDER BY id LIMIT {} FOR UPDATE SKIP LOCKED
            ) RETURNING *
            """,
            QUEUED_PATIENCE,
            ABANDONED_PATIENCE,
            limit,
        )
        return [cls.from_row(row) for row in rows]
