"""Pages elsewhere that an account lets embed this site, and whom their servers vouch for."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from piccolo.columns import UUID, Array, ForeignKey, Timestamptz, Varchar
from piccolo.table import Table

from genapp.errors import Invalid
from genapp.models.ids import new_id
from genapp.models.rows import Rows
from genapp.models.user import User

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME_CHARACTERS = 80
MOST = 20

# Of a user that a site vouches for: also their rows' owner, whose end is theirs.
OPENED = """
SELECT sites.secret, sites.origins, sites."user" AS owner,
  (SELECT disabled_at IS NOT NULL FROM users WHERE id = {}) AS shut_out
FROM sites JOIN users ON users.id = sites."user"
WHERE sites.id = {} AND sites.disabled_at IS NULL AND users.disabled_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database says of a site: `owner` is the account, `shut_out` whether the visitor asked about is."""

    secret: str
    origins: tuple[str, ...]
    owner: uuid.UUID
    shut_out: bool


def visitor_id(site_id: uuid.UUID, subject: str) -> uuid.UUID:
    """The user that a site's own id for somebody stands for: the same one each time, and of this site alone."""
    return uuid.uuid5(site_id, subject)


def new_secret() -> str:
    """A secret to sign embed tokens with: 256 random bits."""
    return "embed_" + secrets.token_urlsafe(32)


class Site(Rows, Table, tablename="sites"):
    """A site of an account's. The secret is stored as it is, since its signatures are verified with it."""

    id = UUID(primary_key=True, default=None)
    user: ForeignKey[User] = ForeignKey(User, null=False)
    name = Varchar(length=NAME_CHARACTERS)
    secret = Varchar(length=80, secret=True)
    origins = Array(base_column=Varchar(length=300))
    created_at = Timestamptz()
    disabled_at = Timestamptz(null=True, default=None)
    # It lets nobody in then, and goes when its visitors have gone (`models/departing.py`).
    deleted_at = Timestamptz(null=True, default=None)

    @classmethod
    async def make(cls, user_id: uuid.UUID, name: str, origins: Sequence[str]) -> Self:
        """Store a site with a new secret. Raises Invalid where the user has too many."""
        async with cls._meta.db.transaction():
            # One user's in a row: the limit is exact.
            await cls.raw("SELECT 1 FROM users WHERE id = {} FOR NO KEY UPDATE", user_id)
            made = await cls.changed(
                """
                INSERT INTO sites (id, "user", name, secret, origins) SELECT {}, {}, {}, {}, {}::varchar[]
                WHERE (SELECT count(*) FROM sites WHERE "user" = {} AND deleted_at IS NULL) < {} RETURNING *
                """,
                *(new_id(), user_id, name, new_secret(), list(origins), user_id, MOST),
            )
        if made is None:
            raise Invalid(f"You have {MOST} sites, which is the limit. Delete one first.", field="name")
        return made

    @classmethod
    async def of_user(cls, user_id: uuid.UUID) -> list[Self]:
        """All of a user's, the newest first."""
        rows = await cls.raw('SELECT * FROM sites WHERE "user" = {} AND deleted_at IS NULL ORDER BY id DESC', user_id)
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def owned(cls, site_id: uuid.UUID, user_id: uuid.UUID) -> Self:
        """Give one of a user's; raises NotFound where it is not theirs."""
        return await cls.one(
            'SELECT * FROM sites WHERE id = {} AND "user" = {} AND deleted_at IS NULL', site_id, user_id
        )

    async def rotate(self) -> Self:
        """Give it another secret: what was signed with the old one opens nothing any more."""
        return await self.one("UPDATE sites SET secret = {} WHERE id = {} RETURNING *", new_secret(), self.id)

    async def set_origins(self, origins: Sequence[str]) -> None:
        """Say anew which pages may embed it."""
        await self.raw("UPDATE sites SET origins = {}::varchar[] WHERE id = {}", list(origins), self.id)

    async def set_enabled(self, enabled: bool) -> None:
        """Let its visitors in, or none of them. What is theirs stays."""
        await self.raw(
            "UPDATE sites SET disabled_at = CASE WHEN {} THEN NULL ELSE coalesce(disabled_at, now()) END WHERE id = {}",
            enabled,
            self.id,
        )

    async def count_visitors(self) -> int:
        """How many people have asked something there."""
        rows = await self.raw("SELECT count(*) FROM users WHERE site = {}", self.id)
        return int(rows[0]["count"])

    @classmethod
    async def standing(cls, site_id: uuid.UUID, user_id: uuid.UUID) -> Standing | None:
        """What is known of a site and a visitor of it; None where it lets nobody in: it or its owner is shut out."""
        rows: list[dict[str, Any]] = await cls.raw(OPENED, user_id, site_id)
        if not rows:
            return None
        row = rows[0]
        return Standing(row["secret"], tuple(row["origins"]), row["owner"], bool(row["shut_out"]))

    @classmethod
    async def framed_by(cls, site_id: uuid.UUID) -> tuple[str, ...] | None:
        """The origins whose pages may frame us for a site; None where it lets nobody in."""
        found = await cls.standing(site_id, site_id)
        return found.origins if found else None

    @classmethod
    async def lets_embed(cls, origin: str) -> bool:
        """Whether any site that lets people in has this origin."""
        rows = await cls.raw(
            """
            SELECT 1 FROM sites JOIN users ON users.id = sites."user"
            WHERE sites.origins @> ARRAY[{}]::varchar[] AND sites.disabled_at IS NULL AND users.disabled_at IS NULL
            LIMIT 1
            """,
            origin,
        )
        return bool(rows)
