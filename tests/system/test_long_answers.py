"""A page on which an answer of hundreds of thousands of characters is written stays usable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.system.test_conversing import ask, until_status, words

if TYPE_CHECKING:
    from tests.system.conftest import OpenPage

# In one paragraph, which is the most a browser can be given to lay out anew; it would go on for twenty seconds.
ENDLESS = "[demo: ttft10 tps4000 n100000] count"
WRITTEN = """length => document.querySelector("article [id$=_content]")?.textContent.length >= length"""


async def test_who_types_or_stops_is_heard_while_a_very_long_answer_is_written(open_page: OpenPage) -> None:
    page = await open_page()
    await ask(page, ENDLESS, "openai:demo")
    await page.wait_for_function(WRITTEN, arg=200_000)
    await page.locator("textarea[name=prompt]").press_sequentially("and then?")
    await expect(page.locator("article")).to_have_attribute("data-status", "processing")
    # By keyboard: the button moves with each line, and Playwright's mouse waits for it to rest.
    await page.get_by_role("button", name="Stop").press("Enter")
    await until_status(page, "cancelled")
    counted = await words(page)
    assert 20_000 < len(counted) < 100_000
    assert counted[:-1] == [f"word{number}" for number in range(len(counted) - 1)]
    assert await page.input_value("textarea[name=prompt]") == "and then?"
