"""An admin watches how the site does."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.running import GENAPP, running_app
from tests.system.test_conversing import ask, until_status
from tests.system.test_people import sign_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.async_api import Locator, Page

    from tests.running import App
    from tests.system.conftest import OpenPage


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app of these tests' own: what the page counts is theirs, and nothing that other tests have left."""
    with running_app(tmp_path_factory.mktemp("operated")) as running:
        yield running


async def as_admin(open_page: OpenPage, app: App, **options: object) -> Page:
    """The page, before somebody who runs the site."""
    page = await open_page(**options)
    email = await sign_up(page)
    command = [*GENAPP, "user", "promote", email]
    await asyncio.to_thread(subprocess.run, command, env=app.env, check=True, capture_output=True, timeout=60)
    await page.goto("/admin")
    await page.click("a:has-text('Operations')")
    return page


def figure(page: Page, label: str) -> Locator:
    return page.locator(".figures__item", has_text=label).locator(".figures__value")


async def test_an_answer_is_seen_to_begin_and_to_end_without_a_reload(open_page: OpenPage, app: App) -> None:
    page = await as_admin(open_page, app)
    await expect(figure(page, "Connections")).not_to_have_text("0")  # that of this page
    asker = await open_page()
    await ask(asker, "[demo: pause] Describe the sea", "openai:demo")
    await expect(figure(page, "In progress")).to_have_text("1")
    await asker.click("button:has-text('Stop')")
    await until_status(asker, "cancelled")
    await expect(figure(page, "In progress")).to_have_text("0")


async def test_the_figures_are_renewed_where_no_stream_brings_them(open_page: OpenPage, app: App) -> None:
    page = await as_admin(open_page, app)
    over = {"content_type": "text/event-stream", "body": "event: done\ndata:\n\n"}
    await page.route("**/admin/streams*", lambda route: route.fulfill(**over))
    await page.clock.install()
    await page.reload()
    about = page.locator(".figures__about")
    await about.evaluate("about => about.textContent = 'old'")
    await page.clock.fast_forward("00:10")
    await expect(about).to_contain_text("As of")


async def test_a_chart_is_read_as_a_table_by_keyboard_and_stays_open_when_the_charts_are_renewed(
    open_page: OpenPage, app: App
) -> None:
    await ask_once(open_page)
    page = await as_admin(open_page, app)
    await page.clock.install()
    await page.reload()
    chart = page.locator("#chart_attempts")
    await chart.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(chart.get_by_role("table")).to_contain_text("completed")
    await page.locator("#chart_tokens").evaluate("chart => chart.dataset.mark = 'old'")
    await page.clock.fast_forward("01:00")
    await expect(page.locator("#chart_tokens")).not_to_have_attribute("data-mark", "old")
    await expect(chart.get_by_role("table")).to_be_visible()


async def test_without_javascript_the_charts_and_their_spans_are_there(open_page: OpenPage, app: App) -> None:
    page = await as_admin(open_page, app, java_script_enabled=False)
    await ask_once(open_page)
    for span in ("day", "month"):
        await page.click(f"nav[aria-label=Time] a:has-text('{span}')")
        await expect(page.locator("nav[aria-label=Time] [aria-current]")).to_have_text(span)
        await expect(page.locator("#chart_attempts svg")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def ask_once(open_page: OpenPage) -> None:
    asker = await open_page()
    await ask(asker, "[demo: echo] hi", "openai:demo-fast")
    await until_status(asker, "completed")
