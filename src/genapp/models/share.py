"""A conversation that whoever has the link may read."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple, Self

from piccolo.columns import UUID, ForeignKey, Timestamptz, Varchar
from piccolo.table import Table

from genapp.errors import NotFound
from genapp.models.conversation import Conversation
from genapp.models.ids import new_id
from genapp.models.rows import Rows

if TYPE_CHECKING:
    import uuid
    from datetime import datetime


class Opened(NamedTuple):
    """What there is behind a link: the share, and its conversation's owner, title and last change."""

    share: Share
    owner: uuid.UUID
    title: str
    updated_at: datetime


class Share(Rows, Table, tablename="shares"):
    """The one link of a conversation. Kept as it is, not hashed: who reads this table can read the conversation."""

    id = UUID(primary_key=True, default=None)
    conversation: ForeignKey[Conversation] = ForeignKey(Conversation, null=False)
    token = Varchar(length=64)
    created_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)

    @property
    def expires_label(self) -> str | None:
        """Until when the link works, for people."""
        return f"{self.expires_at:%-d %B %Y, %H:%M} UTC" if self.expires_at else None

    @classmethod
    async def begin(cls, conversation_id: uuid.UUID, days: int | None) -> Self:
        """Share a conversation for so many days, or until it is stopped; the link that it has stays its link."""
        return await cls.one(
            """
            INSERT INTO shares (id, conversation, token, expires_at) VALUES ({}, {}, {}, now() + {} * interval '1 day')
            ON CONFLICT (conversation) DO UPDATE SET expires_at = excluded.expires_at,
              token = CASE WHEN shares.expires_at < now() THEN excluded.token ELSE shares.token END
            RETURNING *
            """,
            new_id(),
            conversation_id,
            secrets.token_urlsafe(24),  # 192 bits: not to be guessed
            days,
        )

    @classmethod
    async def of_conversation(cls, conversation_id: uuid.UUID) -> Self | None:
        """The share of a conversation, None where it is not shared."""
        return await cls.changed(
            "SELECT * FROM shares WHERE conversation = {} AND (expires_at IS NULL OR expires_at > now())",
            conversation_id,
        )

    @classmethod
    async def opened(cls, token: str) -> Opened:
        """What a link opens; raises NotFound for a wrong one, an old one, and one of a disabled user."""
        if "\0" in token:  # it comes from an address, and PostgreSQL takes no NUL
            raise NotFound
        rows = await cls.raw(
            """
            SELECT shares.*, title, updated_at, "user" AS owner
            FROM shares JOIN conversations ON conversations.id = shares.conversation JOIN users ON users.id = "user"
            WHERE token = {} AND (expires_at IS NULL OR expires_at > now()) AND users.disabled_at IS NULL
            """,
            token,
        )
        if not rows:
            raise NotFound
        row = rows[0]
        return Opened(cls.from_row(row), row["owner"], row["title"], row["updated_at"])

    @classmethod
    async def end(cls, conversation_id: uuid.UUID) -> Self | None:
        """Stop sharing a conversation; gives what ended, None where it was not shared."""
        return await cls.changed("DELETE FROM shares WHERE conversation = {} RETURNING *", conversation_id)
