"""Who a request is said to come from, and how: believed from the proxy, and from nobody else."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx

from tests.integration.web.conftest import JSON
from tests.integration.web.edge.conftest import PER_ADDRESS, PROXY, STRANGER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.running import App

HTTPS = {"X-Forwarded-Proto": "https"}


@asynccontextmanager
async def client(app: App, source: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who reaches the web from the address `source`."""
    transport = httpx.AsyncHTTPTransport(local_address=source)
    async with httpx.AsyncClient(base_url=app.url, transport=transport, timeout=20) as http:
        yield http


async def prompt(http: httpx.AsyncClient, forwarded_for: str) -> int:
    """Send a prompt as a new guest; gives the status."""
    http.cookies.clear()
    body = {"prompt": "[demo: echo] x", "model": "openai:demo-fast"}
    return (await http.post("/generations", json=body, headers={**JSON, "X-Forwarded-For": forwarded_for})).status_code


async def test_who_comes_around_the_proxy_is_counted_by_the_address_they_have(app: App) -> None:
    async with client(app, STRANGER) as http:
        codes = [await prompt(http, f"198.51.100.{number}") for number in range(PER_ADDRESS + 1)]
    assert codes == [201] * PER_ADDRESS + [429]


async def test_who_comes_through_the_proxy_is_counted_by_what_the_proxy_has_added(app: App) -> None:
    async with client(app, PROXY) as http:
        codes = [await prompt(http, f"198.51.100.{number}, 203.0.113.7") for number in range(PER_ADDRESS + 1)]
        assert codes == [201] * PER_ADDRESS + [429]
        # A second proxy, of the network that is believed, stands between.
        assert await prompt(http, "198.51.100.9, 203.0.113.7, 10.1.2.3") == 429
        assert await prompt(http, "203.0.113.7, 203.0.113.8") == 201


async def test_https_is_believed_from_the_proxy_only_and_makes_the_cookie_one_that_nobody_else_can_plant(
    app: App,
) -> None:
    async with client(app, STRANGER) as http:
        cookie = (await http.get("/", headers=HTTPS)).headers["set-cookie"]
        assert cookie.startswith("genapp_session=")
        assert "Secure" not in cookie
    async with client(app, PROXY) as http:
        cookie = (await http.get("/", headers=HTTPS)).headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-genapp_session=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(attributes)
    assert "Domain" not in cookie


async def test_over_https_a_session_under_the_plain_name_is_nobodys(app: App) -> None:
    body = {"prompt": "[demo: echo] mine", "model": "openai:demo-fast"}
    from_here = {**JSON, **HTTPS, "X-Forwarded-For": "203.0.113.20"}
    async with client(app, PROXY) as http:
        made = await http.post("/generations", json=body, headers=from_here)
        value = made.headers["set-cookie"].split(";")[0].partition("=")[2]
        http.cookies.clear()
        for name, found in (("__Host-genapp_session", 1), ("genapp_session", 0)):
            page = await http.get("/", headers={**from_here, "Cookie": f"{name}={value}"})
            assert len(page.json()["conversations"]) == found, name
