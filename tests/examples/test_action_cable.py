"""The page with Rails' Action Cable."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Page, expect

from tests.examples.conftest import COUNT, COUNTED, LOST, command_for, environment, serving
from tests.running import free_port
from tests.system.test_conversing import excuse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.running import App
    from tests.system.conftest import OpenPage
    from tests.system.elsewhere import Line

# Every text that is shown.
WATCH = """() => {
  const answer = document.getElementById("answer");
  window.seen = [""];
  new MutationObserver(() => seen.push(answer.textContent)).observe(answer, {childList: true});
}"""


@pytest.fixture
async def page(
    app: App, line: Line, token: str, open_example: Callable[[str], Any], tmp_path: Path
) -> AsyncIterator[Page]:
    port = free_port()
    env = environment(app, GENAPP_URL=f"http://127.0.0.1:{line.port}", GENAPP_TOKEN=token, PORT=str(port))
    url = f"http://localhost:{port}"
    with serving(command_for("action_cable"), env, url, tmp_path / "log"):
        page = await open_example(url)
        await expect(page.locator("#status")).to_have_text("connected")
        yield page


async def ask(page: Page, prompt: str = COUNT) -> None:
    await page.fill("textarea", prompt)
    await page.click("button:has-text('Ask')")


async def test_the_answer_goes_on_live_after_a_cut_and_is_whole_though_genapp_restarts(
    app: App, line: Line, page: Page, open_page: OpenPage
) -> None:
    await page.evaluate(WATCH)
    await ask(page, "[demo: ttft50 tps20 n200] count")
    await expect(page.locator("#answer")).to_contain_text("word10 ")
    line.cut()
    await expect(page.locator("#status")).to_have_text("connecting again")
    await expect(page.locator("#status")).not_to_have_text("connecting again")
    known = len(str(await page.text_content("#answer")))
    await page.wait_for_function("known => seen.at(-1).length > known + 50", arg=known)
    assert await page.text_content("#status") != "complete"
    await asyncio.to_thread(app.stop, "web")
    app.start("web", "web")
    await asyncio.to_thread(app.wait_until_ready)
    await expect(page.locator("#status")).to_have_text("complete")
    assert await page.text_content("#answer") == COUNTED
    seen = await page.evaluate("seen")
    assert [text for text in seen if not COUNTED.startswith(text)] == []
    assert [len(text) for text in seen] == sorted(len(text) for text in seen)
    excuse(open_page, *LOST)


async def test_an_answer_is_stopped_and_the_next_one_takes_its_place(page: Page) -> None:
    for _ in range(2):
        await ask(page)
        await expect(page.locator("#answer")).to_contain_text("word10 ")
        await page.click("button:has-text('Stop')")
        await expect(page.locator("#status")).to_have_text("cancelled")
        text = await page.text_content("#answer")
        assert text
        assert COUNTED.startswith(text)
        assert len(text) < len(COUNTED)
