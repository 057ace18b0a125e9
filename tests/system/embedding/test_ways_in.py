"""The three ways into a page of another site: ask, see it live, reload, resume, stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.system.embedding.conftest import serving
from tests.system.test_conversing import COUNTED, COUNTING

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.async_api import Browser, Frame, Page

    from tests.system.embedding.conftest import OpenHost, Site


def element(site: Site) -> str:
    return f"""
      <script type="module" src="{site.app_url}/embed.js"></script>
      <genapp-chat token="{site.token()}"></genapp-chat>"""


def frame(site: Site) -> str:
    return f"""
      <script type="module" src="{site.app_url}/embed-host.js"></script>
      <iframe src="{site.app_url}/embed/frame?site={site.id}" data-token="{site.token()}" width="600"></iframe>"""


def htmx(site: Site) -> str:
    """A server-rendered page that keeps which conversation it shows in its own address."""
    headers = f'{{"Authorization": "Bearer {site.token()}"}}'
    return f"""
      <meta name="htmx-config" content='{{"mode": "cors"}}'>
      <script>
        const shown = new URLSearchParams(location.search).get("conversation")
        addEventListener("genapp:conversation", ({{detail}}) =>
          history.replaceState(null, "", "?conversation=" + detail.id))
        document.write(`<div hx-get="{site.app_url}/embed/${{shown ? "conversation/" + shown : "composer"}}"
          hx-trigger="load" hx-headers='{headers}'></div>`)
      </script>
      <script defer src="{site.app_url}/static/0/vendor/htmx.min.js"></script>"""


WAYS: dict[str, Callable[[Site], str]] = {"element": element, "frame": frame, "htmx": htmx}


async def inside(page: Page) -> Page | Frame:
    """Where the part is: in the page, or in its frame."""
    if await page.locator("iframe").count() == 0:
        return page
    handle = await page.locator("iframe").element_handle()
    content = await handle.content_frame()
    assert content
    return content


async def ask(part: Page | Frame, prompt: str, model: str = COUNTING) -> None:
    await part.locator("select[name=model]").select_option(model)
    await part.locator("textarea[name=prompt]").fill(prompt)
    await part.locator("button[type=submit]", has_text="Send").click()


async def words(part: Page | Frame) -> list[str]:
    return (await part.locator("article [id$=_content]").last.inner_text()).split()


async def until_words(part: Page | Frame, count: int) -> None:
    """Wait until so many are there; the last one may be half a word still."""
    await expect(part.locator("article [id$=_content]").last).to_contain_text(COUNTED[count])


async def until_status(part: Page | Frame, status: str) -> None:
    await expect(part.locator("article").last).to_have_attribute("data-status", status)


async def test_the_browser_of_these_tests_sends_no_cookies_to_third_parties(browser: Browser) -> None:
    pages = {"/": lambda headers: headers["Cookie"] or "none"}
    with serving(pages) as here, serving(pages, host="127.0.0.1") as there:
        context = await browser.new_context()
        page = await context.new_page()
        for _ in range(2):
            await page.goto(there)
        assert await page.inner_text("body") == "shop=ada"
        await page.goto(here)
        sent = await page.evaluate(f"fetch('{there}/', {{credentials: 'include'}}).then((answer) => answer.text())")
        assert sent == "none"
        await context.close()


@pytest.mark.parametrize("way", WAYS)
async def test_an_answer_is_asked_for_in_another_sites_page_and_found_again_after_a_reload(
    site: Site, open_host: OpenHost, way: str
) -> None:
    page = await open_host(WAYS[way](site))
    part = await inside(page)
    await ask(part, "count")
    await until_words(part, 20)
    so_far = await words(part)
    assert so_far[:-1] == COUNTED[: len(so_far) - 1]
    await page.reload()
    part = await inside(page)
    await until_words(part, 60)
    await until_status(part, "completed")
    assert await words(part) == COUNTED
    await ask(part, "count again")
    await expect(part.locator("article")).to_have_count(2)
    await until_words(part, 5)
    await part.get_by_role("button", name="Stop").click()
    await until_status(part, "cancelled")
    kept = await words(part)
    assert 5 <= len(kept) < 200
    await part.get_by_role("button", name="Try again").click()
    await until_words(part, len(kept) + 5)
