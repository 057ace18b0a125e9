"""A thread that one user owns; holds generations in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from piccolo.columns import UUID, ForeignKey, Timestamptz, Varchar
from piccolo.table import Table

from genapp.errors import NotFound
from genapp.markdown import without_deception
from genapp.models.rows import Rows
from genapp.models.user import User

if TYPE_CHECKING:
    import uuid

    from genapp.models.place import Place

TITLE_CHARACTERS = 80


def title_from(prompt: str) -> str:
    """Make a title of a prompt's first line, cut at a word, at most TITLE_CHARACTERS long.

    A title is the text of links and the name of a tab, so it can neither be invisible nor turn what stands beside it.
    """
    lines = without_deception(prompt).strip().split("\n", 1)
    title = " ".join(lines[0].split()) or "Untitled"
    if len(title) <= TITLE_CHARACTERS:
        return title
    cut = title[: TITLE_CHARACTERS - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[40:] else cut) + "…"


class Conversation(Rows, Table, tablename="conversations"):
    """A thread of generations."""

    id = UUID(primary_key=True, default=None)
    user: ForeignKey[User] = ForeignKey(User, null=False)
    title = Varchar(length=TITLE_CHARACTERS)
    created_at = Timestamptz()
    updated_at = Timestamptz()

    @classmethod
    async def owned(cls, conversation_id: uuid.UUID, user_id: uuid.UUID) -> Conversation:
        """Give the conversation; raises NotFound where it is missing or another user's."""
        found = await cls.objects().where(cls.id == conversation_id, cls.user == user_id).first()
        if found is None:
            raise NotFound
        return found

    @classmethod
    async def with_generation(cls, generation_id: uuid.UUID, user_id: uuid.UUID) -> Conversation:
        """Give the conversation that a generation is in; raises NotFound where either is missing or another user's."""
        return await cls.one(
            """
            SELECT conversations.* FROM conversations JOIN generations ON generations.conversation = conversations.id
            WHERE generations.id = {} AND generations."user" = {}
            """,
            generation_id,
            user_id,
        )

    @classmethod
    async def all_of(cls, user_id: uuid.UUID, *, after: uuid.UUID | None, limit: int) -> list[Conversation]:
        """A user's, oldest first, those after one of them."""
        found: list[Conversation] = await (
            cls.objects().where(cls.user == user_id, *([cls.id > after] if after else [])).order_by(cls.id).limit(limit)
        )
        return found

    @classmethod
    async def recent(cls, user_id: uuid.UUID, limit: int = 50, *, after: Place | None = None) -> list[dict[str, Any]]:
        """The user's conversations, the last changed first: id, title, updated_at and whether one is being answered.

        Those from `after` on, where it is given.
        """
        moment, conversation_id = after or (None, None)
        rows: list[dict[str, Any]] = await cls.raw(
            """
            SELECT c.id, c.title, c.updated_at, EXISTS (
              SELECT 1 FROM generations g
              WHERE g.conversation = c.id AND g."user" = c."user" AND g.status IN ('queued', 'processing')
            ) AS busy
            FROM conversations c WHERE c."user" = {}
              AND ({}::timestamptz IS NULL OR (c.updated_at <= {} AND (c.updated_at, c.id) < ({}, {})))
            ORDER BY c.updated_at DESC, c.id DESC LIMIT {}
            """,
            user_id,
            *(moment, moment, moment, conversation_id),
            limit,
        )
        return rows
