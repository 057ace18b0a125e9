"""Tables and their state changes."""

from genapp.models.account import folded, normal_email
from genapp.models.api_token import ApiToken
from genapp.models.attempt import Attempt
from genapp.models.chunk import Chunk
from genapp.models.context import Context
from genapp.models.conversation import Conversation
from genapp.models.database import connected, is_away, ping
from genapp.models.deleting import Gone, delete_conversation, delete_generation
from genapp.models.delivery import Delivery
from genapp.models.draft import Draft
from genapp.models.duty import Duty
from genapp.models.generation import FINISHED, IN_FLIGHT, Generation
from genapp.models.ids import new_id, parse_id
from genapp.models.incident import Incident
from genapp.models.invitation import Invitation
from genapp.models.limits import Limits
from genapp.models.notice import Notice
from genapp.models.outcome import Outcome, Spent
from genapp.models.place import Place
from genapp.models.queue import Queue, queue
from genapp.models.reading import Reading
from genapp.models.session import Session, Standing
from genapp.models.share import Opened, Share
from genapp.models.site import Site
from genapp.models.standing import void
from genapp.models.user import User
from genapp.models.webhook import Webhook

__all__ = [
    "FINISHED",
    "IN_FLIGHT",
    "ApiToken",
    "Attempt",
    "Chunk",
    "Context",
    "Conversation",
    "Delivery",
    "Draft",
    "Duty",
    "Generation",
    "Gone",
    "Incident",
    "Invitation",
    "Limits",
    "Notice",
    "Opened",
    "Outcome",
    "Place",
    "Queue",
    "Reading",
    "Session",
    "Share",
    "Site",
    "Spent",
    "Standing",
    "User",
    "Webhook",
    "connected",
    "delete_conversation",
    "delete_generation",
    "folded",
    "is_away",
    "new_id",
    "normal_email",
    "parse_id",
    "ping",
    "queue",
    "void",
]
