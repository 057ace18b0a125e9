"""What a user with an address and a password does, and what may be done with them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Self

import asyncpg

from genapp.errors import Forbidden, Invalid, NotFound
from genapp.models.rows import Rows

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

# What a person may call themselves by. Not the grammar of RFC 5322, which takes things that no server delivers to.
EMAIL = re.compile(r"[^\s@<>\"'\\,;:()\[\]]{1,64}@[^\s@<>\"'\\,;:()\[\]]{1,250}", re.ASCII)
LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3
TAKEN = "There is an account with this address already. Log in instead."


def folded(text: str) -> str:
    """An address as accounts are told apart by: one form for what looks the same, whatever keyboard it came from.

    Nothing for what is too long to be one, and not looked at: to normalise 80 KB of accents takes seconds, in which
    nobody else is answered.
    """
    return unicodedata.normalize("NFKC", text).strip().lower() if len(text) <= LONGEST_EMAIL else ""


def normal_email(text: str) -> str:
    """The same; raises Invalid for what is no address, such as one with characters that nobody sees."""
    email = folded(text)
    if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email) or not email.isprintable():
        raise Invalid("This is not an e-mail address. Check it, and send it again.", field="email")
    return email


class Account(Rows):
    """The part of `User` that has an address."""

    if TYPE_CHECKING:
        _meta: Any
        email: str | None
        password_hash: str | None
        role: str
        disabled_at: datetime | None

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @classmethod
    async def by_id(cls, user_id: uuid.UUID) -> Self:
        """Give the user; raises NotFound where there is none."""
        return await cls.one("SELECT * FROM users WHERE id = {} AND deleted_at IS NULL", user_id)

    @classmethod
    async def find(cls, email: str) -> Self | None:
        """Give the account with a normal address, None where there is none."""
        return await cls.changed("SELECT * FROM users WHERE email = {}", email)

    @classmethod
    async def sign_up(cls, user_id: uuid.UUID, email: str, password_hash: str, *, role: str = "user") -> Self:
        """Make an account of a guest, who keeps what is theirs, or of nobody yet.

        Raises Invalid where the address is taken, or where the guest has become an account by another request.
        """
        try:
            made = await cls.changed(
                """
                INSERT INTO users (id, email, password_hash, role) VALUES ({}, {}, {}, {})
                ON CONFLICT (id) DO UPDATE
                  SET email = excluded.email, password_hash = excluded.password_hash, role = excluded.role
                  WHERE users.email IS NULL AND users.disabled_at IS NULL AND users.site IS NULL
                    AND users.adopted_by IS NULL
                RETURNING *
                """,
                user_id,
                email,
                password_hash,
                role,
            )
        except asyncpg.UniqueViolationError:
            raise Invalid(TAKEN, field="email") from None
        if made is None:
            raise Invalid("You have an account already. Reload the page.", field="email")
        return made

    async def rehash(self, password_hash: str) -> None:
        """Store the same password hashed anew, unless it has been changed since this row was read."""
        await self._store_password(password_hash)

    async def change_password(self, password_hash: str, *, but: uuid.UUID | None = None) -> list[uuid.UUID] | None:
        """Store another password and end every session but one; gives the ids of those that have ended.

        In one transaction: whoever had the old password is out, or it still is the password. None where it has been
        changed since this row was read.
        """
        async with self._meta.db.transaction():
            if not await self._store_password(password_hash):
                return None
            rows = await self.raw(
                'DELETE FROM sessions WHERE "user" = {} AND id IS DISTINCT FROM {} RETURNING id', self.id, but
            )
        return [row["id"] for row in rows]

    async def _store_password(self, password_hash: str) -> bool:
        stored = await self.changed(
            "UPDATE users SET password_hash = {} WHERE id = {} AND password_hash IS NOT DISTINCT FROM {} RETURNING *",
            password_hash,
            self.id,
            self.password_hash,
        )
        if stored is not None:
            self.password_hash = password_hash
        return stored is not None

    async def adopt(self, guest_id: uuid.UUID) -> None:
        """Take over what a guest has, who has turned out to be this user; inside the transaction that logs them in.

        Does nothing for what is no guest. The guest's row stays and says who has taken it over: a prompt that is on its
        way under the old cookie is refused then, and not lost in a guest whom nobody can be again.
        """
        # No stronger a lock: a worker that begins an attempt holds a generation and needs this row's key.
        rows = await self.raw(
            """
            UPDATE users SET adopted_by = {} WHERE id = {} AND id <> {} AND email IS NULL AND site IS NULL
              AND disabled_at IS NULL AND adopted_by IS NULL RETURNING id
            """,
            *(self.id, guest_id, self.id),
        )
        if not rows:
            return
        await self.raw('UPDATE conversations SET "user" = {} WHERE "user" = {}', self.id, guest_id)
        # The keys were the guest's own: two users may have used the same one.
        await self.raw(
            'UPDATE generations SET "user" = {}, idempotency_key = NULL WHERE "user" = {}', self.id, guest_id
        )
        await self.raw('UPDATE attempts SET "user" = {} WHERE "user" = {}', self.id, guest_id)

    async def disable(self) -> None:
        """Shut the user out: every session and token ends, and none can be made. What is theirs stays.

        Raises Forbidden for the only admin.
        """
        async with self._meta.db.transaction():
            await self.require_another_admin(self.id)
            await self.raw("UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE id = {}", self.id)
            await self.raw('DELETE FROM sessions WHERE "user" = {}', self.id)
            await self.raw('DELETE FROM api_tokens WHERE "user" = {}', self.id)
            await self.raw(
                """UPDATE webhooks SET disabled_at = coalesce(disabled_at, now()) WHERE "user" = {}""", self.id
            )

    async def enable(self) -> None:
        """Let a disabled user in again."""
        await self.raw("UPDATE users SET disabled_at = NULL WHERE id = {} AND deleted_at IS NULL", self.id)

    async def set_role(self, role: str) -> None:
        """Make them an `admin`, or a `user` again.

        Raises NotFound for a guest, who could not log in as one, and Forbidden where no admin would be left.
        """
        if self.email is None:
            raise NotFound
        async with self._meta.db.transaction():
            if role != "admin":
                await self.require_another_admin(self.id)
            await self.raw("UPDATE users SET role = {} WHERE id = {} AND deleted_at IS NULL", role, self.id)

    @classmethod
    async def require_another_admin(cls, user_id: uuid.UUID) -> None:
        """In a transaction that takes an admin away: raises Forbidden where they are the only one.

        All of them are locked, in one order: of two who take away each other the second finds one left.
        """
        rows = await cls.raw(
            "SELECT id FROM users WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR NO KEY UPDATE"
        )
        if [row["id"] for row in rows] == [user_id]:
            raise Forbidden("Nobody else is an admin here. Make somebody else one first.")

    async def set_limits(self, max_in_flight: int | None, tokens_per_day: int | None) -> None:
        """Give them limits of their own; None: the usual ones."""
        await self.raw(
            "UPDATE users SET max_in_flight = {}, tokens_per_day = {} WHERE id = {}",
            max_in_flight,
            tokens_per_day,
            self.id,
        )
