"""What the rows say of how the site does: attempts over time, by model and by user; what waits, and what failed.

Every query reads a stretch of one index. What it costs with a million attempts is in docs/observing.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genapp.models.attempt import Attempt
from genapp.models.lease import WaitedTooLong

if TYPE_CHECKING:
    import uuid
    from datetime import datetime, timedelta

Row = dict[str, Any]

# How far back what failed is looked for: there may be a year of it.
LOOKED_AT = 2000

# Dollars; NULL where no price is known.
SPEND = "sum(microdollars)::float8 / 1000000"
# What a worker that died had begun is lost to whoever asked, too.
FAILED = "count(*) FILTER (WHERE outcome IN ('failed', 'lost'))"
SUMS = f"""count(*) AS attempts, {FAILED} AS failed,
  sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, {SPEND} AS spend"""


async def lately(seconds: float) -> Row:
    """Attempts begun in the last `seconds`: how many have `ended`, how many of these `failed`, and their tokens.

    What no worker had room for had no attempt, and counts as one that failed.
    """
    rows: list[Row] = await Attempt.raw(
        f"""
        SELECT ended + untaken AS ended, failed + untaken AS failed, output_tokens FROM (
          SELECT count(outcome) AS ended, {FAILED} AS failed,
            coalesce(sum(output_tokens) FILTER (WHERE outcome IS NOT NULL), 0) AS output_tokens
          FROM attempts WHERE started_at >= now() - {{}} * interval '1 second'
        ) AS recent, (
          SELECT count(*) AS untaken FROM (
            SELECT error_code, finished_at FROM generations WHERE status = 'failed' ORDER BY id DESC LIMIT {{}}
          ) AS newest WHERE error_code = {{}} AND finished_at > now() - {{}} * interval '1 second'
        ) AS waited
        """,  # noqa: S608  a constant of ours, here and below
        *(seconds, LOOKED_AT, WaitedTooLong.code, seconds),
    )
    return rows[0]


async def spent_today() -> float | None:
    """Dollars, of the attempts begun today (UTC). It reads them all; None where no price is known."""
    rows = await Attempt.raw(
        f"SELECT {SPEND} AS spend FROM attempts WHERE started_at >= date_trunc('day', now(), 'UTC')"  # noqa: S608
    )
    spend: float | None = rows[0]["spend"]
    return spend


async def over_time(since: datetime, step: timedelta) -> list[Row]:
    """Attempts begun since then, by `slot` (a stretch of `step`, from when it began), `model` and `outcome`."""
    rows: list[Row] = await Attempt.raw(
        f"""
        SELECT date_bin({{}}, started_at, {{}}) AS slot, model, outcome, {SUMS}
        FROM attempts WHERE started_at >= {{}} GROUP BY 1, 2, 3
        """,  # noqa: S608
        *(step, since, since),
    )
    return rows


async def by_user(since: datetime, limit: int) -> list[Row]:
    """Who has used most tokens in attempts begun since then."""
    rows: list[Row] = await Attempt.raw(
        f"""
        SELECT spent.*, email, deleted_at FROM (
          SELECT "user" AS user_id, {SUMS} FROM attempts WHERE started_at >= {{}} GROUP BY 1
          ORDER BY sum(input_tokens + output_tokens) DESC, 1 LIMIT {{}}
        ) AS spent JOIN users ON users.id = user_id ORDER BY input_tokens + output_tokens DESC, user_id
        """,  # noqa: S608
        *(since, limit),
    )
    return rows


async def waiting(limit: int) -> list[Row]:
    """Those that are queued, first come first."""
    rows: list[Row] = await Attempt.raw(
        """
        SELECT generations.id, model, queued_at, "user" AS user_id, email
        FROM generations JOIN users ON users.id = "user"
        WHERE status = 'queued' ORDER BY generations.id LIMIT {}
        """,
        limit,
    )
    return rows


async def failures(limit: int) -> list[Row]:
    """The newest that failed, with what their users were told. Not what was asked."""
    rows: list[Row] = await Attempt.raw(
        """
        SELECT generations.id, model, error_code, error_message, finished_at, "user" AS user_id, email
        FROM generations JOIN users ON users.id = "user" AND users.deleted_at IS NULL
        WHERE status = 'failed' ORDER BY generations.id DESC LIMIT {}
        """,
        limit,
    )
    return rows


async def failed_with(code: str, *, seconds: float, limit: int) -> list[uuid.UUID]:
    """Those among the newest failures that failed with an error in the last `seconds`, first come first."""
    rows: list[Row] = await Attempt.raw(
        """
        SELECT newest.id FROM (
          SELECT id, "user", error_code, finished_at FROM generations WHERE status = 'failed' ORDER BY id DESC LIMIT {}
        ) AS newest JOIN users ON users.id = "user" AND users.deleted_at IS NULL
        WHERE error_code = {} AND finished_at > now() - {} * interval '1 second' ORDER BY newest.id LIMIT {}
        """,
        *(LOOKED_AT, code, seconds, limit),
    )
    return [row["id"] for row in rows]
