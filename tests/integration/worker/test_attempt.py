"""When what a model says is shown: a word that came alone leaves with the next, if there is one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from genapp.generating import attempt
from genapp.generating.attempt import Attempt
from genapp.generating.pacing import Pace
from genapp.providers import Finish, Message, Text
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    import pytest

    from genapp.generating.answer import Answer
    from genapp.providers import Delta
    from genapp.streams import Log

NEVER = 3600.0  # seconds


class Reciting:
    """Says each of these as soon as it is asked for more. Begins and ends when it is told to."""

    name = "openai"

    def __init__(self, *said: Text) -> None:
        self.said = said
        self.begin, self.end = asyncio.Event(), asyncio.Event()

    async def stream(self, model: str, messages: Sequence[Message], *, max_tokens: int) -> AsyncGenerator[Delta, None]:
        await self.begin.wait()
        for text in self.said:
            yield text
        await self.end.wait()
        yield Finish("stop")


async def recite(answer: Answer, log: Log, *said: Text) -> int:
    """Have it written until all of it is shown, while the model has not ended; gives in how many frames it was."""
    provider, leaving = Reciting(*said), asyncio.Event()
    asked = [Message("user", "why")]
    one = Attempt(provider, "demo", asked, answer, answer.settings, leaving, lambda: None)
    running = asyncio.create_task(one.run())
    whole = "".join(text.content for text in said)

    async def has_begun() -> bool:
        return await log.tops([answer.stream]) != [None]

    async def is_shown() -> bool:
        return (await log.read(answer.stream)).text == whole

    await eventually(has_begun)
    provider.begin.set()
    await eventually(is_shown)
    [top] = await log.tops([answer.stream])
    assert top is not None
    provider.end.set()
    await running
    return top.seq - 1  # the first says that it has begun


async def test_a_word_that_came_alone_is_shown_with_the_next(answer: Answer, log: Log) -> None:
    assert await recite(answer, log, Text("one "), Text("two "), Text("three")) == 2


async def test_a_word_that_came_alone_does_not_wait_for_one_that_does_not_come(
    answer: Answer, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "LOOK", NEVER)
    assert await recite(answer, log, Text("one "), Text("two")) == 2


async def test_words_that_came_together_wait_for_nothing(
    answer: Answer, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "LOOK", NEVER)
    monkeypatch.setattr(Attempt, "_wait_no_longer", lambda _: None)
    assert await recite(answer, log, Text("one "), Text("two three", events=2)) == 2


async def test_none_waits_after_one_has_waited_in_vain_until_several_come_together() -> None:
    pace = Pace(0.001, 0.001)
    alone, together = [Text("one")], [Text("two three", events=2)]
    await pace.rest()
    assert pace.patience(alone)
    assert not pace.patience(together)
    pace.has_waited_in_vain()
    pace.shows(alone)
    assert not pace.patience(alone)
    pace.shows(together)
    assert pace.patience(alone)


async def test_a_word_that_was_waited_for_waits_for_no_other() -> None:
    pace = Pace(0.001, 0.001)
    assert not pace.patience([Text("the first")])
    await pace.rest()
    await asyncio.sleep(0)  # the loop has turned, and only then it came
    assert not pace.patience([Text("another")])
