"""One prompt and its one answer, and every way its status may change.

    queued → processing → completed | failed | cancelled,  and failed | cancelled → queued by `retry`

Each change is ONE conditional UPDATE: who lost a race gets None and does nothing. While a worker writes, its
attempt's number is the fence: a worker that was overtaken matches no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from piccolo.columns import UUID, ForeignKey, Integer, SmallInt, Text, Timestamptz, Varchar
from piccolo.table import Table

from genapp.errors import NotFound, TooMany
from genapp.models.conversation import Conversation
from genapp.models.ids import new_id
from genapp.models.user import User

if TYPE_CHECKING:
    import uuid

    from genapp.models.draft import Draft
    from genapp.models.outcome import Outcome

IN_FLIGHT = ("queued", "processing")
FINISHED = ("completed", "failed", "cancelled")


class Generation(Table, tablename="generations"):
    """A prompt and its answer."""

    id = UUID(primary_key=True, default=None)
    conversation: ForeignKey[Conversation] = ForeignKey(Conversation, null=False)
    user: ForeignKey[User] = ForeignKey(User, null=False)
    prompt = Text()
    model = Varchar(length=200)
    status = Varchar(length=10, default="queued")
    attempt = SmallInt(default=0)
    idempotency_key = Varchar(length=200, null=True, default=None)
    answer = Text()
    html = Text()
    renderer = SmallInt(default=0)
    error_code = Varchar(length=50, null=True, default=None)
    error_message = Text(null=True, default=None)
    input_tokens = Integer(null=True, default=None)
    output_tokens = Integer(null=True, default=None)
    created_at = Timestamptz()
    cancel_requested_at = Timestamptz(null=True, default=None)
    lease_expires_at = Timestamptz(null=True, default=None)
    started_at = Timestamptz(null=True, default=None)
    finished_at = Timestamptz(null=True, default=None)

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    # -- reading ---------------------------------------------------------------------------------------

    @classmethod
    async def owned(cls, generation_id: uuid.UUID, user_id: uuid.UUID) -> Self:
        """Give the generation; raises NotFound where it is missing or another user's."""
        return await cls._one('SELECT * FROM generations WHERE id = {} AND "user" = {}', generation_id, user_id)

    @classmethod
    async def of_conversation(cls, conversation_id: uuid.UUID) -> list[Self]:
        """All of a conversation, oldest first."""
        rows = await cls.raw("SELECT * FROM generations WHERE conversation = {} ORDER BY id", conversation_id)
        return [cls._from_row(row) for row in rows]

    async def earlier_turns(self, max_characters: int) -> list[tuple[str, str]]:
        """The (prompt, answer) pairs before this one that have an answer, oldest first.

        The newest that fit in `max_characters` together: a model's context is finite, and a conversation is not.
        """
        rows = await self.raw(
            """
            SELECT prompt, answer FROM (
              SELECT id, prompt, answer, sum(length(prompt) + length(answer)) OVER (ORDER BY id DESC) AS characters
              FROM generations WHERE conversation = {} AND id < {} AND status <> 'queued' AND answer <> ''
            ) AS turns WHERE characters <= {} ORDER BY id
            """,
            self.conversation,
            self.id,
            max_characters,
        )
        return [(row["prompt"], row["answer"]) for row in rows]

    # -- a person's doing --------------------------------------------------------------------------------

    @classmethod
    async def submit(cls, draft: Draft, *, max_in_flight: int) -> tuple[Self, bool]:
        """Store a draft as `queued`; give the generation and whether it is new.

        The same idempotency key of the same user gives the generation it gave first.
        Raises NotFound for a foreign conversation, TooMany past `max_in_flight`.
        """
        async with cls._meta.db.transaction():
            await User.ensure_locked(draft.user_id)
            if draft.idempotency_key and (earlier := await cls._by_key(draft)):
                return earlier, False
            if draft.conversation_id:
                await Conversation.owned(draft.conversation_id, draft.user_id)
            await cls._require_room(draft.user_id, max_in_flight)
            conversation_id = draft.conversation_id or await Conversation.begin(draft.user_id, draft.prompt)
            return await cls._insert(draft, conversation_id), True

    @classmethod
    async def _by_key(cls, draft: Draft) -> Self | None:
        return await cls._change(
            'SELECT * FROM generations WHERE "user" = {} AND idempotency_key = {}',
            draft.user_id,
            draft.idempotency_key,
        )

    @classmethod
    async def _require_room(cls, user_id: uuid.UUID, max_in_flight: int) -> None:
        rows = await cls.raw(
            "SELECT count(*) FROM generations WHERE \"user\" = {} AND status IN ('queued', 'processing')",
            user_id,
        )
        if rows[0]["count"] >= max_in_flight:
            raise TooMany(
                f"You have {max_in_flight} answers in progress, which is the limit. "
                "Wait until one is finished, or stop one, then send again.",
                retry_after=5,
            )

    @classmethod
    async def _insert(cls, draft: Draft, conversation_id: uuid.UUID) -> Self:
        return await cls._one(
            """
            WITH touched AS (UPDATE conversations SET updated_at = now() WHERE id = {})
            INSERT INTO generations (id, conversation, "user", prompt, model, idempotency_key)
            VALUES ({}, {}, {}, {}, {}, {}) RETURNING *
            """,
            conversation_id,
            new_id(),
            conversation_id,
            draft.user_id,
            draft.prompt,
            draft.model,
            draft.idempotency_key,
        )

    async def cancel(self) -> Self:
        """Stop it: at once where no worker has it, else by asking the worker. Does nothing when finished."""
        changed = await self._change(
            """
            UPDATE generations SET
              cancel_requested_at = coalesce(cancel_requested_at, now()),
              finished_at = CASE WHEN status = 'queued' THEN now() END,
              status = CASE WHEN status = 'queued' THEN 'cancelled' ELSE status END
            WHERE id = {} AND status IN ('queued', 'processing') RETURNING *
            """,
            self.id,
        )
        return changed or await self._reread()

    async def retry(self, *, max_in_flight: int) -> tuple[Self, bool]:
        """Queue a failed or stopped one again; give it and whether this call did so.

        Raises TooMany past `max_in_flight`.
        """
        async with self._meta.db.transaction():
            await User.ensure_locked(self.user)
            current = await self._reread()
            if current.status not in ("failed", "cancelled"):
                return current, False
            await self._require_room(self.user, max_in_flight)
            changed = await self._change(
                """
                UPDATE generations SET status = 'queued', answer = '', html = '', error_code = NULL,
                  error_message = NULL, cancel_requested_at = NULL, started_at = NULL, finished_at = NULL
                WHERE id = {} AND status IN ('failed', 'cancelled') RETURNING *
                """,
                self.id,
            )
            return changed or current, changed is not None

    # -- a worker's doing ----------------------------------------------------------------------------------

    @classmethod
    async def claim(cls, generation_id: uuid.UUID, *, lease_seconds: float) -> Self | None:
        """Begin the next attempt: attempt + 1 and a lease. None where there is nothing to do."""
        return await cls._change(
            """
            UPDATE generations SET status = 'processing', attempt = attempt + 1,
              started_at = coalesce(started_at, now()), lease_expires_at = now() + {} * interval '1 second'
            WHERE id = {} AND (status = 'queued' OR (status = 'processing' AND lease_expires_at < now()))
            RETURNING *
            """,
            lease_seconds,
            generation_id,
        )

    async def keep(self, text: str, seq: int, *, lease_seconds: float) -> bool | None:
        """Store what was written since the last call and renew the lease.

        Gives whether a stop was asked for; None where this attempt no longer holds the generation. The lease is
        renewed in the same statement that stores, so a fenced-off attempt can store nothing.
        """
        rows = await self.raw(
            """
            WITH held AS (
              UPDATE generations SET lease_expires_at = now() + {} * interval '1 second'
              WHERE id = {} AND attempt = {} AND status = 'processing'
              RETURNING cancel_requested_at IS NOT NULL AS stop
            ), stored AS (
              INSERT INTO chunks (generation, attempt, seq, text) SELECT {}, {}, {}, {} FROM held WHERE {} <> ''
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
        return await self._change(
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
        return await self._change(
            """
            UPDATE generations SET status = 'queued', lease_expires_at = NULL
            WHERE id = {} AND attempt = {} AND status = 'processing' RETURNING *
            """,
            self.id,
            self.attempt,
        )

    # -- rows ------------------------------------------------------------------------------------------------

    @classmethod
    async def _one(cls, sql: str, *values: Any) -> Self:
        found = await cls._change(sql, *values)
        if found is None:
            raise NotFound
        return found

    @classmethod
    async def _change(cls, sql: str, *values: Any) -> Self | None:
        rows = await cls.raw(sql, *values)
        return cls._from_row(rows[0]) if rows else None

    @classmethod
    def _from_row(cls, row: dict[str, Any]) -> Self:
        return cls(_exists_in_db=True, **row)

    async def _reread(self) -> Self:
        return await self._one("SELECT * FROM generations WHERE id = {}", self.id)
