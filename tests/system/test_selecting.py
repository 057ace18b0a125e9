"""Selecting text in an answer that is still being written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import Locator, Page, expect

from tests.system.test_conversing import ask, until_status

if TYPE_CHECKING:
    from tests.system.conftest import OpenPage

OPENING = "The keeper lights the lamp at dusk."
# The first paragraph is written for some five seconds after its opening, and three more follow.
ANSWER = "\n\n".join([f"{OPENING} {'Waves come and go. ' * 16}", *["A *ship* passes."] * 3])

# Nothing scrolls: what is pointed at stays where it is.
TALL = {"width": 1280, "height": 1400}


async def ask_for_the_answer(page: Page) -> None:
    await ask(page, f"[demo: echo, tps20]\n{ANSWER}", "openai:demo-fast")


async def selected(page: Page) -> str:
    return str(await page.evaluate("getSelection().toString()")).strip()


async def place_of(paragraph: Locator, word: str) -> tuple[float, float]:
    """Where to point at for a word. While it is written a paragraph has a text node for each piece that came."""
    x, y = await paragraph.evaluate(
        """(paragraph, word) => {
             let left = paragraph.textContent.indexOf(word) + word.length / 2
             const texts = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT)
             while (left >= texts.nextNode().length) left -= texts.currentNode.length
             const range = document.createRange()
             range.setStart(texts.currentNode, left)
             const {x, y, height} = range.getBoundingClientRect()
             return [x, y + height / 2]
           }""",
        word,
    )
    return x, y


async def test_a_word_of_the_paragraph_being_written_stays_selected_to_the_end(open_page: OpenPage) -> None:
    page = await open_page(viewport=TALL)
    await ask_for_the_answer(page)
    open_block = page.locator("article p.tail")
    await expect(open_block).to_contain_text(OPENING)
    await page.mouse.dblclick(*await place_of(open_block, "keeper"))
    assert await selected(page) == "keeper"
    await expect(page.locator("article .prose__settled")).to_contain_text("keeper")
    assert await selected(page) == "keeper"
    await until_status(page, "completed")
    assert await selected(page) == "keeper"


async def test_a_selected_paragraph_stays_selected_alone_while_others_follow(open_page: OpenPage) -> None:
    page = await open_page(viewport=TALL)
    await ask_for_the_answer(page)
    first = page.locator("article .prose__settled p").first
    await expect(first).to_contain_text(OPENING)
    paragraph = (await first.inner_text()).strip()
    await page.mouse.click(*await place_of(first, "keeper"), click_count=3)
    assert await selected(page) == paragraph
    await expect(page.locator("article .prose__settled p").nth(2)).to_be_visible()
    assert await selected(page) == paragraph
    await until_status(page, "completed")
    assert await selected(page) == paragraph


async def test_a_selection_may_be_drawn_backwards_while_its_paragraph_settles(open_page: OpenPage) -> None:
    page = await open_page(viewport=TALL)
    await ask_for_the_answer(page)
    open_block = page.locator("article p.tail")
    await expect(open_block).to_contain_text(OPENING)
    await page.mouse.move(*await place_of(open_block, "dusk"))
    await page.mouse.down()
    await page.mouse.move(*await place_of(open_block, "lamp"), steps=3)
    settled = page.locator("article .prose__settled p").first
    await expect(settled).to_contain_text(OPENING)
    await page.mouse.move(*await place_of(settled, "keeper"), steps=3)
    await page.mouse.up()
    drawn = await selected(page)
    assert drawn.startswith("per lights the lamp at d"), drawn
    await until_status(page, "completed")
    assert await selected(page) == drawn
