"""What is not well for so long that somebody is told, from its beginning to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from piccolo.columns import UUID, Text, Timestamptz, Varchar
from piccolo.table import Table

from genapp.models.ids import new_id
from genapp.models.rows import Rows

if TYPE_CHECKING:
    from datetime import timedelta

# After a longer gap between two looks (nobody was there to look: a release, an outage) a suspicion begins anew.
GAP = "greatest(60, {} * 2) * interval '1 second'"
KEPT_DAYS = 90


class Incident(Rows, Table, tablename="incidents"):
    """One condition's time of not being well; the database sees to it that there is one at a time for each condition.

    It is suspected from `began_at` on, open from `opened_at` (null until then) to `closed_at`. `says` is what was the
    case when it was last seen, in a sentence.
    """

    id = UUID(primary_key=True, default=None)
    condition = Varchar(length=40)
    says = Text()
    began_at = Timestamptz()
    seen_at = Timestamptz()
    opened_at = Timestamptz(null=True, default=None)
    well_since = Timestamptz(null=True, default=None)
    closed_at = Timestamptz(null=True, default=None)

    @property
    def lasted(self) -> timedelta:
        """How long it was, or has been, not well."""
        end: Any = self.well_since or self.seen_at
        return end - self.began_at  # type: ignore[no-any-return]  # Piccolo's columns are datetimes on instances

    # -- what the looks make of it; each in a transaction that also stores who is to be told ----------------

    @classmethod
    async def note_bad(cls, condition: str, says: str, *, hold: float) -> Self | None:
        """Note that a condition is not well. Gives the incident where that opens it: after `hold` seconds, once."""
        rows = await cls.raw(
            f"""
            INSERT INTO incidents AS i (id, condition, says, began_at, seen_at) VALUES ({{}}, {{}}, {{}}, now(), now())
            ON CONFLICT (condition) WHERE closed_at IS NULL DO UPDATE SET
              says = excluded.says, seen_at = now(), well_since = NULL,
              began_at = CASE WHEN i.opened_at IS NULL AND i.seen_at < now() - {GAP} THEN now() ELSE i.began_at END,
              opened_at = CASE WHEN i.opened_at IS NULL AND i.seen_at >= now() - {GAP}
                AND i.began_at <= now() - {{}} * interval '1 second' THEN now() ELSE i.opened_at END
            RETURNING *, opened_at = now() AS opens
            """,  # noqa: S608  a constant of ours
            *(new_id(), condition, says, hold, hold, hold),
        )
        return cls.from_row(rows[0]) if rows[0]["opens"] else None

    @classmethod
    async def note_well(cls, condition: str, *, hold: float) -> Self | None:
        """Note that a condition is well. Gives the incident where that closes it: after `hold` seconds, once."""
        await cls.raw(
            "DELETE FROM incidents WHERE condition = {} AND closed_at IS NULL AND opened_at IS NULL", condition
        )
        found = await cls.changed(
            """
            UPDATE incidents SET well_since = coalesce(well_since, now()),
              closed_at = CASE WHEN well_since <= now() - {} * interval '1 second' THEN now() END
            WHERE condition = {} AND closed_at IS NULL RETURNING *
            """,
            *(hold, condition),
        )
        return found if found is not None and found.closed_at is not None else None

    # -- who wants to see it -------------------------------------------------------------------------------

    @classmethod
    async def suspected(cls) -> set[str]:
        """The conditions that are not known to be well: open, or on the way there."""
        rows = await cls.raw("SELECT condition FROM incidents WHERE closed_at IS NULL")
        return {row["condition"] for row in rows}

    @classmethod
    async def open(cls) -> list[Self]:
        """Those that are open now, the oldest first."""
        rows = await cls.raw(
            "SELECT * FROM incidents WHERE closed_at IS NULL AND opened_at IS NOT NULL ORDER BY opened_at"
        )
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def recent(cls, limit: int = 20) -> list[Self]:
        """Those that have been open, the newest first, open ones among them."""
        rows = await cls.raw(
            "SELECT * FROM incidents WHERE opened_at IS NOT NULL ORDER BY opened_at DESC LIMIT {}", limit
        )
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def sweep(cls) -> None:
        """Delete the record of those that are long over, with what was told of them."""
        await cls.raw("DELETE FROM incidents WHERE closed_at < now() - {} * interval '1 day'", KEPT_DAYS)
