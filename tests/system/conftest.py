"""A real browser before the real app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from tests.programs import program
from tests.running import App, running_app

# As root there is no sandbox to be had; the rest keeps the browser from calling home.
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

PATIENCE = 15_000  # ms: the machine may be busy
expect.set_options(timeout=PATIENCE)

OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app of these tests' own, whose streams are short-lived enough to see a connection end and be resumed."""
    with running_app(tmp_path_factory.mktemp("browsed")) as running:
        yield running


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = program(*CHROMIUM)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest.fixture
async def open_page(app: App, browser: Browser) -> AsyncIterator[OpenPage]:
    """Opens pages, each of a visitor of its own unless told to share; errors in the console fail the test."""
    complaints: list[str] = []
    async with AsyncExitStack() as stack:

        def listen(message: ConsoleMessage) -> None:
            if message.type == "error":
                complaints.append(message.text)

        async def open_one(path: str = "/", *, beside: Page | None = None, **options: object) -> Page:
            if beside is None:
                context = await browser.new_context(base_url=app.url, **options)  # type: ignore[arg-type]
                stack.push_async_callback(context.close)
            else:
                context = beside.context
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            page.on("console", listen)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(path)
            return page

        open_one.complaints = complaints  # type: ignore[attr-defined]
        yield open_one
    assert complaints == []
