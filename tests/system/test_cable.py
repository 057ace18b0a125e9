"""The real npm packages, in a real browser, in pages of another site: through cut lines and restarts, text exact."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.async_api import Page, expect

from genapp.models import new_id
from genapp.web.cable.tickets import Tickets
from genapp.web.sessions import Sessions
from tests.integration.web.conftest import JSON, Visitor
from tests.system.elsewhere import Line, Site, line_to, other_site
from tests.system.test_conversing import excuse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.running import App
    from tests.system.conftest import OpenPage

CLIENTS = ("actioncable", "anycable")
FOR_LONG = "[demo: ttft20 tps20 n4000] count"


@dataclass
class Elsewhere:
    """The other site, and whose answers it shows."""

    site: Site
    line: Line
    owner: Visitor


@pytest.fixture
async def elsewhere(app: App) -> AsyncIterator[Elsewhere]:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=app.url, timeout=20))
        owner = await (await Visitor(client).arrive()).sign_up()
        fields = {"name": new_id().hex, "scope": "generate"}
        token = (await client.post("/account/tokens", json=fields, headers=JSON)).json()["token"]
        line = await stack.enter_async_context(line_to(app.url))
        yield Elsewhere(await stack.enter_async_context(other_site(line, token)), line, owner)


async def until(page: Page, condition: str) -> None:
    await page.wait_for_function(condition, timeout=30_000)


async def seen(page: Page) -> dict[str, Any]:
    return dict(await page.evaluate("seen"))


async def test_an_answer_is_followed_through_a_cut_line_and_a_restart_and_stopped_from_the_other_site(
    app: App, elsewhere: Elsewhere, open_page: OpenPage
) -> None:
    generation = await elsewhere.owner.submit(FOR_LONG, model="openai:demo")
    query = f"generation_id={generation['id']}"
    pages = [await open_page(f"{elsewhere.site.url}/{client}.html?{query}") for client in CLIENTS]
    for page in pages:
        await expect(page.locator("#text")).to_contain_text("word10 ")
    elsewhere.line.cut()
    for page in pages:
        await until(page, "seen.connected === 2")
    app.stop("web")
    app.start("web", "web")
    app.wait_until_ready()
    for page in pages:
        await until(page, "seen.connected === 3")
        known = len((await seen(page))["texts"])
        await until(page, f"seen.texts.length > {known + 5}")
    await pages[0].evaluate("subscription.perform('stop')")
    stopped = await elsewhere.owner.until(generation["id"], "cancelled")
    counted = " ".join(f"word{number}" for number in range(4_000))
    for page, client in zip(pages, CLIENTS, strict=True):
        await until(page, "seen.kinds.at(-1) === 'cancelled'")
        found = await seen(page)
        assert [text for text in found["texts"] if not counted.startswith(text)] == []
        words = [len(text) for text in found["texts"] if text]
        assert words == sorted(words)
        assert found["texts"][-1] == stopped["content"]
        assert found["kinds"].count("cancelled") == 1
        assert found["rejected"] == 0
        if client == "anycable":
            # Its first one may come before the client knows the subscription, and is then not passed on.
            assert found["history"][-2:] == ["history_received"] * 2
            later = found["kinds"][found["kinds"].index("chunk") :]
            assert "snapshot" not in later, "it says where it is, and is given only what it missed"
    excuse(open_page, "WebSocket connection")


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_page_of_another_site_asks_and_is_answered(
    elsewhere: Elsewhere, open_page: OpenPage, client: str
) -> None:
    page = await open_page(f"{elsewhere.site.url}/{client}.html")
    await until(page, "seen.connected === 1")
    await page.evaluate("subscription.perform('generate', {prompt: '[demo: tps100 n50] x', model: 'openai:demo'})")
    await until(page, "seen.kinds.at(-1) === 'complete'")
    found = await seen(page)
    assert found["kinds"][0] == "created"
    assert found["texts"][-1] == " ".join(f"word{number}" for number in range(50))
    assert len(await elsewhere.owner.conversations()) == 1


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_page_whose_ticket_has_expired_gets_another_one(
    app: App, elsewhere: Elsewhere, open_page: OpenPage, client: str
) -> None:
    secret = app.env["SECRET_KEY"]
    somebody = Sessions([secret]).stranger()
    elsewhere.site.spoiled.append(Tickets([secret]).write(somebody, frozenset({"read"}), seconds=0))
    page = await open_page(f"{elsewhere.site.url}/{client}.html")
    await until(page, "seen.connected === 1")
    assert not elsewhere.site.spoiled


@pytest.mark.parametrize("client", CLIENTS)
async def test_what_is_not_the_sites_is_rejected(elsewhere: Elsewhere, open_page: OpenPage, client: str) -> None:
    page = await open_page(f"{elsewhere.site.url}/{client}.html?generation_id={new_id()}")
    await until(page, "seen.rejected === 1")
