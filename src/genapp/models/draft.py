"""What a person asks for, before it is a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genapp.models.context import NOTHING, Context

if TYPE_CHECKING:
    import uuid


@dataclass(frozen=True, slots=True)
class Draft:
    """A validated request for a generation. `guest`: the user may have no row yet.

    `follows`: the generation that it goes on from, which must be the last of its conversation.
    """

    user_id: uuid.UUID
    prompt: str
    model: str
    conversation_id: uuid.UUID | None = None
    idempotency_key: str | None = None
    guest: bool = True
    follows: uuid.UUID | None = None
    context: Context = NOTHING
