"""Which of what lets people in lets them in no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.models.ids import parse_id
from genapp.models.user import User

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection

# A guest without a row is as good as any; one who has become an account, or part of one, is not.
VOID = """
SELECT 'session:' || id AS key FROM unnest({}::uuid[]) AS open (id)
  WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.id = open.id AND expires_at > now())
UNION ALL SELECT 'token:' || id FROM unnest({}::uuid[]) AS open (id)
  WHERE NOT EXISTS (SELECT 1 FROM api_tokens t WHERE t.id = open.id AND (expires_at IS NULL OR expires_at > now()))
UNION ALL SELECT 'share:' || id FROM unnest({}::uuid[]) AS open (id)
  WHERE NOT EXISTS (
    SELECT 1 FROM shares JOIN conversations ON conversations.id = conversation JOIN users ON users.id = "user"
    WHERE shares.id = open.id AND (expires_at IS NULL OR expires_at > now()) AND disabled_at IS NULL
  )
UNION ALL SELECT 'site:' || id FROM unnest({}::uuid[]) AS open (id)
  WHERE NOT EXISTS (SELECT 1 FROM sites WHERE sites.id = open.id AND disabled_at IS NULL)
UNION ALL SELECT 'user:' || id FROM users WHERE id = ANY({}::uuid[]) AND disabled_at IS NOT NULL
UNION ALL SELECT 'admin:' || id FROM unnest({}::uuid[]) AS open (id)
  WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.id = open.id AND role = 'admin' AND disabled_at IS NULL)
UNION ALL SELECT 'guest:' || id FROM users
  WHERE id = ANY({}::uuid[]) AND (email IS NOT NULL OR adopted_by IS NOT NULL)
"""
KINDS = ("session", "token", "share", "site", "user", "admin", "guest")


async def void(keys: Collection[str]) -> set[str]:
    """Of keys such as `session:<id>` (see `revocations.py`), give those that let nobody in any more. One query."""
    ids: dict[str, list[uuid.UUID]] = {kind: [] for kind in KINDS}
    for key in keys:
        kind, _, text = key.partition(":")
        if kind in ids and (one := parse_id(text)):
            ids[kind].append(one)
    rows = await User.raw(VOID, *[ids[kind] for kind in KINDS])
    return {row["key"] for row in rows}
