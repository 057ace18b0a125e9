"""Who leaves and comes back, and who stops."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.examples.asking import QUESTION, printed, run, the_rest
from tests.examples.conftest import COUNT, COUNTED, command_for

if TYPE_CHECKING:
    from tests.examples.conftest import Owner, Shown


async def test_who_leaves_the_program_goes_on_where_the_answer_was_and_cancels(owner: Owner) -> None:
    command = command_for("openai_sdk", **{QUESTION: COUNT})
    asking = await run(command, owner.env)
    text = await printed(asking, "word10")
    asking.send_signal(signal.SIGINT)
    out, messages = await the_rest(asking)
    found = re.search(r"ask\.py (resume (\S+) --after \d+)\n", messages)
    assert found, messages
    program = command[: command.index("ask")]
    resuming = await run([*program, *found[1].split()], owner.env)
    text += out + await printed(resuming, "word40")
    cancelling = await run([*program, "cancel", found[2]], owner.env)
    assert (await the_rest(cancelling))[0] == "cancelled\n"
    out, messages = await the_rest(resuming)
    assert messages == "\ncancelled\n"
    kept_in_part(text + out)


async def test_a_page_with_action_cable_stops_an_answer_and_shows_the_next_in_its_place(cable: Shown) -> None:
    for _ in range(2):
        await cable.ask()
        await cable.until_words(5)
        await cable.page.click("button:has-text('Stop')")
        await expect(cable.page.locator("#status")).to_have_text("cancelled")
        kept_in_part(" ".join(await cable.words()))


async def test_the_react_page_finds_its_answer_again_after_a_reload_and_stops_it(react: Shown) -> None:
    await react.ask()
    await react.until_words(10)
    await react.page.reload()
    await react.until_words(20)
    await react.page.click("button:has-text('Stop')")
    await expect(react.page.get_by_role("status")).to_have_text("cancelled")
    kept = await react.words()
    kept_in_part(" ".join(kept))
    await react.page.reload()
    await expect(react.page.get_by_role("status")).to_have_text("cancelled")
    assert await react.words() == kept


def kept_in_part(text: str) -> None:
    assert COUNTED.startswith(text)
    assert 0 < len(text) < len(COUNTED)
