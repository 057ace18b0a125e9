"""Sends one HTTP reply over ASGI, at the pace and in the pieces that were asked for."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from genapp.providers.demo.replies import Json
    from genapp.providers.demo.script import Script

    Send = Callable[[dict[str, Any]], Awaitable[None]]


class Outlet:
    """One reply's way out. `odd` cuts every write into pieces of 1 to 7 bytes, each on its own."""

    def __init__(self, send: Send, *, odd: bool = False) -> None:
        self._send = send
        self._odd = random.Random(7) if odd else None  # noqa: S311  (the same cuts every time)

    async def start(self, status: int, content_type: str, headers: Mapping[str, str]) -> None:
        named = {"content-type": content_type, **headers}
        encoded = [(name.encode(), value.encode()) for name, value in named.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def write(self, data: bytes) -> None:
        if self._odd is None:
            await self._body(data)
            return
        while data:
            size = self._odd.randint(1, 7)
            await self._body(data[:size])
            # Gives the reader its turn, or the pieces would meet again on their way.
            await asyncio.sleep(0)
            data = data[size:]

    async def end(self, data: bytes = b"") -> None:
        await self._send({"type": "http.response.body", "body": data})

    async def reply(self, status: int, body: Json, headers: Mapping[str, str]) -> None:
        await self.start(status, "application/json", headers)
        await self.end(msgspec.json.encode(body))

    async def _body(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})


class Pace:
    """Waits between tokens: even on the whole, with some jitter, and late tokens catch up."""

    def __init__(self, script: Script, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311
        self._gap = 1 / script.tokens_per_second if script.tokens_per_second else 0.0
        self._due = asyncio.get_running_loop().time()

    async def wait(self) -> None:
        """Until the next token is due; always gives other tasks a turn."""
        self._due += self._gap * self._random.uniform(0.4, 1.6)
        await asyncio.sleep(max(0.0, self._due - asyncio.get_running_loop().time()))
