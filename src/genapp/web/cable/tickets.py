"""Tickets: what lets a page of another site in, for which no cookie comes. An API token has no place in an address."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from genapp.errors import TicketExpired, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.web.visitors import Visitor

# Long enough to connect, and to do so again while a server restarts. Addresses get into logs.
SECONDS = 60


class Leave(NamedTuple):
    """For whom a ticket was made, what let them in, and what it may be used for."""

    user_id: UUID
    keys: tuple[str, ...]
    scopes: frozenset[str]


class Tickets:
    """Signs and reads tickets. The first secret signs; the rest are still accepted."""

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = list(reversed(secrets))  # itsdangerous signs with the last
        self._serializer = URLSafeSerializer(keys, salt="cable.tickets", signer_kwargs={"digest_method": sha256})

    def write(self, visitor: Visitor, scopes: frozenset[str], *, seconds: int = SECONDS) -> str:
        """Give a ticket for a visitor, with no more than these scopes."""
        # A guest who has just come has no keys yet: nobody has been asked about them.
        keys = visitor.keys or (f"guest:{visitor.user_id}", f"user:{visitor.user_id}")
        expires_at = int(time.time()) + seconds
        return str(self._serializer.dumps([visitor.user_id.hex, keys, sorted(scopes), expires_at]))

    def read(self, ticket: str) -> Leave:
        """What a ticket gives leave for; raises Unauthenticated, and TicketExpired for one that was good."""
        try:
            user, keys, scopes, expires_at = self._serializer.loads(ticket)
        except BadData:
            raise Unauthenticated from None
        if time.time() >= expires_at:
            raise TicketExpired
        return Leave(UUID(user), tuple(keys), frozenset(scopes))
