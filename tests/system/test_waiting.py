"""What a person sees whose answer has to wait for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.running import App, running_app
from tests.system.test_conversing import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system.conftest import OpenPage


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app whose only worker has room for one."""
    with running_app(tmp_path_factory.mktemp("waiting"), GENAPP_WORKER_CONCURRENCY="1") as running:
        yield running


async def test_who_waits_in_line_reads_their_place_and_is_answered(open_page: OpenPage) -> None:
    page = await open_page()
    for number, prompt in enumerate(("[demo: pause] first", "[demo: pause] second", "[demo: echo] third"), 1):
        await ask(page, prompt, "openai:demo-fast")
        await expect(page.locator("article")).to_have_count(number)
    first, second, third = (page.locator("article").nth(place) for place in range(3))
    await expect(third.locator(".generation__notice")).to_have_text("Number 2 in line.")
    await second.get_by_role("button", name="Stop").click()
    await expect(third.locator(".generation__notice")).to_have_text("Next in line.")
    await first.get_by_role("button", name="Stop").click()
    await expect(third).to_have_attribute("data-status", "completed")
