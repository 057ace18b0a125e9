"""The pages that are one site with genapp: Hotwire's and React's."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.examples.conftest import COUNT, COUNTED, LOST, command_for, environment, serving
from tests.running import free_port
from tests.system.test_conversing import excuse, until_status, until_words, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.async_api import Page

    from tests.running import App
    from tests.system.conftest import OpenPage


@pytest.fixture
def beside(app: App, tmp_path: Path) -> Callable[[str], Any]:
    """Runs an example; gives its address."""

    @contextmanager
    def run(example: str) -> Iterator[str]:
        port = free_port()
        url = f"http://localhost:{port}/page/"
        with serving(command_for(example), environment(app, PORT=str(port)), url, tmp_path / "log"):
            yield url

    return run


async def ask(page: Page) -> None:
    await page.fill("textarea[name=prompt]", COUNT)
    await page.click("button:has-text('Ask')")


async def restart(app: App) -> None:
    await asyncio.to_thread(app.stop, "web")
    app.start("web", "web")
    await asyncio.to_thread(app.wait_until_ready)


async def test_the_hotwire_page_shows_an_answer_whole_and_once_though_genapp_restarts(
    app: App, beside: Callable[[str], Any], open_page: OpenPage, open_example: Callable[[str], Any]
) -> None:
    with beside("hotwire") as url:
        page = await open_example(url)
        await ask(page)
        await until_words(page, 20)
        await restart(app)
        known = len(await words(page))
        await until_words(page, known + 10)
        await until_status(page, "completed")
        assert await words(page) == COUNTED.split()
        await expect(page.locator("article")).to_have_count(1)
    excuse(open_page, *LOST)


async def test_the_react_page_shows_an_answer_whole_through_a_reload_and_a_restart_and_stops_the_next(
    app: App, beside: Callable[[str], Any], open_page: OpenPage, open_example: Callable[[str], Any]
) -> None:
    with beside("react") as url:
        page = await open_example(url)
        answer, status = page.locator("#answer"), page.get_by_role("status")
        await ask(page)
        await expect(answer).to_contain_text("word10 ")
        await page.reload()
        await expect(answer).to_contain_text("word30 ")
        await restart(app)
        await expect(status).to_have_text("completed")
        assert await answer.text_content() == COUNTED
        await page.reload()
        await expect(answer).to_have_text(COUNTED)
        await ask(page)
        await expect(status).to_have_text("processing")
        await expect(answer).to_contain_text("word10 ")
        await page.click("button:has-text('Stop')")
        await expect(status).to_have_text("cancelled")
        text = str(await answer.text_content())
        assert COUNTED.startswith(text)
        assert len(text) < len(COUNTED)
    excuse(open_page, *LOST)
