"""`GET /streams`: one SSE connection for all streams of a page."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from litestar import Request, asgi
from litestar.types import Receive, Scope, Send

from genapp import streams
from genapp.errors import Invalid, NotFound, WrongMethod
from genapp.web.connections import hand_over_of
from genapp.web.holding import Holding
from genapp.web.negotiation import accepts_gzip
from genapp.web.openings import counted
from genapp.web.pages import address_of
from genapp.web.policies import Policy, is_for

if TYPE_CHECKING:
    from genapp.revocations import Keys
    from genapp.web.parts import Parts
    from genapp.web.visitors import Visitor

# A page shows at most as many streams as its user has generations in flight; this is a bound against abuse.
MAX_STREAMS = 20


@dataclass(frozen=True, slots=True)
class Holder:
    """Who watches: the `viewer` whom stream names were signed for, and what lets them in, as known at `asked_at`.

    `counted`: what the connection is counted for (`openings.py`). `expires_at`: Unix time at which it lets them in no
    more; 0: never.
    """

    viewer: str
    keys: Keys
    asked_at: float
    counted: tuple[str, ...]
    expires_at: float = 0.0


@asgi("/streams", copy_scope=False, opt=is_for(Policy.READ))
async def subscribe(scope: Scope, receive: Receive, send: Send) -> None:
    """Stream what the tokens name, from the cursor on.

    `stream` (repeated) a signed name; `after` the cursor of the first connection, `Last-Event-ID` that of the next;
    `dialect` htmx (default), turbo or json. A token that is not this visitor's, or is expired, is a 404: a leaked
    URL alone opens nothing, and does not say whether there is something to open.
    """
    visitor: Visitor = scope["state"]["visitor"]
    request: Request[Any, Any, Any] = Request(scope, receive)
    names = counted(visitor, address_of(request))
    holder = Holder(str(visitor.user_id), visitor.keys, visitor.asked_at, names, visitor.expires_at)
    await follow(request, send, holder)


async def follow(request: Request[Any, Any, Any], send: Send, holder: Holder) -> None:
    """Stream to somebody what they may see of what the request names, for as long as they may.

    204 where they have seen the end of all of it. Raises NotFound, Invalid and WrongMethod for what cannot be followed,
    and TooMany past what one may have open.
    """
    scope = request.scope
    if scope.get("method") != "GET":
        raise WrongMethod("GET")
    parts: Parts = scope["litestar_app"].state.parts
    names = verified(request, parts, holder.viewer)
    dialect = request.query_params.get("dialect", "htmx")
    if dialect not in streams.DIALECTS:
        raise Invalid(f"There is no such dialect. Choose one of {', '.join(streams.DIALECTS)}.", field="dialect")
    cursors = request.headers.get("last-event-id") or request.query_params.get("after") or ""
    places = streams.Cursors.parse(cursors, len(names)).places
    if all(place is not None and place.ended for place in places):
        # An `EventSource` comes back whatever `done` says to it, and stops for good when it is told 204.
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    held = Holding(parts, "sse", holder.counted, scope["state"]["exchange"].hand_over())
    try:
        viewer = await held.seat(list(zip(names, places, strict=True)), dialect, holder.keys, holder.asked_at)
        await parts.lines.serve(
            cast("Any", send),
            hand_over_of(scope),
            viewer,
            lifetime=lifetime(parts, holder),
            gzip=accepts_gzip(request.headers.get("accept-encoding", "")),
            on_end=held.close,
        )
    except BaseException:
        held.close()
        raise


def lifetime(parts: Parts, holder: Holder) -> float:
    """Seconds that a connection may last: not past the end of what lets its viewer in."""
    longest = parts.settings.sse_lifetime
    if not holder.expires_at:
        return longest
    # Connections end up to a tenth later than they are told to (streams/lines.py).
    return min(longest, max(0.0, holder.expires_at - time.time()) / 1.1)


def verified(request: Request[Any, Any, Any], parts: Parts, viewer: str) -> list[str]:
    """Give the names of the streams the request may see; raises NotFound, or Invalid for none or too many."""
    tokens = request.query_params.getall("stream", [])
    if not 0 < len(tokens) <= MAX_STREAMS:
        raise Invalid(f"Name between 1 and {MAX_STREAMS} streams.", field="stream")
    try:
        return [parts.names.verify(token, viewer, time.time()) for token in tokens]
    except streams.InvalidName:
        raise NotFound from None
