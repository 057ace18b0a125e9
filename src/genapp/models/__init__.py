"""Tables and their state changes."""

from genapp.models.attempt import Attempt
from genapp.models.chunk import Chunk
from genapp.models.conversation import Conversation
from genapp.models.database import connected, ping
from genapp.models.draft import Draft, Limits
from genapp.models.generation import FINISHED, IN_FLIGHT, Generation
from genapp.models.ids import new_id, parse_id
from genapp.models.outcome import Outcome, Spent
from genapp.models.user import User

__all__ = [
    "FINISHED",
    "IN_FLIGHT",
    "Attempt",
    "Chunk",
    "Conversation",
    "Draft",
    "Generation",
    "Limits",
    "Outcome",
    "Spent",
    "User",
    "connected",
    "new_id",
    "parse_id",
    "ping",
]
