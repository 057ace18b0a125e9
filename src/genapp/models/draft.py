"""What a person asks for, before it is a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from genapp import logs, tracing
from genapp.models.context import NOTHING, Context

if TYPE_CHECKING:
    import uuid


@dataclass(frozen=True, slots=True)
class Draft:
    """A validated request for a generation. `guest`: the user may have no row yet, which `site` goes into.

    `follows`: the generation that it goes on from, which must be the last of its conversation. `request_id` is that of
    the request in which it is made, for the worker's lines to have it too, and `traceparent` its span, for the worker's
    to be its children.
    """

    user_id: uuid.UUID
    prompt: str
    model: str
    conversation_id: uuid.UUID | None = None
    idempotency_key: str | None = None
    guest: bool = True
    follows: uuid.UUID | None = None
    context: Context = NOTHING
    site: uuid.UUID | None = None
    request_id: str | None = field(default_factory=logs.request_id)
    traceparent: str | None = field(default_factory=tracing.carried)
