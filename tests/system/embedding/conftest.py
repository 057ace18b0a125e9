"""Another site, at another origin, whose pages embed the app."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from genapp.models import new_id
from tests.embedding import claims_for, embed_token
from tests.system.conftest import PATIENCE

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Request

    from tests.running import App

PASSWORD = "four quiet lanterns drifting"

OpenHost = Callable[..., Any]


@dataclass
class Site:
    """A site as its server has it. `pages` are what it serves, by path; `asked` counts who asked for a token."""

    app_url: str
    origin: str
    id: str
    secret: str
    subject: str = field(default_factory=lambda: new_id().hex)
    pages: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def token(self, **claims: Any) -> str:
        return embed_token(self.id, self.secret, claims_for(self.origin, **{"sub": self.subject, **claims}))


@contextmanager
def serving(pages: dict[str, Any], host: str = "localhost") -> Iterator[str]:
    """Serve pages at an origin of their own; a page may be a function of the request's headers.

    Not at 127.0.0.1, where the app is: for cookies that would be the same site.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = pages.get(self.path.partition("?")[0])
            text = found(self.headers) if callable(found) else found
            self.send_response(404 if text is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Set-Cookie", "shop=ada; SameSite=None; Secure")
            self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
            self.send_header("Access-Control-Allow-Credentials", "true")
            self.end_headers()
            self.wfile.write((text or "").encode())

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site(app: App) -> Iterator[Site]:
    """A site of a new account."""
    pages: dict[str, Any] = {"/favicon.ico": ""}
    with serving(pages) as origin, httpx.Client(base_url=app.url, headers={"Accept": "application/json"}) as http:
        account = {"email": f"{new_id().hex}@example.org", "password": PASSWORD}
        http.post("/signup", json=account).raise_for_status()
        made = http.post("/account/sites", json={"name": "shop", "origins": origin})
        made.raise_for_status()
        one = Site(app.url, origin, made.json()["id"], made.json()["secret"])
        one.pages = pages
        pages["/token"] = lambda headers: one.asked.append(headers["Cookie"]) or one.token()
        yield one


@pytest.fixture
async def open_host(site: Site, browser: Browser) -> AsyncIterator[OpenHost]:
    """Opens pages of the site; errors in the console fail the test, and so does any cookie of the app's."""
    complaints: list[str] = []
    context = await browser.new_context(base_url=site.origin)

    async def open_one(body: str, **options: Any) -> Page:
        site.pages["/"] = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>{body}</html>'
        page = await context.new_page()
        if options:
            await page.set_viewport_size(options["viewport"])
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto("/")
        return page

    sent: list[Request] = []
    context.on("request", lambda request: sent.append(request) if request.url.startswith(site.app_url) else None)
    open_one.complaints = complaints  # type: ignore[attr-defined]
    yield open_one
    cookies = await context.cookies()
    asked = [request.url for request in sent if "cookie" in await request.all_headers()]
    await context.close()
    assert sent, "the page has asked the app for nothing"
    assert asked == []
    assert [cookie["name"] for cookie in cookies] == ["shop"]
    assert complaints == []
