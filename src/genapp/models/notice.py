"""What those who run the site are to be told: the outbox of incidents, and the record of what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from piccolo.columns import UUID, ForeignKey, SmallInt, Text, Timestamptz, Varchar
from piccolo.table import Table

from genapp.models.ids import new_id
from genapp.models.incident import Incident
from genapp.models.rows import Rows

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

Channel = Literal["webhook", "email"]

# Seconds between the tries: soon at first, since somebody should come, and over a day, since they should know.
WAITS = (5, 30, 120, 600, 3600, 6 * 3600, 18 * 3600)
# Seconds that a try belongs to its process: longer than one can take.
HELD_SECONDS = 60
# What nobody sent for so long (a way that was switched off, a site that stood still) is no news any more.
NEWS_HOURS = 48


class Due(NamedTuple):
    """A notice that is ours to send: `attempts` counts this try. `event`: opened or recovered."""

    id: uuid.UUID
    channel: Channel
    event: str
    text: str
    attempts: int
    created_at: Any
    incident: uuid.UUID
    condition: str


class Notice(Rows, Table, tablename="notices"):
    """One message by one channel. `status`: pending, delivered or failed."""

    id = UUID(primary_key=True, default=None)
    incident: ForeignKey[Incident] = ForeignKey(Incident, null=False)
    channel = Varchar(length=10)
    event = Varchar(length=10)
    text = Text()
    status = Varchar(length=10, default="pending")
    attempts = SmallInt(default=0)
    error = Text(null=True, default=None)
    created_at = Timestamptz()
    next_try_at = Timestamptz()
    held_until = Timestamptz(null=True, default=None)

    @classmethod
    async def add(cls, incident: Incident, event: str, text: str, channels: Iterable[Channel]) -> None:
        """Put a message into the outbox, once for each channel. In the transaction that changes the incident."""
        for channel in channels:
            await cls.raw(
                """
                INSERT INTO notices (id, incident, channel, event, text, status, attempts, created_at, next_try_at)
                VALUES ({}, {}, {}, {}, {}, 'pending', 0, now(), now())
                """,
                *(new_id(), incident.id, channel, event, text),
            )

    @classmethod
    async def claim(cls, channel: Channel) -> Due | None:
        """Begin a try of the oldest that is due. One channel's notices of an incident are told in their order."""
        rows = await cls.raw(
            """
            UPDATE notices n SET attempts = n.attempts + 1, held_until = now() + {} * interval '1 second'
            FROM incidents i WHERE i.id = n.incident AND n.id = (
              SELECT d.id FROM notices d WHERE d.status = 'pending' AND d.channel = {} AND d.next_try_at <= now()
                AND (d.held_until IS NULL OR d.held_until < now())
                AND d.created_at > now() - {} * interval '1 hour' AND NOT EXISTS (
                  SELECT 1 FROM notices earlier WHERE earlier.incident = d.incident AND earlier.channel = d.channel
                    AND earlier.status = 'pending' AND earlier.created_at < d.created_at
                    AND earlier.created_at > now() - {} * interval '1 hour'
                ) ORDER BY d.created_at LIMIT 1 FOR UPDATE SKIP LOCKED
            ) RETURNING n.id, n.channel, n.event, n.text, n.attempts, n.created_at, i.id AS incident, i.condition
            """,
            *(HELD_SECONDS, channel, NEWS_HOURS, NEWS_HOURS),
        )
        return Due(**rows[0]) if rows else None

    @classmethod
    async def took(cls, due: Due) -> None:
        """It was taken."""
        await cls.raw(
            "UPDATE notices SET status = 'delivered', error = NULL, held_until = NULL WHERE id = {} AND attempts = {}",
            *(due.id, due.attempts),
        )

    @classmethod
    async def refused(cls, due: Due, error: str) -> None:
        """It was not taken: try again later, or, after the last try, no more."""
        last = due.attempts > len(WAITS)
        await cls.raw(
            """
            UPDATE notices SET status = {}, error = {}, held_until = NULL,
              next_try_at = now() + {} * interval '1 second'
            WHERE id = {} AND attempts = {}
            """,
            *("failed" if last else "pending", error, 0 if last else WAITS[due.attempts - 1], due.id, due.attempts),
        )
