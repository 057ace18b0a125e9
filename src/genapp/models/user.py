"""Who everything belongs to. A guest is a user with nothing but an id; an account adds an address and a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
from piccolo.columns import UUID, BigInt, Integer, Timestamptz, Varchar
from piccolo.table import Table

from genapp.errors import Disabled, Unauthenticated
from genapp.models.account import LONGEST_EMAIL, Account
from genapp.models.limits import Limits

if TYPE_CHECKING:
    import uuid


class User(Account, Table, tablename="users"):
    """A person, guest or not. `max_in_flight` and `tokens_per_day` are their own limits, where they have any.

    `site` is set for who came by an embedded page: its server says who they are, and it goes with them.
    """

    id = UUID(primary_key=True, default=None)
    created_at = Timestamptz()
    email = Varchar(length=LONGEST_EMAIL, null=True, default=None)
    password_hash = Varchar(length=255, null=True, default=None, secret=True)
    role = Varchar(length=10, default="user")
    disabled_at = Timestamptz(null=True, default=None)
    max_in_flight = Integer(null=True, default=None)
    tokens_per_day = BigInt(null=True, default=None)
    # Since when they are gone; what they had goes by and by (`models/departing.py`).
    deleted_at = Timestamptz(null=True, default=None)
    # Its foreign key is in a migration: two tables that name each other are more than Piccolo can put in order.
    site = UUID(null=True, default=None)
    # The account that a guest has turned out to be. Its foreign key is in a migration too.
    adopted_by = UUID(null=True, default=None)

    @classmethod
    async def locked(cls, user_id: uuid.UUID, *, guest: bool, site: uuid.UUID | None = None) -> User:
        """Give the row, locked until the transaction ends; a guest's is made where it is missing.

        A guest's row is made by the first prompt and not by the first page, so that robots that read pages
        store nothing. The lock puts one user's submissions in a row: the in-flight limit is exact. Raises
        Unauthenticated for an account or a site that is gone, and for a guest who has logged in, while this request was
        on its way, and Disabled for who has been shut out.
        """
        found = await cls._lock(user_id)
        if found is None and guest:
            found = await cls._made(user_id, site) or await cls._lock(user_id)
        if found is None or found.adopted_by is not None or found.deleted_at is not None:
            raise Unauthenticated
        if found.disabled_at is not None:
            raise Disabled
        return found

    @classmethod
    async def _made(cls, user_id: uuid.UUID, site: uuid.UUID | None) -> User | None:
        """The row of a new guest, which nobody else sees until the transaction ends; None where there is one."""
        made = "INSERT INTO users (id, site) VALUES ({}, {}) ON CONFLICT DO NOTHING RETURNING *"
        try:
            return await cls.changed(made, user_id, site)
        except asyncpg.ForeignKeyViolationError:
            raise Unauthenticated from None

    @classmethod
    async def _lock(cls, user_id: uuid.UUID) -> User | None:
        # NO KEY: a worker that begins an attempt holds a generation and needs this row's key.
        return await cls.changed("SELECT * FROM users WHERE id = {} FOR NO KEY UPDATE", user_id)

    def limits(self, usual: Limits) -> Limits:
        """What this user may have in flight and spend: their own limits, else the usual ones."""
        return Limits(
            usual.in_flight if self.max_in_flight is None else self.max_in_flight,
            usual.tokens_per_day if self.tokens_per_day is None else self.tokens_per_day,
        )
