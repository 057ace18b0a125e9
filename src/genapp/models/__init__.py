"""Tables and their state changes."""

from genapp.models.chunk import Chunk
from genapp.models.conversation import Conversation
from genapp.models.database import connected, ping
from genapp.models.generation import FINISHED, IN_FLIGHT, Draft, Generation, Outcome
from genapp.models.ids import new_id, parse_id
from genapp.models.user import User

__all__ = [
    "FINISHED",
    "IN_FLIGHT",
    "Chunk",
    "Conversation",
    "Draft",
    "Generation",
    "Outcome",
    "User",
    "connected",
    "new_id",
    "parse_id",
    "ping",
]
