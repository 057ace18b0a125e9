"""What lets somebody sign up where the site is by invitation."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Self

from piccolo.columns import UUID, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from genapp.errors import Invalid
from genapp.models.account import LONGEST_EMAIL
from genapp.models.api_token import digest_of
from genapp.models.ids import new_id
from genapp.models.rows import Rows
from genapp.models.user import User

if TYPE_CHECKING:
    import uuid

GOOD_FOR_DAYS = 14


class Invitation(Rows, Table, tablename="invitations"):
    """A link that makes one account. With an `email`, the account's address is that one."""

    id = UUID(primary_key=True, default=None)
    digest = Varchar(length=64)
    email = Varchar(length=LONGEST_EMAIL, null=True, default=None)
    created_by: ForeignKey[User] = ForeignKey(User, null=True, on_delete=OnDelete.set_null)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)

    @classmethod
    async def make(cls, email: str | None, created_by: uuid.UUID | None) -> tuple[Self, str]:
        """Store an invitation; give it and its token, which nobody sees again."""
        token = secrets.token_urlsafe(24)
        made = await cls.one(
            """
            INSERT INTO invitations (id, digest, email, created_by, expires_at)
            VALUES ({}, {}, {}, {}, now() + {} * interval '1 day') RETURNING *
            """,
            *(new_id(), digest_of(token), email, created_by, GOOD_FOR_DAYS),
        )
        return made, token

    @classmethod
    async def open_one(cls, token: str) -> Self | None:
        """The invitation of a token, None where it is unknown, used or too old."""
        return await cls.changed(
            "SELECT * FROM invitations WHERE digest = {} AND used_at IS NULL AND expires_at > now()", digest_of(token)
        )

    async def redeem(self, user_id: uuid.UUID, email: str, password_hash: str) -> User:
        """Use it up for an account; raises Invalid where somebody was faster, and as `User.sign_up`."""
        async with self._meta.db.transaction():
            used = await self.changed(
                "UPDATE invitations SET used_at = now() WHERE id = {} AND used_at IS NULL RETURNING *", self.id
            )
            if used is None:
                raise Invalid("This invitation has been used. Ask for another one.", field="email")
            return await User.sign_up(user_id, email, password_hash)

    @classmethod
    async def newest(cls, limit: int = 100) -> list[Self]:
        """The newest first."""
        rows = await cls.raw("SELECT * FROM invitations ORDER BY id DESC LIMIT {}", limit)
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def revoke(cls, invitation_id: uuid.UUID) -> None:
        """Delete one; raises NotFound where it is gone."""
        await cls.one("DELETE FROM invitations WHERE id = {} RETURNING *", invitation_id)
