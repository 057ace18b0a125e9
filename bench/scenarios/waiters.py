"""Viewers who wait, few enough for a check: what the web spends on one, in memory and in CPU."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench import reference
from bench.accounting import cpu_seconds, memory_kb

if TYPE_CHECKING:
    from tests.integration.web.conftest import Visitor
    from tests.running import App

SILENT = "openai:demo-hang"
FIRST, COUNTED = 100, 800  # the first ones find the process's heap with room to spare, or make it


async def measure(app: App, visitor: Visitor) -> dict[str, float]:
    """Connect so many to an answer that does not begin, and hold them; gives kilobytes and loops for each."""
    generation = await visitor.submit("wait", model=SILENT)
    path = generation["stream_url"].replace("dialect=json", "dialect=htmx")
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
    request = f"GET {path} HTTP/1.1\r\nHost: {urlsplit(app.url).netloc}\r\nCookie: {cookie}\r\n\r\n".encode()
    web, address = app.processes["web"].pid, urlsplit(app.url)
    held = [await _connect(address.hostname or "", address.port or 80, request) for _ in range(FIRST)]
    loop = min(reference.cpu_microseconds() for _ in range(20))
    cpu, kb = cpu_seconds(web), memory_kb(web)
    held += [await _connect(address.hostname or "", address.port or 80, request) for _ in range(COUNTED)]
    used, grown = cpu_seconds(web) - cpu, memory_kb(web) - kb
    for writer in held:
        writer.close()
    return {"KB each, web": grown / COUNTED, "CPU to accept one, in reference loops": 1e6 * used / COUNTED / loop}


async def _connect(host: str, port: int, request: bytes) -> asyncio.StreamWriter:
    """Gives the connection when its answer has begun."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    return writer
