"""Whether who is asking may: for every route, before its handler runs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler

from genapp.errors import Unauthenticated, WrongMethod
from genapp.web.confining import confine
from genapp.web.forms import SAFE_METHODS, read_fields, require_own_form, require_same_origin
from genapp.web.origins import require_own_origin
from genapp.web.policies import Policy, policy_of, require
from genapp.web.sessions import enter, read_claim

if TYPE_CHECKING:
    from litestar.handlers import BaseRouteHandler
    from litestar.types import ASGIApp, Receive, Scope, Send

    from genapp.web.forms import Form
    from genapp.web.parts import Parts
    from genapp.web.sessions import Sessions
    from genapp.web.visitors import Visitor

# Whatever follows it: who means to bring a token, and spoils it, is not taken for somebody without one.
BEARER = re.compile(r"bearer(?: +(.*))?", re.IGNORECASE)
PROGRAMS_ONLY = "Send an API token of this site, as Authorization: Bearer genapp_…; make one on your account's page."
LOGGED_OUT = "You have been logged out. Log in again, in another tab for example, and then send this once more."


class Authorisation:
    """Before every route's handler: finds out who asks, and raises where they may not.

    A middleware, and not a guard of Litestar's: those are given a copy of the handler each time, which takes longer
    than to find out.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self.app = app
        self.sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = scope["route_handler"]
        policy = policy_of(handler)
        # What everybody gets the same answer from has no session. A shared cache that keeps a stylesheet would hand the
        # cookie it came with to everybody.
        if policy is not Policy.EVERYONE:
            read_claim(scope, self.sessions)
            # Streams and WebSockets have no form to read.
            kind = Request if isinstance(handler, HTTPRouteHandler) else ASGIConnection
            await authorise(kind(scope, receive), handler, policy)
        await self.app(scope, receive, send)


async def authorise(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler, policy: Policy) -> None:
    """Find out who asks, and raise where they may not use `handler`, whose policy this is.

    What was sent is read first, so that an answer that refuses it can give the words back.
    """
    if connection.scope["type"] == ScopeType.WEBSOCKET and handler.opt.get("refuses_itself"):
        # Such a client takes a handshake that is refused for a server that is away, and tries again for ever.
        return
    state = connection.scope["state"]
    bearer = BEARER.fullmatch(connection.headers.get("authorization", ""))
    changes = connection.scope.get("method") not in SAFE_METHODS
    if policy.for_programs and not bearer:
        raise Unauthenticated(PROGRAMS_ONLY)
    if changes and not policy.for_programs:
        state["form"] = await _read_form(connection, from_browser=not bearer)
    parts: Parts = connection.app.state.parts
    visitor = await _identified(connection, parts, bearer[1] or "" if bearer else None)
    if visitor.disabled and policy is Policy.ANYBODY:
        # Their forms are still those of the cookie that they have.
        visitor = replace(parts.sessions.stranger(), csrf_token=state["claim"].csrf_token)
    # Before it is known whether they may: a page that says no has their name on it.
    state["visitor"] = visitor
    if changes and visitor.lapsed and policy is not Policy.ANYBODY:
        raise Unauthenticated(LOGGED_OUT)
    require_own_origin(connection, visitor)
    require(policy, visitor, guests=parts.settings.access_policy == "open")
    await confine(connection, visitor)
    if changes and not bearer:
        require_own_form(connection, state["form"], state["claim"], parts.sessions)


async def _identified(connection: ASGIConnection[Any, Any, Any, Any], parts: Parts, token: str | None) -> Visitor:
    """Who asks, by their token where they bring one, else by their cookie; sees to the cookie of the answer."""
    if token is not None:
        enter(connection.scope, None)  # a program has no use for one, whether its token is good or not
        return await parts.access.by_token(token)
    visitor = await parts.access.by_cookie(connection.scope["state"]["claim"])
    if not visitor.known:
        enter(connection.scope, visitor)
    return visitor


async def _read_form(connection: ASGIConnection[Any, Any, Any, Any], *, from_browser: bool) -> Form:
    if not isinstance(connection, Request):
        raise WrongMethod("GET")  # the streams, which are only read
    if from_browser:
        require_same_origin(connection)
    return await read_fields(connection)
