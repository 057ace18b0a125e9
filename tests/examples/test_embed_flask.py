"""The Flask app whose page embeds a conversation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from playwright.async_api import expect

from tests.examples.conftest import COUNT, COUNTED, LOST, command_for, environment, serving
from tests.integration.web.conftest import JSON, Visitor
from tests.running import free_port
from tests.system.test_conversing import excuse, until_status, until_words, words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.running import App
    from tests.system.conftest import OpenPage
    from tests.system.elsewhere import Line


async def test_a_visitor_of_the_app_asks_and_has_the_answer_whole_through_a_cut_a_restart_and_a_reload(
    app: App, line: Line, owner: Visitor, open_page: OpenPage, open_example: Callable[[str], Any], tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://localhost:{port}"
    site = (await owner.http.post("/account/sites", json={"name": "shop", "origins": url}, headers=JSON)).json()
    env = environment(
        app,
        GENAPP_URL=f"http://127.0.0.1:{line.port}",
        GENAPP_SITE_ID=site["id"],
        GENAPP_SITE_SECRET=site["secret"],
    )
    with serving(command_for("embed_flask", **{"3000": str(port)}), env, url, tmp_path / "log"):
        page = await open_example(url)
        await page.fill("textarea[name=prompt]", COUNT)
        await page.click("button[type=submit]:has-text('Send')")
        await until_words(page, 10)
        line.cut()
        known = len(await words(page))
        await until_words(page, known + 10)
        await asyncio.to_thread(app.stop, "web")
        app.start("web", "web")
        await asyncio.to_thread(app.wait_until_ready)
        await until_status(page, "completed")
        assert await words(page) == COUNTED.split()
        await page.reload()
        await until_status(page, "completed")
        assert await words(page) == COUNTED.split()
        await expect(page.locator("article")).to_have_count(1)
    excuse(open_page, *LOST)
