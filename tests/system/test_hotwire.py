"""A page with nothing but Hotwire's Turbo, as its authors publish it, follows answers of ours."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import Page, Route, expect

from tests.system.test_conversing import COUNTED, excuse, until_status, until_words, words

if TYPE_CHECKING:
    from tests.running import App
    from tests.system.conftest import OpenPage

TURBO = Path(__file__).parents[1] / "vendor" / "turbo" / "turbo.js"
# What a page needs: Turbo, the form's token where Turbo looks for it, and four elements that have the ids of ours.
PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>Hotwire</title><link rel="icon" href="data:,">
<meta name="csrf-token" content="TOKEN">
<script type="module" src="/hotwire/turbo.js"></script></head>
<body>
<form action="/generations" method="post">
  <input type="hidden" id="composer_conversation" name="conversation_id" value="">
  <input type="hidden" name="model" value="openai:demo">
  <textarea name="prompt"></textarea>
  <button type="submit">Ask</button>
  <div id="composer_error"></div>
</form>
<div id="generations"></div>
</body></html>"""


async def hotwire(open_page: OpenPage) -> Page:
    """A page of a site that has put this app below its own address, as behind one proxy."""
    page = await open_page("/")
    token = await page.locator("input[name=csrf_token]").first.input_value()

    async def show(route: Route) -> None:
        if route.request.url.endswith(".js"):
            await route.fulfill(body=TURBO.read_text(), content_type="text/javascript")
        else:
            await route.fulfill(body=PAGE.replace("TOKEN", token), content_type="text/html")

    await page.route("**/hotwire*", show)
    await page.route("**/hotwire/*", show)
    await page.goto("/hotwire")
    return page


async def ask(page: Page, prompt: str) -> None:
    await page.fill("textarea[name=prompt]", prompt)
    await page.click("button:has-text('Ask')")


async def until_sources_have_stopped(page: Page) -> None:
    """The browser has closed every connection, and opens none again."""
    await page.wait_for_function(
        """() => {
             const sources = [...document.querySelectorAll('turbo-stream-source')]
             return sources.length && sources.every(one => one.streamSource.readyState === EventSource.CLOSED)
           }"""
    )


async def test_turbo_shows_a_live_answer_to_its_end_whole_and_once_though_the_server_restarts(
    open_page: OpenPage, app: App
) -> None:
    page = await hotwire(open_page)
    await ask(page, "[demo: ttft50 tps20 n200] count")
    await until_words(page, 20)
    await asyncio.to_thread(app.stop, "web")
    before = len(await words(page))
    assert before < 150
    app.start("web", "web")
    await asyncio.to_thread(app.wait_until_ready)
    await until_words(page, before + 10)
    now = await words(page)
    assert now[:-1] == COUNTED[: len(now) - 1]
    await until_status(page, "completed")
    assert await words(page) == COUNTED
    assert await page.locator("article").count() == 1
    await until_sources_have_stopped(page)
    excuse(open_page, "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE")


async def test_a_second_question_of_a_turbo_page_goes_on_with_the_conversation(open_page: OpenPage) -> None:
    page = await hotwire(open_page)
    await ask(page, "[demo: echo fast] one")
    await until_status(page, "completed")
    await ask(page, "[demo: echo fast] two")
    await expect(page.locator("article")).to_have_count(2)
    await until_status(page, "completed")
    field = page.locator("#composer_conversation")
    ours = await open_page(f"/conversations/{await field.input_value()}", beside=page)
    contents = "[...document.querySelectorAll('article [id$=_content]')].map(one => one.outerHTML)"
    assert await page.evaluate(contents) == await ours.evaluate(contents)
    await until_sources_have_stopped(page)


async def test_a_turbo_page_stops_an_answer_and_tries_again(open_page: OpenPage) -> None:
    page = await hotwire(open_page)
    await ask(page, "[demo: ttft50 tps50 n200] count")
    await until_words(page, 10)
    await page.click("button:has-text('Stop')")
    await until_status(page, "cancelled")
    await page.click("button:has-text('Try again')")
    await until_status(page, "completed")
    assert await words(page) == COUNTED
    await until_sources_have_stopped(page)


async def test_a_turbo_page_says_what_is_wrong_until_it_is_right(open_page: OpenPage) -> None:
    page = await hotwire(open_page)
    await ask(page, " ")
    await expect(page.locator("#composer_error")).to_have_text("Write something first, then send it.")
    await ask(page, "[demo: echo fast] right")
    await until_status(page, "completed")
    await expect(page.locator("#composer_error")).to_be_empty()
    excuse(open_page, "422")
