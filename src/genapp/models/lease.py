"""What a worker does with generations: claim one, keep what it writes, end it or give it up.

Each change of a generation and the row of its attempt are one statement: who lost a race changes neither.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from genapp import metrics
from genapp.errors import GenappError
from genapp.models.rows import KEPT, Rows

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from genapp.models.outcome import Outcome, Spent

# Seconds after which a queued row is enqueued again: its message was lost, or waits in a queue that is long (a second
# message costs a worker one query that finds nothing to do).
QUEUED_PATIENCE = 15
# The same for a row whose worker has gone: it has waited for its lease to run out already.
ABANDONED_PATIENCE = 5


# The rows of attempts. Until its worker says better, an attempt is taken to have used its prompt, a token for four
# characters.
BEGUN = """INSERT INTO attempts (generation, "user", number, model, input_tokens)
  SELECT id, "user", attempt, model, length(prompt) / 4 FROM"""
ENDED = """UPDATE attempts SET outcome = {}, error_code = {}, input_tokens = {}, output_tokens = {}, estimated = {},
  microdollars = {}, ended_at = now() FROM"""


class WaitedTooLong(GenappError):
    """No worker had room for it in time."""

    code = "waited_too_long"
    message = "Everybody who could answer was busy for too long. Try again; your prompt is kept."


class Lease(Rows):
    """The part of `Generation` that belongs to its worker."""

    if TYPE_CHECKING:
        model: str
        status: str
        queued_at: datetime
        attempt: int

    # What spares its worker a query where it is not so: whether something was asked before it in its conversation, and
    # whether its user has webhooks, as far as is known.
    goes_on = True
    has_webhooks = True

    @classmethod
    async def claim(cls, generation_id: uuid.UUID, *, lease_seconds: float) -> Self | None:
        """Begin the next attempt: attempt + 1 and a lease. None where there is nothing to do."""
        rows = await cls.raw(
            f"""
            WITH claimed AS (
              UPDATE generations SET status = 'processing', attempt = attempt + 1,
                started_at = coalesce(started_at, now()), lease_expires_at = now() + {{}} * interval '1 second'
              WHERE id = {{}} AND cancel_requested_at IS NULL
                AND (status = 'queued' OR (status = 'processing' AND lease_expires_at < now()))
              RETURNING *
            ), lost AS (
              UPDATE attempts SET outcome = 'lost', ended_at = now() FROM claimed
              WHERE attempts.generation = claimed.id AND attempts.ended_at IS NULL RETURNING attempts.model
            ), begun AS ({BEGUN} claimed)
            SELECT claimed.*, ARRAY(SELECT model FROM lost) AS lost, EXISTS (
              SELECT 1 FROM generations earlier
              WHERE earlier.conversation = claimed.conversation AND earlier.id < claimed.id
            ) AS goes_on FROM claimed
            """,  # noqa: S608  constants of ours, here and below
            lease_seconds,
            generation_id,
        )
        claimed = cls._with_lost(rows)
        if claimed is not None:
            claimed.goes_on = rows[0]["goes_on"]
        return claimed

    async def begin_again(self, model: str, error_code: str, spent: Spent) -> Self | None:
        """Begin another attempt in the same worker, with a model. None where it no longer holds the generation."""
        return await self.changed(
            f"""
            WITH again AS (
              UPDATE generations SET attempt = attempt + 1, model = {{}}
              WHERE id = {{}} AND attempt = {{}} AND status = 'processing' RETURNING *
            ), ended AS (
              {ENDED} again WHERE attempts.generation = again.id AND attempts.number = again.attempt - 1
            ), begun AS ({BEGUN} again)
            SELECT * FROM again
            """,  # noqa: S608
            model,
            self.id,
            self.attempt,
            *("failed", error_code, *spent),
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

    async def finish(self, outcome: Outcome, spent: Spent) -> Self | None:
        """End this attempt; None where it no longer holds the generation. The chunks are compacted into the row.

        The same outcome again gives the same row: the answer to the first call may have been lost.
        """
        rows = await self.raw(
            f"""
            WITH done AS (
              UPDATE generations SET status = {{}}, answer = {{}}, html = {{}}, renderer = {{}}, error_code = {{}},
                error_message = {{}}, input_tokens = {{}}, output_tokens = {{}}, finished_at = now(),
                lease_expires_at = NULL
              WHERE id = {{}} AND attempt = {{}} AND status = 'processing' RETURNING *
            ), compacted AS (
              DELETE FROM chunks USING done WHERE chunks.generation = done.id
            ), ended AS (
              {ENDED} done WHERE attempts.generation = done.id AND attempts.number = done.attempt
            )
            SELECT done.*, EXISTS (SELECT 1 FROM webhooks WHERE webhooks."user" = done."user") AS has_webhooks FROM done
            """,  # noqa: S608
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
            *(outcome.status, outcome.error_code, *spent),
        )
        if rows:
            ended = self.from_row(rows[0])
            ended.has_webhooks = rows[0]["has_webhooks"]
            return ended
        # A statement of its own: the first call may still be under way, and hold the row until after this one began.
        return await self.changed(
            "SELECT * FROM generations WHERE id = {} AND attempt = {} AND status = {} AND answer = {}",
            *(self.id, self.attempt, outcome.status, outcome.answer),
        )

    async def hand_back(self, spent: Spent) -> Self | None:
        """Give up the lease, so that another worker may start over at once. None where it was not ours."""
        return await self.changed(
            f"""
            WITH back AS (
              UPDATE generations SET status = 'queued', lease_expires_at = NULL, queued_at = now(), enqueued_at = now()
              WHERE id = {{}} AND attempt = {{}} AND status = 'processing' RETURNING *
            ), ended AS (
              {ENDED} back WHERE attempts.generation = back.id AND attempts.number = back.attempt
            )
            SELECT * FROM back
            """,  # noqa: S608
            self.id,
            self.attempt,
            *("handed_back", None, *spent),
        )

    async def give_up(self, code: str, message: str) -> Self | None:
        """End it as failed, with what was kept of it. None where somebody works on it, or it is finished.

        It is counted here: no worker ends it.
        """
        rows = await self.raw(
            f"""
            WITH failed AS (
              UPDATE generations SET status = 'failed', answer = {KEPT}, error_code = {{}}, error_message = {{}},
                finished_at = now(), lease_expires_at = NULL
              WHERE id = {{}} AND (status = 'queued' OR (status = 'processing' AND lease_expires_at < now()))
              RETURNING *
            ), compacted AS (
              DELETE FROM chunks USING failed WHERE chunks.generation = failed.id
            ), lost AS (
              UPDATE attempts SET outcome = 'lost', ended_at = now() FROM failed
              WHERE attempts.generation = failed.id AND attempts.ended_at IS NULL RETURNING attempts.model
            )
            SELECT failed.*, ARRAY(SELECT model FROM lost) AS lost FROM failed
            """,  # noqa: S608
            code,
            message,
            self.id,
        )
        failed = self._with_lost(rows)
        if failed is not None:
            metrics.generations.labels(failed.model.partition(":")[0], "failed").inc()
        return failed

    @classmethod
    def _with_lost(cls, rows: list[dict[str, Any]]) -> Self | None:
        """Give the row, and count the attempts whose workers have died with them: nobody else can."""
        if not rows:
            return None
        for model in rows[0]["lost"]:
            metrics.attempts.labels(model.partition(":")[0], "lost").inc()
        return cls.from_row(rows[0])

    async def expire(self, seconds: float) -> Self | None:
        """Give it up where no worker has taken it for so long. None where that is not so."""
        waited = (datetime.now(UTC) - self.queued_at).total_seconds()
        if self.status != "queued" or waited <= seconds:
            return None
        return await self.give_up(WaitedTooLong.code, WaitedTooLong.message)

    @classmethod
    async def waiting(cls, limit: int = 500) -> list[Self]:
        """Those that have been queued for longer than a worker with room would take, first come first."""
        rows = await cls.raw(
            """
            SELECT * FROM generations WHERE status = 'queued' AND queued_at < now() - interval '2 seconds'
            ORDER BY id LIMIT {}
            """,
            limit,
        )
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def enqueue_all_again(cls) -> None:
        """Make everything queued overdue: the queue has been lost."""
        await cls.raw("UPDATE generations SET enqueued_at = to_timestamp(0) WHERE status = 'queued'")

    @classmethod
    async def enqueue_soon(cls, ids: Sequence[uuid.UUID]) -> None:
        """Make these overdue, which the queue has not taken: the next round of housekeeping enqueues them."""
        await cls.raw("UPDATE generations SET enqueued_at = to_timestamp(0) WHERE id = ANY({})", list(ids))

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
