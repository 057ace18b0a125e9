"""Who opens a connection: by a token, by a ticket, or by a cookie. Another way is a function and a place in WAYS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genapp.errors import Forbidden, Unauthenticated
from genapp.web.authorising import BEARER
from genapp.web.cable.tickets import Tickets
from genapp.web.confining import confine
from genapp.web.forms import is_from_here
from genapp.web.origins import require_own_origin
from genapp.web.policies import Policy, require

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar.connection import ASGIConnection

    from genapp.web.parts import Parts
    from genapp.web.visitors import Visitor

    Opening = ASGIConnection[Any, Any, Any, Any]
    # Gives None for a connection that does not come this way, and raises where it does and may not.
    Way = Callable[[Opening, Parts], Awaitable[Visitor | None]]


async def visitor_of(connection: Opening, parts: Parts) -> Visitor:
    """Say who opens a connection. Raises Unauthenticated, TicketExpired or Forbidden for who may not read."""
    for way in WAYS:
        if (visitor := await way(connection, parts)) is not None:
            require_own_origin(connection, visitor)
            require(Policy.READ, visitor, guests=parts.settings.access_policy == "open")
            await confine(connection, visitor)
            return visitor
    raise Unauthenticated


async def by_token(connection: Opening, parts: Parts) -> Visitor | None:
    """A program that says its API token in a header. No page can, so it may come from anywhere."""
    bearer = BEARER.fullmatch(connection.headers.get("authorization", ""))
    return await parts.access.by_token(bearer[1]) if bearer else None


async def by_ticket(connection: Opening, parts: Parts) -> Visitor | None:
    """A page, of any site, whose server has asked for its address (`POST /cable/tickets`)."""
    ticket = connection.query_params.get("ticket")
    if ticket is None:
        return None
    leave = Tickets(parts.settings.secrets).read(ticket)
    return await parts.access.by_keys(leave.user_id, leave.keys, leave.scopes)


async def by_cookie(connection: Opening, parts: Parts) -> Visitor | None:
    """A page of this site. Any other page's connection would bring the cookie as well."""
    claim: Visitor = connection.scope["state"]["claim"]
    if not claim.known:
        return None
    if not is_from_here(connection):
        raise Forbidden("This was opened from another site's page. Use a ticket.")
    visitor = await parts.access.by_cookie(claim)
    return None if visitor.lapsed else visitor


WAYS: tuple[Way, ...] = (by_token, by_ticket, by_cookie)
