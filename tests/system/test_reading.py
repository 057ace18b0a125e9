"""Reading an answer while it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.system.test_conversing import ask, until_status

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.system.conftest import OpenPage

LONG = "openai:demo-ttft50-tps50-n200"
AT_THE_END = "() => document.documentElement.scrollHeight - innerHeight - scrollY < 70"


async def until_taller(page: Page, by: int = 60) -> None:
    height = await page.evaluate("document.documentElement.scrollHeight")
    await page.wait_for_function("height => document.documentElement.scrollHeight >= height", arg=height + by)


async def test_the_end_stays_in_view_for_who_is_at_the_end_from_the_first_question_on(open_page: OpenPage) -> None:
    page = await open_page(viewport={"width": 360, "height": 420})
    for question in ("count", "count again"):
        await ask(page, question, LONG)
        await until_taller(page)
        await until_taller(page)
        await page.wait_for_function(AT_THE_END)
        assert await page.evaluate("scrollY") > 0
        await until_status(page, "completed")
        await page.wait_for_function(AT_THE_END)


async def test_who_has_scrolled_up_is_left_in_peace_and_followed_again_at_the_end(open_page: OpenPage) -> None:
    page = await open_page(viewport={"width": 360, "height": 420})
    await ask(page, "count", LONG)
    await until_taller(page, 200)
    await page.mouse.move(100, 150)
    await page.mouse.wheel(0, -4000)
    await page.wait_for_function("() => scrollY === 0")
    await until_taller(page)
    assert await page.evaluate("scrollY") == 0
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    await page.wait_for_function(AT_THE_END)
    await until_taller(page)
    await page.wait_for_function(AT_THE_END)


async def test_the_text_does_not_run_away_from_who_is_selecting_it(open_page: OpenPage) -> None:
    page = await open_page(viewport={"width": 360, "height": 420})
    await ask(page, "count", LONG)
    await until_taller(page, 200)
    await page.wait_for_function(AT_THE_END)
    await page.mouse.move(100, 150)
    await page.mouse.down()
    place = await page.evaluate("scrollY")
    await until_taller(page)
    assert await page.evaluate("scrollY") == place
    await page.mouse.up()
    await until_taller(page)
    await page.wait_for_function(AT_THE_END)
