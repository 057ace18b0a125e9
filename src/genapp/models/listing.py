"""What somebody has, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genapp.models.generation import Generation

if TYPE_CHECKING:
    import uuid


async def generations(
    user_id: uuid.UUID,
    *,
    conversation_id: uuid.UUID | None = None,
    status: str = "",
    after: uuid.UUID | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """A user's, newest first, those after one of them; of a conversation and a status, where these are given.

    Of the prompt only its beginning, and nothing of the answer: either may be long.
    """
    rows: list[dict[str, Any]] = await Generation.raw(
        """
        SELECT id, conversation, status, model, left(prompt, 400) AS prompt, error_code, error_message, input_tokens,
          output_tokens, created_at, finished_at
        FROM generations WHERE "user" = {} AND ({}::uuid IS NULL OR conversation = {}) AND ({} = '' OR status = {})
          AND ({}::uuid IS NULL OR id < {})
        ORDER BY id DESC LIMIT {}
        """,
        *(user_id, conversation_id, conversation_id, status, status, after, after, limit),
    )
    return rows
