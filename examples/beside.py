"""Serve a page and genapp as one site, as nginx or Caddy would in front of both, so that a page has genapp's cookie.

    python examples/beside.py examples/hotwire        # http://localhost:3000/page/
    python examples/beside.py examples/react

The folder is at /page/, all the rest is genapp's. Needs `pip install aiohttp`. GENAPP_URL is where genapp is,
http://localhost:8000 unless you say so; PORT is where this is.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GENAPP = os.environ.get("GENAPP_URL", "http://localhost:8000")
PORT = int(os.environ.get("PORT", "3000"))
FOLDER = Path(sys.argv[1])
OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"}
SESSION = web.AppKey("session", aiohttp.ClientSession)


async def index(_: web.Request) -> web.FileResponse:
    return web.FileResponse(FOLDER / "index.html")


async def pass_on(request: web.Request) -> web.StreamResponse:
    """Ask genapp the same, with the same Host, and pass its answer on as it comes."""
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in OF_THE_CONNECTION]
    try:
        async with request.app[SESSION].request(
            request.method, GENAPP + request.raw_path, headers=headers, data=await request.read(), allow_redirects=False
        ) as theirs:
            answer = web.StreamResponse(status=theirs.status)
            for name, value in theirs.headers.items():
                if name.lower() not in OF_THE_CONNECTION:
                    answer.headers.add(name, value)
            await answer.prepare(request)
            async for data in theirs.content.iter_any():
                await answer.write(data)
            return answer
    except aiohttp.ClientError:
        # An EventSource comes back when its connection is lost, and gives up at an error's page.
        if request.transport:
            request.transport.abort()
        return web.Response(status=502)


async def session(app: web.Application) -> AsyncIterator[None]:
    forever = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(
        auto_decompress=False, timeout=forever, cookie_jar=aiohttp.DummyCookieJar()
    ) as one:
        app[SESSION] = one
        yield


def main() -> None:
    app = web.Application()
    app.cleanup_ctx.append(session)
    app.router.add_get("/page/", index)
    app.router.add_static("/page", FOLDER)
    app.router.add_route("*", "/{path:.*}", pass_on)
    web.run_app(app, host="127.0.0.1", port=PORT, print=None)


if __name__ == "__main__":
    print(f"http://localhost:{PORT}/page/", flush=True)
    main()
