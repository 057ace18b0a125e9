"""What a person does with generations: submit, stop, try again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

from genapp import logs, tracing
from genapp.errors import Invalid, TooMany
from genapp.models.conversation import Conversation, title_from
from genapp.models.ids import new_id
from genapp.models.rows import KEPT, Rows
from genapp.models.user import User

if TYPE_CHECKING:
    import uuid

    from genapp.models.context import Context
    from genapp.models.draft import Draft
    from genapp.models.limits import Limits


BEGUN = 'INSERT INTO conversations (id, "user", title) VALUES ({}, {}, {})'
TOUCHED = "UPDATE conversations SET updated_at = now() WHERE id = {}"


class Submission(Rows):
    """The part of `Generation` that belongs to its person."""

    if TYPE_CHECKING:
        _meta: Any
        status: str
        prompt: str
        model: str
        user: uuid.UUID

        @property
        def came_with(self) -> Context: ...

    @classmethod
    async def submit(cls, draft: Draft, limits: Limits) -> tuple[Self, bool]:
        """Store a draft as `queued`; give the generation and whether it is new.

        The same idempotency key of the same user gives the generation it gave first. Raises Invalid for a key that
        was used for another prompt and where `follows` cannot be gone on from, NotFound for a foreign conversation,
        TooMany past the limits: the user's own where they have some, else `limits`.
        """
        async with cls._meta.db.transaction():
            user = await User.locked(draft.user_id, guest=draft.guest, site=draft.site)
            if draft.idempotency_key and (earlier := await cls._by_key(draft)):
                return earlier._repeated(draft), False
            if draft.conversation_id:
                await Conversation.owned(draft.conversation_id, draft.user_id)
            conversation_id = await cls._gone_on(draft) if draft.follows else draft.conversation_id
            await cls._require_room(draft.user_id, user.limits(limits))
            return await cls._insert(draft, conversation_id), True

    @classmethod
    async def _gone_on(cls, draft: Draft) -> uuid.UUID:
        """The conversation that a draft goes on with. The user's row is locked: nobody else goes on with it."""
        rows = await cls.raw(
            """
            SELECT conversation, status IN ('queued', 'processing') AS busy, EXISTS (
              SELECT 1 FROM generations later WHERE later.conversation = g.conversation AND later.id > g.id
            ) AS overtaken FROM generations g WHERE id = {} AND "user" = {}
            """,
            draft.follows,
            draft.user_id,
        )
        if not rows:
            why = "There is no such response, or it is not yours. Leave it out to begin a new conversation."
        elif rows[0]["busy"]:
            why = "The previous response has not ended. Wait for its end, or cancel it."
        elif rows[0]["overtaken"]:
            # A conversation is a line: what the model is sent would have the later turns in it.
            why = "The conversation has gone on from there. Go on from its last response."
        else:
            return cast("uuid.UUID", rows[0]["conversation"])
        raise Invalid(why, field="previous_response_id")

    @classmethod
    async def _by_key(cls, draft: Draft) -> Self | None:
        return await cls.changed(
            'SELECT * FROM generations WHERE "user" = {} AND idempotency_key = {}',
            draft.user_id,
            draft.idempotency_key,
        )

    def _repeated(self, draft: Draft) -> Self:
        if (self.prompt, self.model, self.came_with) != (draft.prompt, draft.model, draft.context):
            raise Invalid(
                "This idempotency key was used for another prompt. Send this one with a new key.",
                field="idempotency_key",
            )
        return self

    @classmethod
    async def _require_room(cls, user_id: uuid.UUID, limits: Limits) -> None:
        if limits.in_flight == 0:
            raise TooMany("You may not ask for answers at the moment. Ask whoever runs this site.")
        rows = await cls.raw(
            "SELECT count(*) FROM generations WHERE \"user\" = {} AND status IN ('queued', 'processing')",
            user_id,
        )
        if rows[0]["count"] >= limits.in_flight:
            raise TooMany(
                f"You have {limits.in_flight} answers in progress, which is the limit. "
                "Wait until one is finished, or stop one.",
                retry_after=5,
            )
        if limits.tokens_per_day:
            await cls._require_tokens(user_id, limits.tokens_per_day)

    @classmethod
    async def _require_tokens(cls, user_id: uuid.UUID, limit: int) -> None:
        # `since`: what was used from an attempt on. There is room again when the newest one at which that is too much
        # is a day old.
        rows = await cls.raw(
            """
            WITH spent AS (
              SELECT started_at, input_tokens + output_tokens AS tokens,
                sum(input_tokens + output_tokens) OVER (ORDER BY started_at DESC, id DESC) AS since
              FROM attempts WHERE "user" = {} AND started_at > now() - interval '1 day'
            )
            SELECT coalesce(sum(tokens), 0) AS used,
              extract(epoch FROM max(started_at) FILTER (WHERE since >= {}) + interval '1 day' - now()) AS seconds
            FROM spent
            """,
            user_id,
            limit,
        )
        if rows[0]["used"] >= limit:
            raise TooMany(
                f"You have used the {limit:,} tokens that are yours in 24 hours.",
                retry_after=int(rows[0]["seconds"]) + 1,
            )

    @classmethod
    async def _insert(cls, draft: Draft, conversation_id: uuid.UUID | None) -> Self:
        """Store it in this conversation, or in a new one that is named after it."""
        place: tuple[Any, ...] = (TOUCHED, conversation_id)
        if conversation_id is None:
            conversation_id = new_id()
            place = (BEGUN, conversation_id, draft.user_id, title_from(draft.prompt))
        conversation, *values = place
        return await cls.one(
            f"""
            WITH conversation AS ({conversation})
            INSERT INTO generations (id, conversation, "user", prompt, context, model, idempotency_key, request_id,
              traceparent)
            VALUES ({{}}, {{}}, {{}}, {{}}, {{}}::jsonb, {{}}, {{}}, {{}}, {{}}) RETURNING *
            """,  # noqa: S608  a constant of ours
            *values,
            new_id(),
            conversation_id,
            draft.user_id,
            draft.prompt,
            draft.context.to_json(),
            draft.model,
            draft.idempotency_key,
            draft.request_id,
            draft.traceparent,
        )

    async def cancel(self) -> Self:
        """Stop it: at once where no worker holds it, else by asking the worker. Does nothing when finished.

        What an earlier attempt had stored becomes the answer.
        """
        ended = await self.changed(
            f"""
            WITH ended AS (
              UPDATE generations SET status = 'cancelled', answer = {KEPT}, finished_at = now(),
                cancel_requested_at = coalesce(cancel_requested_at, now()), lease_expires_at = NULL
              WHERE id = {{}} AND (status = 'queued' OR (status = 'processing' AND lease_expires_at < now()))
              RETURNING *
            ), compacted AS (
              DELETE FROM chunks USING ended WHERE chunks.generation = ended.id
            )
            SELECT * FROM ended
            """,  # noqa: S608  a constant of ours
            self.id,
        )
        if ended is not None:
            return ended
        asked = await self.changed(
            """
            UPDATE generations SET cancel_requested_at = coalesce(cancel_requested_at, now())
            WHERE id = {} AND status = 'processing' RETURNING *
            """,
            self.id,
        )
        return asked or await self.reread()

    async def retry(self, limits: Limits) -> tuple[Self, bool]:
        """Queue a failed or stopped one again; give it and whether this call did so.

        The attempt's number goes up at once: it shuts out whatever the earlier one may still write.
        Raises TooMany past the limits.
        """
        async with self._meta.db.transaction():
            user = await User.locked(self.user, guest=False)
            current = await self.reread()
            if current.status not in ("failed", "cancelled"):
                return current, False
            await self._require_room(self.user, user.limits(limits))
            changed = await self.changed(
                """
                UPDATE generations SET status = 'queued', attempt = attempt + 1, answer = '', html = '',
                  error_code = NULL, error_message = NULL, input_tokens = NULL, output_tokens = NULL,
                  cancel_requested_at = NULL, started_at = NULL, finished_at = NULL,
                  queued_at = now(), enqueued_at = now(), request_id = {}, traceparent = {}
                WHERE id = {} AND status IN ('failed', 'cancelled') RETURNING *
                """,
                logs.request_id(),
                tracing.carried(),
                self.id,
            )
            return changed or current, changed is not None

    async def reread(self) -> Self:
        """Give the row as it is now."""
        return await self.one("SELECT * FROM generations WHERE id = {}", self.id)
