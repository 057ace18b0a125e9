"""What is to be sent to a webhook: the outbox, and the record of what became of it.

A row is made by a trigger, in the statement that ends the generation (ADR 11). It is sent by whoever claims it, at
least once: who receives it tells a repetition by its id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from piccolo.columns import UUID, ForeignKey, SmallInt, Text, Timestamptz, Varchar
from piccolo.table import Table

from genapp.errors import Invalid
from genapp.models.generation import Generation
from genapp.models.rows import Rows
from genapp.models.webhook import Webhook

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

# Seconds between the tries: one at once, and then so many more, over a day and a half.
WAITS = (60, 300, 1800, 2 * 3600, 6 * 3600, 24 * 3600)
# Seconds that a try belongs to its worker: longer than one can take.
HELD_SECONDS = 30
# Seconds until a message that is due is enqueued once more.
PATIENCE = 15
# Tries to one webhook at a time, in all workers: a slow one holds no more threads than this.
AT_ONCE = 4
KEPT_DAYS = 30
GAVE_UP = "It has not taken what it was sent for more than a day. See to it, and switch it on again."

# Due, held by nobody, and its webhook is switched on. `d` is the delivery, `w` the webhook.
DUE = """d.status = 'pending' AND d.next_try_at <= now() AND (d.held_until IS NULL OR d.held_until < now())
  AND w.id = d.webhook AND w.disabled_at IS NULL"""
CLAIM = """
UPDATE deliveries d SET attempts = attempts + 1, tried_at = now(), held_until = now() + {{}} * interval '1 second'
FROM webhooks w WHERE d.id = {which} AND {due}
  AND (SELECT count(*) FROM deliveries b WHERE b.webhook = d.webhook AND b.held_until > now()) < {{}}
RETURNING d.id, d.webhook, d.generation, d.attempts, d.payload, w.url, w.secret, w.with_content"""
NEXT = f"""(SELECT d.id FROM deliveries d, webhooks w WHERE w.id = {{}} AND {DUE}
  ORDER BY d.next_try_at LIMIT 1 FOR UPDATE OF d SKIP LOCKED)"""  # noqa: S608  constants of ours, here and below


class Claimed(NamedTuple):
    """A delivery that is ours to try: `attempts` counts this try."""

    id: uuid.UUID
    webhook: uuid.UUID
    generation: uuid.UUID
    attempts: int
    payload: str
    url: str
    secret: str
    with_content: bool


class Delivery(Rows, Table, tablename="deliveries"):
    """One event for one webhook. `status`: pending, delivered or failed. `error`: a sentence about the last try."""

    id = UUID(primary_key=True, default=None)
    webhook: ForeignKey[Webhook] = ForeignKey(Webhook, null=False)
    generation: ForeignKey[Generation] = ForeignKey(Generation, null=False)
    event = Varchar(length=40)
    payload = Text()
    status = Varchar(length=10, default="pending")
    attempts = SmallInt(default=0)
    response_code = SmallInt(null=True, default=None)
    error = Text(null=True, default=None)
    created_at = Timestamptz()
    next_try_at = Timestamptz()
    enqueued_at = Timestamptz(null=True, default=None)
    held_until = Timestamptz(null=True, default=None)
    tried_at = Timestamptz(null=True, default=None)

    # -- sending -------------------------------------------------------------------------------------------

    @classmethod
    async def claim(cls, delivery_id: uuid.UUID) -> Claimed | None:
        """Begin a try. None where it is not due, or enough is being sent to its webhook."""
        rows = await cls.raw(CLAIM.format(which="{}", due=DUE), HELD_SECONDS, delivery_id, AT_ONCE)
        return Claimed(**rows[0]) if rows else None

    @classmethod
    async def claim_next(cls, webhook_id: uuid.UUID) -> Claimed | None:
        """Begin a try of whatever is due for a webhook. None where nothing is."""
        rows = await cls.raw(CLAIM.format(which=NEXT, due=DUE), HELD_SECONDS, webhook_id, AT_ONCE)
        return Claimed(**rows[0]) if rows else None

    @classmethod
    async def answer_of(cls, claimed: Claimed, finished_at: str) -> str | None:
        """The text that a generation ended with then; None where it has been begun anew."""
        rows = await cls.raw(
            """
            SELECT answer FROM generations WHERE id = {} AND status IN ('completed', 'failed', 'cancelled')
              AND finished_at = {}::text::timestamptz
            """,
            claimed.generation,
            finished_at,
        )
        return rows[0]["answer"] if rows else None

    @classmethod
    async def took(cls, claimed: Claimed, code: int) -> None:
        """It was taken."""
        await cls.raw(
            """
            UPDATE deliveries SET status = 'delivered', response_code = {}, error = NULL, held_until = NULL
            WHERE id = {} AND attempts = {} AND status = 'pending'
            """,
            *(code, claimed.id, claimed.attempts),
        )

    @classmethod
    async def refused(cls, claimed: Claimed, code: int | None, error: str, *, gone: str | None = None) -> None:
        """It was not taken: try again later, or, after the last try, give it and its webhook up.

        `gone`: why the webhook is to be switched off at once. One that has taken something since is left on.
        """
        last = gone is not None or claimed.attempts > len(WAITS)
        async with cls._meta.db.transaction():
            rows = await cls.raw(
                """
                UPDATE deliveries SET status = {}, response_code = {}, error = {}, held_until = NULL,
                  next_try_at = now() + {} * interval '1 second', enqueued_at = NULL
                WHERE id = {} AND attempts = {} AND status = 'pending' RETURNING created_at
                """,
                "failed" if last else "pending",
                *(code, error, 0 if last else WAITS[claimed.attempts - 1], claimed.id, claimed.attempts),
            )
            if rows and last:
                await cls.raw(
                    """
                    UPDATE webhooks SET disabled_at = now(), disabled_because = {}
                    WHERE id = {} AND disabled_at IS NULL AND ({} OR NOT EXISTS (
                      SELECT 1 FROM deliveries WHERE webhook = webhooks.id AND status = 'delivered' AND tried_at > {}
                    ))
                    """,
                    *(gone or GAVE_UP, claimed.webhook, gone is not None, rows[0]["created_at"]),
                )

    # -- the outbox ----------------------------------------------------------------------------------------

    @classmethod
    async def of_end(cls, generation_id: uuid.UUID) -> list[uuid.UUID]:
        """Take those that the end of a generation has made, to be enqueued now."""
        rows = await cls.raw(
            """
            UPDATE deliveries SET enqueued_at = now()
            WHERE generation = {} AND status = 'pending' AND attempts = 0 AND enqueued_at IS NULL RETURNING id
            """,
            generation_id,
        )
        return [row["id"] for row in rows]

    @classmethod
    async def overdue(cls, limit: int = 200) -> list[uuid.UUID]:
        """Take those that are due and whose message may be lost, to be enqueued (again); each once per patience."""
        rows = await cls.raw(
            f"""
            UPDATE deliveries SET enqueued_at = now() WHERE id IN (
              SELECT d.id FROM deliveries d, webhooks w
              WHERE {DUE} AND (d.enqueued_at IS NULL OR d.enqueued_at < now() - {{}} * interval '1 second')
              ORDER BY d.next_try_at LIMIT {{}} FOR UPDATE OF d SKIP LOCKED
            ) RETURNING id
            """,  # noqa: S608
            PATIENCE,
            limit,
        )
        return [row["id"] for row in rows]

    @classmethod
    async def sweep(cls) -> None:
        """Delete the record of what was sent long ago, or could not be."""
        await cls.raw(
            "DELETE FROM deliveries WHERE status <> 'pending' AND created_at < now() - {} * interval '1 day'", KEPT_DAYS
        )

    # -- the record ----------------------------------------------------------------------------------------

    @classmethod
    async def of_webhook(cls, webhook_id: uuid.UUID, limit: int = 50) -> list[Self]:
        """The newest ones."""
        rows = await cls.raw(
            "SELECT * FROM deliveries WHERE webhook = {} ORDER BY created_at DESC, id LIMIT {}", webhook_id, limit
        )
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def counted(cls, webhook_id: uuid.UUID) -> tuple[int, datetime | None]:
        """How many wait for a webhook, and when it has last taken something."""
        rows = await cls.raw(
            """
            SELECT count(*) FILTER (WHERE status = 'pending') AS pending,
              max(tried_at) FILTER (WHERE status = 'delivered') AS taken_at
            FROM deliveries WHERE webhook = {}
            """,
            webhook_id,
        )
        return int(rows[0]["pending"]), rows[0]["taken_at"]

    @classmethod
    async def again(cls, delivery_id: uuid.UUID, webhook: Webhook) -> None:
        """Send one now, with all tries before it. Raises NotFound, and Invalid where its webhook is switched off."""
        await cls.one("SELECT * FROM deliveries WHERE id = {} AND webhook = {}", delivery_id, webhook.id)
        if webhook.disabled_at is not None:
            raise Invalid("This webhook is switched off. Switch it on, and send it then.")
        await cls.raw(
            """
            UPDATE deliveries SET status = 'pending', attempts = 0, next_try_at = now(), enqueued_at = now()
            WHERE id = {}
            """,
            delivery_id,
        )
