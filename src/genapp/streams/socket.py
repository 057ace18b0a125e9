"""A WebSocket on bare ASGI that several tasks write to: whole messages, in turn, and little of a long one at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .events import pieces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Send = Callable[[Message], Awaitable[None]]

# Says in a scope's `extensions` that the server takes messages of this type: `payload`, a piece of a text message in
# UTF-8, and whether there is `more`. By ASGI alone a message is sent as a whole, of which a slow client's connection
# holds two copies.
PIECE = "websocket.piece"

# Bytes that are sent as one piece.
_LONGEST = 65_536
# Seconds in which a client may take the last message.
_LAST_WORDS = 1.0


class Gone(Exception):
    """The client has gone, or no longer reads."""


class Socket:
    """Sends text messages to one client. Who waits for it to read waits in line, with references and no copies."""

    def __init__(self, send: Send, *, in_pieces: bool) -> None:
        self._send = send
        self._in_pieces = in_pieces
        self._turn = asyncio.Lock()
        self._finishing: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a message is on its way."""
        return self._turn.locked()

    async def write(self, *parts: bytes | memoryview) -> None:
        """Send one message, given as parts of its UTF-8. Raises Gone.

        Cancelled, it is sent as a whole or not at all: half a message would be the end of the connection.
        """
        await self._turn.acquire()
        if sum(map(len, parts)) <= _LONGEST:
            try:
                await self._put(b"".join(parts), more=False)
            finally:
                self._turn.release()
        else:
            self._finishing = asyncio.create_task(self._put_long(parts))
            self._finishing.add_done_callback(_look_at)
            await asyncio.shield(self._finishing)

    async def close(self, last_words: bytes | None, code: int = 1000) -> None:
        """Send a last message and close, if the client takes them within a second."""
        try:
            async with asyncio.timeout(_LAST_WORDS):
                if last_words is not None:
                    await self.write(last_words)
                await self._pass({"type": "websocket.close", "code": code})
        except (TimeoutError, Gone):
            pass
        if self._finishing is not None:
            self._finishing.cancel()
            await asyncio.gather(self._finishing, return_exceptions=True)

    async def _put_long(self, parts: tuple[bytes | memoryview, ...]) -> None:
        try:
            if not self._in_pieces:
                await self._put(b"".join(parts), more=False)
                return
            held: bytes | None = None
            for piece in pieces(parts):
                if held is not None:
                    await self._put(held, more=True)
                held = piece
            await self._put(held or b"", more=False)
        finally:
            self._turn.release()

    async def _put(self, payload: bytes, *, more: bool) -> None:
        if self._in_pieces:
            await self._pass({"type": PIECE, "payload": payload, "more": more})
        else:
            await self._pass({"type": "websocket.send", "text": payload.decode()})

    async def _pass(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:  # what ASGI servers raise for a client that has gone
            raise Gone from None


def _look_at(task: asyncio.Task[None]) -> None:
    """Take a task's exception, for which nobody may wait any more."""
    if not task.cancelled():
        task.exception()
