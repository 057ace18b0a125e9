"""Whether who is asking may: for every route, before its handler runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from litestar import Request

from genapp.errors import Unauthenticated, WrongMethod
from genapp.web.confining import confine
from genapp.web.forms import SAFE_METHODS, read_fields, require_own_form, require_same_origin
from genapp.web.origins import require_own_origin
from genapp.web.policies import Policy, policy_of, require
from genapp.web.sessions import enter

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler

    from genapp.web.parts import Parts
    from genapp.web.visitors import Visitor

BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
LOGGED_OUT = "You have been logged out. Log in again, in another tab for example, and then send this once more."


async def authorise(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard for every route: finds out who asks, and raises where they may not.

    What was sent is read first, so that an answer that refuses it can give the words back.
    """
    policy = policy_of(handler)
    if policy is Policy.EVERYONE:
        return
    parts: Parts = connection.app.state.parts
    state = connection.scope["state"]
    bearer = BEARER.fullmatch(connection.headers.get("authorization", ""))
    changes = connection.scope.get("method") not in SAFE_METHODS
    if changes:
        if not isinstance(connection, Request):
            raise WrongMethod("GET")  # the streams, which are only read
        if not bearer:
            require_same_origin(connection)
        state["form"] = await read_fields(connection)
    claim: Visitor = state["claim"]
    if bearer:
        enter(connection.scope, None)  # a program has no use for a cookie, whether its token is good or not
    visitor = await (parts.access.by_token(bearer[1]) if bearer else parts.access.by_cookie(claim))
    if not (bearer or visitor.known):
        enter(connection.scope, visitor)
    if visitor.disabled and policy is Policy.ANYBODY:
        visitor = parts.sessions.stranger()
    # Before it is known whether they may: a page that says no has their name on it.
    state["visitor"] = visitor
    if changes and visitor.lapsed and policy is not Policy.ANYBODY:
        raise Unauthenticated(LOGGED_OUT)
    require_own_origin(connection, visitor)
    require(policy, visitor, guests=parts.settings.access_policy == "open")
    await confine(connection, visitor)
    if changes and not bearer:
        require_own_form(connection, state["form"], claim, parts.sessions)
