"""What a person asks for, before it is a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uuid


@dataclass(frozen=True, slots=True)
class Draft:
    """A validated request for a generation."""

    user_id: uuid.UUID
    prompt: str
    model: str
    conversation_id: uuid.UUID | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one user may have in flight, and spend in 24 hours (0 tokens: as many as they like)."""

    in_flight: int
    tokens_per_day: int = 0
