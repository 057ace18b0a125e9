"""Accounts and shared conversations, as people meet them in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from genapp.models import new_id
from tests.system.test_conversing import COUNTED, ask, excuse, until_status, until_words, words

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.system.conftest import OpenPage

PASSWORD = "four quiet lanterns drifting"  # long, and of words that do not belong together


def somebody() -> str:
    return f"ada-{new_id().hex[-12:]}@example.org"


async def sign_up(page: Page) -> str:
    email = somebody()
    await page.goto("/signup")
    await page.fill("input[name=email]", email)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("button:has-text('Sign up')")
    await expect(page.locator("header a[href='/account']")).to_be_visible()
    return email


async def log_in(page: Page, email: str) -> None:
    await page.goto("/login")
    await page.fill("input[name=email]", email)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("button:has-text('Log in')")
    await expect(page.locator("header a[href='/account']")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
async def test_a_guest_signs_up_and_finds_the_conversation_on_another_device(
    open_page: OpenPage, javascript: bool
) -> None:
    page = await open_page(java_script_enabled=javascript)
    await ask(page, "[demo: echo] kept for me", "openai:demo-fast")
    await page.wait_for_url("**/conversations/*")
    address = page.url
    email = await sign_up(page)
    await page.goto(address)
    await expect(page.locator("article")).to_contain_text("kept for me")
    elsewhere = await open_page("/login", java_script_enabled=javascript)
    await log_in(elsewhere, email)
    await elsewhere.click("a:has-text('[demo: echo] kept for me')")
    await expect(elsewhere.locator("article [id$=_content]")).to_contain_text("kept for me")


async def test_what_was_typed_before_logging_in_in_another_tab_can_be_sent_by_pressing_again(
    open_page: OpenPage,
) -> None:
    first = await open_page()
    email = await sign_up(first)
    page = await open_page()
    await ask(page, "[demo: echo] before", "openai:demo-fast")
    await until_status(page, "completed")
    await page.fill("textarea[name=prompt]", "[demo: echo] typed before the log-in")
    other = await open_page("/login", beside=page)
    await log_in(other, email)
    await page.click("button[type=submit]:has-text('Send')")
    await expect(page.locator("#composer_error")).to_contain_text("Send it again")
    excuse(open_page, "403")
    await page.click("button[type=submit]:has-text('Send')")
    await expect(page.locator("article")).to_have_count(2)
    await until_status(page, "completed")
    await other.goto("/")
    await expect(other.locator("main")).to_contain_text("[demo: echo] before")


async def test_a_shared_conversation_is_read_along_live_until_it_is_not_shared_any_more(open_page: OpenPage) -> None:
    owner = await open_page()
    await ask(owner, "count")
    await until_words(owner, 3)
    address = owner.url
    sharing = await open_page(address, beside=owner)
    await sharing.click("summary:has-text('Share')")
    await sharing.click("button:has-text('Make a link')")
    link = await sharing.input_value("#share_url")
    reader = await open_page(link)
    await until_words(reader, 5)
    assert await reader.locator("textarea").count() == 0
    await expect(reader.locator("article form:visible")).to_have_count(0)
    await until_status(reader, "completed")
    assert await words(reader) == COUNTED
    await expect(reader.locator("article form:visible")).to_have_count(0)
    await sharing.reload()
    await sharing.click("button:has-text('Stop sharing')")
    await reader.reload()
    await expect(reader.locator("h1")).to_have_text("Nothing here")
    excuse(open_page, "404")


async def test_who_is_logged_out_from_another_device_is_told_so_and_sees_no_more(open_page: OpenPage) -> None:
    here = await open_page()
    email = await sign_up(here)
    elsewhere = await open_page("/login")
    await log_in(elsewhere, email)
    await ask(elsewhere, "[demo: pause] a long story", "openai:demo")
    await until_words(elsewhere, 2)
    await here.goto("/account")
    await here.click("button:has-text('Log out everywhere else')")
    await expect(elsewhere.locator(".generation__gone")).to_be_visible()
    excuse(open_page, "404")
    await elsewhere.reload()
    await expect(elsewhere.locator("h1")).to_have_text("Nothing here")
    excuse(open_page, "404")


async def test_an_account_is_deleted_with_its_conversations_from_every_open_page(open_page: OpenPage) -> None:
    page = await open_page()
    await sign_up(page)
    await page.goto("/")
    await ask(page, "[demo: pause] a long story", "openai:demo")
    await until_words(page, 2)
    address = page.url
    other = await open_page("/account", beside=page)
    await other.click("summary:has-text('Delete this account')")
    await other.fill("#deletion_password", PASSWORD)
    await other.click("button:has-text('Delete for good')")
    await expect(other.locator("header a[href='/login']")).to_be_visible()
    await expect(page.locator("article")).to_have_count(0)
    await other.goto(address)
    await expect(other.locator("h1")).to_have_text("Nothing here")
    excuse(open_page, "404")
