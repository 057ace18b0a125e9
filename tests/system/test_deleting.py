"""A person deletes a conversation, with and without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from tests.running import App
    from tests.system.conftest import OpenPage


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
async def test_a_conversation_is_deleted_from_its_header_after_a_second_thought(
    open_page: OpenPage, app: App, script: bool
) -> None:
    page = await open_page(java_script_enabled=script)
    await page.select_option("select[name=model]", "openai:demo-fast")
    await page.fill("textarea[name=prompt]", "[demo: echo] to be deleted")
    await page.click("button:has-text('Send')")
    await expect(page.locator("article")).to_have_attribute("data-status", "completed")
    button = page.get_by_role("button", name="Delete for good")
    await expect(button).to_be_hidden()
    await page.click("summary:has-text('Delete')")
    await expect(page.locator(".deletion")).to_contain_text("at once and for good")
    await button.click()
    await expect(page).to_have_url(f"{app.url}/")
    await expect(page.locator(".conversations")).to_have_count(0)
