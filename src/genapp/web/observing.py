"""Each request has an id, in the lines that are logged meanwhile and in its answer, and is told of when it is over.

What is told has no address, no query and nothing that was sent: the route's template, and numbers. Outermost, so that
what is refused before a route is found is told as well; only what uvicorn's connection refuses by itself is not.
"""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from genapp import logs, tracing
from genapp.logs import Facts
from genapp.streams.socket import PIECE
from genapp.web import measuring

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from litestar.types import ASGIApp, Receive, Scope, Send

    from genapp.web.visitors import Visitor

    # With the bytes and the frames that a stream has been sent.
    Ended = Callable[[int, int], None]

logger = logging.getLogger("genapp.access")

HEADER = b"x-request-id"
# What nginx calls it: the client went before there was an answer.
CLIENT_GONE = 499
UNTRACED = ("/static/", "/healthz", "/readyz", "/metrics")
# What carries an answer.
BODIES = frozenset({"http.response.body", "websocket.send", PIECE})


class Observed:
    """Passes everything on to `app`. `log_access`: whether each request is a line in the log."""

    def __init__(self, app: ASGIApp, *, log_access: bool) -> None:
        self.app = app
        self.log_access = log_access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = logs.new_request_id(_from_proxy(scope, HEADER))
        with logs.ids(request_id=request_id), _traced(scope, request_id) as span:
            exchange = Exchange(scope, send, request_id, log_access=self.log_access)
            scope["state"]["exchange"] = exchange
            try:
                await self.app(scope, receive, exchange.send)
            except Exception:
                exchange.status = exchange.status or 500
                raise
            finally:
                exchange.end()
                # It knows the scope: 32 objects a viewer would wait for the collector of cycles.
                del scope["state"]["exchange"]
                _describe(span, scope, exchange.status or CLIENT_GONE)


class Exchange:
    """One request and its answer, as it passes. Plain: a WebSocket holds one for as long as it lives."""

    __slots__ = (
        "_began", "_bytes", "_frames", "_handed_over", "_log", "_request_id", "_scope", "_send", "_streams", "status",
    )  # fmt: skip

    def __init__(self, scope: Scope, send: Send, request_id: str, *, log_access: bool) -> None:
        self.status = 0
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self._log = log_access
        self._streams = False
        self._handed_over = False
        self._bytes = 0
        self._frames = 0
        self._began = time.monotonic()

    async def send(self, message: Any) -> None:
        """Passes a message on, and takes note of it."""
        kind = message["type"]
        if kind in BODIES:
            if self._log:
                self._count(kind, message)
        elif kind in ("http.response.start", "websocket.accept"):
            self._start(message)
        elif kind == "websocket.close" and not self.status:
            self.status = 403  # what a server makes of a WebSocket that was not accepted
        await self._send(message)

    def hand_over(self) -> Ended | None:
        """The answer goes on past the app (`streams/lines.py`). Gives what to call at its end, if somebody asks."""
        self._handed_over = True
        if not self._log:
            return None
        said, request_id, began = self._facts(200), self._request_id, self._began

        def ended(sent_bytes: int, frames: int) -> None:
            with logs.ids(request_id=request_id):
                logger.info(Facts("stream ended", {**said, "ms": _since(began), "bytes": sent_bytes, "frames": frames}))

        return ended

    def end(self) -> None:
        """It is over, however it ended."""
        if not self._streams:
            self._measure()
        if self._log and not (self._handed_over and self._streams):
            kind = "stream ended" if self._streams else "request"
            numbers = {"ms": _since(self._began), "bytes": self._bytes}
            self._say(kind, {**numbers, "frames": self._frames} if self._streams else numbers)

    def _start(self, message: Any) -> None:
        headers = list(message.get("headers") or ())
        self.status = message.get("status", 101)
        self._streams = self.status == 101 or any(
            name == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers
        )
        message["headers"] = [*headers, (HEADER, self._request_id.encode())]
        if self._streams:
            self._measure()
        if self._streams and self._log:
            self._say("stream opened", {})

    def _measure(self) -> None:
        method = str(self._scope.get("method", "WEBSOCKET"))
        seconds = time.monotonic() - self._began
        measuring.answered(method, route_of(self._scope), self.status or CLIENT_GONE, seconds)

    def _count(self, kind: str, message: Any) -> None:
        if kind == "http.response.body":
            body: bytes = message.get("body", b"")
        elif kind == PIECE:
            body = message["payload"]
            self._frames += not message["more"]
        else:
            body = message.get("bytes") or message.get("text", "").encode()
            self._frames += 1
        self._bytes += len(body)

    def _say(self, message: str, numbers: dict[str, float]) -> None:
        logger.info(Facts(message, {**self._facts(self.status or CLIENT_GONE), **numbers}))

    def _facts(self, status: int) -> dict[str, str | int | float]:
        return {
            "method": str(self._scope.get("method", "WEBSOCKET")),
            "route": route_of(self._scope),
            "status": status,
            "user": _user_kind(self._scope),
        }


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)


def route_of(scope: Scope) -> str:
    """The template of the route that was found. Not the address: that of a shared page is its key."""
    template = scope.get("path_template", "-")
    # Litestar has none for what is mounted, such as our files.
    return str(template or min(scope["route_handler"].paths))


def _from_proxy(scope: Scope, header: bytes) -> str | None:
    """What our proxy says of this request. Anybody else's word could be another request's name."""
    if not scope["state"].get("from_proxy"):
        return None
    named = [value for name, value in scope["headers"] if name == header]
    return named[0].decode("latin-1") if len(named) == 1 else None


def _traced(scope: Scope, request_id: str) -> AbstractContextManager[tracing.Span]:
    """The request's span, where it is worth one: a page has 30 files, and load balancers ask every second."""
    if scope["path"].startswith(UNTRACED):
        return nullcontext(tracing.NOTHING)
    method = str(scope.get("method", "WEBSOCKET"))
    attributes: tracing.Attributes = {"http.request.method": method, "genapp.request_id": request_id}
    return tracing.span(method, kind="server", parent=_from_proxy(scope, b"traceparent"), attributes=attributes)


def _describe(span: tracing.Span, scope: Scope, status: int) -> None:
    route = route_of(scope)
    span.rename(f"{scope.get('method', 'WEBSOCKET')} {route}")
    span.note({"http.route": route, "http.response.status_code": status})
    if status >= 500:
        span.fail(str(status))


def _user_kind(scope: Scope) -> str:
    visitor: Visitor | None = scope["state"].get("visitor")
    if visitor is None:
        return "-"  # nobody has looked
    if visitor.site is not None:
        return "embedded"
    if visitor.scopes is not None:
        return "token"
    if visitor.guest:
        return "guest"
    return "admin" if visitor.is_admin else "account"
