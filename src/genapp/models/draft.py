"""What a person asks for, before it is a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uuid


@dataclass(frozen=True, slots=True)
class Draft:
    """A validated request for a generation. `guest`: the user may have no row yet, which `site` goes into."""

    user_id: uuid.UUID
    prompt: str
    model: str
    conversation_id: uuid.UUID | None = None
    idempotency_key: str | None = None
    guest: bool = True
    site: uuid.UUID | None = None
