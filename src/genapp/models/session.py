"""Where an account is logged in: one row a browser. Guests have none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from piccolo.columns import UUID, ForeignKey, Timestamptz, Varchar
from piccolo.table import Table

from genapp.errors import Unauthenticated
from genapp.models.ids import new_id
from genapp.models.rows import Rows
from genapp.models.user import User

if TYPE_CHECKING:
    import uuid

DEVICE_CHARACTERS = 200
# Seconds between two notes of when a session was last used: a row is not written for every page.
NOTED_EVERY = 300


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database says of who is asking. `email` None: a guest, whom an account may have
    `adopted`. `valid`: their session is good."""

    email: str | None = None
    is_admin: bool = False
    disabled: bool = False
    adopted: bool = False
    deleted: bool = False
    valid: bool = False


class Session(Rows, Table, tablename="sessions"):
    """A browser that has logged in. The cookie names it and is signed; the row says that it is still good."""

    id = UUID(primary_key=True, default=None)
    user: ForeignKey[User] = ForeignKey(User, null=False)
    created_at = Timestamptz()
    seen_at = Timestamptz()
    expires_at = Timestamptz()
    device = Varchar(length=DEVICE_CHARACTERS)
    address = Varchar(length=45)

    @classmethod
    async def begin(
        cls, user: User, *, device: str, address: str, seconds: float, adopting: uuid.UUID | None = None
    ) -> uuid.UUID:
        """Store a new session, good for `seconds` after its last use; give its id. A guest may come with it.

        Raises Unauthenticated where the password that was looked at is not the user's any more, or they were shut out
        meanwhile. The lock puts this before or after such a change, which ends what it finds: never between.
        """
        async with cls._meta.db.transaction():
            begun = await cls._insert(user, device, address, seconds)
            if adopting is not None:
                await user.adopt(adopting)
        return begun.id

    @classmethod
    async def _insert(cls, user: User, device: str, address: str, seconds: float) -> Self:
        begun = await cls.changed(
            """
            INSERT INTO sessions (id, "user", device, address, expires_at)
            SELECT {}, id, {}, {}, now() + {} * interval '1 second' FROM users
            WHERE id = {} AND password_hash = {} AND disabled_at IS NULL FOR SHARE
            RETURNING *
            """,
            *(new_id(), device[:DEVICE_CHARACTERS], address[:45], seconds, user.id, user.password_hash),
        )
        if begun is None:
            raise Unauthenticated("Your password has changed just now. Log in with the new one.")
        return begun

    @classmethod
    async def standing(cls, session_id: uuid.UUID | None, user_id: uuid.UUID, *, seconds: float) -> Standing:
        """Say who a user is, and whether their session is good; notes now and then that it was used."""
        rows = await cls.raw(
            """
            SELECT users.email, users.role, users.disabled_at, users.adopted_by, users.deleted_at,
              sessions.id AS session,
              sessions.seen_at < now() - {} * interval '1 second' AS stale
            FROM users LEFT JOIN sessions
              ON sessions.id = {} AND sessions."user" = users.id AND sessions.expires_at > now()
            WHERE users.id = {}
            """,
            NOTED_EVERY,
            session_id,
            user_id,
        )
        if not rows:
            return Standing()
        row = rows[0]
        if row["stale"]:
            await cls.raw(
                "UPDATE sessions SET seen_at = now(), expires_at = now() + {} * interval '1 second' WHERE id = {}",
                seconds,
                session_id,
            )
        return Standing(
            row["email"],
            is_admin=row["role"] == "admin",
            disabled=row["disabled_at"] is not None,
            adopted=row["adopted_by"] is not None,
            deleted=row["deleted_at"] is not None,
            valid=row["session"] is not None,
        )

    @classmethod
    async def of_user(cls, user_id: uuid.UUID) -> list[Self]:
        """Those that are good, the last used first."""
        rows = await cls.raw(
            'SELECT * FROM sessions WHERE "user" = {} AND expires_at > now() ORDER BY seen_at DESC', user_id
        )
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def revoke(cls, session_id: uuid.UUID, user_id: uuid.UUID) -> None:
        """End one of a user's sessions; raises NotFound where it is not theirs."""
        await cls.one('DELETE FROM sessions WHERE id = {} AND "user" = {} RETURNING *', session_id, user_id)

    @classmethod
    async def revoke_others(cls, user_id: uuid.UUID, but: uuid.UUID | None = None) -> list[uuid.UUID]:
        """End all of a user's sessions but one; gives their ids."""
        rows = await cls.raw(
            'DELETE FROM sessions WHERE "user" = {} AND id IS DISTINCT FROM {} RETURNING id', user_id, but
        )
        return [row["id"] for row in rows]

    @classmethod
    async def sweep(cls) -> None:
        """Delete those that have run out."""
        await cls.raw("DELETE FROM sessions WHERE expires_at < now()")
