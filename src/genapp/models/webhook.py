"""Addresses that an account wants to be told at, when its generations end."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Self

from piccolo.columns import UUID, Boolean, ForeignKey, Text, Timestamptz, Varchar
from piccolo.table import Table

from genapp.errors import Invalid
from genapp.models.ids import new_id
from genapp.models.rows import Rows
from genapp.models.user import User

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

EVENTS = ("completed", "failed", "cancelled")
SECRET_PREFIX = "whsec_"  # noqa: S105  so that people and scanners know one when they see it
MOST = 10


class Webhook(Rows, Table, tablename="webhooks"):
    """One address. `events`, divided by spaces: of EVENTS. `with_content`: whether it is told the text of the answer.

    The secret is stored as it is, since what is sent is signed with it. `disabled_because` is a sentence where it was
    not its owner who switched it off.
    """

    id = UUID(primary_key=True, default=None)
    user: ForeignKey[User] = ForeignKey(User, null=False)
    url = Varchar(length=2000)
    secret = Varchar(length=80, secret=True)
    events = Varchar(length=60)
    with_content = Boolean(default=False)
    created_at = Timestamptz()
    disabled_at = Timestamptz(null=True, default=None)
    disabled_because = Text(null=True, default=None)

    @classmethod
    async def make(cls, user_id: uuid.UUID, url: str, events: Sequence[str], *, with_content: bool) -> Self:
        """Store one with a new secret. Raises Invalid where the user has too many."""
        async with cls._meta.db.transaction():
            # One user's in a row: the limit is exact.
            await cls.raw("SELECT 1 FROM users WHERE id = {} FOR UPDATE", user_id)
            made = await cls.changed(
                """
                INSERT INTO webhooks (id, "user", url, secret, events, with_content) SELECT {}, {}, {}, {}, {}, {}
                WHERE (SELECT count(*) FROM webhooks WHERE "user" = {}) < {} RETURNING *
                """,
                *(new_id(), user_id, url, new_secret(), " ".join(events), with_content, user_id, MOST),
            )
        if made is None:
            raise Invalid(f"You have {MOST} webhooks, which is the limit. Delete one first.", field="url")
        return made

    @classmethod
    async def of_user(cls, user_id: uuid.UUID) -> list[Self]:
        """All of a user's, the newest first."""
        rows = await cls.raw('SELECT * FROM webhooks WHERE "user" = {} ORDER BY id DESC', user_id)
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def owned(cls, webhook_id: uuid.UUID, user_id: uuid.UUID) -> Self:
        """Give one of a user's; raises NotFound where it is not theirs."""
        return await cls.one('SELECT * FROM webhooks WHERE id = {} AND "user" = {}', webhook_id, user_id)

    async def enable(self) -> None:
        """Send to it again, also what has waited."""
        await self.raw("UPDATE webhooks SET disabled_at = NULL, disabled_because = NULL WHERE id = {}", self.id)

    async def disable(self) -> None:
        """Send nothing to it. What was to be sent waits."""
        await self.raw("UPDATE webhooks SET disabled_at = coalesce(disabled_at, now()) WHERE id = {}", self.id)

    async def delete_it(self) -> None:
        """Delete it with the record of what was sent."""
        await self.raw("DELETE FROM webhooks WHERE id = {}", self.id)


def new_secret() -> str:
    """A secret as Standard Webhooks writes it: 256 random bits in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
