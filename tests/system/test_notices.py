"""What stands beside an answer that keeps its reader waiting, and what the reader can do meanwhile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.running import App, running_app
from tests.system.test_conversing import announcements, ask, excuse, until_status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system.conftest import OpenPage

FAST = "openai:demo-fast"
SECOND_TRY = re.compile(r"^Trying again in \d s \(2 of 3\)\.$")
THIRD_TRY = re.compile(r"^Trying again in \d+ s \(3 of 3\)\.$")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app whose countdowns last, and whose model is soon noted to be silent."""
    settings = {"GENAPP_RETRY_SECONDS": "3", "GENAPP_WAITING_NOTE_AFTER": "0.5"}
    with running_app(tmp_path_factory.mktemp("noticed"), **settings) as running:
        yield running


def notice(page: Page) -> Locator:
    return page.locator(".generation__notice")


def stop_button(page: Page) -> Locator:
    return page.locator("form[action$=cancellation] button")


async def until_changed(notice: Locator) -> None:
    """Until a notice says something else: the next second of a countdown, say."""
    await expect(notice).not_to_have_text(await notice.inner_text())


async def test_stop_keeps_its_place_and_the_focus_while_a_countdown_runs_and_works_by_keyboard(
    open_page: OpenPage,
) -> None:
    page = await open_page(viewport={"width": 360, "height": 740})
    await ask(page, "[demo: 503] stop me", FAST)
    await expect(notice(page)).to_have_text(SECOND_TRY)
    await stop_button(page).focus()
    place = await stop_button(page).bounding_box()
    await until_changed(notice(page))
    await expect(stop_button(page)).to_be_focused()
    assert await stop_button(page).bounding_box() == place
    await expect(notice(page)).to_have_text(THIRD_TRY)
    await until_changed(notice(page))
    await expect(stop_button(page)).to_be_focused()
    assert await stop_button(page).bounding_box() == place
    await page.keyboard.press("Enter")
    await until_status(page, "cancelled")


async def test_a_stop_under_way_stays_pressed_while_a_countdown_runs_and_the_next_try_begins(
    open_page: OpenPage,
) -> None:
    page = await open_page()
    held: list[Route] = []
    await page.route("**/cancellation", lambda route: held.append(route))
    await ask(page, "[demo: 503] hold me", FAST)
    await expect(notice(page)).to_have_text(SECOND_TRY)
    await stop_button(page).click()
    await expect(page.get_by_role("button", name="Stopping…")).to_be_visible()
    await until_changed(notice(page))
    await expect(page.get_by_role("button", name="Stopping…")).to_be_visible()
    await expect(notice(page)).to_have_text(THIRD_TRY)
    await expect(page.get_by_role("button", name="Stopping…")).to_be_visible()
    await held[0].continue_()
    await until_status(page, "cancelled")


async def test_what_went_wrong_with_a_press_stays_readable_while_a_countdown_runs(open_page: OpenPage) -> None:
    page = await open_page()
    await page.route("**/cancellation", lambda route: route.abort())
    await ask(page, "[demo: 503] no line", FAST)
    await expect(notice(page)).to_have_text(SECOND_TRY)
    await stop_button(page).click()
    alert = page.locator("article [role=alert]")
    await expect(alert).to_have_text("The server could not be reached. Please try again.")
    await until_changed(notice(page))
    await expect(alert).to_have_text("The server could not be reached. Please try again.")
    await page.unroute("**/cancellation")
    await stop_button(page).click()
    await until_status(page, "cancelled")
    excuse(open_page, "net::ERR_FAILED", "Failed to fetch")


async def test_a_countdown_is_announced_once_and_then_how_it_ended(open_page: OpenPage) -> None:
    page = await open_page()
    said = await announcements(page)
    await ask(page, "[demo: 503x1, n3] again", FAST)
    await expect(notice(page)).to_have_text(SECOND_TRY)
    await until_changed(notice(page))
    await until_status(page, "completed")
    await expect(page.locator("#announcer")).to_have_text("Answer finished.")
    heard = await said()
    assert len([sentence for sentence in heard if "Trying again" in sentence]) == 1, heard
    assert heard[-1] == "Answer finished."


async def test_a_failure_is_announced_with_what_to_do(open_page: OpenPage) -> None:
    page = await open_page()
    await ask(page, "[demo: 401] hello", FAST)
    await until_status(page, "failed")
    sentence = await page.locator("article .notice").inner_text()
    await expect(page.locator("#announcer")).to_have_text(f"Answer failed. {sentence}")


async def test_a_silent_model_is_noted_until_it_speaks(open_page: OpenPage) -> None:
    page = await open_page()
    said = await announcements(page)
    await ask(page, "[demo: ttft2500, tps10, n200] think", FAST)
    await expect(notice(page)).to_have_text("Still waiting for the model…")
    await expect(page.locator("article [id$=_content]")).to_contain_text("word0")
    await expect(notice(page)).to_have_count(0)
    await expect(page.locator(".generation__live")).to_have_text("Answering")
    await stop_button(page).click()
    await until_status(page, "cancelled")
    await expect(page.locator("#announcer")).to_have_text("Answer stopped.")
    assert (await said())[-2:] == ["Still waiting for the model…", "Answer stopped."]
