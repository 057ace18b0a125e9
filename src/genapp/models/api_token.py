"""What programs log in with: shown once, stored as a digest."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Self

import asyncpg
from piccolo.columns import UUID, ForeignKey, Timestamptz, Varchar
from piccolo.table import Table

from genapp.errors import Invalid
from genapp.models.ids import new_id
from genapp.models.rows import Rows
from genapp.models.user import User

if TYPE_CHECKING:
    import uuid

# So that people, log filters and scanners of repositories know one when they see it.
PREFIX = "genapp_"
SHOWN_CHARACTERS = len(PREFIX) + 4
SCOPES = ("read", "generate")
MOST = 50


def digest_of(token: str) -> str:
    """What is stored of a token. A plain hash does: nobody guesses 256 random bits, however fast they can try."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiToken(Rows, Table, tablename="api_tokens"):
    """A token of a user. `scopes`, divided by spaces: `read` what is theirs, `generate` answers, stop them, retry."""

    id = UUID(primary_key=True, default=None)
    user: ForeignKey[User] = ForeignKey(User, null=False)
    name = Varchar(length=80)
    digest = Varchar(length=64)
    prefix = Varchar(length=16)
    scopes = Varchar(length=50)
    created_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)
    expires_at = Timestamptz(null=True, default=None)

    @classmethod
    async def make(cls, user_id: uuid.UUID, name: str, scopes: str, days: int | None) -> tuple[Self, str]:
        """Store a token, good for so many days or for ever; give its row and the token, which nobody sees again.

        Raises Invalid for a name that the user has used, and where they have too many.
        """
        token = PREFIX + secrets.token_urlsafe(32)
        try:
            async with cls._meta.db.transaction():
                # One user's in a row: the limit is exact.
                await cls.raw("SELECT 1 FROM users WHERE id = {} FOR NO KEY UPDATE", user_id)
                made = await cls.changed(
                    """
                    INSERT INTO api_tokens (id, "user", name, digest, prefix, scopes, expires_at)
                    SELECT {}, {}, {}, {}, {}, {}, now() + {} * interval '1 day'
                    WHERE (SELECT count(*) FROM api_tokens WHERE "user" = {}) < {}
                    RETURNING *
                    """,
                    *(new_id(), user_id, name, digest_of(token), token[:SHOWN_CHARACTERS], scopes, days, user_id, MOST),
                )
        except asyncpg.UniqueViolationError:
            raise Invalid("You have a token of this name. Give this one another.", field="name") from None
        if made is None:
            raise Invalid(f"You have {MOST} tokens, which is the limit. Revoke one first.", field="name")
        return made, token

    @classmethod
    async def presented(cls, token: str) -> dict[str, object] | None:
        """What is known of a token: its id, its user, their address and its scopes. None where it opens nothing.

        Notes when it was last used, to the minute.
        """
        rows: list[dict[str, object]] = await cls.raw(
            """
            WITH noted AS (
              UPDATE api_tokens SET used_at = now()
              WHERE digest = {} AND (used_at IS NULL OR used_at < now() - interval '1 minute')
            )
            SELECT api_tokens.id, "user", scopes, email, role FROM api_tokens JOIN users ON users.id = "user"
            WHERE digest = {} AND disabled_at IS NULL AND (expires_at IS NULL OR expires_at > now())
            """,
            digest_of(token),
            digest_of(token),
        )
        return rows[0] if rows else None

    @classmethod
    async def of_user(cls, user_id: uuid.UUID) -> list[Self]:
        """All of a user's, the newest first."""
        rows = await cls.raw('SELECT * FROM api_tokens WHERE "user" = {} ORDER BY id DESC', user_id)
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def revoke(cls, token_id: uuid.UUID, user_id: uuid.UUID) -> None:
        """Delete one of a user's; raises NotFound where it is not theirs."""
        await cls.one('DELETE FROM api_tokens WHERE id = {} AND "user" = {} RETURNING *', token_id, user_id)

    @classmethod
    async def revoke_all(cls, user_id: uuid.UUID) -> list[uuid.UUID]:
        """Delete all of a user's; gives their ids."""
        rows = await cls.raw('DELETE FROM api_tokens WHERE "user" = {} RETURNING id', user_id)
        return [row["id"] for row in rows]
