"""uvicorn's HTTP connection, bounded: what a request may bring and how long that may take, and what may wait unsent.

uvicorn bounds none of it, and a proxy before us may not either. Whoever opens connections and sends a little, or
without end, would otherwise hold memory for as long as they like.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from genapp.settings.edge import Networks
from genapp.web.head_keeping import HeadKeeper, unframed
from genapp.web.headers import ON_DOCUMENTS

if TYPE_CHECKING:
    import asyncio

    from litestar.types import Scope
    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from genapp.streams import Line
    from genapp.streams.lines import HandOver

# Bytes not yet sent, after which a socket cannot be written to. Linux lets 4 MB wait, per connection: memory that is
# counted as ours (a container's limit), and frames that are superseded long before they are sent.
UNSENT = 65_536
# The request line and the headers together, in bytes. A subscription to 20 streams has some 5 KB.
HEAD = 65_536
HEADERS_MOST = 100
# Requests sent ahead on one connection. One read of 256 KB could bring 14,000 of them.
AHEAD_MOST = 10
# Seconds in which what still comes is read and thrown away. To close at once would reset the connection, and the
# client would never read why.
LINGER = 2


class Refusal(NamedTuple):
    """An answer of the connection's own."""

    status: int
    sentence: str


MALFORMED = Refusal(400, "This is not a request that can be read.")
TOO_SLOW = Refusal(408, "The request took too long to arrive.")
TOO_MANY_AHEAD = Refusal(429, "Too many requests were sent ahead of their answers.")
HEAD_TOO_LARGE = Refusal(431, "The address and headers of the request are too large. Deleting cookies may help.")


class _Refused(Exception):
    """Raised among the parser's callbacks, to stop it."""


class HttpConnection(HttpToolsProtocol):
    """Reads a request in bounded space and time, and refuses it otherwise.

    What comes from one of `proxies` says so to the app, which may believe more of it (`from_proxy`, in the state).
    `header_seconds` is what a client has from its first byte, or from connecting, until its headers are here, and
    `body_seconds` what it has from there until the request is whole. Answers may take as long as they like.
    """

    header_seconds: float = 15
    body_seconds: float = 60
    proxies: Networks = Networks(())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What the parser is in: None between two requests.
        self._part: Literal["head", "body", "refused"] | None = None
        self._timer: asyncio.TimerHandle | None = None
        # Bytes of a head, of trailers or of a chunk's extensions, which the parser keeps until they are whole.
        self._kept = 0
        self._refusal = MALFORMED
        self._answering: RequestResponseCycle | None = None
        self._head_keeper: HeadKeeper | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        sock = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_NOTSENT_LOWAT") and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        super().connection_made(transport)
        # Here, as the app sees the client's address in its place (X-Forwarded-For). A WebSocket is given it as well.
        self.app_state = {**self.app_state, "from_proxy": self.client is not None and self.client[0] in self.proxies}
        self._wait(self.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)
        # uvicorn tells only the last request that its client has gone, and another may be answered at length.
        self._hang_up()

    def data_received(self, data: bytes) -> None:
        if self._part == "refused":
            return
        self._kept += len(data)
        super().data_received(data)
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return  # gone, or a WebSocket by now
        if self._kept > HEAD:
            self._refuse(HEAD_TOO_LARGE)
        elif self._part == "body" and self._timer is None:
            self._wait(self.body_seconds)
        elif self._part in (None, "head") and self._idle and self._timer is None:
            # Any byte has ended the keep-alive timeout, also one that begins nothing.
            self._wait(self.header_seconds)

    def on_message_begin(self) -> None:
        self._part, self._kept = "head", 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._part == "body":
            return  # a trailer: nobody asks for one, and among the headers it could pass for something the proxy said
        if len(self.headers) == HEADERS_MOST:
            self._stop(HEAD_TOO_LARGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD:
            self._stop(HEAD_TOO_LARGE)
        if len(self.pipeline) == AHEAD_MOST:
            self._stop(TOO_MANY_AHEAD)
        self._part, self._kept = "body", 0
        self._wait(None)  # most have no body, and are whole by the end of this read
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._kept = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._part, self._kept = None, 0
        self._wait(None)
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn, with a sentence of its own, when the parser has stopped."""
        self._refuse(self._refusal)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        self._head_keeper = HeadKeeper(self.transport)
        cycle.transport = self._head_keeper  # type: ignore[assignment]
        cycle.scope["state"]["hand_over"] = self.hand_over
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        if self._head_keeper is not None:
            self._head_keeper.flush()  # an answer to HEAD has no body to leave with
        super().on_response_complete()

    def hand_over(self, line: Line) -> None:
        """Give the connection to `line`, which goes on with the answer that the app has begun.

        The app is to return; its request, and whatever was sent ahead after it, is let go. Where the line is not
        framed its body ends with the connection. Source: RFC 9112, 6.3.
        """
        cycle = self.cycle if self._answering is None else self._answering
        if cycle.disconnected:
            # Gone, or refused while the app decided: whoever hung up closes the connection, and has a timer for it.
            line.begin(None, head=b"", chunked=False, paused=False, kept_in=set())
            return
        cycle.response_started = cycle.response_complete = True
        self._wait(None)
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        self.flow.resume_reading()
        self.connections.discard(self)
        # Among the connections, because uvicorn tells those that it stops, and waits for them.
        head = b"" if self._head_keeper is None else self._head_keeper.take()
        chunked = line.framed and bool(cycle.chunked_encoding)
        line.begin(
            self.transport,
            head=head if chunked else unframed(head),
            chunked=chunked,
            paused=self.flow.write_paused,
            kept_in=cast("set[Any]", self.connections),
        )
        # These know each other: without this they would wait for the collector of cycles, 10,000 at a time.
        self.parser = self.cycle = self.scope = self._answering = self._head_keeper = None  # type: ignore[assignment]

    @property
    def _idle(self) -> bool:
        return self._answering is None or self._answering.response_complete

    def _stop(self, refusal: Refusal) -> None:
        self._refusal = refusal
        raise _Refused

    def _wait(self, seconds: float | None) -> None:
        """Wait so long for what is due, instead of what was waited for until now."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        self._timer = None
        if self._part in ("head", "body"):
            self._refuse(TOO_SLOW)
        else:
            self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer and hang up; without a word where an answer is under way, which it would become a part of."""
        self._part = "refused"
        under_way = False
        if self._answering is not None and not self._idle:
            kept = self._head_keeper is not None and bool(self._head_keeper.kept)
            under_way = (self._answering.response_started and not kept) or bool(self.pipeline)
            self._hang_up()
        if not under_way:
            self.transport.write(_text(refusal))
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._wait(LINGER)
        else:
            self.transport.close()

    def _hang_up(self) -> None:
        """Tell the app that its client has gone; what it still says is not sent."""
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()
        if self._head_keeper is not None:
            self._head_keeper.take()


def hand_over_of(scope: Scope) -> HandOver:
    """What gives the connection of a request away, see `HttpConnection.hand_over`."""
    hand_over: HandOver | None = scope["state"].get("hand_over")
    if hand_over is None:
        raise RuntimeError("Streams are served over genapp's own connections: start the server by `genapp web`.")
    return hand_over


def _text(refusal: Refusal) -> bytes:
    body = refusal.sentence.encode()
    headers = [
        *ON_DOCUMENTS,
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    return STATUS_LINE[refusal.status] + b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n" + body
