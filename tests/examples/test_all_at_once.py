"""What the README promises of all examples, which take the time of one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.examples.asking import QUESTION, printed, run, the_rest
from tests.examples.conftest import COUNT, COUNTED, LOST, command_for
from tests.system.test_conversing import excuse

if TYPE_CHECKING:
    from tests.examples.conftest import Owner, Shown
    from tests.running import App
    from tests.system.conftest import OpenPage
    from tests.system.elsewhere import Line

# Every text that the page with Action Cable shows.
WATCH = """() => {
  const answer = document.getElementById("answer");
  window.seen = [""];
  new MutationObserver(() => seen.push(answer.textContent)).observe(answer, {childList: true});
}"""


async def test_answers_go_on_live_after_a_cut_and_are_whole_and_there_once_though_genapp_restarts(
    app: App, line: Line, owner: Owner, open_page: OpenPage, cable: Shown, flask: Shown, hotwire: Shown, react: Shown
) -> None:
    pages = (cable, flask, hotwire, react)
    await cable.page.evaluate(WATCH)
    program = await run(command_for("openai_sdk", **{QUESTION: COUNT}), owner.env)
    for shown in pages:
        await shown.ask()
    text = await printed(program, "word10")
    for shown in pages:
        await shown.until_words(10)

    line.cut()
    known = [len(await shown.words()) for shown in pages]
    for shown, count in zip(pages, known, strict=True):
        await shown.until_words(count + 5)
        await expect(shown.page.locator(shown.ended)).to_have_count(0)

    await asyncio.to_thread(app.stop, "web")
    app.start("web", "web")
    await asyncio.to_thread(app.wait_until_ready)
    for shown in pages:
        await shown.until_ended()
        assert await shown.words() == COUNTED.split()
    rest, messages = await the_rest(program)
    assert text + rest == COUNTED
    assert messages.endswith("\ncompleted\n")
    seen = await cable.page.evaluate("seen")
    assert [text for text in seen if not COUNTED.startswith(text)] == []
    assert [len(text) for text in seen] == sorted(len(text) for text in seen)
    for shown in (flask, hotwire):
        await expect(shown.page.locator("article")).to_have_count(1)
    await flask.page.reload()
    await flask.until_ended()
    assert await flask.words() == COUNTED.split()
    excuse(open_page, *LOST)
