"""What one process of the fleet does for all of them, decided by the database: it works without Redis and workers."""

from __future__ import annotations

from piccolo.columns import Timestamptz, Varchar
from piccolo.table import Table


class Duty(Table, tablename="duties"):
    """One thing to do, and who does it until when. The rows are made by migrations."""

    name = Varchar(length=40, primary_key=True, default=None)
    holder = Varchar(length=40)
    held_until = Timestamptz()

    @classmethod
    async def take(cls, name: str, holder: str, *, seconds: float) -> bool:
        """Have it for so many seconds from now, unless another holder does; gives whether it is ours.

        Who is refused has changed nothing and locked nothing, so a whole fleet may ask again and again.
        """
        rows = await cls.raw(
            """
            UPDATE duties SET holder = {}, held_until = now() + {} * interval '1 second'
            WHERE name = {} AND (holder = {} OR held_until < now()) RETURNING name
            """,
            *(holder, seconds, name, holder),
        )
        return bool(rows)

    @classmethod
    async def leave(cls, name: str, holder: str) -> None:
        """Let others have it at once, where it is ours."""
        await cls.raw("UPDATE duties SET held_until = now() WHERE name = {} AND holder = {}", name, holder)
