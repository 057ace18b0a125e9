"""Which names the site answers to.

A name of somebody else's that leads here (their domain, pointed at our address) would make us part of their site, and
a Host header that anybody may choose must not get into links or caches. `X-Forwarded-Host` is never looked at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from litestar import Request
from litestar.enums import ScopeType

from genapp.errors import UnknownHost
from genapp.web.errors import answer_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.types import ASGIApp, Receive, Scope, Send

# Load balancers ask for these by address.
ANY_HOST = ("/healthz", "/readyz")

NAME = re.compile(r"([a-z0-9_-][a-z0-9_.-]*|\[[0-9a-f:.]+\])(?::[0-9]*)?")


class Hosts:
    """Answers what comes for another host, and passes the rest on: also for files, streams and what is not there."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        """`hosts` are names in small letters, `*.example.com` is every name below example.com."""
        self.app = app
        self._names = frozenset(host for host in hosts if not host.startswith("*"))
        self._endings = tuple(host[1:] for host in hosts if host.startswith("*"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.knows(scope) or scope["path"] in ANY_HOST:
            await self.app(scope, receive, send)
        elif scope["type"] == ScopeType.WEBSOCKET:
            await send({"type": "websocket.close", "code": 1008, "reason": UnknownHost.message})
        else:
            request: Request[Any, Any, Any] = Request(scope, receive, send)
            answer = answer_error(request, UnknownHost()).to_asgi_response(app=None, request=request)
            await answer(scope, receive, send)

    def knows(self, scope: Scope) -> bool:
        """Whether the request names one of the hosts, and names one only."""
        named = [value for name, value in scope["headers"] if name == b"host"]
        found = NAME.fullmatch(named[0].decode("latin-1").lower()) if len(named) == 1 else None
        if found is None:
            return False
        host = found[1].removesuffix(".")
        return host in self._names or host.endswith(self._endings)
