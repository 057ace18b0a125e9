"""What a person sees who asks, leaves, comes back, stops and goes on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.async_api import Page, Request, Route, expect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.system.conftest import OpenPage

COUNTING = "openai:demo-ttft50-tps50-n200"
COUNTED = [f"word{number}" for number in range(200)]


async def ask(page: Page, prompt: str, model: str = COUNTING) -> None:
    await page.select_option("select[name=model]", model)
    await page.fill("textarea[name=prompt]", prompt)
    await page.click("button[type=submit]:has-text('Send')")


def article(page: Page) -> str:
    return "article[data-status]"


async def words(page: Page) -> list[str]:
    return (await page.locator("article [id$=_content]").last.inner_text()).split()


async def until_words(page: Page, count: int) -> None:
    await page.wait_for_function(
        """count => {
             const content = [...document.querySelectorAll('article [id$=_content]')].at(-1)
             return content?.innerText.split(/\\s+/).length >= count
           }""",
        arg=count,
    )


async def until_status(page: Page, status: str) -> None:
    await expect(page.locator("article").last).to_have_attribute("data-status", status)


def excuse(open_page: OpenPage, *expected: str) -> None:
    """Errors in the console that the test has brought about: each must have one of these words."""
    complaints: list[str] = open_page.complaints  # type: ignore[attr-defined]
    assert [complaint for complaint in complaints if not any(word in complaint for word in expected)] == []
    complaints.clear()


async def announcements(page: Page) -> Callable[[], Awaitable[list[str]]]:
    """Listen as a screen reader does from now on; what is given tells what was said so far."""
    await page.evaluate(
        """() => {
             const announcer = document.getElementById('announcer')
             window.announced = []
             new MutationObserver(() => window.announced.push(announcer.textContent))
               .observe(announcer, {childList: true, characterData: true, subtree: true})
           }"""
    )
    return lambda: page.evaluate("window.announced")


async def test_an_answer_arrives_word_by_word_in_order_and_the_address_is_the_conversations(
    open_page: OpenPage,
) -> None:
    page = await open_page()
    await ask(page, "count for me")
    await expect(page).to_have_url(re.compile("/conversations/[0-9a-f-]{36}$"))
    seen = 0
    for enough in (5, 50, 120):
        await until_words(page, enough)
        now = await words(page)
        # The last one may be half a word still.
        assert now[:-1] == COUNTED[: len(now) - 1]
        assert len(now) > seen
        seen = len(now)
    await until_status(page, "completed")
    assert await words(page) == COUNTED


async def test_a_reload_in_the_middle_shows_all_so_far_and_goes_on(open_page: OpenPage) -> None:
    page = await open_page()
    await ask(page, "count")
    await until_words(page, 40)
    await page.reload(wait_until="commit")
    await page.wait_for_selector("article[data-status] [id$=_content]")
    first_paint = await words(page)
    assert len(first_paint) >= 40
    assert first_paint[:-1] == COUNTED[: len(first_paint) - 1]
    await until_status(page, "completed")
    assert await words(page) == COUNTED


async def test_a_second_tab_shows_the_same_answer_live(open_page: OpenPage) -> None:
    page = await open_page()
    await ask(page, "count")
    await until_words(page, 10)
    second = await open_page(page.url, beside=page)
    await until_words(second, 60)
    for tab in (page, second):
        await until_status(tab, "completed")
        assert await words(tab) == COUNTED


async def test_a_hidden_tab_lets_go_of_its_connection_and_has_everything_when_it_returns(open_page: OpenPage) -> None:
    page = await open_page()
    connections: list[Request] = []
    ended: list[Request] = []
    page.on("request", lambda request: connections.append(request) if "/streams" in request.url else None)
    page.on("requestfailed", lambda request: ended.append(request) if "/streams" in request.url else None)
    page.on("requestfinished", lambda request: ended.append(request) if "/streams" in request.url else None)
    await ask(page, "count")
    await until_words(page, 20)
    async with page.expect_event("requestfailed", lambda request: "/streams" in request.url):
        await set_hidden(page, hidden=True)
    while_hidden = len(await words(page))
    assert len(connections) == len(ended) == 1
    async with page.expect_request(lambda request: "/streams" in request.url):
        await set_hidden(page, hidden=False)
    await until_words(page, while_hidden + 10)
    await until_status(page, "completed")
    assert await words(page) == COUNTED
    assert len(connections) == 2


async def set_hidden(page: Page, *, hidden: bool) -> None:
    await page.evaluate(
        """hidden => {
             Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden})
             const state = hidden ? 'hidden' : 'visible'
             Object.defineProperty(document, 'visibilityState', {configurable: true, get: () => state})
             document.dispatchEvent(new Event('visibilitychange'))
           }""",
        hidden,
    )


async def test_stop_ends_the_answer_and_keeps_its_text_and_try_again_completes_it(open_page: OpenPage) -> None:
    page = await open_page()
    await ask(page, "count")
    await until_words(page, 20)
    await page.get_by_role("button", name="Stop").click()
    await until_status(page, "cancelled")
    kept = await words(page)
    assert 20 <= len(kept) < 200
    assert kept[:-1] == COUNTED[: len(kept) - 1]
    await page.get_by_role("button", name="Try again").click()
    await until_status(page, "completed")
    assert await words(page) == COUNTED


async def test_without_javascript_the_form_works_and_the_page_refreshes_itself(open_page: OpenPage) -> None:
    page = await open_page(java_script_enabled=False)
    await page.select_option("select[name=model]", COUNTING)
    await page.fill("textarea[name=prompt]", "count")
    await page.click("button[type=submit]:has-text('Send')")
    await expect(page).to_have_url(re.compile("/conversations/"))
    await expect(page.locator("article[data-status=completed]")).to_be_visible(timeout=20_000)
    assert (await page.locator("article [id$=_content]").inner_text()).split() == COUNTED


async def test_a_follow_up_is_answered_below_and_the_composer_is_ready_again(open_page: OpenPage) -> None:
    page = await open_page()
    await ask(page, "Tell me about lighthouses", "openai:demo-fast")
    await until_status(page, "completed")
    await expect(page.locator("textarea[name=prompt]")).to_be_focused()
    address = page.url
    await ask(page, "And what did I ask before?", "anthropic:demo-fast")
    await expect(page.locator("article")).to_have_count(2)
    await expect(page.locator("textarea[name=prompt]")).to_have_value("")
    await until_status(page, "completed")
    assert "lighthouses" in (await page.locator("article [id$=_content]").last.inner_text()).lower()
    assert page.url == address


async def test_a_follow_up_sent_while_the_first_is_running_shows_both_live(open_page: OpenPage) -> None:
    page = await open_page()
    await ask(page, "count")
    await until_words(page, 10)
    await ask(page, "count again")
    await expect(page.locator("article")).to_have_count(2)
    for place in (0, 1):
        one = page.locator("article").nth(place)
        await expect(one).to_have_attribute("data-status", "completed", timeout=20_000)
        assert (await one.locator("[id$=_content]").inner_text()).split() == COUNTED


async def test_a_first_503_is_tried_again_and_nothing_is_missing(open_page: OpenPage) -> None:
    page = await open_page()
    refusals = 0

    async def refuse_twice(route: Route) -> None:
        nonlocal refusals
        refusals += 1
        if refusals <= 2:
            await route.fulfill(status=503, body="<p>be back soon</p>", content_type="text/html")
        else:
            await route.continue_()

    await page.route("**/streams?**", refuse_twice)
    await ask(page, "count")
    await until_status(page, "completed")
    assert await words(page) == COUNTED
    assert refusals == 3
    assert "be back soon" not in await page.content()
    excuse(open_page, "503")


async def test_a_connection_that_breaks_in_the_middle_is_resumed(open_page: OpenPage) -> None:
    page = await open_page()
    await ask(page, "count")
    await until_words(page, 20)
    await page.context.set_offline(True)
    await page.context.set_offline(False)
    await until_status(page, "completed")
    assert await words(page) == COUNTED
    excuse(open_page, "net::")


async def test_control_enter_sends_and_a_double_click_sends_once(open_page: OpenPage) -> None:
    page = await open_page()
    await page.select_option("select[name=model]", COUNTING)
    await page.fill("textarea[name=prompt]", "count")
    await page.press("textarea[name=prompt]", "Control+Enter")
    await until_status(page, "completed")
    await page.fill("textarea[name=prompt]", "count twice?")
    await page.dblclick("button[type=submit]:has-text('Send')")
    await expect(page.locator("article")).to_have_count(2)
    await until_status(page, "completed")
    await page.reload()
    await expect(page.locator("article")).to_have_count(2)


async def test_a_refusal_is_told_beside_the_field_and_keeps_what_was_typed(open_page: OpenPage) -> None:
    page = await open_page()
    for number in (1, 2, 3):
        await ask(page, f"[demo: stall] {number}", "openai:demo")
        await expect(page.locator("article")).to_have_count(number)
    typed = "one too many"
    await ask(page, typed)
    await expect(page.locator("#composer_error")).to_contain_text("You have 3 answers in progress")
    assert await page.input_value("textarea[name=prompt]") == typed
    await page.get_by_role("button", name="Stop").first.click()
    await expect(page.locator("article").first).to_have_attribute("data-status", "cancelled")
    await page.click("button[type=submit]:has-text('Send')")
    await expect(page.locator("article")).to_have_count(4)
    await until_status(page, "completed")
    excuse(open_page, "429")


async def test_start_and_end_are_announced_and_nothing_in_between(open_page: OpenPage) -> None:
    page = await open_page()
    said = await announcements(page)
    await ask(page, "count")
    await until_status(page, "completed")
    await expect(page.locator("#announcer")).to_contain_text("finished")
    assert " ".join(await said()) == "Answering… Answer finished."


async def test_a_hostile_answer_runs_nothing_and_loads_nothing_from_elsewhere(open_page: OpenPage) -> None:
    page = await open_page()
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url) if "127.0.0.1" not in request.url else None)
    page.on("dialog", lambda dialog: elsewhere.append(dialog.message))
    await ask(page, "[demo: hostile] go on", "openai:demo")
    await until_status(page, "completed")
    await page.reload()
    content = page.locator("article [id$=_content]")
    assert len(await content.inner_text()) > 100
    assert await content.locator("script, img, iframe, form, style, [onclick], [onerror], [style]").count() == 0
    assert elsewhere == []


async def test_a_failure_says_what_to_do(open_page: OpenPage) -> None:
    page = await open_page()
    await ask(page, "[demo: 401] hello", "openai:demo-fast")
    await until_status(page, "failed")
    await expect(page.locator("article .notice").first).to_contain_text("choose another model")
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()
