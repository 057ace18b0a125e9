"""One prompt and its one answer, and every way its status may change.

    queued → processing → completed | failed | cancelled,  and failed | cancelled → queued by `retry`

Each change is ONE conditional UPDATE: who lost a race gets None and does nothing. While a worker writes, its
attempt's number is the fence: a worker that was overtaken matches no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from piccolo.columns import JSONB, UUID, ForeignKey, Integer, SmallInt, Text, Timestamptz, Varchar
from piccolo.table import Table

from genapp.models.context import MOST_CHARACTERS, Context
from genapp.models.conversation import Conversation
from genapp.models.lease import Lease
from genapp.models.submission import Submission
from genapp.models.user import User

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

IN_FLIGHT = ("queued", "processing")
FINISHED = ("completed", "failed", "cancelled")


class Generation(Submission, Lease, Table, tablename="generations"):
    """A prompt and its answer."""

    id = UUID(primary_key=True, default=None)
    conversation: ForeignKey[Conversation] = ForeignKey(Conversation, null=False)
    user: ForeignKey[User] = ForeignKey(User, null=False)
    prompt = Text()
    context = JSONB(null=True, default=None)
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
    queued_at = Timestamptz()
    enqueued_at = Timestamptz()
    cancel_requested_at = Timestamptz(null=True, default=None)
    lease_expires_at = Timestamptz(null=True, default=None)
    started_at = Timestamptz(null=True, default=None)
    finished_at = Timestamptz(null=True, default=None)
    # What asked for it last, so that the lines of all processes have one name for it; and its span (W3C's traceparent).
    request_id = Varchar(length=64, null=True, default=None)
    traceparent = Varchar(length=55, null=True, default=None)

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    @property
    def came_with(self) -> Context:
        """What came with the prompt."""
        return Context.from_json(self.context)

    # -- reading ---------------------------------------------------------------------------------------

    @classmethod
    async def owned(cls, generation_id: uuid.UUID, user_id: uuid.UUID) -> Self:
        """Give the generation; raises NotFound where it is missing or another user's."""
        return await cls.one('SELECT * FROM generations WHERE id = {} AND "user" = {}', generation_id, user_id)

    @classmethod
    async def by_id(cls, generation_id: uuid.UUID) -> Self:
        """Give the generation, whosever it is; raises NotFound where it is missing."""
        return await cls.one("SELECT * FROM generations WHERE id = {}", generation_id)

    @classmethod
    async def finished_among(cls, ids: Sequence[uuid.UUID]) -> list[Self]:
        """Those of these that have ended."""
        if not ids:
            return []
        rows = await cls.raw(
            "SELECT * FROM generations WHERE id = ANY({}) AND status = ANY({})", list(ids), list(FINISHED)
        )
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def in_flight_of(cls, user_id: uuid.UUID) -> list[Self]:
        """A user's that are queued or processing."""
        rows = await cls.raw(
            "SELECT * FROM generations WHERE \"user\" = {} AND status IN ('queued', 'processing')", user_id
        )
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def of_conversation(cls, conversation_id: uuid.UUID) -> list[Self]:
        """All of a conversation, oldest first."""
        rows = await cls.raw("SELECT * FROM generations WHERE conversation = {} ORDER BY id", conversation_id)
        return [cls.from_row(row) for row in rows]

    async def previous(self) -> uuid.UUID | None:
        """The id of the one before it in its conversation, None for the first."""
        rows = await self.raw(
            "SELECT id FROM generations WHERE conversation = {} AND id < {} ORDER BY id DESC LIMIT 1",
            self.conversation,
            self.id,
        )
        return rows[0]["id"] if rows else None

    async def messages(self, most_characters: int = MOST_CHARACTERS) -> list[tuple[str, str]]:
        """What the model is asked, as (role, text): instructions, earlier turns, what came with the prompt, the prompt.

        Of the earlier turns, those that have an answer, and of these the newest that fit in `most_characters`
        together with what came with the prompt: a model's context is finite, and a conversation is not.
        """
        given = self.came_with
        earlier = await self._earlier_turns(most_characters - given.characters) if self.goes_on else []
        said: list[tuple[str, str]] = [("system", given.instructions)] if given.instructions else []
        for row in earlier:
            said += Context.from_json(row["context"]).messages
            said += [("user", row["prompt"]), ("assistant", row["answer"])]
        return [*said, *given.messages, ("user", self.prompt)]

    async def _earlier_turns(self, most_characters: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self.raw(
            """
            SELECT prompt, answer, context FROM (
              SELECT id, prompt, answer, context, sum(
                length(prompt) + length(answer) + coalesce(length(context ->> 'messages'), 0)
              ) OVER (ORDER BY id DESC) AS characters
              FROM generations WHERE conversation = {} AND id < {} AND status <> 'queued' AND answer <> ''
            ) AS turns WHERE characters <= {} ORDER BY id
            """,
            self.conversation,
            self.id,
            most_characters,
        )
        return rows
