"""Deleting somebody: out at once, in one short transaction; what they had goes by and by, in the workers.

An account may have gigabytes, more than one statement can delete while a page waits. So its row stays for a while, as
that of nobody: without an address, shut out, `deleted_at`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genapp.models.user import User

if TYPE_CHECKING:
    import uuid

# What is deleted in one transaction: so many answers of 38 KB take 30 ms.
BATCH = 100

# Visitors of sites that are deleted, or whose owner is.
VISITOR = """
WITH gone AS (
  SELECT id FROM sites WHERE deleted_at IS NOT NULL
  UNION SELECT sites.id FROM sites JOIN users ON users.id = sites."user" WHERE users.deleted_at IS NOT NULL
)
SELECT users.id FROM users JOIN gone ON gone.id = users.site LIMIT 1 FOR NO KEY UPDATE OF users SKIP LOCKED"""
# Sites go when they have no visitors left, and their owners when they have no sites: a row takes along, at once,
# whatever still refers to it.
SITES = """
DELETE FROM sites WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.site = sites.id)
  AND (deleted_at IS NOT NULL OR "user" IN (SELECT id FROM users WHERE deleted_at IS NOT NULL))"""
OWNER = """
SELECT id FROM users WHERE deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sites WHERE "user" = users.id)
LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED"""

IN_PROGRESS = """DELETE FROM generations WHERE status IN ('queued', 'processing') AND "user" IN"""


async def end_user(user_id: uuid.UUID) -> list[tuple[uuid.UUID, int]]:
    """Shut a user out for good, free their address and end what lets anybody in to what is theirs.

    Gives (id, attempt) of the generations that were in progress, which are gone: their text is still in Redis. Raises
    Forbidden for the only admin.
    """
    async with User._meta.db.transaction():
        await User.require_another_admin(user_id)
        # Submissions wait for this row. NO KEY: a worker that begins an attempt holds a generation and needs its key.
        await User.raw("SELECT 1 FROM users WHERE id = {} FOR NO KEY UPDATE", user_id)
        visitors = """SELECT visitors.id FROM users visitors JOIN sites ON sites.id = visitors.site WHERE "user" = {}"""
        gone = await User.raw(
            f"{IN_PROGRESS} (SELECT {{}} UNION ALL {visitors}) RETURNING id, attempt", user_id, user_id
        )
        await User.raw('DELETE FROM sessions WHERE "user" = {}', user_id)
        await User.raw('DELETE FROM api_tokens WHERE "user" = {}', user_id)
        await User.raw("""UPDATE webhooks SET disabled_at = coalesce(disabled_at, now()) WHERE "user" = {}""", user_id)
        await User.raw(
            'DELETE FROM shares USING conversations WHERE conversations.id = conversation AND "user" = {}', user_id
        )
        # An invitation may have been for their address.
        await User.raw("DELETE FROM invitations WHERE email = (SELECT email FROM users WHERE id = {})", user_id)
        await User.raw(
            """
            UPDATE users SET email = NULL, password_hash = NULL, role = 'user', deleted_at = now(),
              disabled_at = coalesce(disabled_at, now())
            WHERE id = {}
            """,
            user_id,
        )
    return [(row["id"], row["attempt"]) for row in gone]


async def end_site(site_id: uuid.UUID) -> list[tuple[uuid.UUID, int]]:
    """Let nobody in to a site any more; gives what `end_user` gives, of its visitors."""
    async with User._meta.db.transaction():
        await User.raw(
            "UPDATE sites SET deleted_at = now(), disabled_at = coalesce(disabled_at, now()) WHERE id = {}", site_id
        )
        visitors = "SELECT id FROM users WHERE site = {}"
        gone = await User.raw(f"{IN_PROGRESS} ({visitors}) RETURNING id, attempt", site_id)
    return [(row["id"], row["attempt"]) for row in gone]


async def sweep() -> list[tuple[uuid.UUID, int]] | None:
    """Delete a part of what is left of somebody; any number of workers may at once.

    Gives (id, attempt) of the generations in it, and None where there is nothing to do.
    """
    async with User._meta.db.transaction():
        found = await User.raw(VISITOR)
        if not found:
            await User.raw(SITES)
            found = await User.raw(OWNER)
        return await _delete_a_part(found[0]["id"]) if found else None


async def _delete_a_part(user_id: uuid.UUID) -> list[tuple[uuid.UUID, int]]:
    gone = await _delete_some("generations", user_id, "id, attempt")
    deleted = [(row["id"], row["attempt"]) for row in gone]
    for table in ("conversations", "attempts"):
        if len(gone) == BATCH:
            return deleted
        gone = await _delete_some(table, user_id, "id")
    if len(gone) < BATCH:
        await User.raw("DELETE FROM users WHERE id = {}", user_id)
    return deleted


async def _delete_some(table: str, user_id: uuid.UUID, columns: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await User.raw(
        f"""
        DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE "user" = {{}} LIMIT {BATCH}) RETURNING {columns}
        """,  # noqa: S608  names of ours
        user_id,
    )
    return rows
