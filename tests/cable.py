"""A client of the cable that says what a test wants, also what no real one would."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import websockets.asyncio.client
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

PLAIN, EXTENDED, UNSUPPORTED = "actioncable-v1-json", "actioncable-v1-ext-json", "actioncable-unsupported"
PATIENCE = 20


def identifier(generation_id: str | None = None, channel: str = "GenerationChannel", **params: Any) -> str:
    """A subscription's name, as clients write it."""
    named = {"generation_id": generation_id} if generation_id else {}
    return json.dumps({"channel": channel, **named, **params})


class Cable:
    """A connection."""

    def __init__(self, socket: websockets.asyncio.client.ClientConnection) -> None:
        self.socket = socket

    async def send(self, text: str | bytes) -> None:
        await self.socket.send(text)

    async def say(self, command: str, name: str = "", **rest: Any) -> None:
        await self.send(json.dumps({"command": command, "identifier": name, **rest}))

    async def subscribe(self, name: str, **rest: Any) -> dict[str, Any]:
        """Give the answer."""
        await self.say("subscribe", name, **rest)
        return await self.hear()

    async def perform(self, name: str, action: str, **fields: Any) -> None:
        await self.say("message", name, data=json.dumps({**fields, "action": action}))

    async def hear(self) -> dict[str, Any]:
        """The next message but for signs of life; raises ConnectionClosed where there is none."""
        async with asyncio.timeout(PATIENCE):
            while (message := dict(json.loads(await self.socket.recv()))).get("type") == "ping":
                pass
        return message

    async def told(self) -> dict[str, Any]:
        """What a subscription is told next."""
        message = await self.hear()
        assert "message" in message, message
        return dict(message["message"])

    async def until(self, *kinds: str) -> list[dict[str, Any]]:
        """What a subscription is told until one of these is said."""
        told = [await self.told()]
        while told[-1]["type"] not in kinds:
            told.append(await self.told())
        return told

    async def ending(self) -> tuple[str | None, bool | None, int]:
        """The reason of the end, whether to come back, and the code that the socket is closed with."""
        reason = reconnect = None
        try:
            while True:
                message = await self.hear()
                if message.get("type") == "disconnect":
                    reason, reconnect = message["reason"], message["reconnect"]
        except ConnectionClosed as closed:
            return reason, reconnect, closed.rcvd.code if closed.rcvd else 1006


@asynccontextmanager
async def connected(
    url: str,
    *,
    headers: dict[str, str] | None = None,
    origin: str | None = None,
    subprotocols: Sequence[str] = (PLAIN, UNSUPPORTED),
    **options: Any,
) -> AsyncIterator[Cable]:
    """Connect to an address of the web, `http:` or `ws:`."""
    async with websockets.asyncio.client.connect(
        url.replace("http", "ws", 1),
        additional_headers=headers,
        origin=origin,
        subprotocols=list(subprotocols) or None,
        compression=None,
        proxy=None,
        # One that keeps what it is not asked for, or else stops reading: then it also waits long with its goodbye.
        **{"max_queue": None, "max_size": None, "close_timeout": 0.2, **options},
    ) as socket:
        yield Cable(socket)
