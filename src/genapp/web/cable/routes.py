"""`GET /cable`, the WebSocket, and `POST /cable/tickets`, its address for pages of other sites."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

from litestar import Request, Response, asgi, post
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from genapp.errors import Invalid, NotFound
from genapp.streams import Socket, action_cable
from genapp.streams.socket import PIECE
from genapp.web.cable import tickets
from genapp.web.cable.connection import Connection
from genapp.web.cable.endings import INVALID_REQUEST, ending
from genapp.web.cable.visiting import visitor_of
from genapp.web.errors import as_ours
from genapp.web.forms import Form
from genapp.web.openings import counted
from genapp.web.pages import address_of, site_of
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.visitors import Visitor

if TYPE_CHECKING:
    from genapp.streams.socket import Send as SendMessage

SCOPES = {"read": frozenset({"read"}), "generate": frozenset({"read", "generate"})}


@asgi("/cable", copy_scope=False, opt=is_for(Policy.READ, refuses_itself=True))
async def connect(scope: Scope, receive: Receive, send: Send) -> None:
    """Speak Action Cable's protocol with whoever may read.

    Who may not is told so in it. A handshake that fails says nothing to a client, which would try for ever.
    """
    if scope["type"] != ScopeType.WEBSOCKET:
        raise NotFound("This address is for WebSockets. Connect to it with an Action Cable client.")
    await receive()  # websocket.connect
    socket = Socket(cast("SendMessage", send), in_pieces=PIECE in (scope.get("extensions") or {}))
    subprotocol = action_cable.chosen(scope["subprotocols"])
    await send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})
    if subprotocol not in (action_cable.PLAIN, action_cable.EXTENDED):
        await socket.close(INVALID_REQUEST)
        return
    connection = ASGIConnection[Any, Any, Any, Any](scope, receive)
    parts: Parts = scope["litestar_app"].state.parts
    address = address_of(connection)
    with ExitStack() as stack:
        try:
            visitor = await visitor_of(connection, parts)
            stack.enter_context(parts.openings.one_more(counted(visitor, address)))
        except Exception as error:
            await socket.close(ending(as_ours(error)))
            return
        scope["state"]["visitor"] = visitor  # for what is told of the request
        extended = subprotocol == action_cable.EXTENDED
        await Connection(parts, visitor, socket, address=address, extended=extended).serve(receive)


@post("/cable/tickets", opt=is_for(Policy.GENERATE))
async def make_ticket(
    request: Request[Any, Any, Any], parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]
) -> Response[Any]:
    """Give an address of the cable that lets whoever has it in, for a minute: to what the visitor may, or to less."""
    scopes = SCOPES.get(form.get("scope") or "generate")
    if scopes is None:
        raise Invalid(f"A ticket may be for {' or '.join(SCOPES)}.", field="scope")
    if visitor.scopes is not None:
        scopes &= visitor.scopes
    ticket = tickets.Tickets(parts.settings.secrets).write(visitor, scopes)
    url = f"{site_of(request).replace('http', 'ws', 1)}/cable?ticket={ticket}"
    return Response({"url": url, "expires_in": tickets.SECONDS}, status_code=201)


ROUTES = (connect, make_ticket)
