"""Deleting what somebody has had answered. What it cost stays on record (`attempt.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.errors import NotFound
from genapp.models.conversation import Conversation, title_from
from genapp.models.user import User

if TYPE_CHECKING:
    import uuid

# What may still be in Redis: (id, attempt) of what was in progress, or had ended a short time ago.
Gone = list[tuple["uuid.UUID", int]]

RECENT = "(finished_at IS NULL OR finished_at > now() - {} * interval '1 second')"
FIRST = "SELECT id, left(prompt, 4000) AS prompt FROM generations WHERE conversation = {} ORDER BY id LIMIT 1"


async def delete_generation(generation_id: uuid.UUID, user_id: uuid.UUID, *, recent_seconds: float) -> Gone:
    """Delete a generation; and its conversation, where it was all of it. Raises NotFound where it is not theirs.

    A conversation is called by the words of its first prompt: where that goes, by the next one's.
    """
    async with User._meta.db.transaction():
        await _lock(user_id)
        rows = await User.raw(
            f"""
            DELETE FROM generations WHERE id = {{}} AND "user" = {{}}
            RETURNING id, conversation, attempt, {RECENT} AS recent
            """,  # noqa: S608  constants of ours, here and below
            *(generation_id, user_id, recent_seconds),
        )
        if not rows:
            raise NotFound
        await _tidy(rows[0]["conversation"], generation_id)
    return [(row["id"], row["attempt"]) for row in rows if row["recent"]]


async def delete_conversation(conversation_id: uuid.UUID, user_id: uuid.UUID, *, recent_seconds: float) -> Gone:
    """Delete a conversation with all its generations and its link. Raises NotFound where it is not theirs."""
    async with User._meta.db.transaction():
        await _lock(user_id)
        await Conversation.owned(conversation_id, user_id)
        rows = await User.raw(
            f"DELETE FROM generations WHERE conversation = {{}} RETURNING id, attempt, {RECENT} AS recent",  # noqa: S608
            *(conversation_id, recent_seconds),
        )
        await User.raw("DELETE FROM conversations WHERE id = {}", conversation_id)
    return [(row["id"], row["attempt"]) for row in rows if row["recent"]]


async def _lock(user_id: uuid.UUID) -> None:
    # As `Submission.submit` does: nothing is added to a conversation while it goes.
    await User.raw("SELECT 1 FROM users WHERE id = {} FOR NO KEY UPDATE", user_id)


async def _tidy(conversation_id: uuid.UUID, deleted: uuid.UUID) -> None:
    left = await User.raw(FIRST, conversation_id)
    if not left:
        await User.raw("DELETE FROM conversations WHERE id = {}", conversation_id)
    elif left[0]["id"] > deleted:
        await User.raw(
            "UPDATE conversations SET title = {} WHERE id = {}", title_from(left[0]["prompt"]), conversation_id
        )
