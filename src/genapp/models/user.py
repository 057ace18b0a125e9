"""Who everything belongs to. A guest is a user with nothing but an id; accounts add to this row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from piccolo.columns import UUID, Timestamptz
from piccolo.table import Table

if TYPE_CHECKING:
    import uuid


class User(Table, tablename="users"):
    """A person, guest or not."""

    id = UUID(primary_key=True, default=None)
    created_at = Timestamptz()

    @classmethod
    async def ensure_locked(cls, user_id: uuid.UUID) -> None:
        """Make the row where it is missing and lock it until the transaction ends.

        A guest's row is made by the first prompt and not by the first page, so that robots that read pages
        store nothing. The lock puts one user's submissions in a row: the in-flight limit is exact.
        """
        await cls.raw("INSERT INTO users (id) VALUES ({}) ON CONFLICT DO NOTHING", user_id)
        await cls.raw("SELECT 1 FROM users WHERE id = {} FOR UPDATE", user_id)
