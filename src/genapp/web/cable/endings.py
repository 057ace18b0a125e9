"""How connections end: the last message says why, and whether the client should come back by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.errors import TicketExpired, TooMany
from genapp.streams.action_cable import disconnect

if TYPE_CHECKING:
    from genapp.errors import GenappError

# Rails' own reasons, in Rails' sense: clients of others know them too.
UNAUTHORIZED = disconnect("unauthorized", reconnect=False)
INVALID_REQUEST = disconnect("invalid_request", reconnect=False)
SERVER_RESTART = disconnect("server_restart", reconnect=True)
REMOTE = disconnect("remote", reconnect=True)
# AnyCable's: its clients then ask their `tokenRefresher` for another address.
TOKEN_EXPIRED = disconnect("token_expired", reconnect=False)
# Ours.
TOO_MANY_COMMANDS = disconnect("too_many_commands", reconnect=False)
TOO_MANY_CONNECTIONS = disconnect("too_many_connections", reconnect=True)
UNAVAILABLE = disconnect("unavailable", reconnect=True)


def ending(error: GenappError) -> bytes:
    """The last message to who met an error."""
    if isinstance(error, TicketExpired):
        return TOKEN_EXPIRED
    if isinstance(error, TooMany):
        return TOO_MANY_CONNECTIONS
    return UNAVAILABLE if error.status >= 500 else UNAUTHORIZED
