"""Which pages elsewhere may read our answers: those of registered sites, on the routes that an embedded part uses.

Never with cookies (`Access-Control-Allow-Credentials` is not sent): what such a page reads, it reads by its token.
"""

from __future__ import annotations

import logging
import re
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType

from genapp.errors import Forbidden
from genapp.models import Site
from genapp.web.policies import Policy, policy_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.connection import ASGIConnection
    from litestar.datastructures import State
    from litestar.handlers import BaseRouteHandler
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from genapp.revocations import Revocations
    from genapp.web.visitors import Visitor

logger = logging.getLogger(__name__)

OPEN_ACROSS = (Policy.READ, Policy.GENERATE, Policy.EMBED)
# What any change of a site's origins is announced as, so that nobody remembers what they were.
ANY_SITE = "sites"
FRESH = 30.0
MOST = 1000

# All that a client of ours, htmx 4 or an EventSource of somebody's own sends.
HX = ("request", "request-type", "current-url", "source", "target", "boosted", "trigger", "trigger-name", "prompt")
ALLOW_HEADERS = ", ".join(
    ("authorization", "content-type", "last-event-id", "x-csrf-token", *(f"hx-{name}" for name in HX))
)
EXPOSE_HEADERS = "Retry-After, WWW-Authenticate, Location, HX-Push-Url, HX-Redirect, HX-Trigger, HX-Location"
PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", ALLOW_HEADERS.encode()),
    (b"access-control-max-age", b"7200"),  # Chromium remembers no longer
)

PLACE = re.compile(r"\{\w+:\w+\}")


class Origins:
    """Whether a site that may embed us has an origin. Asks the database once in a while."""

    def __init__(self, revocations: Revocations) -> None:
        self._revocations = revocations
        self._known: OrderedDict[str, tuple[bool, float]] = OrderedDict()

    async def allows(self, origin: str) -> bool:
        """Raises what asyncpg raises where it cannot be known."""
        allowed, asked_at = self._known.get(origin, (False, 0.0))
        now = time.monotonic()
        stale = now - asked_at > FRESH or self._revocations.any_since(asked_at, (ANY_SITE,))
        if stale or not self._revocations.listening:
            allowed = await Site.lets_embed(origin)
            self._known[origin] = (allowed, now)
            self._known.move_to_end(origin)
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return allowed


class CrossOrigin:
    """Answers what a browser asks before it sends a page's request to us, and lets that page read the answer."""

    def __init__(self, app: ASGIApp, state: State, handlers: Iterable[BaseRouteHandler]) -> None:
        self.app = app
        self._state = state
        paths = [path for handler in handlers if policy_of(handler) in OPEN_ACROSS for path in handler.paths]
        self._paths = re.compile("|".join(PLACE.sub("[^/]+", path) for path in paths))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = self._asked_from(scope)
        if origin is None or not await self._allows(origin):
            await self.app(scope, receive, send)
        elif scope.get("method") == "OPTIONS" and _header(scope, b"access-control-request-method"):
            headers = [*_allowing(origin), *PREFLIGHT]
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:

            async def send_with_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = MutableScopeHeaders(message)
                    for name, value in _allowing(origin):
                        headers.add(name.decode(), value.decode())
                await send(message)

            await self.app(scope, receive, send_with_headers)

    def _asked_from(self, scope: Scope) -> str | None:
        """The origin of a page elsewhere that asks for what may be read there."""
        if scope["type"] != ScopeType.HTTP or _header(scope, b"sec-fetch-site") == "same-origin":
            return None
        origin = _header(scope, b"origin")
        return origin if origin and self._paths.fullmatch(scope["path"]) else None

    async def _allows(self, origin: str) -> bool:
        try:
            return bool(await self._state.parts.origins.allows(origin))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            logger.warning("whether %.100s may embed us could not be looked up: %s", origin, error)
            return False


def _allowing(origin: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", EXPOSE_HEADERS.encode()),
        (b"vary", b"Origin"),
    ]


def _header(scope: Scope, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


def require_own_origin(connection: ASGIConnection[Any, Any, Any, Any], visitor: Visitor) -> None:
    """Raises Forbidden where a browser shows an embed token on another page than it was made for.

    In a frame of ours it comes from our own page, which only the site's pages may frame. A client that is not a
    browser names no origin, and could name any.
    """
    origin = connection.headers.get("origin")
    if visitor.site is None or origin is None or origin == visitor.origin:
        return
    own = connection.headers.get("sec-fetch-site") == "same-origin"
    if not own and urlsplit(origin).netloc != connection.headers.get("host"):
        raise Forbidden(f"This embed token is for pages of {visitor.origin}. Ask for one that is for this page.")
