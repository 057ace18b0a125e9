"""Another site, whose pages follow our answers, and the line between its visitors and us, which can be cut."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PAGES = Path(__file__).parent / "pages"
PACKAGES = Path(__file__).parents[1] / "vendor"


@dataclass
class Line:
    """A TCP proxy."""

    port: int
    target: tuple[str, int]
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Cut all that goes over it now."""
        for writer in self.open:
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        self.open |= {writer, far_writer}
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer), return_exceptions=True)
        finally:
            self.open -= {writer, far_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    """A line to the app."""
    parts = urlsplit(url)
    line = Line(0, (str(parts.hostname), int(parts.port or 80)))
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        line.cut()


@dataclass
class Site:
    """The other site: it asks us for tickets with its API token, over the line, and hands them to its pages.

    `spoiled` are given to its pages before good ones.
    """

    url: str
    spoiled: list[str] = field(default_factory=list)


@asynccontextmanager
async def other_site(line: Line, token: str) -> AsyncIterator[Site]:
    """Serve it under another name than the app's: another origin, and another site too."""
    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{line.port}", headers={"Authorization": f"Bearer {token}"})
    site = Site("")

    async def ticket(_: web.Request) -> web.Response:
        if site.spoiled:
            return web.Response(text=f"ws://127.0.0.1:{line.port}/cable?ticket={site.spoiled.pop()}")
        answer = await client.post("/cable/tickets", json={})
        return web.Response(text=answer.json()["url"])

    app = web.Application()
    app.router.add_post("/ticket", ticket)
    app.router.add_static("/packages", PACKAGES)
    app.router.add_static("/", PAGES)
    runner = web.AppRunner(app)
    await runner.setup()
    tcp = web.TCPSite(runner, "localhost", 0)
    await tcp.start()
    site.url = f"http://localhost:{runner.addresses[0][1]}"
    try:
        yield site
    finally:
        await runner.cleanup()
        await client.aclose()
