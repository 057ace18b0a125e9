"""uvicorn's WebSocket connection, bounded: what a client may make it keep, and how long it may take to go.

uvicorn answers pings whether or not the client reads, keeps the pieces of a message however many there are, and waits
for a client that reads nothing to take the last bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from genapp.streams.socket import PIECE

if TYPE_CHECKING:
    import asyncio

    from websockets.frames import Frame
    from websockets.http11 import Request

# Pieces of one message. Browsers send one; empty ones cost us more than they cost a client.
PIECES_MOST = 1_000
# Seconds in which the app says goodbye when the server stops. It is told before (`stopping.py`).
GOODBYE = 0.5
# Seconds in which a client takes what was still written when the app had done with it.
LINGER = 2


class WebSocketConnection(WebSocketsSansIOProtocol):
    """Also takes long text messages a piece at a time (`streams/socket.py`)."""

    _unfinished = False

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # not where the handshake was none; the app runs from the loop's next turn on
            self.scope["extensions"][PIECE] = {}

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # the pong, which would wait with thousands of others

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < PIECES_MOST:
            super().handle_cont(event)
        elif not self.close_sent:
            self.frames = []
            self.conn.fail(1008, "too many pieces")
            self.handle_parser_exception()

    async def send(self, message: Any) -> None:
        if self.handshake_complete and (self.close_sent or self.disconnected):
            raise ClientDisconnected  # uvicorn says so of the one and calls the other a fault of the app
        if message["type"] != PIECE:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        say = self.conn.send_continuation if self._unfinished else self.conn.send_text
        try:
            say(message["payload"], fin=not message["more"])
        except InvalidState:
            raise ClientDisconnected from None
        self._unfinished = message["more"]
        self.transport.write(b"".join(self.conn.data_to_send()))

    def shutdown(self) -> None:
        if self.handshake_complete and not self.close_sent:
            self.loop.call_later(GOODBYE, self._shut_down)
        else:
            super().shutdown()

    def _shut_down(self) -> None:
        if not self.disconnected:
            super().shutdown()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self.loop.call_later(LINGER, self._hang_up)

    def _hang_up(self) -> None:
        if not self.disconnected:
            self.transport.abort()
