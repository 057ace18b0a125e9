"""What who runs the site is shown: users and generations, newest first, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genapp.models.user import User

if TYPE_CHECKING:
    import uuid

USERS = """
SELECT users.*,
  (SELECT max(seen_at) FROM sessions WHERE "user" = users.id) AS seen_at,
  (SELECT max(created_at) FROM generations WHERE "user" = users.id) AS asked_at,
  (SELECT count(*) FROM conversations WHERE "user" = users.id) AS conversations,
  (SELECT count(*) FROM generations WHERE "user" = users.id AND status IN ('queued', 'processing')) AS in_flight,
  (SELECT coalesce(sum(input_tokens + output_tokens), 0) FROM attempts
     WHERE "user" = users.id AND started_at > now() - interval '1 day') AS tokens_today
FROM users"""

GENERATIONS = """
SELECT generations.id, status, model, error_code, input_tokens, output_tokens, generations.created_at,
  generations."user" AS user_id, email
FROM generations JOIN users ON users.id = generations."user" AND users.deleted_at IS NULL"""


async def users(query: str, *, before: uuid.UUID | None, limit: int) -> list[dict[str, Any]]:
    """Those whose address contains `query`, or whose id begins or ends with it; the newest before one of them."""
    pattern = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows: list[dict[str, Any]] = await User.raw(
        f"{USERS} WHERE (users.email LIKE {{}} OR users.id::text LIKE {{}} OR users.id::text LIKE {{}}) "
        "AND deleted_at IS NULL AND ({}::uuid IS NULL OR users.id < {}) ORDER BY users.id DESC LIMIT {}",
        # A guest is called by the end of their id.
        *(f"%{pattern}%", f"{pattern}%", f"%{pattern}", before, before, limit),
    )
    return rows


async def accounts(*, after: str, limit: int) -> list[dict[str, Any]]:
    """Those with an address, in the order of their addresses, from the one after `after` on."""
    rows: list[dict[str, Any]] = await User.raw(
        """
        SELECT email, role, disabled_at, created_at,
          (SELECT max(seen_at) FROM sessions WHERE "user" = users.id) AS seen_at
        FROM users WHERE email > {} ORDER BY email LIMIT {}
        """,
        after,
        limit,
    )
    return rows


async def user(user_id: uuid.UUID) -> dict[str, Any] | None:
    """One of them, None where there is none."""
    rows: list[dict[str, Any]] = await User.raw(f"{USERS} WHERE users.id = {{}} AND users.deleted_at IS NULL", user_id)
    return rows[0] if rows else None


async def generations(
    *, status: str = "", user_id: uuid.UUID | None = None, before: uuid.UUID | None = None, limit: int
) -> list[dict[str, Any]]:
    """Those of a status and of a user, where these are given; the newest before one of them. Not what was asked."""
    rows: list[dict[str, Any]] = await User.raw(
        f"{GENERATIONS} WHERE ({{}} = '' OR status = {{}}) AND ({{}}::uuid IS NULL OR generations.\"user\" = {{}}) "
        "AND ({}::uuid IS NULL OR generations.id < {}) ORDER BY generations.id DESC LIMIT {}",
        *(status, status, user_id, user_id, before, before, limit),
    )
    return rows


async def generation(generation_id: uuid.UUID) -> dict[str, Any] | None:
    """One of them with the whole of its row, None where there is none."""
    rows: list[dict[str, Any]] = await User.raw(
        """
        SELECT generations.*, generations."user" AS user_id, email
        FROM generations JOIN users ON users.id = generations."user" AND users.deleted_at IS NULL
        WHERE generations.id = {}
        """,
        generation_id,
    )
    return rows[0] if rows else None
